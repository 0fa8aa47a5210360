"""Linear algebra by the names of `numpy.linalg`, for tensors and arrays."""

from .ops.decomposition import (
    cholesky,
    eig,
    eig_row,
    eigh,
    eigh_row,
    eigvals,
    eigvalsh,
    least_squares,
    lstsq,
    qr,
    qr_row,
    svd,
    svd_row,
    svdvals,
)  # fmt: skip
from .ops.diagonal import diagonal, trace
from .ops.linalg import (
    det,
    inv,
    log_determinant,
    matrix_power,
    pinv,
    slogdet,
    solve,
    tensorinv,
    tensorsolve,
)  # fmt: skip
from .ops.norms import (
    cond,
    length,
    matrix_norm,
    norm,
    p_length,
    vector_norm,
)  # fmt: skip
from .ops.product import cross, matmul, multi_dot, outer, tensordot, vecdot
from .ops.shape import matrix_transpose

__all__ = [
    "cholesky", "cond", "cross", "det", "diagonal", "eig", "eig_row", "eigh", "eigh_row", "eigvals", "eigvalsh",
    "inv", "least_squares", "length", "log_determinant", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_transpose", "multi_dot", "norm", "outer", "p_length", "pinv", "qr", "qr_row",
    "slogdet", "solve", "svd", "svd_row", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot",
    "vector_norm",
]  # fmt: skip

"""Linear algebra by the names of `numpy.linalg`, for tensors and arrays."""

from .ops.decomposition import *
from .ops.diagonal import diagonal as diagonal, trace as trace
from .ops.linalg import *
from .ops.norms import *
from .ops.product import (
    cross as cross,
    matmul as matmul,
    multi_dot as multi_dot,
    outer as outer,
    tensordot as tensordot,
    vecdot as vecdot,
)
from .ops.shape import matrix_transpose as matrix_transpose

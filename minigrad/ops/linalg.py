"""Linear algebra: determinants, inverses, equations, decompositions and norms, each for stacks of matrices too.

Rules follow Giles (2008), *Collected matrix derivative results for forward and reverse mode*, and Townsend (2016),
*Differentiating the singular value decomposition*. A decomposition has several results, and a node has one value:
it is computed as one node that holds all of them in a row, and its results are cut out of it.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..errors import NotDifferentiableError, ShapeError
from ..registry import composed, op
from .index import number, plain
from .product import matmul
from .reduce import kept, normalized_axes


def _transposed(a):
    return np.swapaxes(a, -1, -2)


def _symmetric(a):
    return (a + _transposed(a)) * 0.5


def _square(name, a):
    shape = np.shape(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"{name}: a is {shape}; square matrices (..., n, n) are wanted")
    return a


def _as_array(a):
    return a if hasattr(a, "dtype") else np.asarray(a)


def _draw_well_conditioned(draw, n=None, batch=None):
    """Square matrices with a large diagonal, far from singular."""
    n = draw.integer(1, 3) if n is None else n
    batch = draw.shape(max_dims=1) if batch is None else batch
    return draw.array((*batch, n, n), low=-1, high=1) + np.diag(np.arange(3.0, 3.0 + 2 * n, 2.0))


def _draw_square(draw):
    return (_draw_well_conditioned(draw),), {}


def _draw_symmetric(draw):
    a = _draw_well_conditioned(draw)
    return (_symmetric(a),), {}


# ---- determinants, inverses and equations ---------------------------------------------------------------


@op(numpy=np.linalg.det, inputs=_draw_square)
def det(a, /):
    """Determinant of square matrices (..., n, n).  ∂: g · the cofactors, y·A⁻ᵀ where A is not singular.

    >>> import numpy as np, minigrad as mg
    >>> round(float(mg.linalg.det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 12)
    -2.0
    """
    return np.linalg.det(_square("det", a))


@det.rule
def _(g, y, a):
    if np.any(plain(y) == 0):
        return np.expand_dims(g, (-1, -2)) * _cofactors(a)
    return np.expand_dims(g * y, (-1, -2)) * _transposed(inv(a))


def _cofactors(a):
    """Signed determinants of a without one row and one column: right for singular matrices too."""
    n = np.shape(a)[-1]
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=np.intp).reshape(n, max(n - 1, 0))
    minors = a[..., others[:, None, :, None], others[None, :, None, :]]
    return det(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


@op(label="log |det|", inputs=_draw_square)
def log_determinant(a, /):
    """log |det A| of square matrices (..., n, n), where the determinant itself would overflow.  ∂: g · A⁻ᵀ.

    >>> import numpy as np, minigrad as mg
    >>> round(float(mg.linalg.log_determinant(np.diag([1.0, np.e]))), 12)
    1.0
    """
    return np.linalg.slogdet(_square("slogdet", a))[1]


@log_determinant.rule
def _(g, y, a):
    return np.expand_dims(g, (-1, -2)) * _transposed(inv(a))


class SlogdetResult(NamedTuple):
    """The sign of a determinant (a plain array) and the logarithm of its size."""

    sign: Any
    logabsdet: Any


@composed(numpy=np.linalg.slogdet, inputs=_draw_square)
def slogdet(a):
    """Sign and logarithm of the determinant, as ``(sign, logabsdet)``; the sign is a plain array.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.slogdet(np.diag([-1.0, 1.0])).sign
    np.float64(-1.0)
    """
    return SlogdetResult(np.linalg.slogdet(plain(_square("slogdet", a)))[0], log_determinant(a))


@op(numpy=np.linalg.inv, label="A⁻¹", inputs=_draw_square)
def inv(a, /):
    """Inverse of square matrices, Y = A⁻¹.  ∂: −Yᵀ g Yᵀ.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.linalg.inv(_square("inv", a))


@inv.rule
def _(g, y, a):
    return -matmul(matmul(_transposed(y), g), _transposed(y))


@inv.forward_rule
def _(tangents, y, a):
    return -matmul(matmul(y, tangents[0]), y)


def _draw_pinv(draw):
    n, m = draw.choice([(2, 2), (3, 2), (2, 3)])
    a = draw.array((n, m), low=-1, high=1)
    a[range(2), range(2)] += 3.0
    return (a,), {}


@op(numpy=np.linalg.pinv, label="A⁺", inputs=_draw_pinv)
def pinv(a, /, rcond=None, hermitian=False, *, rtol=None):
    """Moore and Penrose's inverse Y = A⁺, (..., n, m) for A (..., m, n), where the rank is the same nearby.

    ∂: −Yᵀ g Yᵀ + (I − A Y) gᵀ Y Yᵀ + Yᵀ Y gᵀ (I − Y A)   (Golub and Pereyra 1973).

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.pinv(np.array([[1.0], [1.0]]))
    array([[0.5, 0.5]])
    """
    options = {} if rtol is None else {"rtol": rtol}
    return np.linalg.pinv(a, rcond, hermitian, **options)


@pinv.rule
def _(g, y, a, rcond, hermitian, rtol):
    yt, gt = _transposed(y), _transposed(g)
    m, n = np.shape(a)[-2:]
    total = -matmul(matmul(yt, g), yt)
    if m > n or hermitian:
        total = total + matmul(matmul(np.eye(m, dtype=a.dtype) - matmul(a, y), gt), matmul(y, yt))
    if n > m or hermitian:
        total = total + matmul(matmul(matmul(yt, y), gt), np.eye(n, dtype=a.dtype) - matmul(y, a))
    return total


def _draw_equations(draw):
    n = draw.integer(1, 3)
    batch = draw.shape(max_dims=1)
    right = draw.choice([(n,), (n, 2), (*batch, n, 2)])
    return (_draw_well_conditioned(draw, n, batch), draw.array(right)), {}


@op(numpy=np.linalg.solve, label="A⁻¹b", inputs=_draw_equations, broadcasts=True)
def solve(a, b, /):
    """The x with A x = b: b a vector (n,), or matrices (..., n, k), broadcast over stacks.

    ∂b = A⁻ᵀ g, ∂A = −∂b xᵀ.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 8.0]))
    array([1., 2.])
    """
    return np.linalg.solve(_square("solve", a), b)


def _by_right_side(g, y, a, b):
    if np.ndim(b) == 1:
        return np.squeeze(solve(_transposed(a), np.expand_dims(g, -1)), -1)
    return solve(_transposed(a), g)


def _by_matrix(g, y, a, b):
    by_b = _by_right_side(g, y, a, b)
    if np.ndim(b) == 1:
        return -np.expand_dims(by_b, -1) * np.expand_dims(y, -2)
    return -matmul(by_b, _transposed(y))


solve.rules_by_input(_by_matrix, _by_right_side)


def _draw_least_squares(draw):
    n, m = draw.choice([(2, 2), (4, 2), (2, 3)])
    a = draw.array((n, m), low=-1, high=1)
    a[range(2), range(2)] += 3.0
    return (a, draw.array(draw.choice([(n,), (n, 2)]))), {"rcond": None}


@op(label="least squares", inputs=_draw_least_squares)
def least_squares(a, b, /, rcond=None):
    """The shortest x of those for which ‖A x − b‖ is least, x = A⁺ b: what `lstsq` records for its solution.

    ∂b = A⁺ᵀ g, ∂A = −∂b xᵀ + (b − A x)(A⁺ ∂b)ᵀ + A⁺ᵀ x (g − Aᵀ ∂b)ᵀ, where the rank is the same nearby.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.least_squares(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).round(12)
    array([2.])
    """
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


@least_squares.rule
def _(g, y, a, b, rcond):
    columns = np.ndim(b) == 1
    if columns:
        g, y, b = np.expand_dims(g, -1), np.expand_dims(y, -1), np.expand_dims(b, -1)
    inverse = pinv(a)
    by_b = matmul(_transposed(inverse), g)
    by_a = -matmul(by_b, _transposed(y))
    by_a = by_a + matmul(b - matmul(a, y), _transposed(matmul(inverse, by_b)))
    by_a = by_a + matmul(matmul(_transposed(inverse), y), _transposed(g - matmul(_transposed(a), by_b)))
    return by_a, np.squeeze(by_b, -1) if columns else by_b


@composed(numpy=np.linalg.lstsq, inputs=_draw_least_squares)
def lstsq(a, b, rcond=None):
    """Least squares: ``(x, residuals, rank, singular values)``; the rank is a plain number, the rest differentiated.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0].round(12)
    array([2.])
    """
    a, b = _as_array(a), _as_array(b)
    m, n = np.shape(a)
    rank = int(np.linalg.lstsq(plain(a), plain(b), rcond=rcond)[2])
    x = least_squares(a, b, rcond=rcond)
    residuals = np.zeros(0, dtype=plain(a).dtype)
    if rank == n < m:
        residuals = np.atleast_1d(np.sum((b - matmul(a, x)) ** 2, axis=0))
    return x, residuals, rank, svdvals(a)


@composed(numpy=np.linalg.tensorsolve, inputs=lambda draw: (
    (_draw_well_conditioned(draw, 4, ()).reshape(2, 2, 4), draw.array((2, 2))), {}
))  # fmt: skip
def tensorsolve(a, b, axes=None):
    """The array x with tensordot(a, x, x.ndim) = b; ``axes`` of a are moved to the end first.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.tensorsolve(2 * np.eye(4).reshape(2, 2, 4), np.ones((2, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    a = _as_array(a)
    if axes is not None:
        a = np.moveaxis(a, axes, range(np.ndim(a) - len(axes), np.ndim(a)))
    shape = np.shape(a)[np.ndim(b) :]
    n = int(np.prod(shape, dtype=np.intp))
    return np.reshape(solve(np.reshape(a, (-1, n)), np.reshape(b, (-1,))), shape)


@composed(numpy=np.linalg.tensorinv, inputs=lambda draw: (
    (_draw_well_conditioned(draw, 4, ()).reshape(4, 2, 2),), {"ind": 1}
))  # fmt: skip
def tensorinv(a, ind=2):
    """The inverse of tensordot by a, whose first ``ind`` axes stand for the rows.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.tensorinv(np.eye(4).reshape(4, 2, 2), ind=1).shape
    (2, 2, 4)
    """
    shape = np.shape(a)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind is {ind}; it must be positive")
    rows = int(np.prod(shape[:ind], dtype=np.intp))
    return np.reshape(inv(np.reshape(a, (rows, -1))), shape[ind:] + shape[:ind])


def _draw_power(draw):
    return (_draw_well_conditioned(draw), draw.integer(-2, 5)), {}


@composed(numpy=np.linalg.matrix_power, inputs=_draw_power)
def matrix_power(a, n):
    """The n-th power of square matrices by repeated squaring; of the inverse for a negative n.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    _square("matrix_power", a)
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent is {n!r}; an integer is wanted")
    if n == 0:
        return np.broadcast_to(np.eye(np.shape(a)[-1], dtype=plain(a).dtype), np.shape(a)) + a * 0.0
    square, n = (a, int(n)) if n > 0 else (inv(a), -int(n))
    result = None
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        square = matmul(square, square) if n else square
    return result


# ---- several results in one node ------------------------------------------------------------------------


def _packed(parts, batch):
    """Arrays (*batch, …) side by side in one row (*batch, entries)."""
    return np.concatenate([np.reshape(part, (*batch, -1)) for part in parts], axis=-1)


def _unpacked(row, shapes):
    """The arrays of the given shapes cut out of a row again."""
    batch, parts, start = np.shape(row)[:-1], [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        parts.append(np.reshape(row[..., start:stop], (*batch, *shape)))
        start = stop
    return parts


def _one_over(difference, scale):
    """1/difference, and 0 where it is no more than rounding of ``scale``: what a repeated value is given."""
    size, limit = plain(difference), plain(scale)
    equal = np.abs(size) <= 8 * np.finfo(size.dtype).eps * limit
    return np.where(equal, 0.0, 1.0 / np.where(equal, 1.0, difference))


def _differences(w):
    """wⱼ − wᵢ for every pair."""
    return np.expand_dims(w, -2) - np.expand_dims(w, -1)


def _largest(w):
    return np.max(np.abs(plain(w)), axis=-1, initial=0.0)[..., None, None]


def _matrix_of_diagonal(w):
    """Matrices with the vectors w on their diagonals."""
    return np.expand_dims(w, -1) * np.eye(np.shape(w)[-1], dtype=plain(w).dtype)


# ---- Cholesky, eigenvalues, singular values, QR ---------------------------------------------------------


@op(numpy=np.linalg.cholesky, inputs=_draw_symmetric)
def cholesky(a, /, *, upper=False):
    """The lower triangle L with L Lᵀ = A, for symmetric positive definite A (..., n, n); its transpose with ``upper``.

    A is taken as (A + Aᵀ)/2, so the gradient is symmetric (as in JAX and PyTorch):  with Φ halving the diagonal and
    dropping what is above it, ∂A is the symmetric part of L⁻ᵀ Φ(Lᵀ g) L⁻¹ (Murray 2016).

    Raises numpy.linalg.LinAlgError if A is not positive definite.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 2.0]]))
    array([[2., 0.],
           [1., 1.]])
    """
    lower = np.linalg.cholesky(_symmetric(_square("cholesky", a)))
    return _transposed(lower) if upper else lower


@cholesky.rule
def _(g, y, a, upper):
    lower, g = (_transposed(y), _transposed(g)) if upper else (y, g)
    n = np.shape(y)[-1]
    halved = np.tri(n, dtype=plain(y).dtype) - 0.5 * np.eye(n, dtype=plain(y).dtype)
    inner = matmul(_transposed(lower), g) * halved
    right = solve(_transposed(lower), _transposed(solve(_transposed(lower), inner)))  # (L⁻ᵀ Φ L⁻¹)ᵀ
    return _symmetric(right)


class EighResult(NamedTuple):
    """Eigenvalues (..., n), the smallest first, and eigenvectors (..., n, n) in columns."""

    eigenvalues: Any
    eigenvectors: Any


def _draw_spectrum(draw):
    """Symmetric matrices whose eigenvalues are well apart."""
    n = draw.integer(1, 3)
    a = draw.array((*draw.shape(max_dims=1), n, n), low=-0.5, high=0.5, avoid=[0])
    return (_symmetric(a) + np.diag(np.arange(n) * 3.0),), {}


@op(label="eigen-\ndecomposition", inputs=_draw_spectrum)
def eigh_row(a, /):
    """Eigenvalues and eigenvectors of symmetric matrices side by side in one row: what `eigh` records.

    ∂A = V (diag(∂w) + F ∘ (Vᵀ ∂V)) Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ), 0 on the diagonal and for repeated eigenvalues
    (Giles 2008, 3.1).

    >>> import numpy as np, minigrad as mg
    >>> np.abs(mg.linalg.eigh_row(np.diag([1.0, 2.0])))
    array([1., 2., 1., 0., 0., 1.])
    """
    w, v = np.linalg.eigh(_symmetric(_square("eigh", a)))
    return _packed([w, v], np.shape(a)[:-2])


@eigh_row.rule
def _(g, y, a):
    n = np.shape(a)[-1]
    (w, v), (by_w, by_v) = _unpacked(y, [(n,), (n, n)]), _unpacked(g, [(n,), (n, n)])
    turning = _one_over(_differences(w), _largest(w)) * matmul(_transposed(v), by_v)
    inner = matmul(matmul(v, _matrix_of_diagonal(by_w) + turning), _transposed(v))
    return _symmetric(inner)


@composed(numpy=np.linalg.eigh, inputs=_draw_spectrum)
def eigh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues and eigenvectors of symmetric matrices, as ``(eigenvalues, eigenvectors)``, the smallest first.

    A is taken as (A + Aᵀ)/2, so ``UPLO`` changes nothing for a symmetric one. For repeated eigenvalues the basis of
    their space is arbitrary: the gradient is right for every function that does not depend on that choice.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    array([1., 3.])
    """
    if UPLO not in ("L", "U"):
        raise ValueError(f"eigh: UPLO is {UPLO!r}; it must be 'L' or 'U'")
    n = np.shape(_square("eigh", a))[-1]
    return EighResult(*_unpacked(eigh_row(a), [(n,), (n, n)]))


@composed(numpy=np.linalg.eigvalsh, inputs=_draw_spectrum)
def eigvalsh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues of symmetric matrices, the smallest first; see `eigh`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return eigh(a, UPLO).eigenvalues


class EigResult(NamedTuple):
    """Eigenvalues (..., n) and eigenvectors (..., n, n) in columns, each of length 1."""

    eigenvalues: Any
    eigenvectors: Any


def _draw_real_spectrum(draw):
    """Matrices near a diagonal with entries well apart: their eigenvalues are real.

    No entry is 0, since LAPACK takes another sign for the vectors of a triangular matrix than for those beside it.
    """
    n = draw.integer(1, 3)
    a = draw.array((*draw.shape(max_dims=1), n, n), low=-0.5, high=0.5, avoid=[0])
    return (a + np.diag(np.arange(n) * 3.0),), {}


@op(label="eigen-\ndecomposition", inputs=_draw_real_spectrum)
def eig_row(a, /):
    """Real eigenvalues and eigenvectors of square matrices side by side in one row: what `eig` records.

    ∂A = V⁻ᵀ (diag(∂w) + F ∘ (Vᵀ ∂V − Vᵀ V diag(Vᵀ ∂V))) Vᵀ, the second part holding the columns' length at 1.

    Raises NotDifferentiableError if an eigenvalue is complex.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eig_row(np.diag([1.0, 2.0]))
    array([1., 2., 1., 0., 0., 1.])
    """
    w, v = np.linalg.eig(_square("eig", a))
    if np.iscomplexobj(w):
        raise NotDifferentiableError(
            "eig: the matrix has complex eigenvalues, and minigrad differentiates real numbers; use eigh for symmetric "
            "matrices, or t.numpy() for the values alone"
        )
    return _packed([w, v], np.shape(a)[:-2])


@eig_row.rule
def _(g, y, a):
    n = np.shape(a)[-1]
    (w, v), (by_w, by_v) = _unpacked(y, [(n,), (n, n)]), _unpacked(g, [(n,), (n, n)])
    along = matmul(_transposed(v), by_v)
    lengths = np.expand_dims(np.sum(v * by_v, axis=-2), -2)
    turning = _one_over(_differences(w), _largest(w)) * (along - matmul(_transposed(v), v) * lengths)
    return solve(_transposed(v), matmul(_matrix_of_diagonal(by_w) + turning, _transposed(v)))


@composed(numpy=np.linalg.eig, inputs=_draw_real_spectrum)
def eig(a):
    """Eigenvalues and eigenvectors of square matrices whose eigenvalues are real, in NumPy's order.

    Raises NotDifferentiableError for a tensor with a complex eigenvalue; plain arrays may have them.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eig(np.array([[2.0, 1.0], [0.0, 3.0]])).eigenvalues
    array([2., 3.])
    """
    if not hasattr(a, "_data"):
        return EigResult(*np.linalg.eig(a))
    n = np.shape(_square("eig", a))[-1]
    return EigResult(*_unpacked(eig_row(a), [(n,), (n, n)]))


@composed(numpy=np.linalg.eigvals, inputs=_draw_real_spectrum)
def eigvals(a):
    """Eigenvalues of square matrices whose eigenvalues are real; see `eig`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigvals(np.array([[2.0, 1.0], [0.0, 3.0]]))
    array([2., 3.])
    """
    return eig(a).eigenvalues


class SVDResult(NamedTuple):
    """U (..., m, k), the singular values S (..., k), the largest first, and Vᵀ (..., k, n)."""

    U: Any
    S: Any
    Vh: Any


def _draw_singular(draw):
    """Matrices whose singular values are well apart and not near 0."""
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (2, 3), (3, 3)])
    a = draw.array((*draw.shape(max_dims=1), m, n), low=-0.5, high=0.5, avoid=[0])
    k = m if m < n else n
    a[..., range(k), range(k)] += 2.5 * np.arange(1.0, k + 1)
    return (a,), {}


def _draw_svd(draw):
    (a,), _ = _draw_singular(draw)
    return (a,), {"full_matrices": False, "compute_uv": draw.boolean()}


@op(label="singular value\ndecomposition", inputs=_draw_singular)
def svd_row(a, /):
    """U, S and Vᵀ of the reduced singular value decomposition side by side in one row: what `svd` records.

    With Fᵢⱼ = 1/(sⱼ² − sᵢ²):  ∂A = U [F∘(Uᵀ∂U − ∂UᵀU) S + S F∘(Vᵀ∂V − ∂VᵀV) + ∂S] Vᵀ
    + (I − UUᵀ) ∂U S⁻¹ Vᵀ + U S⁻¹ ∂Vᵀ (I − VVᵀ)   (Townsend 2016).

    >>> import numpy as np, minigrad as mg
    >>> np.abs(mg.linalg.svd_row(np.array([[3.0]])))
    array([1., 3., 1.])
    """
    return _packed(np.linalg.svd(a, full_matrices=False), np.shape(a)[:-2])


@svd_row.rule
def _(g, y, a):
    m, n = np.shape(a)[-2:]
    k = m if m < n else n
    shapes = [(m, k), (k,), (k, n)]
    (u, s, vh), (by_u, by_s, by_vh) = _unpacked(y, shapes), _unpacked(g, shapes)
    v, by_v, ut = _transposed(vh), _transposed(by_vh), _transposed(u)
    gaps = _one_over(_differences(s * s), _largest(s) ** 2)
    row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)

    def turning(basis, by_basis):
        inner = matmul(_transposed(basis), by_basis)
        return gaps * (inner - _transposed(inner))

    core = turning(u, by_u) * row + column * turning(v, by_v) + _matrix_of_diagonal(by_s)
    total = matmul(matmul(u, core), vh)
    inverse = _one_over(row, _largest(s))
    if m > k:
        outside = by_u - matmul(u, matmul(ut, by_u))
        total = total + matmul(outside * inverse, vh)
    if n > k:
        outside = by_v - matmul(v, matmul(vh, by_v))
        total = total + matmul(u, _transposed(outside * inverse))
    return total


@composed(numpy=np.linalg.svd, inputs=_draw_svd)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular value decomposition A = U diag(S) Vᵀ, as ``(U, S, Vh)``, or S alone without ``compute_uv``.

    For a tensor that is not square the extra vectors of ``full_matrices=True`` are arbitrary and have no derivative:
    it raises NotDifferentiableError, and ``full_matrices=False`` is what is wanted. For repeated singular values the
    gradient is right for every function that does not depend on the choice of their vectors.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.svd(np.diag([3.0, 2.0]), compute_uv=False)
    array([3., 2.])
    """
    if not hasattr(a, "_data"):
        found = np.linalg.svd(a, full_matrices, compute_uv, hermitian)
        return SVDResult(*found) if compute_uv else found
    m, n = np.shape(a)[-2:]
    if compute_uv and full_matrices and m != n:
        raise NotDifferentiableError(
            f"svd: a is {np.shape(a)}, and the extra vectors of full_matrices=True have no derivative; "
            "give full_matrices=False"
        )
    k = m if m < n else n
    u, s, vh = _unpacked(svd_row(_symmetric(a) if hermitian else a), [(m, k), (k,), (k, n)])
    return SVDResult(u, s, vh) if compute_uv else s


@composed(numpy=np.linalg.svdvals, inputs=_draw_singular)
def svdvals(x, /):
    """Singular values, the largest first; see `svd`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.svdvals(np.diag([3.0, 2.0]))
    array([3., 2.])
    """
    return svd(x, compute_uv=False)


class QRResult(NamedTuple):
    """Q with orthonormal columns, and the upper triangle R."""

    Q: Any
    R: Any


def _draw_tall(draw):
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (3, 3)])
    a = draw.array((*draw.shape(max_dims=1), m, n), low=-0.5, high=0.5, avoid=[0])
    a[..., range(n), range(n)] += 2.5
    return (a,), {}


@op(label="QR", inputs=_draw_tall)
def qr_row(a, /):
    """Q and R of tall matrices (..., m, n), m ≥ n, side by side in one row: what `qr` records.

    With M = R ∂Rᵀ − ∂Qᵀ Q:  ∂A = (∂Q + Q·copyltu(M)) R⁻ᵀ, copyltu copying the lower triangle to the upper
    (Walter and Lehmann 2018).

    >>> import numpy as np, minigrad as mg
    >>> np.abs(mg.linalg.qr_row(np.array([[2.0]])))
    array([1., 2.])
    """
    return _packed(np.linalg.qr(a), np.shape(a)[:-2])


@qr_row.rule
def _(g, y, a):
    m, n = np.shape(a)[-2:]
    (q, r), (by_q, by_r) = _unpacked(y, [(m, n), (n, n)]), _unpacked(g, [(m, n), (n, n)])
    by_r = by_r * np.tri(n, dtype=plain(r).dtype).T
    inner = matmul(r, _transposed(by_r)) - matmul(_transposed(by_q), q)
    strict = np.tri(n, k=-1, dtype=plain(r).dtype)
    lower = inner * strict
    copied = lower + _transposed(lower) + inner * np.eye(n, dtype=plain(r).dtype)
    return _transposed(solve(r, _transposed(by_q + matmul(q, copied))))


def _draw_qr(draw):
    (a,), _ = _draw_tall(draw)
    if draw.boolean():
        a = np.concatenate([a, draw.array((*a.shape[:-1], 1))], axis=-1) if a.shape[-1] == a.shape[-2] else a
    return (a,), {"mode": draw.choice(["reduced", "r"])}


@composed(numpy=np.linalg.qr, inputs=_draw_qr)
def qr(a, mode="reduced"):
    """A = Q R with orthonormal columns Q and an upper triangle R, as ``(Q, R)``; R alone with mode "r".

    A wide A (m < n) is decomposed by its first m columns, which must be independent. Mode "complete" is the same for
    matrices that are not tall; else its extra columns are arbitrary and have no derivative (NotDifferentiableError).

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.qr(np.diag([3.0, 2.0])).R.round(12) ** 2
    array([[9., 0.],
           [0., 4.]])
    """
    if not hasattr(a, "_data"):
        found = np.linalg.qr(a, mode)
        return QRResult(*found) if mode in ("reduced", "complete") else found
    m, n = np.shape(a)[-2:]
    if mode not in ("reduced", "complete", "r") or (mode == "complete" and m > n):
        raise NotDifferentiableError(f"qr: mode {mode!r} of a matrix {np.shape(a)} has no derivative; use 'reduced'")
    k = m if m < n else n
    q, r = _unpacked(qr_row(a[..., :k]), [(m, k), (k, k)])
    if n > k:
        r = np.concatenate([r, matmul(_transposed(q), a[..., k:])], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# ---- norms and conditions -------------------------------------------------------------------------------


def _draw_length(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.array(shape, avoid=[0]),), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean()}


@op(label="‖x‖", inputs=_draw_length)
def length(x, /, axis=None, keepdims=False):
    """Euclidean norm over the given axes (None: all): y = √Σx².  ∂y/∂x = x/y, and 0 where y is 0, a subgradient.

    Scaled by the largest entry, so that squares neither overflow nor vanish.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.length(np.array([3.0, 4.0]))
    np.float64(5.0)
    """
    largest = np.max(np.absolute(x), axis=axis, keepdims=True, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    y = scale * np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True))
    return y if keepdims else np.reshape(y, _without(np.shape(x), axis))[()]


def _without(shape, axis):
    axes = normalized_axes(axis, len(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


@length.rule
def _(g, y, x, axis, keepdims):
    size = kept(y, x, axis, keepdims)
    return kept(g, x, axis, keepdims) * (x / np.where(size == 0, 1.0, size))


def _draw_norm(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    options = {"keepdims": draw.boolean()}
    if len(shape) > 1 and draw.boolean():
        (a,), _ = _draw_singular(draw)
        return (a + 0.1,), options | {
            "ord": draw.choice([None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]),
            "axis": (-2, -1),
        }
    x = draw.distinct(shape)
    x = np.where(np.abs(x) < 0.1, 0.3, x) + 1 / 48
    options |= {"ord": draw.choice([None, 1, 2, 3, 2.5, -1, np.inf, -np.inf, 0.5]), "axis": draw.axis(len(shape))}
    return (x,), options


@composed(numpy=np.linalg.norm, inputs=_draw_norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """Every norm of `numpy.linalg.norm`: of vectors along one axis, of matrices along two.

    Vectors: None or 2 (Euclidean), 1, inf, −inf, 0 (how many are not 0; no gradient), any p. Matrices: None or "fro",
    "nuc", 1, −1, inf, −inf, 2, −2. At 0 the gradient is 0, a subgradient; maxima share it among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.norm(np.array([3.0, 4.0]))
    np.float64(5.0)
    """
    x = _as_array(x)
    ndim = np.ndim(x)
    if axis is None:
        if ord is None:
            return length(x, keepdims=keepdims)
        axis = tuple(range(ndim))
    axes = tuple(i % ndim for i in (axis if np.ndim(axis) else (axis,)))
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"norm: axis is {axis} for an array {np.shape(x)}; one axis or two different ones are wanted")
    y = matrix_norm(np.moveaxis(x, axes, (-2, -1)), ord="fro" if ord is None else ord)
    return kept(y, x, axes, False) if keepdims else y


def _draw_vector_norm(draw):
    (x,), _ = _draw_length(draw)
    return (x,), {"axis": draw.choice([None, 0]), "ord": draw.choice([2, 1, 3]), "keepdims": draw.boolean()}


@composed(numpy=np.linalg.vector_norm, inputs=_draw_vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """Norm of vectors along one or several axes (None: all): (Σ|x|ᵖ)^(1/p) for p = ``ord``; see `norm`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.vector_norm(np.array([3.0, 4.0]), ord=1)
    np.float64(7.0)
    """
    x = _as_array(x)
    if isinstance(ord, str) or ord is None:
        raise ValueError(f"vector_norm: ord {ord!r} is for matrices; a number is wanted for vectors")
    size = np.absolute(x)
    if ord == 2:
        return length(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return np.max(size, axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(plain(x) != 0, axis=axis, keepdims=keepdims).astype(plain(x).dtype)
    total = np.sum(size**ord, axis=axis, keepdims=keepdims)
    nothing = plain(total) == 0  # a root has no slope at 0, and this entry's part has to be 0, not 0·∞
    return np.where(nothing, 0.0, np.where(nothing, 1.0, total) ** (1 / ord))


def _draw_matrix_norm(draw):
    (a,), _ = _draw_singular(draw)
    return (a,), {"keepdims": draw.boolean(), "ord": draw.choice(["fro", "nuc", 2])}


@composed(numpy=np.linalg.matrix_norm, inputs=_draw_matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """Norm of every matrix of a stack: "fro", "nuc", 1, −1, inf, −inf, 2 or −2; see `norm`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.matrix_norm(np.diag([3.0, 4.0]), ord=2)
    np.float64(4.0)
    """
    x = _as_array(x)
    if ord == "fro":
        y = length(x, axis=(-2, -1))
    elif ord in (1, -1, math.inf, -math.inf):
        sums = np.sum(np.absolute(x), axis=-2 if abs(ord) == 1 else -1)
        y = np.max(sums, axis=-1) if ord > 0 else np.min(sums, axis=-1)
    elif ord in (2, -2, "nuc"):
        s = svdvals(x)
        y = np.sum(s, axis=-1) if ord == "nuc" else s[..., 0 if ord == 2 else -1]
    else:
        raise ValueError(f"norm: ord {ord!r} is unknown for matrices; use fro, nuc, 1, -1, 2, -2, inf or -inf")
    return np.expand_dims(y, (-2, -1)) if keepdims else number(y)


def _draw_condition(draw):
    return (_draw_well_conditioned(draw, n=draw.integer(2, 3)),), {"p": draw.choice([None, 2, -2, 1, "fro"])}


@composed(numpy=np.linalg.cond, inputs=_draw_condition)
def cond(x, p=None):
    """Condition number: ‖A‖·‖A⁻¹‖ by a norm, or the largest singular value over the smallest (p None, 2; −2: inverse).

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.cond(np.diag([4.0, 2.0]))
    np.float64(2.0)
    """
    if p is None or p in (2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)

"""Determinants, inverses and equations of matrices, and of stacks of matrices.

Rules follow Giles (2008), *Collected matrix derivative results for forward and reverse mode*.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import MatrixError
from ..core.registry import composed, op
from .arguments import as_array, plain
from .product import matmul


def transposed(a):
    return np.swapaxes(a, -1, -2)


def symmetric(a):
    return (a + transposed(a)) * 0.5


def mirrored(a, UPLO):  # noqa: N803 (NumPy's name)
    """The symmetric matrices whose lower (or upper) triangle is that of a."""
    lower = np.tri(np.shape(a)[-1], dtype=bool)
    return np.where(lower if UPLO == "L" else lower.T, a, transposed(a))


def one_triangle(g, UPLO):  # noqa: N803 (NumPy's name)
    """The gradient of a matrix of which only one triangle is read: it gets the sum for both entries of a pair."""
    n = np.shape(g)[-1]
    read = 2 * np.tri(n, k=-1, dtype=g.dtype) + np.eye(n, dtype=g.dtype)
    return symmetric(g) * (read if UPLO == "L" else read.T)


def matrix_checked(name, a):
    shape = np.shape(a)
    if len(shape) < 2:
        raise MatrixError(f"{name}: a is {shape}; matrices (..., m, n) are wanted")
    return a


def square_checked(name, a):
    shape = np.shape(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise MatrixError(f"{name}: a is {shape}; square matrices (..., n, n) are wanted")
    return a


def draw_well_conditioned(draw, n=None, batch=None):
    """Square matrices with a large diagonal, far from singular."""
    n = draw.integer(1, 3) if n is None else n
    batch = draw.shape(max_dims=1) if batch is None else batch
    return draw.array((*batch, n, n), low=-1, high=1) + np.diag(np.arange(3.0, 3.0 + 2 * n, 2.0))


def _draw_square(draw):
    return (draw_well_conditioned(draw),), {}


# ---- determinants, inverses and equations ---------------------------------------------------------------


def _draw_determinant(draw):
    a = draw_well_conditioned(draw)
    if draw.boolean():
        a[..., 0] = 0.0 if a.shape[-1] == 1 else a[..., -1]  # singular
    return (a,), {}


#: A condition number from which on an inverse has lost half of its digits.
_NEARLY_SINGULAR = 1e8


@op(numpy=np.linalg.det, inputs=_draw_determinant)
def det(a, /):
    """Determinant of square matrices (..., n, n).  ∂: g · the cofactors, y·A⁻ᵀ where A is not singular.

    >>> import numpy as np, minigrad as mg
    >>> round(float(mg.linalg.det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 12)
    -2.0
    """
    return np.linalg.det(square_checked("det", a))


@det.rule
def _(g, y, a):
    if np.shape(a)[-1] and not np.all(np.linalg.cond(plain(a), 1) <= _NEARLY_SINGULAR):
        return np.expand_dims(g, (-1, -2)) * _cofactors(a)
    return np.expand_dims(g * y, (-1, -2)) * transposed(inv(a))


def _cofactors(a):
    """Signed determinants of a without one row and one column: right for singular matrices too."""
    n = np.shape(a)[-1]
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=np.intp).reshape(n, max(n - 1, 0))
    minors = a[..., others[:, None, :, None], others[None, :, None, :]]
    return det(minors) * (-1.0) ** np.add.outer(np.arange(n), np.arange(n))


@op(label="log |det|", inputs=_draw_square, internal=True)
def log_determinant(a, /):
    """log |det A| of square matrices (..., n, n), where the determinant itself would overflow.  ∂: g · A⁻ᵀ.

    >>> import numpy as np, minigrad as mg
    >>> round(float(log_determinant(np.diag([1.0, np.e]))), 12)
    1.0
    """
    return np.linalg.slogdet(square_checked("slogdet", a))[1]


@log_determinant.rule
def _(g, y, a):
    return np.expand_dims(g, (-1, -2)) * transposed(inv(a))


class SlogdetResult(NamedTuple):
    """The sign of a determinant (a plain array) and the logarithm of its size."""

    sign: Any
    logabsdet: Any


@composed(numpy=np.linalg.slogdet, inputs=_draw_square, several=True)
def slogdet(a):
    """Sign and logarithm of the determinant, as ``(sign, logabsdet)``; the sign is a plain array.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.slogdet(np.diag([-1.0, 1.0])).sign
    np.float64(-1.0)
    """
    return SlogdetResult(np.linalg.slogdet(plain(square_checked("slogdet", a)))[0], log_determinant(a))


@op(numpy=np.linalg.inv, label="A⁻¹", inputs=_draw_square)
def inv(a, /):
    """Inverse of square matrices, Y = A⁻¹.  ∂: −Yᵀ g Yᵀ.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.linalg.inv(square_checked("inv", a))


@inv.rule
def _(g, y, a):
    return -matmul(matmul(transposed(y), g), transposed(y))


@inv.forward_rule
def _(tangents, y, a):
    return -matmul(matmul(y, tangents[0]), y)


def _draw_pinv(draw):
    n, m = draw.choice([(2, 2), (3, 2), (2, 3)])
    a = draw.array((*draw.shape(max_dims=1), n, m), low=-1, high=1)
    a[..., range(2), range(2)] += 3.0
    return (a,), {"hermitian": n == m and draw.boolean()}


@op(numpy=np.linalg.pinv, label="A⁺", inputs=_draw_pinv)
def pinv(a, /, rcond=None, hermitian=False, *, rtol=None):
    """Moore and Penrose's inverse Y = A⁺, (..., n, m) for A (..., m, n).

    ∂: −Yᵀ g Yᵀ + (I − A Y) gᵀ Y Yᵀ + Yᵀ Y gᵀ (I − Y A)   (Golub and Pereyra 1973). Where the rank is not full Y jumps
    as soon as it grows, and this is the gradient along the matrices of the same rank. With ``hermitian`` only the lower
    triangle is read, and it has all of the gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.pinv(np.array([[1.0], [1.0]]))
    array([[0.5, 0.5]])
    """
    options = {} if rtol is None else {"rtol": rtol}
    return np.linalg.pinv(a, rcond, hermitian, **options)


@pinv.rule
def _(g, y, a, rcond, hermitian, rtol):
    yt, gt = transposed(y), transposed(g)
    m, n = np.shape(a)[-2:]
    if hermitian:
        a = mirrored(a, "L")
    total = -matmul(matmul(yt, g), yt)
    total = total + matmul(matmul(np.eye(m, dtype=a.dtype) - matmul(a, y), gt), matmul(y, yt))
    total = total + matmul(matmul(matmul(yt, y), gt), np.eye(n, dtype=a.dtype) - matmul(y, a))
    return one_triangle(total, "L") if hermitian else total


def _draw_equations(draw):
    n = draw.integer(1, 3)
    batch = draw.shape(max_dims=1)
    right = draw.choice([(n,), (n, 2), (*batch, n, 2)])
    return (draw_well_conditioned(draw, n, batch), draw.array(right)), {}


@op(numpy=np.linalg.solve, label="A⁻¹b", inputs=_draw_equations, broadcasts=True)
def solve(a, b, /):
    """The x with A x = b: b a vector (n,), or matrices (..., n, k), broadcast over stacks.

    ∂b = A⁻ᵀ g, ∂A = −∂b xᵀ.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 8.0]))
    array([1., 2.])
    """
    return np.linalg.solve(square_checked("solve", a), b)


def _by_right_side(g, y, a, b):
    if np.ndim(b) == 1:
        return np.squeeze(solve(transposed(a), np.expand_dims(g, -1)), -1)
    return solve(transposed(a), g)


def _by_matrix(g, y, a, b):
    by_b = _by_right_side(g, y, a, b)
    if np.ndim(b) == 1:
        return -np.expand_dims(by_b, -1) * np.expand_dims(y, -2)
    return -matmul(by_b, transposed(y))


solve.rules_by_input(_by_matrix, _by_right_side)


@composed(numpy=np.linalg.tensorsolve, inputs=lambda draw: (
    (draw_well_conditioned(draw, 4, ()).reshape(2, 2, 4), draw.array((2, 2))), {}
))  # fmt: skip
def tensorsolve(a, b, axes=None):
    """The array x with tensordot(a, x, x.ndim) = b; ``axes`` of a are moved to the end first.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.tensorsolve(2 * np.eye(4).reshape(2, 2, 4), np.ones((2, 2)))
    array([0.5, 0.5, 0.5, 0.5])
    """
    a, b = as_array(a), as_array(b)
    if axes is not None:
        a = np.moveaxis(a, axes, range(np.ndim(a) - len(axes), np.ndim(a)))
    shape = np.shape(a)[np.ndim(b) :]
    n = math.prod(shape)
    if n != np.size(b) or n * n != np.size(a):
        raise MatrixError(
            f"tensorsolve: a is {np.shape(a)}, b {np.shape(b)}: the lengths of a must be those of b, and then others "
            "with the same product"
        )
    return np.reshape(solve(np.reshape(a, (n, n)), np.reshape(b, (n,))), shape)


@composed(numpy=np.linalg.tensorinv, inputs=lambda draw: (
    (draw_well_conditioned(draw, 4, ()).reshape(4, 2, 2),), {"ind": 1}
))  # fmt: skip
def tensorinv(a, ind=2):
    """The inverse of tensordot by a, whose first ``ind`` axes stand for the rows.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.tensorinv(np.eye(4).reshape(4, 2, 2), ind=1).shape
    (2, 2, 4)
    """
    shape = np.shape(a)
    if not 0 < ind <= len(shape):
        raise ValueError(f"tensorinv: ind is {ind} for a {shape}; from 1 to its {len(shape)} axes are the rows")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    return np.reshape(inv(np.reshape(a, (rows, columns))), shape[ind:] + shape[:ind])


def _draw_power(draw):
    return (draw_well_conditioned(draw), draw.integer(-2, 5)), {}


@composed(numpy=np.linalg.matrix_power, inputs=_draw_power, differentiated="a")
def matrix_power(a, n):
    """The n-th power of square matrices by repeated squaring; of the inverse for a negative n.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5)
    array([[1., 5.],
           [0., 1.]])
    """
    square_checked("matrix_power", a)
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent is {n!r}; an integer is wanted")
    if n == 0:
        return np.where(False, a, np.eye(np.shape(a)[-1], dtype=plain(a).dtype))
    square, n = (a, int(n)) if n > 0 else (inv(a), -int(n))
    result = None
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        square = matmul(square, square) if n else square
    return result

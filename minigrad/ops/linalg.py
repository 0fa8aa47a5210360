"""Determinants, inverses and equations of matrices, and of stacks of matrices.

Rules follow Giles (2008), *Collected matrix derivative results for forward and reverse mode*.
"""

import itertools
import math
import string
from collections import namedtuple
from functools import lru_cache, partial

import numpy as np

from ..core.errors import MatrixError
from ..core.registry import composed, op
from .arguments import as_array
from .table import example


def transposed(a):
    return np.swapaxes(a, -1, -2)


def identity(n, like):
    return np.eye(n, dtype=like.dtype)


def mirrored(a, UPLO):  # noqa: N803 (NumPy's name)
    """The symmetric matrices whose lower (or upper) triangle is that of a."""
    lower = np.tri(np.shape(a)[-1], dtype=bool)
    return np.where(lower if UPLO == "L" else lower.T, a, transposed(a))


def one_triangle(g, UPLO):  # noqa: N803 (NumPy's name)
    """The gradient of a matrix of which only one triangle is read: it gets the sum for both entries of a pair."""
    n = np.shape(g)[-1]
    read = np.tri(n, k=-1, dtype=g.dtype) + 0.5 * identity(n, g)
    return (g + transposed(g)) * (read if UPLO == "L" else read.T)


def matrix_checked(name, a, square=False):
    shape, wanted = np.shape(a), "square matrices (..., n, n)" if square else "matrices (..., m, n)"
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise MatrixError(f"{name}: a is {shape}; {wanted} are wanted")
    return a


square_checked = partial(matrix_checked, square=True)


def is_recorded(a):
    """Whether an operation on a is recorded: a tensor or a symbol, no plain array."""
    return hasattr(type(a), "_apply")


def draw_well_conditioned(draw, n=None, batch=None):
    """Square matrices with a large diagonal, far from singular."""
    n = draw.integer(1, 3) if n is None else n
    batch = draw.shape(max_dims=1) if batch is None else batch
    return draw.array((*batch, n, n), low=-1, high=1) + np.diag(np.arange(3.0, 3.0 + 2 * n, 2.0))


def _draw_square(draw, **options):
    return (draw_well_conditioned(draw),), options


# ---- determinants ---------------------------------------------------------------------------------------


def _draw_any_square(draw, count=1):
    """Regular and singular matrices, and directions to change them in."""
    a = draw_well_conditioned(draw)
    if draw.boolean():
        a[..., 0] = 0.0 if a.shape[-1] == 1 else a[..., -1]
    directions = [draw.array(a.shape, low=-1, high=1) for _ in range(count - 1)]
    return (a, *directions), {}


@op(numpy=np.linalg.det, inputs=_draw_any_square)
@example("round(float(mg.linalg.det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 12) → -2.0")
def det(a, /):
    """Determinant of square matrices (..., n, n).  ∂: g · the cofactors, which are y·A⁻ᵀ where A is not singular."""
    return np.linalg.det(square_checked("det", a))


det.rule(lambda g, y, a: np.expand_dims(g, (-1, -2)) * cofactors([a]))  # type: ignore[has-type]


@op(label="cofactors", inputs=lambda draw: _draw_any_square(draw, draw.integer(1, 3)), internal=True)
@example("cofactors([np.array([[1.0, 2.0], [2.0, 4.0]])]).round(9).tolist() → [[4.0, -2.0], [-2.0, 1.0]]")
def cofactors(*matrices):
    """The cofactors of A (..., n, n), the first matrix, differentiated along each of the others: what `det` needs.

    So the k-th derivative of det A by A and along M₁ … Mₖ₋₁. With A = U diag(s) Vᵀ and Nₘ = UᵀMₘV it is
    det(UVᵀ)·U K Vᵀ: for all k different places i₁ … iₖ and each permutation π of them, K[iₖ, π(iₖ)] gets
    sgn π · Πₘ Nₘ[iₘ, π(iₘ)] times the singular values of the other places. Nothing is inverted: it is right for
    singular matrices too.
    """
    a, *directions = matrices
    k, n = len(matrices), np.shape(a)[-1]
    finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    u, s, vt = np.linalg.svd(np.where(finite, a, 0.0))
    inner = [transposed(u) @ m @ transposed(vt) for m in directions]
    taken, different = _taken(n, k)
    others = np.prod(np.where(taken, 1.0, np.expand_dims(s, tuple(range(-k - 1, -1)))), axis=-1)
    others = np.where(different, others, 0.0)
    places, total = string.ascii_letters[:k], np.zeros_like(u)
    for order in itertools.permutations(range(k)):
        *factors, last = (places[m] + places[order[m]] for m in range(k))
        terms = ",".join("..." + each for each in (places, *factors))
        part = np.einsum(f"{terms}->...{''.join(dict.fromkeys(last))}", others, *inner)
        part = np.expand_dims(part, -1) * identity(n, a) if last[0] == last[1] else part
        odd = sum(i > j for i, j in itertools.combinations(order, 2)) % 2
        total = total - part if odd else total + part
    sign = np.expand_dims(np.linalg.slogdet(u @ vt)[0], (-2, -1))
    return np.where(finite, sign * (u @ total @ vt), np.nan)


@lru_cache(maxsize=8)
def _taken(n, k):
    """For every choice of k among n places: which of the n are taken, and whether the k are different."""
    taken = np.any(np.indices((n,) * k)[..., None] == np.arange(n), axis=0)
    return taken, np.sum(taken, axis=-1) == k


@cofactors.rule
def _(g, y, *matrices, wanted):
    others = [matrices, *(matrices[:i] + matrices[i + 1 :] for i in range(1, len(matrices)))]
    return [cofactors([*each, g]) if want else None for each, want in zip(others, wanted)]


@op(label="log |det|", inputs=_draw_square, internal=True)
@example("round(float(log_determinant(np.diag([1.0, np.e]))), 12) → 1.0")
def log_determinant(a, /):
    """log |det A| of square matrices (..., n, n), where the determinant itself would overflow.  ∂: g · A⁻ᵀ."""
    return np.linalg.slogdet(square_checked("slogdet", a))[1]


log_determinant.rule(lambda g, y, a: np.expand_dims(g, (-1, -2)) * transposed(inv(a)))  # type: ignore[has-type]


@op(label="sgn det", inputs=_draw_square, differentiable=False, internal=True)
@example("determinant_sign(np.diag([-1.0, 1.0])) → np.float64(-1.0)")
def determinant_sign(a, /):
    """The sign of det A, −1, 0 or 1, of square matrices (..., n, n)."""
    return np.linalg.slogdet(a)[0]


SlogdetResult = namedtuple("SlogdetResult", "sign logabsdet")


@composed(numpy=np.linalg.slogdet, inputs=_draw_square, several=True)
@example("mg.linalg.slogdet(np.diag([-1.0, 1.0])).sign → np.float64(-1.0)")
def slogdet(a):
    """Sign and logarithm of the determinant, as ``(sign, logabsdet)``; the sign is a plain array."""
    return SlogdetResult(determinant_sign(square_checked("slogdet", a)), log_determinant(a))


# ---- inverses and equations -----------------------------------------------------------------------------


@op(numpy=np.linalg.inv, label="A⁻¹", inputs=_draw_square)
@example("mg.linalg.inv(np.diag([2.0, 4.0])).tolist() → [[0.5, 0.0], [0.0, 0.25]]")
def inv(a, /):
    """Inverse of square matrices, Y = A⁻¹.  ∂: −Yᵀ g Yᵀ."""
    return np.linalg.inv(square_checked("inv", a))


inv.rule(lambda g, y, a: -(transposed(y) @ g @ transposed(y)))
inv.forward_rule(lambda tangents, y, a: -(y @ tangents[0] @ y))


def _draw_pinv(draw):
    n, m = draw.choice([(2, 2), (3, 2), (2, 3)])
    a = draw.array((*draw.shape(max_dims=1), n, m), low=-1, high=1) + 3.0 * np.eye(n, m)
    return (a,), {"hermitian": n == m and draw.boolean()}


@op(numpy=np.linalg.pinv, label="A⁺", inputs=_draw_pinv)
@example("mg.linalg.pinv(np.array([[1.0], [1.0]])) → array([[0.5, 0.5]])")
def pinv(a, /, rcond=None, hermitian=False, *, rtol=None):
    """Moore and Penrose's inverse Y = A⁺, (..., n, m) for A (..., m, n).

    ∂: −Yᵀ g Yᵀ + (I − A Y) gᵀ Y Yᵀ + Yᵀ Y gᵀ (I − Y A)   (Golub and Pereyra 1973). Where the rank is not full Y jumps
    as soon as it grows, and this is the gradient along the matrices of the same rank. With ``hermitian`` only the lower
    triangle is read, and it has all of the gradient.
    """
    return np.linalg.pinv(a, rcond, hermitian, **({} if rtol is None else {"rtol": rtol}))


@pinv.rule
def _(g, y, a, rcond, hermitian, rtol):
    a = mirrored(a, "L") if hermitian else a
    yt, gt, (m, n) = transposed(y), transposed(g), np.shape(a)[-2:]
    total = (identity(m, a) - a @ y) @ gt @ y @ yt + yt @ y @ gt @ (identity(n, a) - y @ a) - yt @ g @ yt
    return one_triangle(total, "L") if hermitian else total


def _draw_equations(draw):
    n = draw.integer(1, 3)
    batch = draw.shape(max_dims=1)
    right = draw.choice([(n,), (n, 2), (*batch, n, 2)])
    return (draw_well_conditioned(draw, n, batch), draw.array(right)), {}


@op(numpy=np.linalg.solve, label="A⁻¹b", inputs=_draw_equations, broadcasts=True)
@example("mg.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 8.0])) → array([1., 2.])")
def solve(a, b, /):
    """The x with A x = b: b a vector (n,), or matrices (..., n, k), broadcast over stacks.

    ∂b = A⁻ᵀ g, ∂A = −∂b xᵀ.
    """
    return np.linalg.solve(square_checked("solve", a), b)


@solve.rule
def _(g, y, a, b, wanted):
    vector = np.ndim(b) == 1
    if vector:
        g, y = np.expand_dims(g, -1), np.expand_dims(y, -1)
    grad_b = solve(transposed(a), g)
    grad_a = -(grad_b @ transposed(y)) if wanted[0] else None
    return grad_a, np.squeeze(grad_b, -1) if vector else grad_b


def _draw_four(shape, *others, **options):
    """A 4 × 4 matrix folded into another shape."""
    return lambda draw: (
        (draw_well_conditioned(draw, 4, ()).reshape(shape), *(draw.array(each) for each in others)), options
    )  # fmt: skip


@composed(numpy=np.linalg.tensorsolve, inputs=_draw_four((2, 2, 4), (2, 2)))
@example("mg.linalg.tensorsolve(2 * np.eye(4).reshape(2, 2, 4), np.ones((2, 2))) → array([0.5, 0.5, 0.5, 0.5])")
def tensorsolve(a, b, axes=None):
    """The array x with tensordot(a, x, x.ndim) = b; ``axes`` of a are moved to the end first."""
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


@composed(numpy=np.linalg.tensorinv, inputs=_draw_four((4, 2, 2), ind=1))
@example("mg.linalg.tensorinv(np.eye(4).reshape(4, 2, 2), ind=1).shape → (2, 2, 4)")
def tensorinv(a, ind=2):
    """The inverse of tensordot by a, whose first ``ind`` axes stand for the rows."""
    shape = np.shape(a)
    if not 0 < ind <= len(shape):
        raise ValueError(f"tensorinv: ind is {ind} for a {shape}; from 1 to its {len(shape)} axes are the rows")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    return np.reshape(inv(np.reshape(a, (rows, columns))), shape[ind:] + shape[:ind])


@composed(
    numpy=np.linalg.matrix_power,
    inputs=lambda draw: ((draw_well_conditioned(draw), draw.integer(-2, 5)), {}),
    differentiated="a",
)
@example("mg.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 5).tolist() → [[1.0, 5.0], [0.0, 1.0]]")
def matrix_power(a, n):
    """The n-th power of square matrices by repeated squaring; of the inverse for a negative n."""
    a = as_array(square_checked("matrix_power", a))
    if not isinstance(n, (int, np.integer)):
        raise TypeError(f"matrix_power: the exponent is {n!r}; an integer is wanted")
    if n == 0:
        return np.where(False, a, identity(np.shape(a)[-1], a))
    square, result = (a, a) if n > 0 else (inv(a),) * 2
    for bit in f"{abs(int(n)):b}"[1:]:
        result = result @ result
        result = result @ square if bit == "1" else result
    return result

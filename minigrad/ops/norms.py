"""Norms of vectors and matrices, and the condition number."""

import math

import numpy as np

from ..core.errors import MatrixError
from ..core.registry import composed, op
from .arguments import as_array, check_number, checked_axes, number
from .decomposition import draw_singular, svdvals
from .elementwise import direction
from .linalg import determinant_sign, draw_well_conditioned, identity, inv, square_checked
from .reduce import kept
from .table import example


def _draw_length(draw, **options):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.array(shape, avoid=[0]),), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean()} | options


@op(label="‖x‖", inputs=_draw_length, internal=True)
@example("length(np.array([3.0, 4.0])) → np.float64(5.0)")
def length(x, /, axis=None, keepdims=False):
    """Euclidean norm over the given axes (None: all): y = √Σx².  ∂y/∂x = x/y, and 0 where y is 0, a subgradient.

    Scaled by the largest entry, so that squares neither overflow nor vanish. Where y is 0 there is no second
    derivative: it is nan.
    """
    return _scaled(x, 2, axis, keepdims)


def _scaled(x, ord, axis, keepdims):
    """(Σ|x|ᵖ)^(1/p) of sizes divided by the largest (for p < 0 the smallest), unless that is 0 or infinite."""
    size = np.absolute(x)
    extreme, start = (np.max, 0.0) if ord > 0 else (np.min, np.inf)
    scale = extreme(size, axis=axis, keepdims=True, initial=start)
    scale = np.where((scale > 0) & np.isfinite(scale), scale, scale.dtype.type(1))
    with np.errstate(divide="ignore"):  # 0 to a power p < 0 is inf, and the norm 0
        y = scale * np.sum((size / scale) ** ord, axis=axis, keepdims=True) ** (1 / ord)
    return y if keepdims else number(np.squeeze(y, axis))


@length.rule
def _(g, y, x, axis, keepdims):
    return kept(g, x, axis, keepdims) * direction(x, kept(y, x, axis, keepdims))


@op(label="‖x‖ₚ", inputs=lambda draw: _draw_length(draw, ord=draw.choice([3, 2.5, -1, 0.5])), internal=True)
@example("p_length(np.array([3.0, 4.0, 5.0]), ord=3).round(12) → np.float64(6.0)")
def p_length(x, /, ord, axis=None, keepdims=False):
    """The p-norm over the given axes (None: all) for p = ``ord``: y = (Σ|x|ᵖ)^(1/p).  ∂y/∂x = sign x · (|x|/y)ᵖ⁻¹.

    The gradient is 0 where y is 0, and for p < 1 where x is 0. Scaled by the largest entry (for p < 0 by the smallest),
    so that powers neither overflow nor vanish. Where y is 0 there is no second derivative: it is nan.
    """
    check_number("p_length", "ord", ord)
    return _scaled(x, ord, axis, keepdims)


@p_length.rule
def _(g, y, x, ord, axis, keepdims):
    length = kept(y, x, axis, keepdims)
    flat = (length == 0) | ((x == 0) & (ord < 1))
    slope = np.sign(x) * (np.where(flat, np.nan, np.absolute(x)) / np.where(flat, np.nan, length)) ** (ord - 1)
    return kept(g, x, axis, keepdims) * np.where(flat, 0.0, slope)


def _draw_norm(draw):
    shape, keepdims = draw.shape(min_dims=1, max_dims=3), draw.boolean()
    if len(shape) > 1 and draw.boolean():
        (a,), _ = draw_singular(draw)
        ord = draw.choice([None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
        return (a + 0.1,), {"keepdims": keepdims, "ord": ord, "axis": (-2, -1)}
    x = draw.distinct(shape)
    ord = draw.choice([None, 1, 2, 3, 2.5, -1, np.inf, -np.inf, 0.5])
    x = np.where(np.abs(x) < 0.1, 0.3, x) + 1 / 48
    return (x,), {"keepdims": keepdims, "ord": ord, "axis": draw.axis(len(shape))}


@composed(numpy=np.linalg.norm, inputs=_draw_norm)
@example("mg.linalg.norm(np.array([3.0, 4.0])) → np.float64(5.0)")
def norm(x, ord=None, axis=None, keepdims=False):
    """Every norm of `numpy.linalg.norm`: of vectors along one axis, of matrices along two.

    Vectors: None or 2 (Euclidean), 1, inf, −inf, 0 (how many are not 0; gradient 0), any p. Matrices: None or "fro",
    "nuc", 1, −1, inf, −inf, 2, −2. At 0 the gradient is 0, a subgradient; maxima share it among ties.
    """
    x = as_array(x)
    ndim = np.ndim(x)
    if axis is None:
        if ord is None:
            return length(x, keepdims=keepdims)
        axis = tuple(range(ndim))
    axes = checked_axes("norm", axis, ndim)
    if len(axes) == 1:
        return vector_norm(x, axis=axes[0], keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"norm: axis is {axis} for an array {np.shape(x)}; one axis or two different ones are wanted")
    y = matrix_norm(np.moveaxis(x, axes, (-2, -1)), ord="fro" if ord is None else ord)
    return kept(y, x, axes, False) if keepdims else y


@composed(numpy=np.linalg.vector_norm, inputs=lambda draw: _draw_length(draw, ord=draw.choice([2, 1, 3, 2.5, -1])))
@example("mg.linalg.vector_norm(np.array([3.0, 4.0]), ord=1) → np.float64(7.0)")
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """Norm of vectors along one or several axes (None: all): (Σ|x|ᵖ)^(1/p) for p = ``ord``; see `norm`."""
    x = as_array(x)
    if isinstance(ord, str) or ord is None:
        raise ValueError(f"vector_norm: ord {ord!r} is for matrices; a number is wanted for vectors")
    checked_axes("vector_norm", axis, np.ndim(x))
    check_number("vector_norm", "ord", ord)
    if ord == 2:
        return length(x, axis=axis, keepdims=keepdims)
    if ord not in (0, 1, math.inf, -math.inf):
        return p_length(x, ord=ord, axis=axis, keepdims=keepdims)
    size = np.absolute(x)
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return np.max(size, axis=axis, keepdims=keepdims, initial=0.0)
    if ord == -math.inf:
        return np.min(size, axis=axis, keepdims=keepdims)
    # how many are not 0: a sign, since a count has the slope 0 and stays in the graph
    return np.sum(np.where(np.isnan(x), 1.0, np.sign(size)), axis=axis, keepdims=keepdims)


@composed(numpy=np.linalg.matrix_norm, inputs=lambda draw: (
    draw_singular(draw, keepdims=draw.boolean(), ord=draw.choice(["fro", "nuc", 2]))
))  # fmt: skip
@example("mg.linalg.matrix_norm(np.diag([3.0, 4.0]), ord=2) → np.float64(4.0)")
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """Norm of every matrix of a stack: "fro", "nuc", 1, −1, inf, −inf, 2 or −2; see `norm`."""
    x = as_array(x)
    checked_axes("matrix_norm", (-2, -1), np.ndim(x))
    if ord in ("fro", "f"):
        y = length(x, axis=(-2, -1))
    elif ord in (1, -1, math.inf, -math.inf):
        sums = np.sum(np.absolute(x), axis=-2 if abs(ord) == 1 else -1)
        y = np.max(sums, axis=-1, initial=0.0) if ord > 0 else np.min(sums, axis=-1)
    elif ord in (2, -2, "nuc"):
        s = svdvals(x)
        y = s[..., -1] if ord == -2 else s[..., 0] if ord == 2 and np.shape(s)[-1] else np.sum(s, axis=-1)
    else:
        raise ValueError(f"norm: ord {ord!r} is unknown for matrices; use fro, nuc, 1, -1, 2, -2, inf or -inf")
    return np.expand_dims(y, (-2, -1)) if keepdims else number(y)


@composed(numpy=np.linalg.cond, inputs=lambda draw: (
    (draw_well_conditioned(draw, n=draw.integer(2, 3)),), {"p": draw.choice([None, 2, -2, "fro"])}
))  # fmt: skip
@example("mg.linalg.cond(np.diag([4.0, 2.0])) → np.float64(2.0)")
def cond(x, p=None):
    """Condition number: ‖A‖·‖A⁻¹‖ by a norm, or the largest singular value over the smallest (p None, 2; −2: inverse).

    It is inf for a singular matrix, where it has no gradient: nan.
    """
    if not isinstance(p, (int, float, str, np.number, type(None))):
        raise TypeError(f"cond: p is {p!r:.60}; None, 'fro', 1, -1, 2, -2, inf or -inf is wanted")
    x = as_array(x)
    shape = np.shape(x)
    if len(shape) < 2 or 0 in shape[-2:]:
        raise MatrixError(f"cond: x is {shape}; matrices (..., m, n) that are not empty are wanted")
    if p is None or p in (2, -2):
        s = svdvals(x)
        above, below = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        singular = below == 0
        y = above / np.where(singular, 1.0, below)
    else:
        singular = determinant_sign(square_checked("cond", x)) == 0
        regular = np.where(np.expand_dims(singular, (-2, -1)), identity(shape[-1], x), x)
        y = matrix_norm(x, ord=p) * matrix_norm(inv(regular), ord=p)
    y = y * np.where(singular, np.nan, y.dtype.type(1))  # so that its gradient is nan there
    return number(np.where(singular & ~np.any(np.isnan(x), axis=(-2, -1)), np.inf, y))

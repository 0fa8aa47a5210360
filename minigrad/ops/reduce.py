"""Reductions: operations that fold one, several or all axes of an array into one number each.

``axis`` is None (all axes), a number or a tuple; ``where`` an array of bools that broadcasts to the input and
says which entries take part; ``initial`` the value that the folding starts from, a tensor too.
"""

import math

import numpy as np

from ..core.arrays import is_duck
from ..core.errors import ShapeError
from ..core.registry import composed, op
from .arguments import check_number, checked_axes, plain
from .elementwise import direction


def draw_reduction(draw, **options):
    """An array of distinct entries, and an axis (None, one, negative or several) to reduce."""
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean(), **options}


def _draw_masked(draw, **options):
    """The same, with or without entries that don't take part (never all of them)."""
    inputs, chosen = draw_reduction(draw, **options)
    if chosen["axis"] != () and draw.boolean():
        shape = inputs[0].shape
        chosen["where"] = draw.booleans(shape) | np.any(np.indices(shape) == 0, axis=0)
    return inputs, chosen


def normalized_axes(axis, ndim):
    """Every reduced axis as a tuple of numbers from 0 to ndim − 1; `axis` None means all, and NumPy has checked it."""
    if axis is None or ndim == 0:  # NumPy's sums take the axis 0 of a number too
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(each % ndim for each in axes)


def kept(g, x, axis, keepdims):
    """A reduced array with its reduced axes put back as axes of length 1, so that it broadcasts to x."""
    ndim = np.ndim(x)
    if keepdims or ndim == 0:
        return g
    shape, axes = np.shape(x), normalized_axes(axis, ndim)
    return np.reshape(g, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def count(x, axis, where=True):
    """How many entries are folded into one: a number, or an array of them (its axes kept) for a mask."""
    shape = np.shape(x)
    if where is not True:
        return np.sum(np.broadcast_to(where, shape), axis=axis, keepdims=True)
    return math.prod(shape[i] for i in normalized_axes(axis, len(shape)))


def _taking_part(gradient, where):
    """A gradient with 0 for the entries that took no part."""
    return gradient if where is True else np.where(where, gradient, 0.0)


# ---- sums and means -------------------------------------------------------------------------------------


@op(numpy=np.sum, label="Σ", inputs=lambda draw: _draw_masked(draw, initial=draw.choice([0.0, 1.5])))
def sum(a, /, axis=None, dtype=None, *, keepdims=False, initial=0.0, where=True):
    """Sum over the given axes (None: all): y = initial + Σ a.  ∂y/∂a = 1, so the gradient is g repeated.

    >>> import numpy as np, minigrad as mg
    >>> mg.sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    array([4., 6.])
    """
    if where is True and isinstance(initial, float) and not initial:
        return np.add.reduce(a, axis, dtype, None, keepdims)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


sum.rule(
    lambda g, y, a, axis, dtype, keepdims, initial, where: _taking_part(
        np.broadcast_to(kept(g, a, axis, keepdims), np.shape(a)), where
    )
)


@op(numpy=np.mean, inputs=_draw_masked)
def mean(a, /, axis=None, dtype=None, *, keepdims=False, where=True):
    """Arithmetic mean over the given axes (None: all): y = Σ a / n.  ∂y/∂a = 1/n.

    >>> import numpy as np, minigrad as mg
    >>> mg.mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([1.5, 3.5])
    """
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=where)


@mean.rule
def _(g, y, a, axis, dtype, keepdims, where):
    share = kept(g, a, axis, keepdims) / np.maximum(count(a, axis, where), 1)  # of nothing there is no share
    return _taking_part(np.broadcast_to(share, np.shape(a)), where)


def _draw_average(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape))])
    weights = draw.choice([None, draw.array(shape, low=0.2, high=2)])
    if axis is not None and draw.boolean():
        weights = draw.array((shape[axis],), low=0.2, high=2)
    return (draw.array(shape),), {"axis": axis, "weights": weights, "keepdims": draw.boolean()}


@composed(numpy=np.average, inputs=_draw_average, differentiated="a weights")
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """Weighted mean, y = Σ w a / Σ w; the weights, of a's shape or of the axis's length, are differentiated too.

    With ``returned`` the sums of the weights are given beside it. Raises ZeroDivisionError where they are 0.

    >>> import numpy as np, minigrad as mg
    >>> mg.average(np.array([1.0, 2.0]), weights=np.array([3.0, 1.0]))
    np.float64(1.25)
    """
    if weights is None:
        y = mean(a, axis=axis, keepdims=keepdims)
        total = np.broadcast_to(np.asarray(count(a, axis), dtype=y.dtype), np.shape(y))
        return (y, total) if returned else y
    weights = _weights_like(a, axis, weights)
    total = sum(weights, axis=axis, keepdims=keepdims)
    if not is_duck(plain(total)) and np.any(plain(total) == 0):
        raise ZeroDivisionError("average: the weights sum to 0, so the average is not defined")
    y = sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (y, total) if returned else y


def _weights_like(a, axis, weights):
    """The weights of an average in a's shape."""
    shape, given = np.shape(a), np.shape(weights)
    if given == shape:
        return weights if hasattr(weights, "dtype") else np.asarray(weights)
    axes = () if axis is None else checked_axes("average", axis, len(shape))
    if given != tuple(shape[i] for i in axes) or not axes:
        raise ValueError(
            f"average: weights are {given}, a is {shape}, axis {axis}: the weights must have a's shape or the lengths "
            "of the given axes"
        )
    weights = np.transpose(weights, sorted(range(len(axes)), key=lambda i: axes[i]))
    return np.broadcast_to(np.reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(shape))), shape)


# ---- spread ---------------------------------------------------------------------------------------------


def _draw_spread(draw):
    """At least two entries along the reduced axis: a standard deviation of 0 has no derivative."""
    shape = draw.shape(min_dims=1, max_dims=3, min_side=2)
    axis = draw.axes(len(shape)) or draw.choice([None, 0])
    return (draw.distinct(shape),), {"axis": axis, "ddof": draw.choice([0, 1]), "keepdims": draw.boolean()}


@op(numpy=np.var, inputs=lambda draw: _draw_spread(draw) if draw.boolean() else _draw_masked(draw, ddof=0))
def var(a, /, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """Variance over the given axes: y = Σ (a − mean a)² / (n − ddof).  ∂y/∂a = 2(a − mean a)/(n − ddof).

    ``correction`` is another name for ``ddof``; ``out`` has to be None.

    >>> import numpy as np, minigrad as mg
    >>> mg.var(np.array([1.0, 2.0, 3.0, 4.0]))
    np.float64(1.25)
    """
    ddof = degrees_of_freedom("var", out, ddof, correction)
    return np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where)


@op(numpy=np.std, inputs=_draw_spread)
def std(a, /, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """Standard deviation over the given axes: y = √var(a).  ∂y/∂a = (a − mean a)/(y · (n − ddof)).

    Where all entries are equal (y = 0) the gradient is 0, a subgradient, and there is no second derivative: nan.

    >>> import numpy as np, minigrad as mg
    >>> mg.std(np.array([1.0, 1.0, 3.0, 3.0]))
    np.float64(1.0)
    """
    ddof = degrees_of_freedom("std", out, ddof, correction)
    return np.std(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where)


def degrees_of_freedom(name, out, ddof, correction):
    """The degrees of freedom that a spread leaves out, by either name."""
    if out is not None:
        raise TypeError(f"{name}: out= is not possible in a graph; use the result instead")
    check_number(name, "ddof", ddof)
    if correction is None:
        return ddof
    check_number(name, "ddof", correction)
    if ddof != 0:
        raise ValueError(f"{name}: ddof={ddof} and correction={correction} say the same thing; give one of them")
    return correction


def _share_of_spread(g, a, axis, ddof, keepdims, where, correction):
    """g/(n − ddof), nan where such a spread is not defined, and a − mean a, 0 for what took no part."""
    n = count(a, axis, where) - (ddof if correction is None else correction)
    share = kept(g, a, axis, keepdims) / np.where(n > 0, n, np.nan).astype(a.dtype)
    return share, _taking_part(a - mean(a, axis=axis, keepdims=True, where=where), where)


@var.rule
def _(g, y, a, axis, dtype, out, ddof, keepdims, where, correction):
    share, centered = _share_of_spread(g, a, axis, ddof, keepdims, where, correction)
    return share * 2 * centered


@std.rule
def _(g, y, a, axis, dtype, out, ddof, keepdims, where, correction):
    share, centered = _share_of_spread(g, a, axis, ddof, keepdims, where, correction)
    return share * direction(centered, kept(y, a, axis, keepdims))


# ---- extremes -------------------------------------------------------------------------------------------


def _draw_extreme(draw, start):
    inputs, options = _draw_masked(draw)
    return inputs, options | ({"initial": start} if "where" in options else {})


@op(numpy=[np.max, np.amax], inputs=lambda draw: _draw_extreme(draw, -9.0))
def max(a, /, axis=None, *, keepdims=False, initial=None, where=True):
    """Largest entry over the given axes.  The gradient goes to the largest, shared equally among ties.

    Where ``initial`` is larger than every entry, no entry has a gradient.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([1.0, 3.0, 3.0], requires_grad=True)
    >>> mg.max(x).backward(); x.grad
    array([0. , 0.5, 0.5])
    """
    initial = np._NoValue if initial is None else initial
    return np.max(a, axis=axis, keepdims=keepdims, initial=initial, where=where)


@op(numpy=[np.min, np.amin], inputs=lambda draw: _draw_extreme(draw, 9.0))
def min(a, /, axis=None, *, keepdims=False, initial=None, where=True):
    """Smallest entry over the given axes.  The gradient goes to the smallest, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.min(np.array([[1.0, 2.0], [3.0, 0.0]]), axis=1)
    array([1., 0.])
    """
    initial = np._NoValue if initial is None else initial
    return np.min(a, axis=axis, keepdims=keepdims, initial=initial, where=where)


@max.rule
@min.rule
def _(g, y, a, axis, keepdims, initial, where):
    hit = a == kept(y, a, axis, keepdims)
    if where is not True:
        hit = hit & where
    ties = np.maximum(np.sum(hit, axis=axis, keepdims=True), 1)
    return kept(g, a, axis, keepdims) * hit / ties.astype(a.dtype)


@composed(numpy=np.ptp, inputs=draw_reduction)
def ptp(a, axis=None, *, keepdims=False):
    """Peak to peak: the largest entry less the smallest, over the given axes.

    >>> import numpy as np, minigrad as mg
    >>> mg.ptp(np.array([1.0, 5.0, 3.0]))
    np.float64(4.0)
    """
    return max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims)


# ---- products -------------------------------------------------------------------------------------------


@op(numpy=np.prod, label="Π", inputs=lambda draw: _draw_masked(draw, initial=draw.choice([1.0, 1.5])))
def prod(a, /, axis=None, dtype=None, *, keepdims=False, initial=1.0, where=True):
    """Product over the given axes: y = initial · Π a.  ∂y/∂aᵢ = initial · Π_{j≠i} aⱼ, right where entries are 0 too.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([2.0, 0.0, 4.0], requires_grad=True)
    >>> mg.prod(x).backward(); x.grad
    array([0., 8., 0.])
    """
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@prod.rule
def _(g, y, a, axis, dtype, keepdims, initial, where):
    """Products of everything before an entry and everything after it: no division, so 0 is as good as any factor."""
    shape, ndim = np.shape(a), np.ndim(a)
    axes = normalized_axes(axis, ndim)
    order = tuple(i for i in range(ndim) if i not in axes) + axes
    along = tuple(shape[i] for i in order)
    factors = np.transpose(a if where is True else np.where(where, a, 1.0), order)
    row = np.reshape(factors, (*along[: ndim - len(axes)], math.prod(shape[i] for i in axes)))
    one = np.ones_like(row[..., :1])
    before = np.cumprod(np.concatenate([one, row[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([one, row[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    others = np.transpose(np.reshape(before * after, along), tuple(map(order.index, range(ndim))))
    return _taking_part(kept(g, a, axis, keepdims) * initial * others, where)


# ---- from a tensor --------------------------------------------------------------------------------------


def _from_a_tensor(op, join, nothing):
    """A reduction whose ``initial`` is a tensor: one number, joined to what folding from nothing gives."""

    def reduced(a, initial, **options):
        if np.ndim(initial):
            raise ShapeError(f"{op.name}: initial is {np.shape(initial)}; a single number is wanted")
        return join(op(a, initial=nothing, **options), initial)

    return reduced


sum.differentiates("initial")(_from_a_tensor(sum, np.add, 0.0))
prod.differentiates("initial")(_from_a_tensor(prod, np.multiply, 1.0))
max.differentiates("initial")(_from_a_tensor(max, np.maximum, -math.inf))
min.differentiates("initial")(_from_a_tensor(min, np.minimum, math.inf))


# NumPy's second names
amax, amin = max, min

"""Reductions: operations that fold one, several or all axes of an array into one number each.

``axis`` is None (all axes), a number or a tuple; ``where`` an array of bools that broadcasts to the input and
says which entries take part; ``initial`` the value that the folding starts from, a tensor too.
"""

import math

import numpy as np

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
        mask = draw.booleans(inputs[0].shape)
        mask[..., 0] = True
        mask[0, ...] = True
        if mask.ndim == 3:
            mask[:, 0, :] = True
        chosen["where"] = mask
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


def _draw_sum(draw):
    return _draw_masked(draw, initial=draw.choice([0.0, 1.5]))


@op(numpy=np.sum, label="Σ", inputs=_draw_sum)
def sum(a, /, axis=None, dtype=None, *, keepdims=False, initial=0.0, where=True):
    """Sum over the given axes (None: all): y = initial + Σ a.  ∂y/∂a = 1, so the gradient is g repeated.

    >>> import numpy as np, minigrad as mg
    >>> mg.sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    array([4., 6.])
    """
    if initial == 0.0 and where is True:
        return np.add.reduce(a, axis, dtype, None, keepdims)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@sum.differentiates("initial")
def _(a, initial, **options):
    return sum(a, **options) + _single("sum", initial)


def _single(name, initial):
    """An ``initial`` value that is a tensor: one number."""
    if np.ndim(initial):
        raise ShapeError(f"{name}: initial is {np.shape(initial)}; a single number is wanted")
    return initial


@sum.rule
def _(g, y, a, axis, dtype, keepdims, initial, where):
    return _taking_part(np.broadcast_to(kept(g, a, axis, keepdims), np.shape(a)), where)


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
    weights = weights if hasattr(weights, "dtype") else np.asarray(weights)
    shape = np.shape(a)
    axes = () if axis is None else checked_axes("average", axis, len(shape))
    if np.shape(weights) != shape:
        if np.shape(weights) != tuple(shape[i] for i in axes) or not axes:
            raise ValueError(
                f"average: weights are {np.shape(weights)}, a is {shape}, axis {axis}: the weights must have a's shape "
                "or the lengths of the given axes"
            )
        order = sorted(range(len(axes)), key=lambda i: axes[i])
        weights = np.reshape(np.transpose(weights, order), tuple(n if i in axes else 1 for i, n in enumerate(shape)))
        weights = np.broadcast_to(weights, shape)
    total = sum(weights, axis=axis, keepdims=keepdims)
    if np.any(plain(total) == 0):
        raise ZeroDivisionError("average: the weights sum to 0, so the average is not defined")
    y = sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (y, total) if returned else y


# ---- spread ---------------------------------------------------------------------------------------------


def _draw_variance(draw):
    return _draw_spread(draw) if draw.boolean() else _draw_masked(draw, ddof=0)


@op(numpy=np.var, inputs=_draw_variance)
def var(a, /, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """Variance over the given axes: y = Σ (a − mean a)² / (n − ddof).  ∂y/∂a = 2(a − mean a)/(n − ddof).

    ``correction`` is another name for ``ddof``; ``out`` has to be None.

    >>> import numpy as np, minigrad as mg
    >>> mg.var(np.array([1.0, 2.0, 3.0, 4.0]))
    np.float64(1.25)
    """
    ddof = degrees("var", out, ddof, correction)
    return np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where)


def degrees(name, out, ddof, correction):
    if out is not None:
        raise TypeError(f"{name}: out= is not possible in a graph; use the result instead")
    for each in (ddof, correction):
        if each is not None:
            check_number(name, "ddof", each)
    if correction is not None and ddof != 0:
        raise ValueError(f"{name}: ddof={ddof} and correction={correction} say the same thing; give one of them")
    return ddof if correction is None else correction


def _centered(a, axis, where):
    return _taking_part(a - mean(a, axis=axis, keepdims=True, where=where), where)


def _remaining(a, axis, where, ddof, correction):
    """n − ddof, and nan where that is not positive: such a spread is not defined."""
    n = count(a, axis, where) - (ddof if correction is None else correction)
    return np.where(n > 0, n, np.nan).astype(a.dtype)


@var.rule
def _(g, y, a, axis, dtype, out, ddof, keepdims, where, correction):
    return kept(g, a, axis, keepdims) * (2 / _remaining(a, axis, where, ddof, correction)) * _centered(a, axis, where)


def _draw_spread(draw):
    """At least two entries along the reduced axis: a standard deviation of 0 has no derivative."""
    shape = draw.shape(min_dims=1, max_dims=3, min_side=2)
    axis = draw.axes(len(shape)) or draw.choice([None, 0])
    return (draw.distinct(shape),), {"axis": axis, "ddof": draw.choice([0, 1]), "keepdims": draw.boolean()}


@op(numpy=np.std, inputs=_draw_spread)
def std(a, /, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """Standard deviation over the given axes: y = √var(a).  ∂y/∂a = (a − mean a)/(y · (n − ddof)).

    Where all entries are equal (y = 0) the gradient is 0, a subgradient, and there is no second derivative: nan.

    >>> import numpy as np, minigrad as mg
    >>> mg.std(np.array([1.0, 1.0, 3.0, 3.0]))
    np.float64(1.0)
    """
    ddof = degrees("std", out, ddof, correction)
    return np.std(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where)


@std.rule
def _(g, y, a, axis, dtype, out, ddof, keepdims, where, correction):
    away = direction(_centered(a, axis, where), kept(y, a, axis, keepdims))
    return kept(g, a, axis, keepdims) / _remaining(a, axis, where, ddof, correction) * away


# ---- extremes -------------------------------------------------------------------------------------------


def _share_of_extreme(g, y, a, axis, keepdims, where):
    """The gradient for entries equal to the extreme, shared equally among them."""
    hit = a == kept(y, a, axis, keepdims)
    if where is not True:
        hit = hit & where
    ties = np.maximum(np.sum(hit, axis=axis, keepdims=True), 1)
    return kept(g, a, axis, keepdims) * hit / ties.astype(a.dtype)


def _extreme(function, a, axis, keepdims, initial, where):
    """The value, with NumPy's own default where ``initial`` is None."""
    return function(a, axis=axis, keepdims=keepdims, initial=np._NoValue if initial is None else initial, where=where)


def _draw_extreme(low):
    def drawn(draw):
        inputs, options = _draw_masked(draw)
        if "where" in options:
            options["initial"] = low
        return inputs, options

    return drawn


@op(numpy=[np.max, np.amax], inputs=_draw_extreme(-9.0))
def max(a, /, axis=None, *, keepdims=False, initial=None, where=True):
    """Largest entry over the given axes.  The gradient goes to the largest, shared equally among ties.

    Where ``initial`` is larger than every entry, no entry has a gradient.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([1.0, 3.0, 3.0], requires_grad=True)
    >>> mg.max(x).backward(); x.grad
    array([0. , 0.5, 0.5])
    """
    return _extreme(np.max, a, axis, keepdims, initial, where)


@max.differentiates("initial")
def _(a, initial, **options):
    return np.maximum(max(a, initial=-math.inf, **options), _single("max", initial))


@max.rule
def _(g, y, a, axis, keepdims, initial, where):
    return _share_of_extreme(g, y, a, axis, keepdims, where)


@op(numpy=[np.min, np.amin], inputs=_draw_extreme(9.0))
def min(a, /, axis=None, *, keepdims=False, initial=None, where=True):
    """Smallest entry over the given axes.  The gradient goes to the smallest, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.min(np.array([[1.0, 2.0], [3.0, 0.0]]), axis=1)
    array([1., 0.])
    """
    return _extreme(np.min, a, axis, keepdims, initial, where)


@min.differentiates("initial")
def _(a, initial, **options):
    return np.minimum(min(a, initial=math.inf, **options), _single("min", initial))


@min.rule
def _(g, y, a, axis, keepdims, initial, where):
    return _share_of_extreme(g, y, a, axis, keepdims, where)


@composed(numpy=np.ptp, inputs=draw_reduction)
def ptp(a, axis=None, *, keepdims=False):
    """Peak to peak: the largest entry less the smallest, over the given axes.

    >>> import numpy as np, minigrad as mg
    >>> mg.ptp(np.array([1.0, 5.0, 3.0]))
    np.float64(4.0)
    """
    return max(a, axis=axis, keepdims=keepdims) - min(a, axis=axis, keepdims=keepdims)


# ---- products -------------------------------------------------------------------------------------------


def _draw_product(draw):
    return _draw_masked(draw, initial=draw.choice([1.0, 1.5]))


@op(numpy=np.prod, label="Π", inputs=_draw_product)
def prod(a, /, axis=None, dtype=None, *, keepdims=False, initial=1.0, where=True):
    """Product over the given axes: y = initial · Π a.  ∂y/∂aᵢ = initial · Π_{j≠i} aⱼ, right where entries are 0 too.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([2.0, 0.0, 4.0], requires_grad=True)
    >>> mg.prod(x).backward(); x.grad
    array([0., 8., 0.])
    """
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@prod.differentiates("initial")
def _(a, initial, **options):
    return prod(a, **options) * _single("prod", initial)


@prod.rule
def _(g, y, a, axis, dtype, keepdims, initial, where):
    factors = a if where is True else np.where(where, a, 1.0)
    others = _product_of_the_others(factors, normalized_axes(axis, np.ndim(a)))
    return _taking_part(kept(g, a, axis, keepdims) * initial * others, where)


def _product_of_the_others(a, axes):
    """For every entry the product of all others along ``axes``, without a division.

    Products of everything before and everything after, by doubling the reach at each step
    (Hillis and Steele 1986): log₂ n steps, so that it can be differentiated again at no great cost.
    """
    shape, ndim = np.shape(a), np.ndim(a)
    rest = tuple(i for i in range(ndim) if i not in axes)
    order = rest + axes
    kept_shape, n = tuple(shape[i] for i in rest), math.prod(shape[i] for i in axes)
    row = np.reshape(np.transpose(a, order), (*kept_shape, n))

    def exclusive(row, take, padding):
        if n <= 1:
            return row * 0 + 1
        reach, product = 1, _shifted(row, 1, take, padding)
        while reach < n:
            product = product * _shifted(product, reach, take, padding)
            reach *= 2
        return product

    before = exclusive(row, lambda x, k: x[..., :-k], lambda ones, x: [ones, x])
    after = exclusive(row, lambda x, k: x[..., k:], lambda ones, x: [x, ones])
    others = np.reshape(before * after, (*kept_shape, *(shape[i] for i in axes)))
    return np.transpose(others, tuple(order.index(i) for i in range(ndim)))


def _shifted(x, k, take, padding):
    """x moved by k along its last axis, 1 where nothing moves in."""
    shape = np.shape(x)
    ones = np.ones((*shape[:-1], k if k < shape[-1] else shape[-1]), dtype=x.dtype)
    return ones if k >= shape[-1] else np.concatenate(padding(ones, take(x, k)), axis=-1)


# NumPy's second names
amax, amin = max, min

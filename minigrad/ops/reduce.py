"""Reductions: operations that fold one, several or all axes of an array into one number each."""

import math

import numpy as np

from ..registry import op


def draw_reduction(draw, **options):
    """An array of distinct entries, and an axis (None, one, negative or several) to reduce."""
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean(), **options}


def normalized_axes(axis, ndim):
    """Every reduced axis as a tuple of numbers from 0 to ndim − 1; `axis` None means all."""
    if axis is None:
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


def count(x, axis):
    """How many entries are folded into one."""
    shape = np.shape(x)
    return math.prod(shape[i] for i in normalized_axes(axis, len(shape)))


@op(numpy=np.sum, label="Σ", inputs=draw_reduction)
def sum(a, /, axis=None, keepdims=False):
    """Sum over the given axes (None: all): y = Σ a.  ∂y/∂a = 1, so the gradient is g repeated.

    >>> import numpy as np, minigrad as mg
    >>> mg.sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    array([4., 6.])
    """
    return np.sum(a, axis=axis, keepdims=keepdims)


@sum.rule
def _(g, y, a, axis, keepdims):
    return np.broadcast_to(kept(g, a, axis, keepdims), np.shape(a))


@op(numpy=np.mean, inputs=draw_reduction)
def mean(a, /, axis=None, keepdims=False):
    """Arithmetic mean over the given axes (None: all): y = Σ a / n.  ∂y/∂a = 1/n.

    >>> import numpy as np, minigrad as mg
    >>> mg.mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    array([1.5, 3.5])
    """
    return np.mean(a, axis=axis, keepdims=keepdims)


@mean.rule
def _(g, y, a, axis, keepdims):
    return np.broadcast_to(kept(g, a, axis, keepdims) / count(a, axis), np.shape(a))


def _draw_variance(draw):
    return draw_reduction(draw, ddof=0)


@op(numpy=np.var, inputs=_draw_variance)
def var(a, /, axis=None, ddof=0, keepdims=False):
    """Variance over the given axes: y = Σ (a − mean a)² / (n − ddof).  ∂y/∂a = 2(a − mean a)/(n − ddof).

    >>> import numpy as np, minigrad as mg
    >>> mg.var(np.array([1.0, 2.0, 3.0, 4.0]))
    np.float64(1.25)
    """
    return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)


@var.rule
def _(g, y, a, axis, ddof, keepdims):
    centered = a - np.mean(a, axis=axis, keepdims=True)
    return kept(g, a, axis, keepdims) * (2 / (count(a, axis) - ddof)) * centered


def _draw_spread(draw):
    """At least two entries along the reduced axis: a standard deviation of 0 has no derivative."""
    shape = draw.shape(min_dims=1, max_dims=3, min_side=2)
    axis = draw.axes(len(shape)) or draw.choice([None, 0])
    return (draw.distinct(shape),), {"axis": axis, "ddof": 0, "keepdims": draw.boolean()}


@op(numpy=np.std, inputs=_draw_spread)
def std(a, /, axis=None, ddof=0, keepdims=False):
    """Standard deviation over the given axes: y = √var(a).  ∂y/∂a = (a − mean a)/(y · (n − ddof)).

    Where all entries are equal (y = 0) the gradient is 0, a subgradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.std(np.array([1.0, 1.0, 3.0, 3.0]))
    np.float64(1.0)
    """
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims)


@std.rule
def _(g, y, a, axis, ddof, keepdims):
    centered = a - np.mean(a, axis=axis, keepdims=True)
    spread = kept(y, a, axis, keepdims)
    spread = np.where(spread == 0, 1.0, spread)  # centered is 0 there, and 0/1 is the 0 we want
    return kept(g, a, axis, keepdims) / ((count(a, axis) - ddof) * spread) * centered


def _share_of_extreme(g, y, a, axis, keepdims):
    """The gradient for entries equal to the extreme, shared equally among them."""
    hit = a == kept(y, a, axis, keepdims)
    ties = np.sum(hit, axis=axis, keepdims=True)
    return kept(g, a, axis, keepdims) * hit / ties.astype(a.dtype)


@op(numpy=[np.max, np.amax], inputs=draw_reduction)
def max(a, /, axis=None, keepdims=False):
    """Largest entry over the given axes.  The gradient goes to the largest, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([1.0, 3.0, 3.0], requires_grad=True)
    >>> mg.max(x).backward(); x.grad
    array([0. , 0.5, 0.5])
    """
    return np.max(a, axis=axis, keepdims=keepdims)


@max.rule
def _(g, y, a, axis, keepdims):
    return _share_of_extreme(g, y, a, axis, keepdims)


@op(numpy=[np.min, np.amin], inputs=draw_reduction)
def min(a, /, axis=None, keepdims=False):
    """Smallest entry over the given axes.  The gradient goes to the smallest, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.min(np.array([[1.0, 2.0], [3.0, 0.0]]), axis=1)
    array([1., 0.])
    """
    return np.min(a, axis=axis, keepdims=keepdims)


@min.rule
def _(g, y, a, axis, keepdims):
    return _share_of_extreme(g, y, a, axis, keepdims)


@op(numpy=np.prod, label="Π", inputs=draw_reduction)
def prod(a, /, axis=None, keepdims=False):
    """Product over the given axes: y = Π a.  ∂y/∂aᵢ = Π_{j≠i} aⱼ, right also where entries are 0.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([2.0, 0.0, 4.0], requires_grad=True)
    >>> mg.prod(x).backward(); x.grad
    array([0., 8., 0.])
    """
    return np.prod(a, axis=axis, keepdims=keepdims)


@prod.rule
def _(g, y, a, axis, keepdims):
    return kept(g, a, axis, keepdims) * _product_of_the_others(a, normalized_axes(axis, np.ndim(a)))


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

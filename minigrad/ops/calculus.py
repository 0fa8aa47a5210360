"""Sums, products and differences along an axis, and what is built of them: integrals, slopes, interpolation."""

import operator
from functools import partial

import numpy as np

from ..core.errors import ShapeError
from ..core.registry import composed, op
from .arguments import along, as_array, check_number, checked_axes, checked_axis
from .index import getitem, scatter_add
from .sampling import an_axis, an_axis_or_none, array_with
from .table import array_operation

row = partial(array_operation, __name__)
# fmt: off


def _reversed(a, axis):
    """The entries along an axis in reversed order."""
    return a[along(axis, np.ndim(a), slice(None, None, -1))]


def _sums_from_the_end(g, y, a, axis, dtype):
    axis = 0 if axis is None else axis
    return np.reshape(_reversed(np.cumsum(_reversed(g, axis), axis=axis), axis), np.shape(a))


cumsum = row(
    np.cumsum, lambda a, /, axis=None, dtype=None: np.cumsum(a, axis=axis, dtype=dtype),
    "Running sums along an axis (None: of the flat array): yₖ = Σ_{i≤k} aᵢ.  ∂: the sums of g from the end.",
    "mg.cumsum(np.array([1.0, 2.0, 3.0])) → array([1., 3., 6.])",
    array_with(1, axis=an_axis_or_none), _sums_from_the_end, linear=True)


def _products_back(g, y, a, axis, dtype):
    axis = 0 if axis is None else axis
    rows = np.moveaxis(np.reshape(a, np.shape(y)), axis, -1)
    products, back = np.moveaxis(y, axis, -1), np.moveaxis(g, axis, -1)
    factor, reach = rows[..., 1:], 1
    while reach < np.shape(rows)[-1]:  # hₖ = backₖ + factorₖ hₖ₊ᵣ, and each step doubles r (Hillis and Steele 1986)
        back = np.concatenate([back[..., :-reach] + factor * back[..., reach:], back[..., -reach:]], axis=-1)
        factor = factor[..., :-reach] * factor[..., reach:]
        reach *= 2
    back = np.concatenate([back[..., :1], back[..., 1:] * products[..., :-1]], axis=-1)
    return np.reshape(np.moveaxis(back, -1, axis), np.shape(a))


cumprod = row(
    np.cumprod, lambda a, /, axis=None, dtype=None: np.cumprod(a, axis=axis, dtype=dtype),
    "Running products along an axis (None: of the flat array): yₖ = Π_{i≤k} aᵢ.",
    "mg.grad(lambda x: mg.cumprod(x).sum())(np.array([2.0, 0.0, 4.0])) → array([ 1., 10.,  0.])",
    array_with(1, axis=an_axis_or_none), _products_back,
    note="With h the gradient with respect to yₖ that later products pass back, hₖ = gₖ + aₖ₊₁ hₖ₊₁ and ∂aₖ = hₖ yₖ₋₁: "
         "no division, so it is right where entries are 0.")

# ---- differences and integrals --------------------------------------------------------------------------

_draw_diff = array_with(1, 3, sides=(2, 4), n=lambda draw, shape: draw.integer(0, 2), axis=an_axis)


@composed(numpy=np.diff, inputs=_draw_diff, differentiated="a prepend append")
def diff(a, n=1, axis=-1, prepend=None, append=None):
    """Differences of neighbours along an axis, n times over: yₖ = aₖ₊₁ − aₖ.

    ``prepend`` and ``append`` are joined to a first.

    >>> import numpy as np, minigrad as mg
    >>> mg.diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    n, ndim = operator.index(n), np.ndim(a)
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"diff: n is {n}; how many times must not be negative")
    if ndim == 0:
        raise ValueError("diff: a is 0-d; differences need an axis")
    a, axis = as_array(a), checked_axis("diff", axis, ndim)
    ends = [x for x in (prepend, a, append) if x is not None and x is not np._NoValue]
    line = tuple(1 if i == axis else m for i, m in enumerate(np.shape(a)))
    parts = [x if np.ndim(x) else np.broadcast_to(x, line) for x in ends]
    a = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    for _ in range(min(n, np.shape(a)[axis])):
        a = a[along(axis, ndim, slice(1, None))] - a[along(axis, ndim, slice(None, -1))]
    return a


def _draw_gradient(draw):
    shape = draw.shape(min_dims=1, max_dims=2, min_side=3, max_side=5)
    a = draw.array(shape)
    spacing = draw.choice([(), (0.5,), tuple(np.cumsum(draw.array((n,), low=0.5, high=1.5)) for n in shape)])
    axis = draw.choice([None, draw.axis(len(shape))]) if len(spacing) < 2 and not any(map(np.ndim, spacing)) else None
    return (a, *spacing), {"axis": axis, "edge_order": draw.choice([1, 2])}


@composed(numpy=np.gradient, inputs=_draw_gradient, several=True)
def gradient(f, *varargs, axis=None, edge_order=1):
    """Slopes by central differences inside and one-sided ones at the ends, as in `numpy.gradient`.

    Parameters
    ----------
    f
        Samples of a function on a grid.
    varargs
        The spacing: nothing (1), one number, or for each axis a number or the coordinates; differentiated too.
    axis
        One axis, several, or None for all; several give a tuple of arrays.
    edge_order
        1 or 2: how exact the ends are.

    >>> import numpy as np, minigrad as mg
    >>> mg.gradient(np.array([1.0, 4.0, 9.0]))
    array([3., 4., 5.])
    """
    f = f if hasattr(f, "dtype") else np.asarray(f, dtype=np.float64)
    axes = checked_axes("gradient", axis, np.ndim(f))
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(f"gradient: {len(varargs)} spacings for {len(axes)} axes; give none, one, or one for each")
    if len(varargs) == 1 and np.ndim(varargs[0]) and len(axes) != 1:
        raise TypeError("gradient: coordinates were given for one axis alone; give them for each")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is {edge_order}; it must be 1 or 2")
    spacings = varargs if len(varargs) > 1 else (*varargs, 1.0)[:1] * len(axes)
    slopes = tuple(_slope(f, spacing, each, edge_order) for spacing, each in zip(spacings, axes))
    return slopes[0] if len(axes) == 1 else slopes


def _slope(f, spacing, axis, edge_order):
    rows = np.moveaxis(f, axis, -1)
    n = np.shape(rows)[-1]
    if n < edge_order + 1:
        raise ValueError(f"gradient: {n} samples along axis {axis}, but edge_order={edge_order} needs {edge_order + 1}")
    spacing = spacing if hasattr(spacing, "dtype") else np.asarray(spacing, dtype=f.dtype)
    steps = diff(spacing) if np.ndim(spacing) else np.broadcast_to(spacing, (n - 1,))
    if np.shape(steps) != (n - 1,):
        raise ValueError(f"gradient: {np.shape(spacing)} coordinates for {n} samples along axis {axis}")
    rises = (rows[..., 1:] - rows[..., :-1]) / steps
    before, after = steps[:-1], steps[1:]
    inside = (rises[..., :-1] * after + rises[..., 1:] * before) / (before + after)
    first, last = rises[..., :1], rises[..., -1:]
    if edge_order == 2:  # straight on from the two slopes beside each end
        first = first - (rises[..., 1:2] - first) / (steps[:1] + steps[1:2]) * steps[:1]
        last = last + (last - rises[..., -2:-1]) / (steps[-1:] + steps[-2:-1]) * steps[-1:]
    return np.moveaxis(np.concatenate([first, inside, last], axis=-1), -1, axis)


def _draw_trapezoid(draw):
    shape = draw.shape(min_dims=1, max_dims=3, min_side=2)
    axis = draw.axis(len(shape))
    x = draw.choice([None, np.cumsum(draw.array((shape[axis],), low=0.5, high=1.5))])
    return (draw.array(shape),), {"x": x, "dx": 0.5, "axis": axis}


@composed(numpy=np.trapezoid, inputs=_draw_trapezoid, differentiated="y x dx")
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule along an axis: Σ (xₖ₊₁ − xₖ)(yₖ + yₖ₊₁)/2, or with one distance dx.

    >>> import numpy as np, minigrad as mg
    >>> mg.trapezoid(np.array([1.0, 2.0, 3.0]))
    np.float64(4.0)
    """
    y, steps = as_array(y), dx
    ndim, of_x, axis = np.ndim(y), axis, checked_axis("trapezoid", axis, np.ndim(y))
    if x is not None:  # it may have fewer axes, and counts its own
        steps = diff(as_array(x), axis=of_x if np.ndim(x) > 1 else -1)
        if np.ndim(x) == 1:
            steps = np.reshape(steps, tuple(np.size(steps) if i == axis else 1 for i in range(ndim)))
    later, earlier = y[along(axis, ndim, slice(1, None))], y[along(axis, ndim, slice(None, -1))]
    return np.sum(steps * (later + earlier) * 0.5, axis=axis)


def _draw_linspace(draw):
    shape = draw.shape(max_dims=1)
    options = {"num": draw.choice([1, 2, 5]), "endpoint": draw.boolean(), "axis": draw.choice([0, -1])}
    return (draw.array(shape), draw.array(draw.broadcastable_to(shape))), options


@composed(numpy=np.linspace, inputs=_draw_linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """``num`` values in equal steps from start to stop, along a new axis; both ends are differentiated.

    >>> import numpy as np, minigrad as mg
    >>> mg.linspace(0.0, 1.0, 3)
    array([0. , 0.5, 1. ])
    """
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"linspace: num is {num}; how many must not be negative")
    parts, width = num - 1 if endpoint else num, np.subtract(stop, start)
    share = (np.arange(float(num)) / max(parts, 1)).astype(np.result_type(width.dtype, 1.0))
    y = np.moveaxis(np.expand_dims(as_array(start), -1) + np.expand_dims(width, -1) * share, -1, axis)
    y = y if dtype is None else y.astype(dtype)
    return (y, width / parts if parts > 0 else width * np.nan) if retstep else y


# ---- counting, interpolation, convolution ---------------------------------------------------------------


def _draw_bincount(draw):
    size = draw.integer(0, 5)
    return (draw.indices(4, size=size),), {"weights": draw.array((size,)), "minlength": draw.choice([0, 6])}


@composed(numpy=np.bincount, inputs=_draw_bincount, differentiated="weights")
def bincount(x, weights=None, minlength=0):
    """For every integer the sum of the weights of the x that are equal to it.  The weights are differentiated.

    >>> import numpy as np, minigrad as mg
    >>> mg.bincount(np.array([0, 1, 1]), weights=np.array([0.5, 1.0, 2.0]))
    array([0.5, 3. ])
    """
    x = x if hasattr(x, "dtype") else np.asarray(x, dtype=None if np.size(x) else np.intp)
    counts = np.bincount(x, minlength=minlength)
    if weights is None:
        return counts
    if np.shape(weights) != np.shape(x):
        raise ValueError(f"bincount: x is {np.shape(x)}, weights {np.shape(weights)}: one weight for each x is wanted")
    return scatter_add(as_array(weights), key=x, shape=np.shape(counts))


def _draw_interp(draw):
    n, size = draw.integer(2, 4), draw.integer(1, 4)
    steps, cell = draw.array((n,), low=1.0, high=2.0), draw.indices(n - 1, size=size)
    xp = np.cumsum(steps)
    x = xp[cell] + draw.array((size,), low=0.2, high=0.8) * steps[cell + 1]
    x[0] = draw.choice([x[0], xp[0] - 0.5, xp[-1] + 0.5])
    zero = draw.choice([0.0, x[0], xp[1]])  # which point is moved to 0
    ends = draw.choice([(), (draw.array(()), draw.array(()))])
    options = {"period": float(xp[-1] - xp[0]) + 1.0} if not ends and draw.boolean() else {}
    return (x - zero, xp - zero, draw.array((n,)), *ends), options


@op(numpy=np.interp, inputs=_draw_interp)
def interp(x, xp, fp, left=None, right=None, /, period=None):
    """The piecewise linear function through the points (xp, fp), at x; constant beyond the ends.

    All of x, xp (increasing), fp, ``left`` and ``right`` are differentiated. At a point xp the slope is that of the
    piece to its right. With a ``period`` xp is taken modulo it.

    >>> import numpy as np, minigrad as mg
    >>> mg.interp(2.5, np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 0.0]))
    np.float64(1.0)
    """
    x, xp, fp = as_array(x), as_array(xp), as_array(fp)
    if np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or np.size(xp) == 0:
        raise ValueError(f"interp: xp is {np.shape(xp)}, fp {np.shape(fp)}: two vectors of one length are wanted")
    for name, end in (("left", left), ("right", right)):
        if np.ndim(end):
            raise ShapeError(f"interp: {name} is {np.shape(end)}; one number is wanted")
    if period is not None:
        check_number("interp", "period", period)
        if period == 0:
            raise ValueError("interp: period must not be 0")
    return np.interp(x, xp, fp, left, right, period).astype(np.result_type(x, xp, fp, 1.0))


@interp.rule
def _(g, y, x, xp, fp, left, right, period):
    n, points = np.size(xp), xp
    if period is not None:
        left, right, period = None, None, abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        order = np.concatenate([order[-1:], order, order[:1]])
        points = xp[order] + period * np.array([-1.0, *[0.0] * n, 1.0])
    cell = np.maximum(np.searchsorted(points[:-1], x, side="right") - 1, 0)
    after = cell + int(np.size(points) > 1)  # each x lies between these two of the points
    start, stop = getitem(points, key=cell), getitem(points, key=after)
    ends = np.stack([cell, after])
    ends = ends if period is None else getitem(order, key=ends)
    low, high = getitem(fp, key=ends[0]), getitem(fp, key=ends[1])
    below, above, empty = x < points[0], x > points[-1], start == stop
    width = np.where(empty, 1.0, stop - start)
    share = np.where(below, 0.0, np.where(above | empty, 1.0, (x - start) / width))
    shares = np.stack([1.0 - share, share])
    inside = g if left is None else np.where(below, 0.0, g)
    inside = inside if right is None else np.where(above, 0.0, inside)
    sloped = np.where(below | above, 0.0, inside * (high - low) / width)
    return (
        sloped,
        -scatter_add(shares * sloped, key=ends, shape=(n,)),
        scatter_add(shares * inside, key=ends, shape=(n,)),
        None if left is None else np.sum(np.where(below, g, 0.0)),
        None if right is None else np.sum(np.where(above, g, 0.0)),
    )


def _draw_convolve(draw):
    n, m = draw.integer(1, 5), draw.integer(1, 3)
    return (draw.array((n,)), draw.array((m,))), {"mode": draw.choice(["full", "same", "valid"])}


@op(numpy=np.convolve, label="∗", inputs=_draw_convolve, linear=True)
def convolve(a, v, /, mode="full"):
    """Discrete convolution of two vectors, yₖ = Σᵢ aᵢ vₖ₋ᵢ, with the modes "full", "same" and "valid" of NumPy.

    ∂a is the correlation of g with v, ∂v that of g with a.

    >>> import numpy as np, minigrad as mg
    >>> mg.convolve(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 20.])
    """
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolve: mode is {mode!r}; 'full', 'same' or 'valid' is wanted")
    return np.convolve(a, v, mode=mode)


def _by_one(g, a, other, mode):
    """The gradient of one of the two vectors; a number counts as a vector of one entry."""
    n, m = np.size(a), np.size(other)
    before = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    g = np.pad(g, (before, n + m - 1 - before - np.shape(g)[0])) if mode != "full" else g  # of all n + m − 1 sums
    taken = _reversed(np.reshape(as_array(other), (m,)), 0)
    return np.reshape(np.convolve(g, taken, mode="valid"), np.shape(a))


convolve.rules_by_input(
    lambda g, y, a, v, mode: _by_one(g, a, v, mode),
    lambda g, y, a, v, mode: _by_one(g, v, a, mode))


@composed(numpy=np.correlate, inputs=_draw_convolve)
def correlate(a, v, mode="valid"):
    """Cross-correlation of two vectors, yₖ = Σᵢ aᵢ₊ₖ vᵢ, with the modes of NumPy.

    >>> import numpy as np, minigrad as mg
    >>> mg.correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.5]), "same")
    array([2. , 3.5, 3. ])
    """
    a, v = as_array(a), as_array(v)
    if np.ndim(a) != 1 or np.ndim(v) != 1:
        raise ShapeError(f"correlate: a is {np.shape(a)}, v {np.shape(v)}; two vectors are wanted")
    if np.shape(a)[0] < np.shape(v)[0]:
        return _reversed(convolve(v, _reversed(a, 0), mode=mode), 0)
    return convolve(a, _reversed(v, 0), mode=mode)

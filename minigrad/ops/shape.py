"""Shape operations: the same entries in another form or order."""

from functools import partial
from typing import Any

import numpy as np

from ..core.registry import composed
from .arguments import as_array, checked_axes
from .index import getitem
from .sampling import an_axis, array_with, one_of, some_axes
from .table import array_operation

row = partial(array_operation, __name__)
_windows = np.lib.stride_tricks.sliding_window_view

# fmt: off
# ---- operations: a gradient's entries go back to where they came from ---------------------------------------

reshape = row(
    np.reshape, lambda a, /, shape, order="C": np.reshape(a, shape, order=order),
    "The same entries in another shape (one length may be −1).  The gradient is reshaped back.",
    "mg.reshape(np.arange(4.0), (2, 2)) → array([[0., 1.],\n       [2., 3.]])",
    array_with(1, shape=lambda draw, s: draw.choice([(int(np.prod(s)),), (-1, 1), s[::-1], (1, *s)])),
    lambda g, y, a, shape, order: np.reshape(g, np.shape(a), order), linear=True,
    note='``order`` "C" counts the last axis first, "F" the first one.')


@composed(numpy=np.ravel, inputs=array_with(order=one_of("C", "F")))
def ravel(a, order="C"):
    """All entries in one axis, in the order "C" (last axis first) or "F".

    >>> import numpy as np, minigrad as mg
    >>> mg.ravel(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
    array([1., 3., 2., 4.])
    """
    if order in ("A", "K"):
        flags = getattr(getattr(a, "_data", a), "flags", None)  # what is traced has no layout
        order = "F" if flags is not None and flags.f_contiguous and not flags.c_contiguous else "C"
    return reshape(a, (-1,), order)


flatten = row(
    "flatten", lambda a, order="C": ravel(a, order), "`ravel` by the name of the method.",
    "mg.flatten(np.array([[1.0, 2.0], [3.0, 4.0]])) → array([1., 2., 3., 4.])",
    array_with(order=one_of("C", "F")))


def _order_of_axes(draw, shape):
    order = draw.permutation(len(shape))
    return draw.choice([None, order, tuple(i - len(shape) for i in order), order[0] if len(shape) == 1 else None])


def _undone(axes, ndim):
    """The order of axes that undoes another one."""
    axes = [each % ndim for each in (axes if np.ndim(axes) else (axes,))]
    return tuple(axes.index(i) for i in range(ndim))


transpose = row(
    np.transpose, lambda a, /, axes=None: np.transpose(a, axes),
    "Axes in another order (None: reversed).  The gradient takes the inverse order.",
    "mg.transpose(np.ones((2, 3))).shape → (3, 2)", array_with(1, 4, axes=_order_of_axes),
    lambda g, y, a, axes: np.transpose(g, None if axes is None else _undone(axes, np.ndim(a))), linear=True)
swapaxes = row(
    np.swapaxes, lambda a, /, axis1, axis2: np.swapaxes(a, axis1, axis2),
    "Two axes exchanged.  The gradient has them exchanged back.",
    "mg.swapaxes(np.ones((2, 3, 4)), 0, -1).shape → (4, 3, 2)", array_with(1, 4, axis1=an_axis, axis2=an_axis),
    lambda g, y, a, axis1, axis2: np.swapaxes(g, axis1, axis2), linear=True)
moveaxis = row(
    np.moveaxis, lambda a, /, source, destination: np.moveaxis(a, source, destination),
    "Axes moved to other places, the rest kept in order.  The gradient is moved back.",
    "mg.moveaxis(np.ones((2, 3, 4)), 0, -1).shape → (3, 4, 2)",
    array_with(1, 4, source=an_axis, destination=an_axis),
    lambda g, y, a, source, destination: np.moveaxis(g, destination, source), linear=True)
expand_dims = row(
    np.expand_dims, lambda a, /, axis: np.expand_dims(a, axis),
    "New axes of length 1 at the places ``axis`` of the result.  The gradient loses them again.",
    "mg.expand_dims(np.ones(3), (0, 2)).shape → (1, 3, 1)",
    array_with(axis=lambda draw, s: draw.choice([draw.axis(len(s) + 1), (0, -1)])),
    lambda g, y, a, axis: np.reshape(g, np.shape(a)), linear=True)
squeeze = row(
    np.squeeze, lambda a, /, axis=None: np.squeeze(a, axis=axis),
    "Without its axes of length 1 (None: all of them).  The gradient gets them back.",
    "mg.squeeze(np.ones((1, 3, 1))).shape → (3,)",
    lambda draw: ((draw.array((1, *draw.shape(max_dims=2), 1)),), {"axis": draw.choice([None, 0, -1, (0, -1)])}),
    lambda g, y, a, axis: np.reshape(g, np.shape(a)), linear=True)
broadcast_to = row(
    np.broadcast_to, lambda a, /, shape: np.broadcast_to(a, shape),
    "Repeated along new axes and axes of length 1 to fill ``shape``.  The gradient is summed over them.",
    "mg.broadcast_to(np.array([1.0, 2.0]), (2, 2)) → array([[1., 2.],\n       [1., 2.]])",
    lambda draw: ((draw.array(draw.broadcastable_to(shape := draw.shape(max_dims=3))),), {"shape": shape}),
    lambda g, y, a, shape: g, linear=True)  # the engine sums a gradient of the output's shape back to the input's
astype = row(
    np.astype, lambda a, /, dtype: a.astype(dtype),
    "The same numbers in another floating dtype.  The gradient is cast back.",
    "mg.astype(np.ones(2), np.float32).dtype → dtype('float32')", array_with(0, 2, dtype=one_of(np.float64)),
    lambda g, y, a, dtype: g, linear=True)  # the engine casts a gradient to its input's dtype


@composed(
    numpy=np.rollaxis, differentiated="a",
    inputs=array_with(1, 4, an_axis, start=lambda draw, shape: draw.integer(0, len(shape))))
def rollaxis(a, axis, start=0):
    """An axis moved to before the axis that is now number ``start``; `moveaxis` says the same more clearly.

    >>> import numpy as np, minigrad as mg
    >>> mg.rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    ndim = np.ndim(a)
    if not -ndim <= axis < ndim or not -ndim <= start <= ndim:
        raise np.exceptions.AxisError(axis if not -ndim <= axis < ndim else start, ndim, "rollaxis")
    axis, start = axis % ndim, start + ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


matrix_transpose = row(
    [np.matrix_transpose, np.linalg.matrix_transpose], lambda x, /: swapaxes(x, -1, -2),
    "Every matrix of a stack transposed: the last two axes exchanged.",
    "mg.matrix_transpose(np.ones((5, 2, 3))).shape → (5, 3, 2)",
    lambda draw: ((draw.array((*draw.shape(max_dims=2), draw.integer(1, 3), 2)),), {}))

# ---- at least so many axes, as many as others, and grids -------------------------------------------------

#: The shape with one, two or three axes at least, from the shape.
AT_LEAST = {
    1: lambda shape: shape or (1,),
    2: lambda shape: (1,) * (2 - len(shape)) + shape,
    3: lambda shape: ((1, 1, 1), (1, *shape, 1), (*shape, 1))[len(shape)] if len(shape) < 3 else shape,
}


def in_form(x, form):
    """An array in the shape that a function makes of its own shape."""
    x, shape = as_array(x), np.shape(x)
    return x if form(shape) == shape else reshape(x, form(shape))


def _each(arrays, form):
    """One array in a form, or a tuple of several, as NumPy returns them."""
    changed = tuple(in_form(x, form) for x in arrays)
    return changed[0] if len(changed) == 1 else changed


def _draw_arrays(draw):
    return tuple(draw.array(draw.shape(max_dims=3)) for _ in range(draw.integer(1, 2))), {}


def _draw_broadcast_arrays(draw):
    shape = draw.shape(max_dims=3)
    return tuple(draw.array(draw.broadcastable_to(shape)) for _ in range(draw.integer(1, 3))), {}


atleast_1d: Any = row(
    np.atleast_1d, lambda *arys: _each(arys, AT_LEAST[1]),
    "Every 0-d array with one axis, others as they are; several give a tuple.",
    "mg.atleast_1d(np.array(1.0)).shape → (1,)", _draw_arrays)
atleast_2d: Any = row(
    np.atleast_2d, lambda *arys: _each(arys, AT_LEAST[2]),
    "Every array with two axes at least, new ones in front; several give a tuple.",
    "mg.atleast_2d(np.ones(3)).shape → (1, 3)", _draw_arrays)
atleast_3d: Any = row(
    np.atleast_3d, lambda *arys: _each(arys, AT_LEAST[3]),
    "Every array with three axes at least: (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1).",
    "mg.atleast_3d(np.ones((2, 3))).shape → (2, 3, 1)", _draw_arrays)
broadcast_arrays: Any = row(
    np.broadcast_arrays,
    lambda *args: tuple(broadcast_to(x, np.broadcast_shapes(*map(np.shape, args))) for x in args),
    "The arrays, each repeated to the shape that all of them broadcast to; a tuple.",
    "[x.shape for x in mg.broadcast_arrays(np.ones(2), np.ones((3, 1)))] → [(3, 2), (3, 2)]", _draw_broadcast_arrays)


def _draw_meshgrid(draw):
    vectors = tuple(draw.array((draw.integer(1, 3),)) for _ in range(draw.integer(1, 3)))
    return vectors, {"indexing": draw.choice(["xy", "ij"]), "sparse": draw.boolean()}


@composed(numpy=np.meshgrid, inputs=_draw_meshgrid, several=True)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Coordinates on the grid of some vectors: a tuple of arrays, the first two axes exchanged with "xy".

    With ``sparse`` each has length 1 along the axes that it does not change on. ``copy`` changes nothing here.

    >>> import numpy as np, minigrad as mg
    >>> mg.meshgrid(np.array([1.0, 2.0]), np.array([5.0]))[0]
    array([[1., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; it must be 'xy' or 'ij'")
    places = [*range(len(xi))]
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    grids = [reshape(x, tuple(-1 if i == place else 1 for i in range(len(xi)))) for x, place in zip(xi, places)]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


# ---- turned around ----------------------------------------------------------------------------------------


def _flipped(m, *axes):
    return m[tuple(slice(None, None, -1 if i in axes else None) for i in range(np.ndim(m)))]


def _with_axes(name, m, least, wanted):
    if np.ndim(m) < least:
        raise ValueError(f"{name}: m is {np.shape(m) or '0-d'}; {wanted}")
    return m


def _draw_image(draw):
    return (draw.array((draw.integer(1, 3), draw.integer(1, 3), *draw.shape(max_dims=1))),), {}


flip = row(
    np.flip, lambda m, axis=None: _flipped(m, *checked_axes("flip", axis, np.ndim(m))),
    "Entries in reversed order along the given axes (None: all).",
    "mg.flip(np.array([1.0, 2.0, 3.0])) → array([3., 2., 1.])", array_with(1, axis=some_axes))
fliplr = row(
    np.fliplr, lambda m: _flipped(_with_axes("fliplr", m, 2, "two axes are needed"), 1),
    "Entries in reversed order along the second axis (left and right).",
    "mg.fliplr(np.array([[1.0, 2.0]])) → array([[2., 1.]])", _draw_image)
flipud = row(
    np.flipud, lambda m: _flipped(_with_axes("flipud", m, 1, "an axis is needed"), 0),
    "Entries in reversed order along the first axis (up and down).",
    "mg.flipud(np.array([1.0, 2.0])) → array([2., 1.])", _draw_image)


def _draw_roll(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape)), tuple(range(len(shape)))])
    shift = tuple(draw.integer(-4, 4) for _ in axis) if isinstance(axis, tuple) else draw.integer(-4, 4)
    return (draw.array(shape),), {"shift": shift, "axis": axis}


def _draw_windows(draw):
    shape = draw.shape(min_dims=1, max_dims=2, min_side=2, max_side=4)
    axis = draw.choice([None, draw.axis(len(shape))])
    window = tuple(draw.integer(1, n) for n in shape) if axis is None else draw.integer(1, shape[axis])
    return (draw.array(shape), window), {"axis": axis}


def _all_windows(x, window_shape, axis):
    if not hasattr(x, "_apply"):
        return _windows(x, window_shape, axis)
    places = np.arange(np.size(x)).reshape(np.shape(x))
    return getitem(reshape(x, (-1,)), key=_windows(places, window_shape, axis))


@composed(
    numpy=np.rot90, inputs=array_with(2, k=lambda draw, _: draw.integer(-1, 4), axes=one_of((0, 1), (1, 0), (0, -1))))
def rot90(m, k=1, axes=(0, 1)):
    """Turned by k right angles in the plane of two axes, from the first to the second.

    >>> import numpy as np, minigrad as mg
    >>> mg.rot90(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 4.],
           [1., 3.]])
    """
    if len(axes) != 2:
        raise ValueError(f"rot90: axes are {axes}; two different ones are wanted")
    first, second = checked_axes("rot90", tuple(axes), np.ndim(m))
    turned = ((), (second,), (first, second), (first,))[k % 4]
    m = _flipped(m, *turned) if turned else m
    return swapaxes(m, first, second) if k % 2 else m


roll = row(
    np.roll, lambda a, /, shift, axis=None: np.roll(a, shift, axis=axis),
    "Entries moved on by ``shift`` places along an axis (None: in the flat array), round the end to the start.",
    "mg.roll(np.array([1.0, 2.0, 3.0]), 1) → array([3., 1., 2.])", _draw_roll,
    lambda g, y, a, shift, axis: np.roll(g, tuple(-n for n in shift) if np.ndim(shift) else -shift, axis), linear=True)
sliding_window_view = row(
    _windows, lambda x, window_shape, axis=None: _all_windows(x, window_shape, axis),
    "Every window of a shape, one beside the other: new axes at the end hold the window's entries.",
    "mg.sliding_window_view(np.array([1.0, 2.0, 3.0]), 2) → array([[1., 2.],\n       [2., 3.]])",
    _draw_windows, differentiated="x",
    note="On a tensor it is a copy; an entry's gradient is the sum over the windows that it is in.")


# NumPy's second names
permute_dims = transpose

"""Shape operations: the same entries in another form or order."""

import numpy as np

from ..core.registry import composed, op
from .arguments import as_array, checked_axes
from .index import scatter_add
from .sampling import an_axis, array_with, one_of, some_axes


def _other_shape(draw, shape):
    return draw.choice([(int(np.prod(shape)),), (-1, 1), shape[::-1], (1, *shape)])


@op(numpy=np.reshape, inputs=array_with(1, shape=_other_shape), linear=True)
def reshape(a, /, shape, order="C"):
    """The same entries in another shape (one length may be −1).  The gradient is reshaped back.

    ``order`` "C" counts the last axis first, "F" the first one.

    >>> import numpy as np, minigrad as mg
    >>> mg.reshape(np.arange(4.0), (2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    return np.reshape(a, shape, order=order)


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


@composed(inputs=array_with(order=one_of("C", "F")))
def flatten(a, order="C"):
    """`ravel` by the name of the method.

    >>> import numpy as np, minigrad as mg
    >>> mg.flatten(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    return ravel(a, order)


def _order_of_axes(draw, shape):
    order = draw.permutation(len(shape))
    return draw.choice([None, order, tuple(i - len(shape) for i in order), order[0] if len(shape) == 1 else None])


@op(numpy=np.transpose, inputs=array_with(1, 4, axes=_order_of_axes), linear=True)
def transpose(a, /, axes=None):
    """Axes in another order (None: reversed).  The gradient takes the inverse order.

    >>> import numpy as np, minigrad as mg
    >>> mg.transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    return np.transpose(a, axes)


@op(numpy=np.swapaxes, inputs=array_with(1, 4, axis1=an_axis, axis2=an_axis), linear=True)
def swapaxes(a, /, axis1, axis2):
    """Two axes exchanged.  The gradient has them exchanged back.

    >>> import numpy as np, minigrad as mg
    >>> mg.swapaxes(np.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    return np.swapaxes(a, axis1, axis2)


@op(numpy=np.moveaxis, inputs=array_with(1, 4, source=an_axis, destination=an_axis), linear=True)
def moveaxis(a, /, source, destination):
    """Axes moved to other places, the rest kept in order.  The gradient is moved back.

    >>> import numpy as np, minigrad as mg
    >>> mg.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return np.moveaxis(a, source, destination)


def _new_axes(draw, shape):
    return draw.choice([draw.axis(len(shape) + 1), (0, -1)])


@op(numpy=np.expand_dims, inputs=array_with(axis=_new_axes), linear=True)
def expand_dims(a, /, axis):
    """New axes of length 1 at the places ``axis`` of the result.  The gradient loses them again.

    >>> import numpy as np, minigrad as mg
    >>> mg.expand_dims(np.ones(3), (0, 2)).shape
    (1, 3, 1)
    """
    return np.expand_dims(a, axis)


def _draw_squeeze(draw):
    return (draw.array((1, *draw.shape(max_dims=2), 1)),), {"axis": draw.choice([None, 0, -1, (0, -1)])}


@op(numpy=np.squeeze, inputs=_draw_squeeze, linear=True)
def squeeze(a, /, axis=None):
    """Without its axes of length 1 (None: all of them).  The gradient gets them back.

    >>> import numpy as np, minigrad as mg
    >>> mg.squeeze(np.ones((1, 3, 1))).shape
    (3,)
    """
    return np.squeeze(a, axis=axis)


def _draw_broadcast(draw):
    shape = draw.shape(max_dims=3)
    return (draw.array(draw.broadcastable_to(shape)),), {"shape": shape}


@op(numpy=np.broadcast_to, inputs=_draw_broadcast, linear=True)
def broadcast_to(a, /, shape):
    """Repeated along new axes and axes of length 1 to fill ``shape``.  The gradient is summed over them.

    >>> import numpy as np, minigrad as mg
    >>> mg.broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return np.broadcast_to(a, shape)


@op(numpy=np.astype, inputs=array_with(max_dims=2, dtype=one_of(np.float64)), linear=True)
def astype(a, /, dtype):
    """The same numbers in another floating dtype.  The gradient is cast back.

    >>> import numpy as np, minigrad as mg
    >>> mg.astype(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    return a.astype(dtype)


# ---- their derivatives: entries go back to where they came from -----------------------------------------

reshape.rule(lambda g, y, a, shape, order: np.reshape(g, np.shape(a), order))
transpose.rule(lambda g, y, a, axes: np.transpose(g, None if axes is None else _inverse(axes, np.ndim(a))))
swapaxes.rule(lambda g, y, a, axis1, axis2: np.swapaxes(g, axis1, axis2))
moveaxis.rule(lambda g, y, a, source, destination: np.moveaxis(g, destination, source))
expand_dims.rule(lambda g, y, a, axis: np.reshape(g, np.shape(a)))
squeeze.rule(lambda g, y, a, axis: np.reshape(g, np.shape(a)))
broadcast_to.rule(lambda g, y, a, shape: g)  # the engine sums a gradient of the output's shape back to the input's
astype.rule(lambda g, y, a, dtype: g)  # and casts it to the input's dtype


def _inverse(axes, ndim):
    """The order of axes that undoes another one."""
    axes = [each % ndim for each in (axes if np.ndim(axes) else (axes,))]
    return tuple(axes.index(i) for i in range(ndim))


# ---- made of these --------------------------------------------------------------------------------------


def _start(draw, shape):
    return draw.integer(0, len(shape))


@composed(numpy=np.rollaxis, inputs=array_with(1, 4, an_axis, start=_start), differentiated="a")
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


def _draw_matrix_stack(draw):
    return (draw.array((*draw.shape(max_dims=2), draw.integer(1, 3), 2)),), {}


@composed(numpy=[np.matrix_transpose, np.linalg.matrix_transpose], inputs=_draw_matrix_stack)
def matrix_transpose(x, /):
    """Every matrix of a stack transposed: the last two axes exchanged.

    >>> import numpy as np, minigrad as mg
    >>> mg.matrix_transpose(np.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return swapaxes(x, -1, -2)


# ---- at least so many axes, as many as others, and grids ------------------------------------------------

#: The shape with one, two or three axes at least, from the shape.
AT_LEAST = {
    1: lambda shape: shape or (1,),
    2: lambda shape: (1,) * (2 - len(shape)) + shape,
    3: lambda shape: ((1, 1, 1), (1, *shape, 1), (*shape, 1))[len(shape)] if len(shape) < 3 else shape,
}


def in_form(x, form):
    """An array in the shape that a function makes of its own shape."""
    shape = np.shape(x)
    return as_array(x) if form(shape) == shape else reshape(as_array(x), form(shape))


def _each(arrays, form):
    """One array in a form, or a tuple of several, as NumPy returns them."""
    changed = tuple(in_form(x, form) for x in arrays)
    return changed[0] if len(changed) == 1 else changed


def _draw_arrays(draw):
    return tuple(draw.array(draw.shape(max_dims=3)) for _ in range(draw.integer(1, 2))), {}


@composed(numpy=np.atleast_1d, inputs=_draw_arrays)
def atleast_1d(*arys):
    """Every 0-d array with one axis, others as they are; several give a tuple.

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_1d(np.array(1.0)).shape
    (1,)
    """
    return _each(arys, AT_LEAST[1])


@composed(numpy=np.atleast_2d, inputs=_draw_arrays)
def atleast_2d(*arys):
    """Every array with two axes at least, new ones in front; several give a tuple.

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_2d(np.ones(3)).shape
    (1, 3)
    """
    return _each(arys, AT_LEAST[2])


@composed(numpy=np.atleast_3d, inputs=_draw_arrays)
def atleast_3d(*arys):
    """Every array with three axes at least: (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1).

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_3d(np.ones((2, 3))).shape
    (2, 3, 1)
    """
    return _each(arys, AT_LEAST[3])


def _draw_broadcast_arrays(draw):
    shape = draw.shape(max_dims=3)
    return tuple(draw.array(draw.broadcastable_to(shape)) for _ in range(draw.integer(1, 3))), {}


@composed(numpy=np.broadcast_arrays, inputs=_draw_broadcast_arrays)
def broadcast_arrays(*args):
    """The arrays, each repeated to the shape that all of them broadcast to; a tuple.

    >>> import numpy as np, minigrad as mg
    >>> [x.shape for x in mg.broadcast_arrays(np.ones(2), np.ones((3, 1)))]
    [(3, 2), (3, 2)]
    """
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(broadcast_to(x, shape) for x in args)


def _draw_meshgrid(draw):
    vectors = tuple(draw.array((draw.integer(1, 3),)) for _ in range(draw.integer(1, 3)))
    return vectors, {"indexing": draw.choice(["xy", "ij"]), "sparse": draw.boolean()}


@composed(numpy=np.meshgrid, inputs=_draw_meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Coordinates on the grid of some vectors: a tuple of arrays, the first two axes exchanged with "xy".

    With ``sparse`` each has length 1 along the axes that it does not change on. ``copy`` changes nothing here.

    >>> import numpy as np, minigrad as mg
    >>> mg.meshgrid(np.array([1.0, 2.0]), np.array([5.0]))[0]
    array([[1., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; it must be 'xy' or 'ij'")
    places = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        places[0], places[1] = 1, 0
    grids = [reshape(x, tuple(-1 if i == place else 1 for i in range(len(xi)))) for x, place in zip(xi, places)]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


# ---- turned around --------------------------------------------------------------------------------------


@composed(numpy=np.flip, inputs=array_with(1, axis=some_axes))
def flip(m, axis=None):
    """Entries in reversed order along the given axes (None: all).

    >>> import numpy as np, minigrad as mg
    >>> mg.flip(np.array([1.0, 2.0, 3.0]))
    array([3., 2., 1.])
    """
    ndim = np.ndim(m)
    axes = checked_axes("flip", axis, ndim)
    return m[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(ndim))]


def _draw_image(draw):
    return (draw.array((draw.integer(1, 3), draw.integer(1, 3), *draw.shape(max_dims=1))),), {}


@composed(numpy=np.fliplr, inputs=_draw_image)
def fliplr(m):
    """Entries in reversed order along the second axis (left and right).

    >>> import numpy as np, minigrad as mg
    >>> mg.fliplr(np.array([[1.0, 2.0]]))
    array([[2., 1.]])
    """
    if np.ndim(m) < 2:
        raise ValueError(f"fliplr: m is {np.shape(m)}; two axes are needed")
    return m[:, ::-1]


@composed(numpy=np.flipud, inputs=_draw_image)
def flipud(m):
    """Entries in reversed order along the first axis (up and down).

    >>> import numpy as np, minigrad as mg
    >>> mg.flipud(np.array([1.0, 2.0]))
    array([2., 1.])
    """
    if np.ndim(m) < 1:
        raise ValueError("flipud: m is 0-d; an axis is needed")
    return m[::-1]


def _turns(draw, shape):
    return draw.integer(-1, 4)


@composed(numpy=np.rot90, inputs=array_with(2, k=_turns, axes=one_of((0, 1), (1, 0), (0, -1))))
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
    m = flip(m, second) if k % 4 in (1, 2) else flip(m, first) if k % 4 == 3 else m
    return swapaxes(m, first, second) if k % 2 else flip(m, first) if k % 4 == 2 else m


def _draw_roll(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape)), tuple(range(len(shape)))])
    shift = tuple(draw.integer(-4, 4) for _ in axis) if isinstance(axis, tuple) else draw.integer(-4, 4)
    return (draw.array(shape),), {"shift": shift, "axis": axis}


@op(numpy=np.roll, inputs=_draw_roll, linear=True)
def roll(a, /, shift, axis=None):
    """Entries moved on by ``shift`` places along an axis (None: in the flat array), round the end to the start.

    >>> import numpy as np, minigrad as mg
    >>> mg.roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    return np.roll(a, shift, axis=axis)


def _draw_windows(draw):
    shape = draw.shape(min_dims=1, max_dims=2, min_side=2, max_side=4)
    axis = draw.choice([None, draw.axis(len(shape))])
    window = tuple(draw.integer(1, n) for n in shape) if axis is None else draw.integer(1, shape[axis])
    return (draw.array(shape),), {"window_shape": window, "axis": axis}


@op(numpy=np.lib.stride_tricks.sliding_window_view, inputs=_draw_windows, linear=True)
def sliding_window_view(x, /, window_shape, axis=None):
    """Every window of a shape, one beside the other: new axes at the end hold the window's entries.

    An entry's gradient is the sum over the windows that it is in.

    >>> import numpy as np, minigrad as mg
    >>> mg.sliding_window_view(np.array([1.0, 2.0, 3.0]), 2)
    array([[1., 2.],
           [2., 3.]])
    """
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


roll.rule(lambda g, y, a, shift, axis: np.roll(g, tuple(-n for n in shift) if np.ndim(shift) else -shift, axis))


@sliding_window_view.rule
def _(g, y, x, window_shape, axis):
    places = np.arange(np.size(x)).reshape(np.shape(x))
    windows = np.lib.stride_tricks.sliding_window_view(places, window_shape, axis)
    return np.reshape(scatter_add(g, key=windows, shape=(np.size(x),)), np.shape(x))

"""Shape operations: the same entries in another form or order."""

import numpy as np

from ..core.registry import composed, op
from .arguments import checked_axes, plain


def _draw_reshape(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    flat = int(np.prod(shape))
    return (draw.array(shape),), {"shape": draw.choice([(flat,), (-1, 1), shape[::-1], (1, *shape)])}


@op(numpy=np.reshape, inputs=_draw_reshape, linear=True)
def reshape(a, /, shape, order="C"):
    """The same entries in another shape (one length may be −1).  The gradient is reshaped back.

    ``order`` "C" counts the last axis first, "F" the first one.

    >>> import numpy as np, minigrad as mg
    >>> mg.reshape(np.arange(4.0), (2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    return np.reshape(a, shape, order=order)


@reshape.rule
def _(g, y, a, shape, order):
    return np.reshape(g, np.shape(a), order)


def _draw_ravel(draw):
    return (draw.array(draw.shape(max_dims=3)),), {"order": draw.choice(["C", "F"])}


@composed(numpy=np.ravel, inputs=_draw_ravel)
def ravel(a, order="C"):
    """All entries in one axis, in the order "C" (last axis first) or "F".

    >>> import numpy as np, minigrad as mg
    >>> mg.ravel(np.array([[1.0, 2.0], [3.0, 4.0]]), "F")
    array([1., 3., 2., 4.])
    """
    if order in ("A", "K"):
        flags = plain(a).flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    return reshape(a, (-1,), order)


@composed(inputs=_draw_ravel)
def flatten(a, order="C"):
    """`ravel` by the name of the method.

    >>> import numpy as np, minigrad as mg
    >>> mg.flatten(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 2., 3., 4.])
    """
    return ravel(a, order)


def _draw_transpose(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    order = draw.permutation(len(shape))
    axes = draw.choice([None, order, tuple(i - len(shape) for i in order), order[0] if len(shape) == 1 else None])
    return (draw.array(shape),), {"axes": axes}


@op(numpy=np.transpose, linear=True, inputs=_draw_transpose)
def transpose(a, /, axes=None):
    """Axes in another order (None: reversed).  The gradient takes the inverse order.

    >>> import numpy as np, minigrad as mg
    >>> mg.transpose(np.ones((2, 3))).shape
    (3, 2)
    """
    return np.transpose(a, axes)


@transpose.rule
def _(g, y, a, axes):
    if axes is None:
        return np.transpose(g)
    ndim = np.ndim(a)
    axes = [each % ndim for each in (axes if np.ndim(axes) else (axes,))]
    return np.transpose(g, tuple(axes.index(i) for i in range(ndim)))


def _draw_swapaxes(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    return (draw.array(shape),), {"axis1": draw.axis(len(shape)), "axis2": draw.axis(len(shape))}


@op(numpy=np.swapaxes, linear=True, inputs=_draw_swapaxes)
def swapaxes(a, /, axis1, axis2):
    """Two axes exchanged.  The gradient has them exchanged back.

    >>> import numpy as np, minigrad as mg
    >>> mg.swapaxes(np.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    return np.swapaxes(a, axis1, axis2)


@swapaxes.rule
def _(g, y, a, axis1, axis2):
    return np.swapaxes(g, axis1, axis2)


def _draw_moveaxis(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    return (draw.array(shape),), {"source": draw.axis(len(shape)), "destination": draw.axis(len(shape))}


@op(numpy=np.moveaxis, linear=True, inputs=_draw_moveaxis)
def moveaxis(a, /, source, destination):
    """Axes moved to other places, the rest kept in order.  The gradient is moved back.

    >>> import numpy as np, minigrad as mg
    >>> mg.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return np.moveaxis(a, source, destination)


@moveaxis.rule
def _(g, y, a, source, destination):
    return np.moveaxis(g, destination, source)


def _draw_expand(draw):
    shape = draw.shape(max_dims=3)
    return (draw.array(shape),), {"axis": draw.choice([draw.axis(len(shape) + 1), (0, -1)])}


@op(numpy=np.expand_dims, linear=True, inputs=_draw_expand)
def expand_dims(a, /, axis):
    """New axes of length 1 at the places ``axis`` of the result.  The gradient loses them again.

    >>> import numpy as np, minigrad as mg
    >>> mg.expand_dims(np.ones(3), (0, 2)).shape
    (1, 3, 1)
    """
    return np.expand_dims(a, axis)


@expand_dims.rule
def _(g, y, a, axis):
    return np.reshape(g, np.shape(a))


def _draw_squeeze(draw):
    return (draw.array((1, *draw.shape(max_dims=2), 1)),), {"axis": draw.choice([None, 0, -1, (0, -1)])}


@op(numpy=np.squeeze, linear=True, inputs=_draw_squeeze)
def squeeze(a, /, axis=None):
    """Without its axes of length 1 (None: all of them).  The gradient gets them back.

    >>> import numpy as np, minigrad as mg
    >>> mg.squeeze(np.ones((1, 3, 1))).shape
    (3,)
    """
    return np.squeeze(a, axis=axis)


@squeeze.rule
def _(g, y, a, axis):
    return np.reshape(g, np.shape(a))


def _draw_broadcast(draw):
    shape = draw.shape(max_dims=3)
    return (draw.array(draw.broadcastable_to(shape)),), {"shape": shape}


@op(numpy=np.broadcast_to, linear=True, inputs=_draw_broadcast)
def broadcast_to(a, /, shape):
    """Repeated along new axes and axes of length 1 to fill ``shape``.  The gradient is summed over them.

    >>> import numpy as np, minigrad as mg
    >>> mg.broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return np.broadcast_to(a, shape)


@broadcast_to.rule
def _(g, y, a, shape):
    return g  # the engine sums a gradient of the output's shape back to the input's


def _draw_astype(draw):
    return (draw.array(draw.shape()),), {"dtype": np.float64}


@op(numpy=np.astype, inputs=_draw_astype, linear=True)
def astype(a, /, dtype):
    """The same numbers in another floating dtype.  The gradient is cast back.

    >>> import numpy as np, minigrad as mg
    >>> mg.astype(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    return a.astype(dtype)


@astype.rule
def _(g, y, a, dtype):
    return g  # the engine casts a gradient to its input's dtype


def _draw_rollaxis(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    return (draw.array(shape), draw.axis(len(shape))), {"start": draw.integer(0, len(shape))}


@composed(numpy=np.rollaxis, inputs=_draw_rollaxis, differentiated="a")
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


# ---- at least so many axes ------------------------------------------------------------------------------


def _draw_arrays(draw):
    return tuple(draw.array(draw.shape(max_dims=3)) for _ in range(draw.integer(1, 2))), {}


def _each(arrays, change):
    """One array changed, or a tuple of several, as NumPy returns them."""
    changed = tuple(change(x if hasattr(x, "dtype") else np.asarray(x)) for x in arrays)
    return changed[0] if len(changed) == 1 else changed


@composed(numpy=np.atleast_1d, inputs=_draw_arrays, several=True)
def atleast_1d(*arys):
    """Every 0-d array with one axis, others as they are; several give a tuple.

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_1d(np.array(1.0)).shape
    (1,)
    """
    return _each(arys, lambda x: reshape(x, (1,)) if np.ndim(x) == 0 else x)


@composed(numpy=np.atleast_2d, inputs=_draw_arrays, several=True)
def atleast_2d(*arys):
    """Every array with two axes at least, new ones in front; several give a tuple.

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_2d(np.ones(3)).shape
    (1, 3)
    """
    return _each(arys, lambda x: reshape(x, (1,) * (2 - np.ndim(x)) + np.shape(x)) if np.ndim(x) < 2 else x)


@composed(numpy=np.atleast_3d, inputs=_draw_arrays, several=True)
def atleast_3d(*arys):
    """Every array with three axes at least: (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1).

    >>> import numpy as np, minigrad as mg
    >>> mg.atleast_3d(np.ones((2, 3))).shape
    (2, 3, 1)
    """
    forms = {0: lambda s: (1, 1, 1), 1: lambda s: (1, *s, 1), 2: lambda s: (*s, 1)}
    return _each(arys, lambda x: reshape(x, forms[np.ndim(x)](np.shape(x))) if np.ndim(x) < 3 else x)


def _draw_broadcast_arrays(draw):
    shape = draw.shape(max_dims=3)
    return tuple(draw.array(draw.broadcastable_to(shape)) for _ in range(draw.integer(1, 3))), {}


@composed(numpy=np.broadcast_arrays, inputs=_draw_broadcast_arrays, several=True)
def broadcast_arrays(*args):
    """The arrays, each repeated to the shape that all of them broadcast to; a tuple.

    >>> import numpy as np, minigrad as mg
    >>> [x.shape for x in mg.broadcast_arrays(np.ones(2), np.ones((3, 1)))]
    [(3, 2), (3, 2)]
    """
    shape = np.broadcast_shapes(*(np.shape(x) for x in args))
    return tuple(broadcast_to(x, shape) for x in args)


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
    places = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        places[0], places[1] = 1, 0
    grids = [reshape(x, tuple(-1 if i == place else 1 for i in range(len(xi)))) for x, place in zip(xi, places)]
    return tuple(grids) if sparse else broadcast_arrays(*grids)


# ---- turned around --------------------------------------------------------------------------------------


def _draw_flip(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.array(shape),), {"axis": draw.axes(len(shape))}


@composed(numpy=np.flip, inputs=_draw_flip)
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


def _draw_rot90(draw):
    shape = draw.shape(min_dims=2, max_dims=3)
    return (draw.array(shape),), {"k": draw.integer(-1, 4), "axes": draw.choice([(0, 1), (1, 0), (0, -1)])}


@composed(numpy=np.rot90, inputs=_draw_rot90)
def rot90(m, k=1, axes=(0, 1)):
    """Turned by k right angles in the plane of two axes, from the first to the second.

    >>> import numpy as np, minigrad as mg
    >>> mg.rot90(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 4.],
           [1., 3.]])
    """
    ndim = np.ndim(m)
    if len(axes) != 2:
        raise ValueError(f"rot90: axes are {axes}; two different ones are wanted")
    first, second = checked_axes("rot90", tuple(axes), ndim)
    turns = k % 4
    if turns == 0:
        return m
    if turns == 2:
        return flip(m, (first, second))
    order = [*range(ndim)]
    order[first], order[second] = second, first
    return flip(transpose(m, order), first) if turns == 1 else transpose(flip(m, first), order)


def _draw_roll(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape)), tuple(range(len(shape)))])
    shift = tuple(draw.integer(-4, 4) for _ in axis) if isinstance(axis, tuple) else draw.integer(-4, 4)
    return (draw.array(shape),), {"shift": shift, "axis": axis}


@op(numpy=np.roll, linear=True, inputs=_draw_roll)
def roll(a, /, shift, axis=None):
    """Entries moved on by ``shift`` places along an axis (None: in the flat array), round the end to the start.

    >>> import numpy as np, minigrad as mg
    >>> mg.roll(np.array([1.0, 2.0, 3.0]), 1)
    array([3., 1., 2.])
    """
    return np.roll(a, shift, axis=axis)


@roll.rule
def _(g, y, a, shift, axis):
    return np.roll(g, tuple(-n for n in shift) if np.ndim(shift) else -shift, axis)


def _draw_windows(draw):
    shape = draw.shape(min_dims=1, max_dims=2, min_side=2, max_side=4)
    axis = draw.choice([None, draw.axis(len(shape))])
    window = tuple(draw.integer(1, n) for n in shape) if axis is None else draw.integer(1, shape[axis])
    return (draw.array(shape), window), {"axis": axis}


@composed(numpy=np.lib.stride_tricks.sliding_window_view, inputs=_draw_windows, differentiated="x")
def sliding_window_view(x, window_shape, axis=None):
    """Every window of a shape, one beside the other: new axes at the end hold the window's entries.

    On a tensor it is a copy; an entry's gradient is the sum over the windows that it is in.

    >>> import numpy as np, minigrad as mg
    >>> mg.sliding_window_view(np.array([1.0, 2.0, 3.0]), 2)
    array([[1., 2.],
           [2., 3.]])
    """
    view = np.lib.stride_tricks.sliding_window_view
    if not hasattr(x, "_data"):
        return view(x, window_shape, axis)
    return ravel(x)[view(np.arange(x.size).reshape(x.shape), window_shape, axis)]


# NumPy's second names
permute_dims = transpose

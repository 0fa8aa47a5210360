"""Shape operations: the same entries in another order or form, joined, repeated or padded."""

import builtins
import math

import numpy as np

from ..registry import op
from .index import scatter_add


def _draw_reshape(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    flat = int(np.prod(shape))
    return (draw.array(shape),), {"shape": draw.choice([(flat,), (-1, 1), shape[::-1], (1, *shape)])}


@op(numpy=np.reshape, inputs=_draw_reshape)
def reshape(a, /, shape):
    """The same entries in another shape (one length may be −1).  The gradient is reshaped back.

    >>> import numpy as np, minigrad as mg
    >>> mg.reshape(np.arange(4.0), (2, 2))
    array([[0., 1.],
           [2., 3.]])
    """
    return np.reshape(a, shape)


@reshape.rule
def _(g, y, a, shape):
    return np.reshape(g, np.shape(a))


def _draw_transpose(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    return (draw.array(shape),), {"axes": draw.choice([None, draw.permutation(len(shape))])}


@op(numpy=np.transpose, inputs=_draw_transpose)
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
    axes = [each % ndim for each in axes]
    return np.transpose(g, tuple(axes.index(i) for i in range(ndim)))


def _draw_swapaxes(draw):
    shape = draw.shape(min_dims=1, max_dims=4)
    return (draw.array(shape),), {"axis1": draw.axis(len(shape)), "axis2": draw.axis(len(shape))}


@op(numpy=np.swapaxes, inputs=_draw_swapaxes)
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


@op(numpy=np.moveaxis, inputs=_draw_moveaxis)
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


@op(numpy=np.expand_dims, inputs=_draw_expand)
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


@op(numpy=np.squeeze, inputs=_draw_squeeze)
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


@op(numpy=np.broadcast_to, inputs=_draw_broadcast)
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


@op(inputs=_draw_astype)
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


def _draw_concatenate(draw):
    shape = list(draw.shape(min_dims=1, max_dims=3))
    axis = draw.axis(len(shape))
    arrays = []
    for _ in range(draw.integer(1, 3)):
        shape[axis] = draw.integer(0, 3)
        arrays.append(draw.array(tuple(shape)))
    return tuple(arrays), {"axis": axis}


@op(numpy=np.concatenate, inputs=_draw_concatenate)
def concatenate(*arrays, axis=0):
    """A list of arrays joined along an axis they have (None: flattened first).  The gradient is cut apart.

    >>> import numpy as np, minigrad as mg
    >>> mg.concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    return np.concatenate(arrays, axis=axis)


@concatenate.rule
def _(g, y, *arrays, axis):
    gradients, start = [], 0
    for each in arrays:
        stop = start + (np.size(each) if axis is None else np.shape(each)[axis])
        if axis is None:
            gradients.append(np.reshape(g[start:stop], np.shape(each)))
        else:
            gradients.append(g[(builtins.slice(None),) * (axis % np.ndim(each)) + (builtins.slice(start, stop),)])
        start = stop
    return gradients


def _draw_stack(draw):
    shape = draw.shape(max_dims=2)
    return tuple(draw.array(shape) for _ in range(draw.integer(1, 3))), {"axis": draw.axis(len(shape) + 1)}


@op(numpy=np.stack, inputs=_draw_stack)
def stack(*arrays, axis=0):
    """A list of arrays of one shape joined along a new axis.  The gradient is cut apart along it.

    >>> import numpy as np, minigrad as mg
    >>> mg.stack([np.zeros(2), np.ones(2)], axis=1)
    array([[0., 1.],
           [0., 1.]])
    """
    return np.stack(arrays, axis=axis)


@stack.rule
def _(g, y, *arrays, axis):
    before = (builtins.slice(None),) * (axis % np.ndim(g))
    return [g[(*before, i)] for i in range(len(arrays))]


def _draw_pad(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    widths = tuple((draw.integer(0, 2), draw.integer(0, 2)) for _ in shape)
    mode = draw.choice(["constant", *_REPEATING])
    return (draw.array(shape),), {"pad_width": draw.choice([widths, 1, (1, 2)]), "mode": mode}


_REPEATING = ("edge", "reflect", "symmetric", "wrap")


@op(numpy=np.pad, inputs=_draw_pad)
def pad(array, /, pad_width, mode="constant", constant_values=0):
    """Entries added before and after each axis, as in `numpy.pad`.  The gradient loses them again.

    The modes are "constant", and "edge", "reflect", "symmetric" and "wrap", which repeat entries: these
    receive the sum of their repetitions' gradients. Raises ValueError for NumPy's other modes.

    >>> import numpy as np, minigrad as mg
    >>> mg.pad(np.ones(2), (1, 2))
    array([0., 1., 1., 0., 0.])
    """
    if mode == "constant":
        return np.pad(array, pad_width, mode=mode, constant_values=constant_values)
    if mode not in _REPEATING:
        raise ValueError(f"pad: mode {mode!r} is not differentiable here; use one of constant, {', '.join(_REPEATING)}")
    return np.pad(array, pad_width, mode=mode)


@pad.rule
def _(g, y, array, pad_width, mode, constant_values):
    shape = np.shape(array)
    if mode != "constant":
        size = math.prod(shape)
        taken = np.pad(np.arange(size).reshape(shape), pad_width, mode=mode)
        return np.reshape(scatter_add(g, key=taken, shape=(size,)), shape)
    widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2))
    return g[tuple(builtins.slice(int(before), int(before) + n) for (before, _), n in zip(widths, shape))]

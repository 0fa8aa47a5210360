"""Joining, cutting apart, repeating and padding arrays."""

import itertools
import math
import operator

import numpy as np

from ..core.registry import composed, op
from .arguments import along, checked_axis, plain
from .index import scatter_add


def _draw_concatenate(draw):
    shape = list(draw.shape(min_dims=1, max_dims=3))
    axis = draw.axis(len(shape))
    arrays = []
    for _ in range(draw.integer(1, 3)):
        shape[axis] = draw.integer(0, 3)
        arrays.append(draw.array(tuple(shape)))
    return tuple(arrays), {"axis": axis}


@op(numpy=np.concatenate, inputs=_draw_concatenate, linear=True)
def concatenate(*arrays, axis=0, dtype=None, casting="same_kind"):
    """A list of arrays joined along an axis they have (None: flattened first).  The gradient is cut apart.

    ``dtype`` is that of the result, and ``casting`` says which changes of dtype may happen, as in NumPy.

    >>> import numpy as np, minigrad as mg
    >>> mg.concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    return np.concatenate(arrays, axis=axis, dtype=dtype, casting=casting)


@concatenate.rule
def _(g, y, *arrays, axis, dtype, casting):
    gradients, start = [], 0
    for each in arrays:
        stop = start + (np.size(each) if axis is None else np.shape(each)[axis])
        if axis is None:
            gradients.append(np.reshape(g[start:stop], np.shape(each)))
        else:
            gradients.append(g[along(axis, np.ndim(each), slice(start, stop))])
        start = stop
    return gradients


def _draw_stack(draw):
    shape = draw.shape(max_dims=2)
    return tuple(draw.array(shape) for _ in range(draw.integer(1, 3))), {"axis": draw.axis(len(shape) + 1)}


@op(numpy=np.stack, inputs=_draw_stack, linear=True)
def stack(*arrays, axis=0, dtype=None, casting="same_kind"):
    """A list of arrays of one shape joined along a new axis.  The gradient is cut apart along it.

    ``dtype`` and ``casting`` as in `concatenate`.

    >>> import numpy as np, minigrad as mg
    >>> mg.stack([np.zeros(2), np.ones(2)], axis=1)
    array([[0., 1.],
           [0., 1.]])
    """
    return np.stack(arrays, axis=axis, dtype=dtype, casting=casting)


@stack.rule
def _(g, y, *arrays, axis, dtype, casting):
    return [g[along(axis, np.ndim(g), i)] for i in range(len(arrays))]


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
    return g[tuple(slice(int(before), int(before) + n) for (before, _), n in zip(widths, shape))]


# ---- joining by NumPy's other names ---------------------------------------------------------------------


def _draw_to_join(axis, min_dims):
    """Arrays that may be joined: of one shape but for ``axis``."""

    def drawn(draw):
        shape = [*draw.shape(min_dims=min_dims, max_dims=3)]
        arrays = []
        for _ in range(draw.integer(1, 3)):
            if len(shape) > axis:
                shape[axis] = draw.integer(1, 3)
            arrays.append(draw.array(tuple(shape)))
        return (arrays,), {}

    return drawn


def _joined(name, tup, change, axis, **dtypes):
    if hasattr(tup, "dtype"):
        tup = [tup[i] for i in range(np.shape(tup)[0])]
    arrays = [change(x if hasattr(x, "dtype") else np.asarray(x)) for x in tup]
    if not arrays:
        raise ValueError(f"{name}: needs at least one array, got an empty list")
    return concatenate(arrays, axis=axis, **dtypes)


@composed(numpy=np.vstack, inputs=_draw_to_join(0, 2))
def vstack(tup, *, dtype=None, casting="same_kind"):
    """Arrays one below the other: joined along the first axis, vectors as rows; options as in `concatenate`.

    >>> import numpy as np, minigrad as mg
    >>> mg.vstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 2.],
           [3., 4.]])
    """
    return _joined("vstack", tup, np.atleast_2d, 0, dtype=dtype, casting=casting)


@composed(numpy=np.hstack, inputs=_draw_to_join(1, 2))
def hstack(tup, *, dtype=None, casting="same_kind"):
    """Arrays side by side: joined along the second axis, vectors along their only one; options as in `concatenate`.

    >>> import numpy as np, minigrad as mg
    >>> mg.hstack([np.array([1.0, 2.0]), np.array([3.0])])
    array([1., 2., 3.])
    """
    tup = [np.atleast_1d(x) for x in tup]
    axis = 0 if tup and np.ndim(tup[0]) == 1 else 1
    return _joined("hstack", tup, np.atleast_1d, axis, dtype=dtype, casting=casting)


@composed(numpy=np.dstack, inputs=_draw_to_join(2, 3))
def dstack(tup):
    """Arrays one behind the other: joined along the third axis.

    >>> import numpy as np, minigrad as mg
    >>> mg.dstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[[1., 3.],
            [2., 4.]]])
    """
    return _joined("dstack", tup, np.atleast_3d, 2)


def _draw_columns(draw):
    n = draw.integer(1, 3)
    return ([draw.array(draw.choice([(n,), (n, 2)])) for _ in range(draw.integer(1, 3))],), {}


@composed(numpy=np.column_stack, inputs=_draw_columns)
def column_stack(tup):
    """Vectors as the columns of a matrix; matrices keep theirs.

    >>> import numpy as np, minigrad as mg
    >>> mg.column_stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([[1., 3.],
           [2., 4.]])
    """
    return _joined("column_stack", tup, lambda x: np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x, 1)


def _draw_append(draw):
    arrays, options = _draw_concatenate(draw)
    return (arrays[0], arrays[-1]), options


@composed(numpy=np.append, inputs=_draw_append)
def append(arr, values, axis=None):
    """Values joined to the end of an array along an axis (None: both flattened).

    >>> import numpy as np, minigrad as mg
    >>> mg.append(np.array([1.0, 2.0]), 3.0)
    array([1., 2., 3.])
    """
    if axis is None:
        return concatenate([np.reshape(arr, (-1,)), np.reshape(values, (-1,))])
    return concatenate([arr, values], axis=axis)


# ---- cutting apart --------------------------------------------------------------------------------------


def _draw_array_split(draw):
    shape = draw.shape(min_dims=1, max_dims=3, max_side=5)
    axis = draw.axis(len(shape))
    return (draw.array(shape), draw.choice([1, 2, 3, [1], [0, 1]])), {"axis": axis}


#: NumPy makes an array of each part, empty or not; a number beyond this is a slip.
_MOST_PARTS = 1_000_000


@composed(numpy=np.array_split, inputs=_draw_array_split, differentiated="ary", several=True)
def array_split(ary, indices_or_sections, axis=0):
    """A list of the parts along an axis: so many of nearly one length, or cut at the given places.

    >>> import numpy as np, minigrad as mg
    >>> mg.array_split(np.array([1.0, 2.0, 3.0]), 2)
    [array([1., 2.]), array([3.])]
    """
    axis = checked_axis("array_split", axis, np.ndim(ary))
    n = np.shape(ary)[axis]
    if np.ndim(indices_or_sections):
        cuts = [0, *map(operator.index, plain(indices_or_sections)), n]
    else:
        sections = int(indices_or_sections)
        if sections > max(n, _MOST_PARTS):
            raise ValueError(f"array_split: {sections} parts of {n} entries; most would be empty")
        if sections < 1:
            raise ValueError(f"array_split: {sections} parts; one at least is wanted")
        size, longer = divmod(n, sections)
        cuts = [i * size + min(i, longer) for i in range(sections)] + [n]
    return [ary[along(axis, np.ndim(ary), slice(a, b))] for a, b in itertools.pairwise(cuts)]


def _split_draw(axis, min_dims):
    def drawn(draw):
        shape = [*draw.shape(min_dims=min_dims, max_dims=3)]
        shape[axis] = draw.choice([2, 4])
        return (draw.array(tuple(shape)), draw.choice([1, 2, [1], [1, 1]])), {}

    return drawn


@composed(numpy=np.split, inputs=_split_draw(0, 1), differentiated="ary", several=True)
def split(ary, indices_or_sections, axis=0):
    """A list of the parts along an axis: so many of one length, or cut at the given places.

    Raises ValueError where the axis does not divide evenly; `array_split` does not mind.

    >>> import numpy as np, minigrad as mg
    >>> mg.split(np.array([1.0, 2.0, 3.0, 4.0]), 2)
    [array([1., 2.]), array([3., 4.])]
    """
    axis = checked_axis("split", axis, np.ndim(ary))
    if not np.ndim(indices_or_sections) and np.shape(ary)[axis] % indices_or_sections:
        raise ValueError(
            f"split: {np.shape(ary)[axis]} entries along axis {axis} don't divide into {indices_or_sections} equal "
            "parts; use array_split"
        )
    return array_split(ary, indices_or_sections, axis)


@composed(numpy=np.vsplit, inputs=_split_draw(0, 2), differentiated="ary", several=True)
def vsplit(ary, indices_or_sections):
    """`split` along the first axis, of an array with two at least.

    >>> import numpy as np, minigrad as mg
    >>> mg.vsplit(np.array([[1.0], [2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    return split(_with_axes("vsplit", ary, 2), indices_or_sections, 0)


@composed(numpy=np.hsplit, inputs=_split_draw(1, 2), differentiated="ary", several=True)
def hsplit(ary, indices_or_sections):
    """`split` along the second axis (of a vector along its only one).

    >>> import numpy as np, minigrad as mg
    >>> mg.hsplit(np.array([[1.0, 2.0]]), 2)
    [array([[1.]]), array([[2.]])]
    """
    return split(_with_axes("hsplit", ary, 1), indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


@composed(numpy=np.dsplit, inputs=_split_draw(2, 3), differentiated="ary", several=True)
def dsplit(ary, indices_or_sections):
    """`split` along the third axis.

    >>> import numpy as np, minigrad as mg
    >>> [x.shape for x in mg.dsplit(np.ones((1, 1, 4)), 2)]
    [(1, 1, 2), (1, 1, 2)]
    """
    return split(_with_axes("dsplit", ary, 3), indices_or_sections, 2)


def _with_axes(name, ary, least):
    if np.ndim(ary) < least:
        raise ValueError(f"{name}: ary is {np.shape(ary)}; it must have {least} axes or more")
    return ary


# ---- repeating ------------------------------------------------------------------------------------------


def _draw_tile(draw):
    reps = draw.choice([2, (2,), (1, 3), (2, 1, 2)])
    return (draw.array(draw.shape(max_dims=3)), reps), {}


@composed(numpy=np.tile, inputs=_draw_tile, differentiated="A")
def tile(A, reps):  # noqa: N803 (NumPy's name)
    """The array laid side by side, ``reps`` times along each axis.  The gradient is summed over the copies.

    >>> import numpy as np, minigrad as mg
    >>> mg.tile(np.array([1.0, 2.0]), 2)
    array([1., 2., 1., 2.])
    """
    reps = tuple(map(operator.index, reps)) if np.ndim(reps) else (operator.index(reps),)
    if any(n < 0 for n in reps):
        raise ValueError(f"tile: reps is {reps}; no number of copies may be negative")
    shape = np.shape(A)
    ndim = max(len(shape), len(reps))
    shape, reps = (1,) * (ndim - len(shape)) + shape, (1,) * (ndim - len(reps)) + reps
    apart = np.broadcast_to(
        np.reshape(A, tuple(x for n in shape for x in (1, n))), tuple(x for r, n in zip(reps, shape) for x in (r, n))
    )
    return np.reshape(apart, tuple(r * n for r, n in zip(reps, shape)))


def _draw_repeat(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape))])
    n = math.prod(shape) if axis is None else shape[axis]
    return (draw.array(shape), draw.choice([2, [draw.integer(0, 2) for _ in range(n)]])), {"axis": axis}


@composed(numpy=np.repeat, inputs=_draw_repeat, differentiated="a")
def repeat(a, repeats, axis=None):
    """Every entry along an axis (None: of the flat array) so many times over: one number, or one for each.

    >>> import numpy as np, minigrad as mg
    >>> mg.repeat(np.array([1.0, 2.0]), [1, 2])
    array([1., 2., 2.])
    """
    a = np.reshape(a, (-1,)) if axis is None or (np.ndim(a) == 0 and axis in (0, -1)) else a
    axis = 0 if axis is None else checked_axis("repeat", axis, np.ndim(a))
    numbers = np.repeat(np.arange(np.shape(a)[axis]), plain(repeats))
    return a[along(axis, np.ndim(a), numbers)]


# NumPy's second names
concat = concatenate

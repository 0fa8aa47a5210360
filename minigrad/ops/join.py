"""Joining, cutting apart, repeating and padding arrays."""

import itertools
import math
import operator
from functools import partial
from typing import Any

import numpy as np

from ..core.registry import composed, op
from .arguments import along, checked_axis, flat_or_axis
from .index import getitem, scatter_add
from .sampling import an_axis, array_with, one_of
from .shape import AT_LEAST, in_form
from .table import array_operation

row = partial(array_operation, __name__)
# fmt: off


def _alike(draw, shape, axis, least):
    """One to three arrays of one shape but for an axis, as they may be joined."""
    sides = [draw.integer(least, 3) for _ in range(draw.integer(1, 3))]
    return [draw.array(tuple(side if i == axis % len(shape) else n for i, n in enumerate(shape))) for side in sides]


def _draw_concatenate(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.axis(len(shape))
    return tuple(_alike(draw, shape, axis, 0)), {"axis": axis}


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
    lengths = [np.size(x) if axis is None else np.shape(x)[axis] for x in arrays]
    cuts = itertools.pairwise(itertools.accumulate(lengths, initial=0))
    parts = [g[along(axis or 0, np.ndim(g), slice(*cut))] for cut in cuts]
    return parts if axis is not None else [np.reshape(part, np.shape(x)) for part, x in zip(parts, arrays)]


def _draw_stack(draw):
    shape = draw.shape(max_dims=2)
    return tuple(draw.array(shape) for _ in range(draw.integer(1, 3))), {"axis": draw.axis(len(shape) + 1)}


stack = row(
    np.stack,
    lambda *arrays, axis=0, dtype=None, casting="same_kind": np.stack(arrays, axis=axis, dtype=dtype, casting=casting),
    "A list of arrays of one shape joined along a new axis.  The gradient is cut apart along it.",
    "mg.stack([np.zeros(2), np.ones(2)], axis=1) → array([[0., 1.],\n       [0., 1.]])", _draw_stack,
    lambda g, y, *arrays, axis, dtype, casting: [g[along(axis, np.ndim(g), i)] for i in range(len(arrays))],
    linear=True, note="``dtype`` and ``casting`` as in `concatenate`.")

_REPEATING = ("edge", "reflect", "symmetric", "wrap")


def _widths(draw, shape):
    return draw.choice([tuple((draw.integer(0, 2), draw.integer(0, 2)) for _ in shape), 1, (1, 2)])


@op(numpy=np.pad, inputs=array_with(1, pad_width=_widths, mode=one_of("constant", *_REPEATING)))
def pad(array, /, pad_width, mode="constant", constant_values=0):
    """Entries added before and after each axis, as in `numpy.pad`.  The gradient loses them again.

    The modes are "constant", and "edge", "reflect", "symmetric" and "wrap", which repeat entries: these
    receive the sum of their repetitions' gradients. Raises ValueError for NumPy's other modes.

    >>> import numpy as np, minigrad as mg
    >>> mg.pad(np.ones(2), (1, 2))
    array([0., 1., 1., 0., 0.])
    """
    if mode not in ("constant", *_REPEATING):
        raise ValueError(f"pad: mode {mode!r} is not differentiable here; use one of constant, {', '.join(_REPEATING)}")
    return np.pad(array, pad_width, mode, **({"constant_values": constant_values} if mode == "constant" else {}))


@pad.rule
def _(g, y, array, pad_width, mode, constant_values):
    shape, size = np.shape(array), np.size(array)
    if mode != "constant":
        taken = np.pad(np.arange(size).reshape(shape), pad_width, mode)
        return np.reshape(scatter_add(g, key=taken, shape=(size,)), shape)
    widths = np.broadcast_to(np.asarray(pad_width), (len(shape), 2))
    return g[tuple(slice(int(before), int(before) + n) for (before, _), n in zip(widths, shape))]


# ---- joining by NumPy's other names ---------------------------------------------------------------------


def _draw_to_join(axis, min_dims):
    return lambda draw: ((_alike(draw, draw.shape(min_dims=min_dims, max_dims=3), axis, 1),), {})


def _joined(name, tup, form, axis, dtype=None, casting="same_kind"):
    """Arrays, each in the shape that a function makes of its own, joined along an axis."""
    tup = [tup[i] for i in range(np.shape(tup)[0])] if hasattr(tup, "dtype") else list(tup)
    if not tup:
        raise ValueError(f"{name}: needs at least one array, got an empty list")
    return concatenate([in_form(x, form) for x in tup], axis=axis, dtype=dtype, casting=casting)


def _side_by_side(tup, *dtypes):
    return _joined("hstack", tup, AT_LEAST[1], 0 if len(tup) and np.ndim(tup[0]) < 2 else 1, *dtypes)


vstack = row(
    np.vstack,
    lambda tup, *, dtype=None, casting="same_kind": _joined("vstack", tup, AT_LEAST[2], 0, dtype, casting),
    "Arrays one below the other: joined along the first axis, vectors as rows; options as in `concatenate`.",
    "mg.vstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])]) → array([[1., 2.],\n       [3., 4.]])",
    _draw_to_join(0, 2))
hstack = row(
    np.hstack, lambda tup, *, dtype=None, casting="same_kind": _side_by_side(tup, dtype, casting),
    "Arrays side by side: joined along the second axis, vectors along their only one; options as in `concatenate`.",
    "mg.hstack([np.array([1.0, 2.0]), np.array([3.0])]) → array([1., 2., 3.])", _draw_to_join(1, 2))
dstack = row(
    np.dstack, lambda tup: _joined("dstack", tup, AT_LEAST[3], 2),
    "Arrays one behind the other: joined along the third axis.",
    "mg.dstack([np.array([1.0, 2.0]), np.array([3.0, 4.0])]) → array([[[1., 3.],\n        [2., 4.]]])",
    _draw_to_join(2, 3))


def _draw_columns(draw):
    n = draw.integer(1, 3)
    return ([draw.array(draw.choice([(n,), (n, 2)])) for _ in range(draw.integer(1, 3))],), {}


column_stack = row(
    np.column_stack,
    lambda tup: _joined("column_stack", tup, lambda shape: shape if len(shape) > 1 else (*(shape or (1,)), 1), 1),
    "Vectors as the columns of a matrix; matrices keep theirs.",
    "mg.column_stack([np.array([1.0, 2.0]), np.array([3.0, 4.0])]) → array([[1., 3.],\n       [2., 4.]])",
    _draw_columns)


def _draw_append(draw):
    arrays, options = _draw_concatenate(draw)
    return (arrays[0], arrays[-1]), options


append = row(
    np.append, lambda arr, values, axis=None: concatenate([arr, values], axis=axis),
    "Values joined to the end of an array along an axis (None: both flattened).",
    "mg.append(np.array([1.0, 2.0]), 3.0) → array([1., 2., 3.])", _draw_append)


# ---- cutting apart --------------------------------------------------------------------------------------

_parts = one_of(1, 2, 3, [1], [0, 1])
#: NumPy makes an array of each part, empty or not; a number beyond this is a slip.
_MOST_PARTS = 1_000_000


@composed(
    numpy=np.array_split,
    inputs=array_with(1, 3, _parts, sides=(1, 5), axis=an_axis),
    differentiated="ary",
    several=True,
)
def array_split(ary, indices_or_sections, axis=0):
    """A list of the parts along an axis: so many of nearly one length, or cut at the given places.

    >>> import numpy as np, minigrad as mg
    >>> mg.array_split(np.array([1.0, 2.0, 3.0]), 2)
    [array([1., 2.]), array([3.])]
    """
    axis = checked_axis("array_split", axis, np.ndim(ary))
    n = np.shape(ary)[axis]
    if np.ndim(indices_or_sections):
        cuts = [0, *map(operator.index, indices_or_sections), n]
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
    return _split("split", ary, indices_or_sections, axis, 0)


def _split(name, ary, indices_or_sections, axis, least):
    if np.ndim(ary) < least:
        raise ValueError(f"{name}: ary is {np.shape(ary)}; it must have {least} axes or more")
    n = np.shape(ary)[checked_axis("split", axis, np.ndim(ary))]
    if not np.ndim(indices_or_sections) and n % indices_or_sections:
        raise ValueError(
            f"split: {n} entries along axis {axis} don't divide into {indices_or_sections} equal parts; use array_split"
        )
    return array_split(ary, indices_or_sections, axis)


vsplit: Any = row(
    np.vsplit, lambda ary, indices_or_sections: _split("vsplit", ary, indices_or_sections, 0, 2),
    "`split` along the first axis, of an array with two at least.",
    "mg.vsplit(np.array([[1.0], [2.0]]), 2) → [array([[1.]]), array([[2.]])]",
    _split_draw(0, 2), differentiated="ary")
hsplit: Any = row(
    np.hsplit, lambda ary, indices_or_sections: _split("hsplit", ary, indices_or_sections, int(np.ndim(ary) > 1), 1),
    "`split` along the second axis (of a vector along its only one).",
    "mg.hsplit(np.array([[1.0, 2.0]]), 2) → [array([[1.]]), array([[2.]])]", _split_draw(1, 2), differentiated="ary")
dsplit: Any = row(
    np.dsplit, lambda ary, indices_or_sections: _split("dsplit", ary, indices_or_sections, 2, 3),
    "`split` along the third axis.",
    "[x.shape for x in mg.dsplit(np.ones((1, 1, 4)), 2)] → [(1, 1, 2), (1, 1, 2)]",
    _split_draw(2, 3), differentiated="ary")


# ---- repeating ------------------------------------------------------------------------------------------


@composed(numpy=np.tile, inputs=array_with(0, 3, one_of(2, (2,), (1, 3), (2, 1, 2))), differentiated="A")
def tile(A, reps):  # noqa: N803 (NumPy's name)
    """The array laid side by side, ``reps`` times along each axis.  The gradient is summed over the copies.

    >>> import numpy as np, minigrad as mg
    >>> mg.tile(np.array([1.0, 2.0]), 2)
    array([1., 2., 1., 2.])
    """
    reps = tuple(map(operator.index, reps)) if np.ndim(reps) else (operator.index(reps),)
    if any(n < 0 for n in reps):
        raise ValueError(f"tile: reps is {reps}; no number of copies may be negative")
    ndim = max(np.ndim(A), len(reps))
    shape, reps = (1,) * (ndim - np.ndim(A)) + np.shape(A), (1,) * (ndim - len(reps)) + reps
    apart = np.reshape(A, tuple(x for n in shape for x in (1, n)))
    copies = np.broadcast_to(apart, tuple(x for pair in zip(reps, shape) for x in pair))
    return np.reshape(copies, tuple(r * n for r, n in zip(reps, shape)))


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
    a, axis = flat_or_axis("repeat", a, axis, of_number=True)
    return getitem(a, key=along(axis, np.ndim(a), np.repeat(np.arange(np.shape(a)[axis]), repeats)))


# NumPy's second names
concat = concatenate

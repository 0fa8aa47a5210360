"""Indexing: parts of an array by NumPy's basic and advanced rules, and arrays with a part changed."""

import math

from typing import Any

import numpy as np

from ..core.registry import composed, op
from .arguments import along, checked_axis, plain
from .arguments import check_number as check_number  # until every family imports it from arguments
from .arguments import checked_axes as checked_axes
from .arguments import number as number


def _is_basic(key):
    """Whether a key is slices, integers, None and ... only, which name each entry at most once."""
    return all(
        each is None or each is Ellipsis or (isinstance(each, (slice, int, np.integer)) and not isinstance(each, bool))
        for each in (key if isinstance(key, tuple) else (key,))
    )


def _draw_getitem(draw):
    n, m = draw.integer(2, 4), draw.integer(1, 4)
    index = draw.indices(n, size=draw.integer(0, 5))
    mask = draw.booleans((n, m))
    key = draw.choice(
        [
            0,
            -1,
            slice(None, None, 2),
            slice(None, None, -1),
            (slice(1, None), None),
            (Ellipsis, 0),
            index,
            (index, slice(None)),
            mask,
            (index, 0),
            (index[:, None], np.arange(m)),
        ]
    )
    return (draw.array((n, m)),), {"key": key}


@op(label="[ ]", inputs=_draw_getitem, linear=True)
def getitem(a, /, key):
    """A part of an array, y = a[key]: every basic and advanced index of NumPy; what ``a[key]`` calls.

    The gradient of an entry that was taken several times is the sum over all takings.

    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward(); x.grad
    array([2., 0., 1.])
    """
    return a[plain(key)]


@getitem.rule
def _(g, y, a, key):
    return scatter_add(g, key=key, shape=np.shape(a))


def _draw_scatter(draw):
    n, size = draw.integer(1, 4), draw.integer(0, 5)
    return (draw.array((size,)),), {"key": draw.indices(n, size=size), "shape": (n,)}


@op(inputs=_draw_scatter, broadcasts=True, linear=True)
def scatter_add(values, /, key, shape):
    """Zeros of ``shape`` with ``values`` added at ``key``, duplicates adding up: the transpose of `getitem`.

    >>> import numpy as np, minigrad as mg
    >>> mg.scatter_add(np.array([1.0, 2.0, 3.0]), key=[0, 0, 2], shape=(4,))
    array([3., 0., 3., 0.])
    """
    result = np.zeros(shape, dtype=np.asarray(values).dtype)
    key = plain(key)
    if _is_basic(key):
        result[key] = values
    else:
        np.add.at(result, key, values)
    return result


@scatter_add.rule
def _(g, y, values, key, shape):
    return g[key]


def _draw_update(draw):
    n, m = draw.integer(2, 4), draw.integer(1, 3)
    row = draw.integer(0, n - 1)
    return (draw.array((n, m)), draw.array((m,))), {"key": row}


def _draw_set(draw):
    (a, values), options = _draw_update(draw)
    return (a, draw.choice([values, values[None]])), options


@op(label="set", inputs=_draw_set, broadcasts=True)
def set_at(a, values, /, key):
    """A copy of ``a`` with ``a[key]`` replaced by ``values``; what ``mg.at(a, key).set(values)`` calls.

    A key that names an entry twice leaves open which value stays, and is refused with ValueError.

    >>> import numpy as np, minigrad as mg
    >>> mg.set_at(np.zeros(3), 5.0, key=1)
    array([0., 5., 0.])
    """
    key = plain(key)
    result = np.array(a, dtype=np.result_type(a, values))
    if not _is_basic(key):
        numbers = np.arange(result.size).reshape(result.shape)[key]
        if np.unique(numbers).size != numbers.size:
            raise ValueError("set_at: the index names an entry twice; use mg.at(t, i).add(v), or distinct indices")
    result[key] = values
    return result


@set_at.rule
def _(g, y, a, values, key, wanted):
    by_a = set_at(g, 0.0, key=key) if wanted[0] else None
    return by_a, _for_values(g[key], values) if wanted[1] else None


def _for_values(part, values):
    """The gradient of a part by what was put there, which may have more axes, all of length 1."""
    while np.ndim(part) < np.ndim(values):
        part = np.expand_dims(part, 0)
    return part


@op(label="add at", inputs=_draw_update, broadcasts=True)
def add_at(a, values, /, key):
    """A copy of ``a`` with ``values`` added at ``key``, duplicates adding up; ``mg.at(a, key).add(values)``.

    >>> import numpy as np, minigrad as mg
    >>> mg.add_at(np.zeros(3), 5.0, key=[1, 1])
    array([ 0., 10.,  0.])
    """
    key = plain(key)
    result = np.array(a, dtype=np.result_type(a, values))
    np.add.at(result, key, values)
    return result


@add_at.rule
def _(g, y, a, values, key, wanted):
    return g if wanted[0] else None, g[key] if wanted[1] else None


def _numbers(shape, key):
    """Which entries of an array of a shape a key names, by their places in its flat order."""
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[plain(key)])


def _draw_scaling(draw):
    n, m = draw.integer(2, 4), draw.integer(1, 3)
    key = draw.choice([draw.integer(0, n - 1), draw.indices(n, size=3)])
    values = draw.array((3, m) if np.ndim(key) else (m,))
    return (draw.array((n, m)), values), {"key": key}


@composed(inputs=_draw_scaling, differentiated="a values")
def multiply_at(a, values, key):
    """A copy of ``a`` with ``a[key]`` multiplied by ``values``, duplicates one after the other.

    What ``mg.at(a, key).multiply(values)`` calls; right also where factors are 0.

    >>> import numpy as np, minigrad as mg
    >>> mg.multiply_at(np.array([1.0, 2.0]), np.array([3.0, 5.0]), key=[1, 1])
    array([ 1., 30.])
    """
    numbers = _numbers(np.shape(a), key)
    values = np.reshape(np.broadcast_to(values, numbers.shape), (-1,))
    places, group = np.unique(numbers, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(places.size))
    turn = np.empty_like(order)
    turn[order] = np.arange(order.size) - starts[group[order]]  # the how manyeth factor of its entry each one is
    ones = np.ones((places.size, int(turn.max(initial=-1)) + 1), dtype=values.dtype)
    factors = np.prod(set_at(ones, values, key=(group, turn)), axis=1)
    flat = np.reshape(a, (-1,))
    return np.reshape(set_at(flat, flat[places] * factors, key=places), np.shape(a))


def _draw_extreme_at(draw):
    n, size = draw.integer(2, 4), draw.integer(1, 4)
    numbers = draw.distinct((n + size,))
    return (numbers[:n].copy(), numbers[n:].copy()), {"key": draw.indices(n, size=size)}


def _shares_at(g, y, a, values, key, wanted):
    """The gradient for the entries and the values that became the extreme, shared equally among ties."""
    hit, hits = plain(a) == plain(y), plain(values) == plain(y)[plain(key)]
    ties = hit + scatter_add(hits.astype(y.dtype), key=key, shape=np.shape(a))
    share = g / np.maximum(ties, 1)
    return share * hit if wanted[0] else None, share[key] * hits if wanted[1] else None


@op(label="max at", inputs=_draw_extreme_at, broadcasts=True)
def maximum_at(a, values, /, key):
    """A copy of ``a`` with ``a[key]`` raised to ``values`` where these are larger; ``mg.at(a, key).max(values)``.

    The gradient goes to what became the entry, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.maximum_at(np.array([1.0, 2.0]), np.array([3.0, 5.0, 0.0]), key=[0, 0, 1])
    array([5., 2.])
    """
    result = np.array(a, dtype=np.result_type(a, values))
    np.maximum.at(result, plain(key), values)
    return result


@maximum_at.rule
def _(g, y, a, values, key, wanted):
    return _shares_at(g, y, a, values, key, wanted)


@op(label="min at", inputs=_draw_extreme_at, broadcasts=True)
def minimum_at(a, values, /, key):
    """A copy of ``a`` with ``a[key]`` lowered to ``values`` where these are smaller; ``mg.at(a, key).min(values)``.

    The gradient goes to what became the entry, shared equally among ties.

    >>> import numpy as np, minigrad as mg
    >>> mg.minimum_at(np.array([1.0, 2.0]), np.array([3.0, 5.0, 0.0]), key=[0, 0, 1])
    array([1., 0.])
    """
    result = np.array(a, dtype=np.result_type(a, values))
    np.minimum.at(result, plain(key), values)
    return result


@minimum_at.rule
def _(g, y, a, values, key, wanted):
    return _shares_at(g, y, a, values, key, wanted)


class at:  # noqa: N801 (called as a function)
    """A part of a tensor to be changed in a copy: ``mg.at(t, key).set(values)`` in place of ``t[key] = values``.

    Examples
    --------
    >>> import minigrad as mg
    >>> t = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = mg.at(t, 0).set(10.0)
    >>> y.sum().backward(); t.grad
    array([0., 1., 1.])
    """

    __slots__ = ("_array", "_key")

    def __init__(self, array: Any, key: Any) -> None:
        self._array, self._key = array, key

    def set(self, values: Any) -> Any:
        """The array with the part replaced by ``values`` (broadcast to it)."""
        return set_at(self._array, values, key=self._key)

    def add(self, values: Any) -> Any:
        """The array with ``values`` added to the part, duplicates adding up."""
        return add_at(self._array, values, key=self._key)

    def multiply(self, values: Any) -> Any:
        """The array with the part multiplied by ``values``, duplicates one after the other."""
        return multiply_at(self._array, values, key=self._key)

    def max(self, values: Any) -> Any:
        """The array with the part raised to ``values`` where these are larger."""
        return maximum_at(self._array, values, key=self._key)

    def min(self, values: Any) -> Any:
        """The array with the part lowered to ``values`` where these are smaller."""
        return minimum_at(self._array, values, key=self._key)


# ---- taking by number -----------------------------------------------------------------------------------


def _draw_take(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.choice([None, draw.axis(len(shape))])
    mode = draw.choice(["raise", "wrap", "clip"])
    n = math.prod(shape) if axis is None else shape[axis]
    reach = n if mode == "raise" else n + 3
    indices = draw.choice([draw.integer(-n, n - 1), draw.indices(reach, size=3), draw.indices(reach, size=4)[:, None]])
    return (draw.array(shape), indices), {"axis": axis, "mode": mode}


@composed(numpy=np.take, inputs=_draw_take, differentiated="a")
def take(a, indices, axis=None, out=None, mode="raise"):
    """The entries numbered ``indices`` along an axis (None: of the flat array).  Repeated ones add their gradients.

    ``mode`` "wrap" counts around, "clip" keeps to the ends, "raise" raises IndexError for a number out of range.

    >>> import numpy as np, minigrad as mg
    >>> mg.take(np.array([1.0, 2.0, 3.0]), [0, 0, 2])
    array([1., 1., 3.])
    """
    if out is not None:
        raise TypeError("take: out= is not possible in a graph; use the result instead")
    a = np.reshape(a, (-1,)) if axis is None or (np.ndim(a) == 0 and axis in (0, -1)) else a
    axis = 0 if axis is None else checked_axis("take", axis, np.ndim(a))
    n, indices = np.shape(a)[axis], np.asarray(plain(indices))
    if indices.dtype.kind not in "iub" and indices.size:
        raise TypeError(f"take: indices are {indices.dtype}; integers are wanted")
    indices = indices.astype(np.intp) if indices.dtype.kind == "b" else indices
    if mode == "wrap":
        indices = indices % n
    elif mode == "clip":
        indices = np.clip(indices, 0, n - 1)
    elif mode != "raise":
        raise ValueError(f"take: mode {mode!r} is unknown; use raise, wrap or clip")
    return a[along(axis, np.ndim(a), indices)]


def _draw_take_along(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis = draw.axis(len(shape))
    size = [*shape]
    size[axis] = draw.integer(1, 4)
    indices = draw.indices(shape[axis], size=math.prod(size)).reshape(size)
    return (draw.array(shape), indices), {"axis": axis}


@composed(numpy=np.take_along_axis, inputs=_draw_take_along, differentiated="arr")
def take_along_axis(arr, indices, axis=-1):
    """For each row along an axis the entries that the same row of ``indices`` numbers (what argsort returns).

    >>> import numpy as np, minigrad as mg
    >>> mg.take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1)
    array([[2.],
           [3.]])
    """
    indices = np.asarray(plain(indices))
    if axis is None:
        arr, axis = np.reshape(arr, (-1,)), 0
    ndim = np.ndim(arr)
    axis = checked_axis("take_along_axis", axis, ndim)
    if indices.ndim != ndim:
        raise ValueError(f"take_along_axis: arr has {ndim} axes, indices {indices.ndim}; they must have as many")
    grid = [np.arange(n).reshape((-1, *(1,) * (ndim - i - 1))) for i, n in enumerate(np.shape(arr))]
    grid[axis] = indices
    return arr[tuple(grid)]


def _draw_choose(draw):
    n, size = draw.integer(1, 3), draw.integer(1, 4)
    return (draw.indices(n, size=size), [draw.array((size,)) for _ in range(n)]), {}


@composed(numpy=np.choose, inputs=_draw_choose, differentiated="choices")
def choose(a, choices, out=None, mode="raise"):
    """For each entry the one of the ``choices`` (arrays that broadcast together) whose number is in ``a``.

    >>> import numpy as np, minigrad as mg
    >>> mg.choose(np.array([1, 0]), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([3., 2.])
    """
    if out is not None:
        raise TypeError("choose: out= is not possible in a graph; use the result instead")
    a = np.asarray(plain(a))
    shape = np.broadcast_shapes(a.shape, *(np.shape(each) for each in choices))
    stacked = np.stack([np.broadcast_to(each, shape) for each in choices])
    numbers = np.choose(np.broadcast_to(a, shape), np.arange(len(choices)), mode=mode)
    return stacked[(numbers, *np.indices(shape))]


def _draw_select(draw):
    shape = draw.shape(max_dims=2)
    count = draw.integer(1, 3)
    return ([draw.booleans(shape) for _ in range(count)], [draw.array(shape) for _ in range(count)]), {"default": 0.5}


@composed(numpy=np.select, inputs=_draw_select, differentiated="choicelist default")
def select(condlist, choicelist, default=0):
    """For each entry the choice whose condition is the first that holds, ``default`` where none does.

    >>> import numpy as np, minigrad as mg
    >>> x = np.array([-1.0, 2.0])
    >>> mg.select([x < 0, x > 1], [-x, x**2])
    array([1., 4.])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            f"select: {len(condlist)} conditions and {len(choicelist)} choices; as many of both, and one at least"
        )
    for i, condition in enumerate(condlist):
        if np.asarray(plain(condition)).dtype.kind != "b":
            raise TypeError(
                f"select: condlist[{i}] holds {np.asarray(plain(condition)).dtype}; bools are wanted, as x > 0 gives"
            )
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        y = np.where(plain(condition), choice, y)
    return y

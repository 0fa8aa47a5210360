"""Indexing: parts of an array by NumPy's basic and advanced rules, and arrays with a part changed."""

import math
import operator
from functools import partial
from typing import Any

import numpy as np

from ..core.registry import composed
from .arguments import along, as_array, flat_or_axis, refuse_out, values_of
from .table import array_operation

row = partial(array_operation, __name__)
# fmt: off


def _is_basic(key):
    """Whether a key is slices, integers, None and ... only, which name each entry at most once."""
    return all(
        each is None or each is Ellipsis or (isinstance(each, (slice, int, np.integer)) and not isinstance(each, bool))
        for each in (key if isinstance(key, tuple) else (key,))
    )


_KNOWN = frozenset({int, slice, type(None), type(Ellipsis), np.intp, np.ndarray})


def _is_known(key):
    """Whether a key is plain at a glance: no list, nothing that is traced, no array of another kind."""
    return _KNOWN.issuperset(map(type, key)) if type(key) is tuple else type(key) in _KNOWN


def _part(x, key):
    """``x[key]``, of a constant too where the key is traced."""
    return x[key] if _is_known(key) else getitem(x, key=key)


def _draw_getitem(draw):
    n, m = draw.integer(2, 4), draw.integer(1, 4)
    index, mask = draw.indices(n, size=draw.integer(0, 5)), draw.booleans((n, m))
    basic = [0, -1, slice(None, None, 2), slice(None, None, -1), (slice(1, None), None), (Ellipsis, 0)]
    advanced = [index, (index, slice(None)), mask, (index, 0), (index[:, None], np.arange(m))]
    return (draw.array((n, m)),), {"key": draw.choice(basic + advanced)}


getitem = row(
    "getitem", lambda a, /, key: a[key],
    "A part of an array, y = a[key]: every basic and advanced index of NumPy; what ``a[key]`` calls.",
    "mg.grad(lambda x: x[[0, 0, 2]].sum())(np.array([1.0, 2.0, 3.0])) → array([2., 0., 1.])", _draw_getitem,
    lambda g, y, a, key: (_added_up if type(g) is np.ndarray and _is_known(key) else scatter_add)(  # type: ignore[has-type]
        g, key=key, shape=np.shape(a)),  # an eager backward saves the call's dispatch, a quarter of its time
    label="[ ]", linear=True,
    note="The gradient of an entry that was taken several times is the sum over all takings.")


def _draw_scatter(draw):
    n, size = draw.integer(1, 4), draw.integer(0, 5)
    return (draw.array((size,)),), {"key": draw.indices(n, size=size), "shape": (n,)}


def _added_up(values, /, key, shape):
    dense = type(values) is np.ndarray
    result = np.zeros(shape, dtype=values.dtype) if dense else np.zeros_like(values, shape=shape)
    if _is_basic(key):
        result[key] = values
    else:
        np.add.at(result, key, values)
    return result


scatter_add = row(
    "scatter_add", _added_up,
    "Zeros of ``shape`` with ``values`` added at ``key``, duplicates adding up: the transpose of `getitem`.",
    "mg.scatter_add(np.array([1.0, 2.0, 3.0]), key=[0, 0, 2], shape=(4,)) → array([3., 0., 3., 0.])", _draw_scatter,
    lambda g, y, values, key, shape: _part(g, key), broadcasts=True, linear=True)


# ---- a copy with a part changed -------------------------------------------------------------------------


def _draw_update(draw):
    n, m = draw.integer(2, 4), draw.integer(1, 3)
    row, values = draw.integer(0, n - 1), draw.array((m,))
    return (draw.array((n, m)), values), {"key": row}


def _draw_set(draw):
    (a, values), options = _draw_update(draw)
    return (a, draw.choice([values, values[None]])), options


def _numbered(a):
    """The number of each entry in the flat order, in an array of the same kind."""
    return np.reshape(np.cumsum(np.ones_like(a, dtype=np.intp)) - 1, np.shape(a))


def _changed(change, a, values, key):
    """A copy of ``a`` that can hold ``values`` too, changed by ``change(copy, key, values)``."""
    result = as_array(a).astype(np.result_type(a, values))
    change(result, key, values)
    return result


set_at = row(
    "set_at", lambda a, values, /, key: _changed(operator.setitem, a, values, key),
    "A copy of ``a`` with ``a[key]`` replaced by ``values``; what ``mg.at(a, key).set(values)`` calls.",
    "mg.set_at(np.zeros(3), 5.0, key=1) → array([0., 5., 0.])", _draw_set,
    (lambda g, y, a, values, key: set_at(g, 0.0, key=key),  # type: ignore[has-type]
     lambda g, y, a, values, key: _for_values(_part(g, key), values)), label="set", broadcasts=True,
    note="A key that names an entry twice leaves open which value stays, and is refused with ValueError.")


@set_at.validate
def _(a, values, key):
    if not _is_basic(key):
        places = _numbered(a)[key]
        if np.unique(places).size != places.size:
            raise ValueError("set_at: the index names an entry twice; use mg.at(t, i).add(v), or distinct indices")


def _for_values(part, values):
    """The gradient of a part by what was put there, which may have more axes, all of length 1."""
    while np.ndim(part) < np.ndim(values):
        part = np.expand_dims(part, 0)
    return part


add_at = row(
    "add_at", lambda a, values, /, key: _changed(np.add.at, a, values, key),
    "A copy of ``a`` with ``values`` added at ``key``, duplicates adding up; ``mg.at(a, key).add(values)``.",
    "mg.add_at(np.zeros(3), 5.0, key=[1, 1]) → array([ 0., 10.,  0.])", _draw_update,
    (lambda g, y, a, values, key: g, lambda g, y, a, values, key: _part(g, key)),
    label="add at", broadcasts=True)


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
    taken = getitem(_numbered(a), key=key)
    order = np.argsort(np.reshape(taken, (-1,)), kind="stable")
    places = np.reshape(taken, (-1,))[order]
    product = np.reshape(np.broadcast_to(values, np.shape(taken)), (-1,))[order]
    longest = np.max(np.bincount(places), initial=1) if type(places) is np.ndarray else np.size(places)
    reach = 1
    while reach < longest:  # over runs of equal places of at most this length, doubled in each step
        earlier = np.where(places[reach:] == places[:-reach], product[:-reach], 1)
        product = np.concatenate([product[:reach], product[reach:] * earlier])
        reach *= 2
    last = np.concatenate([places[1:] != places[:-1], places[:1] == places[:1]])
    factor = scatter_add(np.where(last, product, 0), key=places, shape=(np.size(a),))
    others = 1 - scatter_add(last.astype(product.dtype), key=places, shape=(np.size(a),))
    return a * np.reshape(factor + others, np.shape(a))


def _draw_extreme_at(draw):
    n, size = draw.integer(2, 4), draw.integer(1, 4)
    numbers = draw.distinct((n + size,))
    return (numbers[:n].copy(), numbers[n:].copy()), {"key": draw.indices(n, size=size)}


def _shares_at(g, y, a, values, key, wanted):
    """The gradient for the entries and the values that became the extreme, shared equally among ties."""
    hit, hits = a == y, values == _part(y, key)
    ties = hit + scatter_add(hits.astype(y.dtype), key=key, shape=np.shape(a))
    share = g / np.maximum(ties, 1)
    return share * hit if wanted[0] else None, _part(share, key) * hits if wanted[1] else None


maximum_at = row(
    "maximum_at", lambda a, values, /, key: _changed(np.maximum.at, a, values, key),
    "A copy of ``a`` with ``a[key]`` raised to ``values`` where these are larger; ``mg.at(a, key).max(values)``.",
    "mg.maximum_at(np.array([1.0, 2.0]), np.array([3.0, 5.0, 0.0]), key=[0, 0, 1]) → array([5., 2.])",
    _draw_extreme_at, _shares_at, label="max at", broadcasts=True,
    note="The gradient goes to what became the entry, shared equally among ties.")
minimum_at = row(
    "minimum_at", lambda a, values, /, key: _changed(np.minimum.at, a, values, key),
    "A copy of ``a`` with ``a[key]`` lowered to ``values`` where these are smaller; ``mg.at(a, key).min(values)``.",
    "mg.minimum_at(np.array([1.0, 2.0]), np.array([3.0, 5.0, 0.0]), key=[0, 0, 1]) → array([1., 0.])",
    _draw_extreme_at, _shares_at, label="min at", broadcasts=True,
    note="The gradient goes to what became the entry, shared equally among ties.")


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


def _held_to(name, indices, n, mode):
    """Indices as the mode takes those that are not of 0 to n − 1."""
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"{name}: mode {mode!r} is unknown; use raise, wrap or clip")
    return indices % n if mode == "wrap" else np.clip(indices, 0, n - 1) if mode == "clip" else indices


@composed(numpy=np.take, inputs=_draw_take, differentiated="a")
def take(a, indices, axis=None, out=None, mode="raise"):
    """The entries numbered ``indices`` along an axis (None: of the flat array).  Repeated ones add their gradients.

    ``mode`` "wrap" counts around, "clip" keeps to the ends, "raise" raises IndexError for a number out of range.

    >>> import numpy as np, minigrad as mg
    >>> mg.take(np.array([1.0, 2.0, 3.0]), [0, 0, 2])
    array([1., 1., 3.])
    """
    refuse_out("take", out)
    a, axis = flat_or_axis("take", a, axis, of_number=True)
    indices = as_array(indices)
    if indices.dtype.kind not in "iub" and np.size(indices):
        raise TypeError(f"take: indices are {indices.dtype}; integers are wanted")
    indices = indices if indices.dtype.kind in "iu" else indices.astype(np.intp)
    return getitem(a, key=along(axis, np.ndim(a), _held_to("take", indices, np.shape(a)[axis], mode)))


def _draw_take_along(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    axis, size = draw.axis(len(shape)), [*shape]
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
    arr, axis = flat_or_axis("take_along_axis", arr, axis)
    ndim, indices = np.ndim(arr), as_array(indices)
    if np.ndim(indices) != ndim:
        raise ValueError(f"take_along_axis: arr has {ndim} axes, indices {np.ndim(indices)}; they must have as many")
    grid = [np.arange(n).reshape((-1, *(1,) * (ndim - i - 1))) for i, n in enumerate(np.shape(arr))]
    grid[axis] = indices
    return getitem(arr, key=tuple(grid))


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
    refuse_out("choose", out)
    a, shape = as_array(a), np.broadcast_shapes(np.shape(a), *map(np.shape, choices))
    if mode == "raise":
        np.choose(values_of(a, 0), np.arange(len(choices)))  # which says what is no number of a choice
    a = a.astype(np.intp) if a.dtype.kind == "b" else a
    numbers = _held_to("choose", np.broadcast_to(a, shape), len(choices), mode)
    return getitem(np.stack([np.broadcast_to(each, shape) for each in choices]), key=(numbers, *np.indices(shape)))


def _draw_select(draw):
    shape, count = draw.shape(max_dims=2), draw.integer(1, 3)
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
    for i, dtype in enumerate(as_array(each).dtype for each in condlist):
        if dtype.kind != "b":
            raise TypeError(f"select: condlist[{i}] holds {dtype}; bools are wanted, as x > 0 gives")
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        y = np.where(condition, choice, y)
    return y

"""Indexing: parts of an array by NumPy's basic and advanced rules, and arrays with a part changed."""

import numpy as np

from ..registry import op


def _plain(key):
    """A key with every tensor in it replaced by its array, so that indices are data and never differentiated."""
    if isinstance(key, tuple):
        return tuple(_plain(each) for each in key)
    if isinstance(key, list):
        return np.asarray([_plain(each) for each in key], dtype=None if key else np.intp)
    return getattr(key, "_data", key)


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


@op(label="[ ]", inputs=_draw_getitem)
def getitem(a, /, key):
    """A part of an array, y = a[key]: every basic and advanced index of NumPy; what ``a[key]`` calls.

    The gradient of an entry that was taken several times is the sum over all takings.

    >>> import minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward(); x.grad
    array([2., 0., 1.])
    """
    return a[_plain(key)]


@getitem.rule
def _(g, y, a, key):
    return scatter_add(g, key=key, shape=np.shape(a))


def _draw_scatter(draw):
    n, size = draw.integer(1, 4), draw.integer(0, 5)
    return (draw.array((size,)),), {"key": draw.indices(n, size=size), "shape": (n,)}


@op(inputs=_draw_scatter, broadcasts=True)
def scatter_add(values, /, key, shape):
    """Zeros of ``shape`` with ``values`` added at ``key``, duplicates adding up: the transpose of `getitem`.

    >>> import numpy as np, minigrad as mg
    >>> mg.scatter_add(np.array([1.0, 2.0, 3.0]), key=[0, 0, 2], shape=(4,))
    array([3., 0., 3., 0.])
    """
    result = np.zeros(shape, dtype=np.asarray(values).dtype)
    key = _plain(key)
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


@op(label="set", inputs=_draw_update, broadcasts=True)
def set_at(a, values, /, key):
    """A copy of ``a`` with ``a[key]`` replaced by ``values``; what ``mg.at(a, key).set(values)`` calls.

    A key that names an entry twice leaves open which value stays, and is refused with ValueError.

    >>> import numpy as np, minigrad as mg
    >>> mg.set_at(np.zeros(3), 5.0, key=1)
    array([0., 5., 0.])
    """
    key = _plain(key)
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
    return by_a, g[key] if wanted[1] else None


@op(label="add at", inputs=_draw_update, broadcasts=True)
def add_at(a, values, /, key):
    """A copy of ``a`` with ``values`` added at ``key``, duplicates adding up; ``mg.at(a, key).add(values)``.

    >>> import numpy as np, minigrad as mg
    >>> mg.add_at(np.zeros(3), 5.0, key=[1, 1])
    array([ 0., 10.,  0.])
    """
    key = _plain(key)
    result = np.array(a, dtype=np.result_type(a, values))
    np.add.at(result, key, values)
    return result


@add_at.rule
def _(g, y, a, values, key, wanted):
    return g if wanted[0] else None, g[key] if wanted[1] else None


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

    def __init__(self, array, key):
        self._array, self._key = array, key

    def set(self, values):
        """The array with the part replaced by ``values`` (broadcast to it)."""
        return set_at(self._array, values, key=self._key)

    def add(self, values):
        """The array with ``values`` added to the part, duplicates adding up."""
        return add_at(self._array, values, key=self._key)

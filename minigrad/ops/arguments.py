"""What operations ask of their arguments: arrays, axes and single numbers, checked in one place."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index


def as_array(a):
    """What has a dtype as it is, be it an array of NumPy's, a tensor or another kind; else NumPy's array of it."""
    return a if hasattr(a, "dtype") else np.asarray(a)


def plain(key):
    """A value or a key with every tensor in it replaced by its array: data, which is never differentiated."""
    if isinstance(key, tuple):
        return tuple(plain(each) for each in key)
    if isinstance(key, list):
        return np.asarray([plain(each) for each in key], dtype=None if key else np.intp)
    return getattr(key, "_data", key)


def number(y):
    """What NumPy answers where nothing is left of the axes: a number for a plain 0-d array."""
    return y[()] if isinstance(y, np.ndarray) else y


def check_number(operation, option, value):
    """Raise unless an option holds one real number."""
    if np.ndim(value) or np.asarray(value).dtype.kind not in "fiub":
        raise TypeError(f"{operation}: {option} is {value!r:.60}; one number is wanted")


def checked_axis(name, axis, ndim):
    """An axis counted from the front; NumPy's AxisError for one that an array of ``ndim`` axes lacks."""
    return normalize_axis_index(axis, ndim, name)


def checked_axes(name, axis, ndim):
    """One axis, several or None (all) as a tuple of axes counted from the front, each of them once."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(normalize_axis_index(i, ndim, name) for i in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    if len(set(axes)) < len(axes):
        raise ValueError(f"{name}: repeated axis in {axis} for an array with {ndim} axes; name each axis once")
    return axes


def flat_or_axis(name, a, axis, *, of_number=False):
    """What is worked along: an array and one of its axes, or for None the flat array and its only axis.

    ``of_number`` says that a 0-d array has an axis too, 0 or −1, as some of NumPy's functions do.
    """
    if axis is None or (of_number and np.ndim(a) == 0 and axis in (0, -1)):
        return np.reshape(a, (-1,)), 0
    return as_array(a), checked_axis(name, axis, np.ndim(a))


def refuse_out(name, out):
    """Raise for an array that the result is to be written into."""
    if out is not None:
        raise TypeError(f"{name}: out= is not possible in a graph; use the result instead")


def values_of(x, otherwise):
    """The numbers of what has them, to be checked: of arrays, lists, numbers and tensors; else what is given."""
    x = getattr(x, "_data", x)
    return x if isinstance(x, (np.ndarray, np.generic, float, int, list, tuple)) else otherwise


def along(axis, ndim, key):
    """The key that indexes one axis and takes all of those before it."""
    return (slice(None),) * (axis % ndim) + (key,)

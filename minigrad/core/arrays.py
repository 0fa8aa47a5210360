"""What an array is here: NumPy's own, or one of a class that speaks its protocols (NEP 13 and 18), as CuPy's does."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np


def is_duck(value: Any) -> bool:
    """Whether a value is an array of a class, none of NumPy's and no engine's tensor, that NumPy's functions take."""
    kind: Any = type(value)
    return _speaks_numpy(kind)


@cache
def _speaks_numpy(kind: type) -> bool:
    return (
        getattr(kind, "__array_ufunc__", None) is not None
        and all(hasattr(kind, name) for name in ("__array_function__", "shape", "dtype", "astype"))
        and not issubclass(kind, (np.ndarray, np.generic))
        and not hasattr(kind, "backward")
    )


#: What no symbol is, and is not inside of.
_UNTRACED = frozenset({np.ndarray, float, int, bool, str, type(None), type, type(Ellipsis)})


def symbol_in(tree: Any) -> Any:
    """The first `Symbol` in nested lists, tuples, dicts and slices; None where there is none."""
    if isinstance(tree, slice):
        tree = (tree.start, tree.stop, tree.step)
    elif isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, (tuple, list)):
        return tree if hasattr(type(tree), "_computed") else None
    for each in tree:
        if type(each) not in _UNTRACED:
            found = symbol_in(each)
            if found is not None:
                return found
    return None


def as_array(value: Any) -> Any:
    """A number as an array of no axes; arrays, of another class too, as they are."""
    return value if is_duck(value) else np.asarray(value)


def copy_of(array: Any) -> Any:
    """An array of one's own with the same entries, of the same class."""
    return np.array(array) if type(array) is np.ndarray else np.copy(array)

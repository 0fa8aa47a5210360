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


def kind_of_traced(values: Any) -> Any:
    """The class of the first symbol in nested lists, tuples, dicts and slices; None where there is none."""
    if hasattr(type(values), "_computed"):
        return type(values)
    if isinstance(values, dict):
        values = values.values()
    elif isinstance(values, slice):
        values = (values.start, values.stop, values.step)
    elif not isinstance(values, (list, tuple)):
        return None
    return next((kind for kind in map(kind_of_traced, values) if kind is not None), None)


def as_array(value: Any) -> Any:
    """A number as an array of no axes; arrays, of another class too, as they are."""
    return value if is_duck(value) else np.asarray(value)


def copy_of(array: Any) -> Any:
    """An array of one's own with the same entries, of the same class."""
    return np.array(array) if type(array) is np.ndarray else np.copy(array)

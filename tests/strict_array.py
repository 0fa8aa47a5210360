"""An array class that speaks NEP 13 and NEP 18 and refuses to become a NumPy array, as CuPy's does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


def unwrapped(value: Any) -> Any:
    """Plain arrays in place of strict ones, in nested containers too."""
    if isinstance(value, StrictArray):
        return value._held
    if isinstance(value, (list, tuple)):
        parts = [unwrapped(each) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {name: unwrapped(each) for name, each in value.items()}
    return value


def wrapped(value: Any) -> Any:
    """Strict arrays in place of NumPy's arrays and numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(value))
    if isinstance(value, (list, tuple)):
        parts = [wrapped(each) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def _known(kind: type) -> bool:
    return issubclass(kind, (StrictArray, np.ndarray, np.generic))


class StrictArray(NDArrayOperatorsMixin):
    """A NumPy array behind a glass: every ufunc and function of NumPy gives another one, `np.asarray` raises."""

    def __init__(self, held: np.ndarray) -> None:
        assert type(held) is np.ndarray, type(held)
        self._held = held

    shape = property(lambda self: self._held.shape)
    dtype = property(lambda self: self._held.dtype)
    ndim = property(lambda self: self._held.ndim)
    size = property(lambda self: self._held.size)
    nbytes = property(lambda self: self._held.nbytes)
    T = property(lambda self: wrapped(self._held.T))

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise TypeError("a strict array does not become a NumPy array")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(hasattr(each, "__array_ufunc__") and not _known(type(each)) for each in inputs):
            return NotImplemented  # a tensor's turn
        for each in (*inputs, *options.get("out", ())):
            if isinstance(each, np.ndarray) and each.ndim and each.size > 1 and "out" in options:
                raise TypeError("a strict array is not written into a NumPy array")
        return wrapped(getattr(ufunc, method)(*unwrapped(inputs), **unwrapped(options)))

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if not all(map(_known, types)):
            return NotImplemented
        return wrapped(function(*unwrapped(arguments), **unwrapped(options)))

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return wrapped(self._held[unwrapped(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._held[unwrapped(key)] = unwrapped(value)

    def __bool__(self) -> bool:
        raise TypeError("the truth of a strict array is not asked for: branch with np.where")

    __float__ = __int__ = __index__ = __bool__

    def astype(self, dtype: Any, copy: bool = True) -> StrictArray:
        return StrictArray(self._held.astype(dtype, copy=copy))

    def reshape(self, *shape: Any) -> StrictArray:
        return StrictArray(self._held.reshape(*shape))

    def transpose(self, *axes: Any) -> StrictArray:
        return StrictArray(self._held.transpose(*axes))

    def sum(self, *arguments: Any, **options: Any) -> Any:
        return wrapped(self._held.sum(*arguments, **options))

    def copy(self) -> StrictArray:
        return StrictArray(self._held.copy())

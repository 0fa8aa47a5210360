"""What a call of an operation gives, for type checkers: plain answers to plain arguments, else a Scalar or a Tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np

if TYPE_CHECKING:
    from .. import Scalar, Tensor

    Plain = float | np.ndarray | Sequence[float] | Sequence[np.ndarray]


class _Calls(Protocol):
    @overload
    def __call__(self, x: Scalar, /, *others: Any, **options: Any) -> Scalar: ...
    @overload
    def __call__(self, x: float, y: Scalar, /, **options: Any) -> Scalar: ...
    @overload
    def __call__(self, /, *inputs: Plain, **options: Any) -> Any: ...
    @overload
    def __call__(self, /, *inputs: Any, **options: Any) -> Tensor: ...


def typed(call: Callable[..., Any]) -> _Calls:
    """The same method; a decorator for an operation's ``__call__``."""
    return call

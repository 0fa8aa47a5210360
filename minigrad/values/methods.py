"""The operations that an array in a graph has as methods, by NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import ops
from ..core.operation import Op, Operation
from .recording import unary

if TYPE_CHECKING:
    from .tensor import Tensor


def _method(op: Operation) -> Callable[..., Tensor]:
    """An operation as a method of its first input."""
    if isinstance(op, Op) and op.simple and len(op.input_names) == 1 and op.kernel is not op.forward:
        return _named(op, unary(op))
    return _answer(op)


def _answer(op: Operation) -> Callable[..., Any]:
    """The same for an operation that answers with a plain array."""

    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        return op(self, *arguments, **options)

    return _named(op, call)


def _named(op: Operation, call: Callable[..., Any]) -> Callable[..., Any]:
    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.__doc__
    return call


class ArrayMethods:
    """What a Tensor has by NumPy's names; a Scalar has the elementwise ones."""

    __slots__ = ()

    absolute = _method(ops.absolute)
    all = _answer(ops.all)
    any = _answer(ops.any)
    arccos = _method(ops.arccos)
    arcsin = _method(ops.arcsin)
    arctan = _method(ops.arctan)
    argmax = _answer(ops.argmax)
    argmin = _answer(ops.argmin)
    argsort = _answer(ops.argsort)
    astype = _method(ops.astype)
    choose = _method(ops.choose)
    clip = _method(ops.clip)
    cos = _method(ops.cos)
    cosh = _method(ops.cosh)
    cumprod = _method(ops.cumprod)
    cumsum = _method(ops.cumsum)
    diagonal = _method(ops.diagonal)
    dot = _method(ops.dot)
    exp = _method(ops.exp)
    expm1 = _method(ops.expm1)
    leaky_relu = _method(ops.leaky_relu)
    log = _method(ops.log)
    log10 = _method(ops.log10)
    log1p = _method(ops.log1p)
    log2 = _method(ops.log2)
    log_softmax = _method(ops.log_softmax)
    logsumexp = _method(ops.logsumexp)
    max = _method(ops.max)
    maximum = _method(ops.maximum)
    mean = _method(ops.mean)
    median = _method(ops.median)
    min = _method(ops.min)
    minimum = _method(ops.minimum)
    partition = _method(ops.partition)
    prod = _method(ops.prod)
    ptp = _method(ops.ptp)
    ravel = _method(ops.ravel)
    reciprocal = _method(ops.reciprocal)
    relu = _method(ops.relu)
    repeat = _method(ops.repeat)
    round = _method(ops.round)
    sigmoid = _method(ops.sigmoid)
    sign = _method(ops.sign)
    sin = _method(ops.sin)
    sinh = _method(ops.sinh)
    softmax = _method(ops.softmax)
    sqrt = _method(ops.sqrt)
    square = _method(ops.square)
    squeeze = _method(ops.squeeze)
    std = _method(ops.std)
    sum = _method(ops.sum)
    swapaxes = _method(ops.swapaxes)
    take = _method(ops.take)
    tan = _method(ops.tan)
    tanh = _method(ops.tanh)
    trace = _method(ops.trace)
    var = _method(ops.var)

    @property
    def T(self) -> Tensor:  # noqa: N802 (NumPy's name)
        """The axes in reversed order."""
        return ops.transpose(self)

    def reshape(self, *shape: Any) -> Tensor:
        """The same entries in another shape: ``t.reshape(2, 3)`` or ``t.reshape((2, 3))``."""
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order: ``t.transpose(1, 0)``, ``t.transpose((1, 0))``, or reversed."""
        return ops.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self) -> Tensor:
        """All entries in one axis."""
        return ops.reshape(self, (-1,))

"""The operations that arrays and numbers in a graph have as methods, by NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import ops
from ..core.operation import Operation
from .fast import scalar_unary, unary
from .recording import method

if TYPE_CHECKING:
    from .scalar import Scalar
    from .tensor import Tensor


def _array(op: Operation) -> Callable[..., Tensor]:
    return method(op, unary)


def _scalar(op: Operation) -> Callable[..., Scalar]:
    return method(op, scalar_unary)


def _answer(op: Operation) -> Callable[..., Any]:
    """An operation that gives a plain array."""
    return method(op, unary)


class ArrayMethods:
    """The methods of a Tensor (and a Symbol)."""

    __slots__ = ()

    absolute = _array(ops.absolute)
    all = _answer(ops.all)
    any = _answer(ops.any)
    arccos = _array(ops.arccos)
    arcsin = _array(ops.arcsin)
    arctan = _array(ops.arctan)
    argmax = _answer(ops.argmax)
    argmin = _answer(ops.argmin)
    argsort = _answer(ops.argsort)
    astype = _array(ops.astype)
    choose = _array(ops.choose)
    clip = _array(ops.clip)
    cos = _array(ops.cos)
    cosh = _array(ops.cosh)
    cumprod = _array(ops.cumprod)
    cumsum = _array(ops.cumsum)
    diagonal = _array(ops.diagonal)
    dot = _array(ops.dot)
    exp = _array(ops.exp)
    expm1 = _array(ops.expm1)
    leaky_relu = _array(ops.leaky_relu)
    log = _array(ops.log)
    log10 = _array(ops.log10)
    log1p = _array(ops.log1p)
    log2 = _array(ops.log2)
    log_softmax = _array(ops.log_softmax)
    logsumexp = _array(ops.logsumexp)
    max = _array(ops.max)
    maximum = _array(ops.maximum)
    mean = _array(ops.mean)
    median = _array(ops.median)
    min = _array(ops.min)
    minimum = _array(ops.minimum)
    partition = _array(ops.partition)
    prod = _array(ops.prod)
    ptp = _array(ops.ptp)
    ravel = _array(ops.ravel)
    reciprocal = _array(ops.reciprocal)
    relu = _array(ops.relu)
    repeat = _array(ops.repeat)
    round = _array(ops.round)
    sigmoid = _array(ops.sigmoid)
    sign = _array(ops.sign)
    sin = _array(ops.sin)
    sinh = _array(ops.sinh)
    softmax = _array(ops.softmax)
    sqrt = _array(ops.sqrt)
    square = _array(ops.square)
    squeeze = _array(ops.squeeze)
    std = _array(ops.std)
    sum = _array(ops.sum)
    swapaxes = _array(ops.swapaxes)
    take = _array(ops.take)
    tan = _array(ops.tan)
    tanh = _array(ops.tanh)
    trace = _array(ops.trace)
    var = _array(ops.var)

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


class ScalarMethods:
    """The methods of a Scalar: elementwise operations."""

    __slots__ = ()

    absolute = _scalar(ops.absolute)
    arccos = _scalar(ops.arccos)
    arcsin = _scalar(ops.arcsin)
    arctan = _scalar(ops.arctan)
    clip = _scalar(ops.clip)
    cos = _scalar(ops.cos)
    cosh = _scalar(ops.cosh)
    exp = _scalar(ops.exp)
    expm1 = _scalar(ops.expm1)
    leaky_relu = _scalar(ops.leaky_relu)
    log = _scalar(ops.log)
    log10 = _scalar(ops.log10)
    log1p = _scalar(ops.log1p)
    log2 = _scalar(ops.log2)
    maximum = _scalar(ops.maximum)
    minimum = _scalar(ops.minimum)
    reciprocal = _scalar(ops.reciprocal)
    relu = _scalar(ops.relu)
    round = _scalar(ops.round)
    sigmoid = _scalar(ops.sigmoid)
    sign = _scalar(ops.sign)
    sin = _scalar(ops.sin)
    sinh = _scalar(ops.sinh)
    sqrt = _scalar(ops.sqrt)
    square = _scalar(ops.square)
    tan = _scalar(ops.tan)
    tanh = _scalar(ops.tanh)

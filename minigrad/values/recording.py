"""How a tensor's operation is computed and recorded: the general way, and the hot paths written out.

These functions make nodes of the class that they are given; what a tensor offers is in ``tensor.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.anomaly import check_value, finish
from ..core.arrays import as_array, is_duck
from ..core.contexts import DEFAULT, current_context
from ..core.node import tick
from ..core.operation import Op
from ..core.options import NUMBERS, PLAIN, REAL_KINDS
from ..core.unchanged import COPIED, own, remember
from .dispatch import with_shapes, without_rule
from .operands import operand, unreal_result

if TYPE_CHECKING:
    from .tensor import Tensor

_new = object.__new__
_ndarray = np.ndarray

# glibc hands the memory of a freed large array back to the system at once, and each training step then pays for
# fetching it again, page by page. It learns from the largest array freed so far what is large: one of 16 MB, made,
# never touched, and let go, has it keep the arrays of usual steps (784-256-128-10 at batch 512: 7.4 to 5.0 ms).
np.empty(1 << 24, dtype=np.uint8)


def apply(kind: Any, op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """The result of an operation with at least one node of ``kind`` among its inputs."""
    values: list[Any] = []
    wanted = foreign = False
    recording = op.differentiable and current_context().recording
    for x in inputs:
        if type(x) is kind:
            wanted = wanted or x.requires_grad
            x = x._data
        elif type(x) not in NUMBERS:
            if type(x) is not _ndarray or x.dtype.kind not in REAL_KINDS:
                x = operand(op, len(values), x)
            if recording:
                x = own(x, COPIED)
            foreign = True
        values.append(x)
    wanted = wanted and recording
    if foreign:
        inputs = tuple([x if type(x) is kind else value for x, value in zip(inputs, values)])
    if options and wanted and not PLAIN.issuperset(map(type, options.values())):
        options = {name: own(value) for name, value in options.items()}
    try:
        if op.validation is not None and not any(map(is_duck, values)):
            op.validation(*values, **(options or {}))
        data = op.kernel(*values, **options) if options else op.kernel(*values)
    except ValueError as error:
        raise with_shapes(op, inputs, error) from None
    if not op.differentiable:
        return data
    node = record(kind, op, inputs, options, data, wanted)
    if foreign and wanted:
        large = [remember(x) for x in inputs if type(x) is _ndarray and x.nbytes > COPIED]
        if large and not node.given:
            node.given = large
    return node


def record(kind: Any, op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None, data: Any, wanted: bool) -> Any:
    """The node for a computed value; a leaf where no gradient is ``wanted``."""
    node = _new(kind)
    node._extra = node.grad = None
    if op.saves:
        data, node.saved = data
    if type(data) is not _ndarray:
        data = as_array(data)
    node._data = data
    node.index = tick()
    context = current_context()
    if wanted and data.dtype.kind == "f":
        if op.rules is None and op.joint is None:
            raise without_rule(op)
        node.op = op
        node.inputs = inputs
        if options:
            node.options = options
        node.requires_grad = True
        if context is not DEFAULT:
            finish(node, context)
        return node
    if data.dtype.kind not in REAL_KINDS:
        raise unreal_result(op, inputs, data)
    for x in inputs if type(data) is _ndarray else ():  # a view of a parameter would move with it
        if type(x) is kind and x.requires_grad and x.op is None and np.may_share_memory(data, x._data):
            node._data = data.copy()
    node.op = None
    node.inputs = ()
    node.requires_grad = False
    if context.anomaly:
        check_value(op, inputs, data)
    return node


def apply_unary(op: Op, x: Any) -> Any:
    """`apply` for a ufunc of one tensor."""
    data = op.kernel(x._data)
    if not x.requires_grad or type(data) is not _ndarray or current_context() is not DEFAULT:
        wanted = x.requires_grad and current_context().recording
        return record(type(x), op, (x,), None, data, wanted) if op.differentiable else data
    node = _new(type(x))
    node._data = data
    node._extra = node.grad = None
    node.op = op
    node.inputs = (x,)
    node.requires_grad = True
    node.index = tick()
    return node


def unary(op: Op) -> Callable[..., Tensor]:
    """An operator or method without arguments."""
    return lambda self: apply_unary(op, self)


def binary(op: Op) -> tuple[Callable[[Any, Any], Tensor], Callable[[Any, Any], Tensor]]:
    """``self ∘ other`` and ``other ∘ self`` for one ufunc operation."""
    new, kernel, context_of, next_index, default = _new, op.kernel, current_context, tick, DEFAULT

    def forward(self: Any, other: Any) -> Any:
        kind = type(self)
        if type(other) is not kind or not (self.requires_grad or other.requires_grad):
            return apply(kind, op, (self, other), None)
        try:
            data = kernel(self._data, other._data)
        except ValueError as error:
            raise with_shapes(op, (self, other), error) from None
        context = context_of()
        if context is not default or type(data) is not _ndarray:
            return record(kind, op, (self, other), None, data, context.recording)
        node = new(kind)
        node._data = data
        node._extra = node.grad = None
        node.op = op
        node.inputs = (self, other)
        node.requires_grad = True
        node.index = next_index()
        return node

    def reflected(self: Any, other: Any) -> Any:
        return apply(type(self), op, (other, self), None)

    return forward, reflected

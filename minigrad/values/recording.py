"""How a tensor's operation is computed and recorded, in general; what is done most often is written out in ``fast.py``.

These functions make nodes of the class that they are given; what a tensor offers is in ``tensor.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.anomaly import check_value, finish
from ..core.arrays import as_array, is_duck, symbol_in
from ..core.contexts import DEFAULT, current_context
from ..core.node import tick
from ..core.operation import Op, Operation
from ..core.options import NUMBERS, REAL_KINDS, all_plain
from ..core.unchanged import COPIED, own, remember
from .dispatch import with_shapes, without_rule
from .operands import operand, unreal_result

_new = object.__new__
_ndarray = np.ndarray

# glibc hands the memory of a freed large array back to the system at once, and each training step then pays for
# fetching it again, page by page. It learns from the largest array freed so far what is large: one of 16 MB, made,
# never touched, and let go, has it keep the arrays of usual steps (784-256-128-10 at batch 512: 7.4 to 5.0 ms).
np.empty(1 << 24, dtype=np.uint8)


def apply(kind: Any, op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
    """The result of an operation with at least one node of ``kind`` among its inputs."""
    values: list[Any] = []
    wanted = foreign = duck = False
    recording = op.differentiable and current_context().recording
    for x in inputs:
        if type(x) is kind:
            wanted = wanted or x.requires_grad
            x = x._data
            duck = duck or type(x) is not _ndarray
        elif type(x) not in NUMBERS:
            if type(x) is not _ndarray or x.dtype.kind not in REAL_KINDS:
                x = operand(op, len(values), x)
                duck = duck or is_duck(x)
            if recording:
                x = own(x, COPIED)
            foreign = True
        values.append(x)
    wanted = wanted and recording
    if foreign:
        inputs = tuple([x if type(x) is kind else value for x, value in zip(inputs, values)])
    unusual = options and not all_plain(options.values())
    if options and unusual and wanted:
        options = {name: own(value) for name, value in options.items()}
    symbol = symbol_in((values, options)) if duck or unusual else None
    try:
        if symbol is not None:
            data = symbol._computed(op, values, options)
            data = data if op.saves else data[0]
        else:
            if op.validation is not None and not duck:
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


def method(op: Operation, of_one: Callable[[Op], Any]) -> Callable[..., Any]:
    """An operation as a method of the node that is its first input; ``of_one`` makes those without arguments."""
    if isinstance(op, Op) and op.simple and op.trusted and op.differentiable and len(op.input_names) == 1:
        call = of_one(op)
    else:

        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            return op(self, *arguments, **options)

    call.__name__ = call.__qualname__ = op.name  # which an error names
    call.__doc__ = op.__doc__
    return call

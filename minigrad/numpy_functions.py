"""Which NumPy functions leave a graph knowingly, and what to say of those that can't be part of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import ops
from .errors import NotDifferentiableError, RuleError, ShapeError
from .graph import describe
from .registry import Op

#: NumPy functions that answer with plain data about an array, and so leave the graph knowingly.
PLAIN_FUNCTIONS = frozenset(
    {
        np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.all, np.any, np.nonzero, np.argwhere,
        np.flatnonzero, np.count_nonzero, np.array_equal, np.allclose, np.isclose, np.iscomplexobj, np.isrealobj,
        np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.result_type, np.array_repr, np.array_str,
        np.array2string, np.searchsorted, np.unique, np.save, np.savetxt, np.may_share_memory, np.shares_memory,
    }
)  # fmt: skip
PLAIN_UFUNCS = frozenset(
    {np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
#: The reductions that ``ufunc.reduce`` stands for.
REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}
#: The running ones that ``ufunc.accumulate`` stands for.
ACCUMULATIONS = {np.add: "cumsum", np.multiply: "cumprod"}


def with_shapes(op: Op, inputs: tuple[Any, ...], error: ValueError) -> ValueError:
    """The same error with every input's name and shape, as a `ShapeError` where NumPy complains of shapes."""
    story = ", ".join(
        f"{name} is {describe(x)}" if x is not None else f"{name} is None"
        for name, x in zip(op.input_names if not op.variadic else map(str, range(len(inputs))), inputs)
    )
    text = str(error)
    if text.startswith(f"{op.name}:") and op.kernel is op.forward:
        return error  # the operation's own message, which says it better
    if op is ops.matmul and all(np.ndim(x) for x in inputs):
        left, right = np.shape(inputs[0]), np.shape(inputs[1])
        which, shared = ("second-to-last", right[-2]) if len(right) > 1 else ("only", right[0])
        if left[-1] != shared:
            text = f"the last axis of a ({left[-1]}) must equal the {which} axis of b ({shared})"
    return ShapeError(f"{op.name}: {story}: {text}")


def without_rule(op: Op) -> Exception:
    return RuleError(
        f"{op.name}: has no derivative rule, but an input wants a gradient; give one with @{op.name}.rule, or "
        f"register it with differentiable=False"
    )


def not_differentiable(name: str) -> NotDifferentiableError:
    return NotDifferentiableError(
        f"{name}: minigrad does not differentiate this function. Use t.numpy() for a plain array if no gradient "
        "is meant to pass, compose it from the operations in README's table, or write it with @mg.op"
    )

"""Which NumPy functions leave a graph knowingly, and what to say about those that can't be part of one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import MatrixError, NotDifferentiableError, RuleError, ShapeError
from ..core.node import describe
from ..core.registry import Op

#: NumPy functions that answer with plain data about an array, and so leave the graph knowingly.
PLAIN_FUNCTIONS = frozenset(
    {
        np.shape, np.ndim, np.size, np.nonzero, np.argwhere,
        np.flatnonzero, np.count_nonzero, np.array_equal, np.allclose, np.isclose, np.iscomplexobj, np.isrealobj,
        np.zeros_like, np.ones_like, np.empty_like, np.result_type, np.array_repr, np.array_str,
        np.array2string, np.searchsorted, np.save, np.savez, np.savez_compressed, np.savetxt,
        np.may_share_memory, np.shares_memory, np.argpartition, np.array_equiv, np.can_cast, np.common_type,
        np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.digitize, np.einsum_path, np.iscomplex,
        np.isreal, np.isin, np.isneginf, np.isposinf, np.lexsort, np.min_scalar_type, np.nanargmax, np.nanargmin,
        np.linalg.matrix_rank,
    }
)  # fmt: skip
#: Those whose answer holds values of the array: plain only where no gradient is wanted.
PLAIN_WITHOUT_GRADIENT = frozenset({np.full_like, np.unique})
PLAIN_UFUNCS = frozenset(
    {np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
#: The reductions that ``ufunc.reduce`` stands for.
REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}
#: The running ones that ``ufunc.accumulate`` stands for.
ACCUMULATIONS = {np.add: "cumsum", np.multiply: "cumprod"}


def with_shapes(op: Op, inputs: tuple[Any, ...], error: ValueError) -> ValueError:
    """The same error with every input's name and shape, as a `ShapeError` where NumPy complains of shapes."""
    if isinstance(error, np.exceptions.AxisError):
        return error
    story = ", ".join(
        f"{name} is {describe(x)}" if x is not None else f"{name} is None"
        for name, x in zip(op.input_names if not op.variadic else map(str, range(len(inputs))), inputs)
    )
    text = str(error)
    if isinstance(error, MatrixError) or (text.startswith(f"{op.name}:") and op.kernel is op.forward):
        return error  # the operation's own message, which says it better
    if op is ops.matmul and all(np.ndim(x) for x in inputs):
        left, right = np.shape(inputs[0]), np.shape(inputs[1])
        which, shared = ("second-to-last", right[-2]) if len(right) > 1 else ("only", right[0])
        if left[-1] != shared:
            text = f"the last axis of a ({left[-1]}) must equal the {which} axis of b ({shared})"
    kind = np.linalg.LinAlgError if isinstance(error, np.linalg.LinAlgError) else ShapeError
    return kind(f"{op.name}: {story}: {text}")


def without_rule(op: Op) -> Exception:
    return RuleError(
        f"{op.name}: has no derivative rule, but an input requires a gradient; give one with @{op.name}.rule, or "
        f"register it with differentiable=False"
    )


@cache
def _parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a NumPy function's parameters in order; none where it does not tell."""
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()


def in_our_words(
    op: Op, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call of a NumPy function with its options by name, not by NumPy's order, and its inputs by our names."""
    names = _parameter_names(function)
    count = 1 if op.variadic else len(op.input_names)
    if len(arguments) > count and len(names) >= len(arguments):
        options = dict(zip(names[count:], arguments[count:])) | options
        arguments = arguments[:count]
    if not op.variadic:
        ours = dict(zip(names, op.input_names))
        options = {name if name in op.input_names else ours.get(name, name): x for name, x in options.items()}
    return arguments, options


#: What to use in place of functions that cannot be part of a graph.
_INSTEAD = {
    **dict.fromkeys(
        ("place", "put", "put_along_axis", "putmask", "fill_diagonal"),
        "an array in a graph is never changed in place: use mg.where(condition, new, t) or mg.at(t, key).set(new)",
    ),
    "copyto": "join tensors with np.stack([...]) and repeat one with np.broadcast_to(t, shape); an array in a graph is "
    "never changed in place: mg.where(condition, new, t) or mg.at(t, key).set(new) make a new one",
    "full_like": "use np.broadcast_to(t, like.shape)",
    "unique": "use t[np.unique(t.numpy(), return_index=True)[1]]",
    **dict.fromkeys(("insert", "delete", "block", "resize"), "use mg.concatenate of the parts t[:i] and t[i:]"),
    **dict.fromkeys(("compress", "extract", "trim_zeros"), "use an index: t[mask] or t[first:last]"),
    **dict.fromkeys(("cov", "corrcoef"), "use x = t - mg.mean(t, axis=-1, keepdims=True) and x @ x.T / (n - 1)"),
    **dict.fromkeys(("modf", "frexp"), "use mg.trunc(t) and t - mg.trunc(t)"),
    **dict.fromkeys(("apply_along_axis", "apply_over_axes", "piecewise"), "use whole arrays, mg.select or mg.stack"),
    **dict.fromkeys(("matvec", "vecmat"), "use mg.matmul"),
    **dict.fromkeys(("nanmedian", "nanquantile", "nanpercentile"), "use mg.quantile(t[~np.isnan(t)], q)"),
    **dict.fromkeys(("geomspace", "logspace"), "use mg.exp(mg.linspace(...))"),
    **dict.fromkeys(("ediff1d", "unwrap"), "use mg.diff"),
    **dict.fromkeys(("polyval", "vander"), "use powers: sum(c * x**k for k, c in enumerate(coefficients))"),
    "cumulative_sum": "use mg.cumsum",
    "cumulative_prod": "use mg.cumprod",
    "nancumsum": "use mg.cumsum(mg.nan_to_num(t))",
    "nancumprod": "use mg.cumprod(mg.where(np.isnan(t), 1.0, t))",
    "unstack": "use list(t)",
    "multiply.outer": "use mg.outer",
    "ldexp": "use t * 2.0**n",
    "polymul": "use mg.convolve",
    "linalg.diagonal": "use mg.diagonal(t, axis1=-2, axis2=-1)",
    "linalg.trace": "use mg.trace(t, axis1=-2, axis2=-1)",
}


def not_differentiable(name: str) -> NotDifferentiableError:
    """The error for a NumPy function that is no operation, with what to use instead."""
    instead = _INSTEAD.get(name.removeprefix("np."))
    if instead is None and name.startswith("np.fft."):
        instead = "its values are complex; a product with the matrix of cosines and sines is real"
    return NotDifferentiableError(
        f"{name}: minigrad does not differentiate this function; "
        + (
            f"{instead}, or "
            if instead
            else "compose it from the operations in README's table, write it with @mg.op, or "
        )
        + "take t.numpy() for a plain array if no gradient is meant to pass"
    )

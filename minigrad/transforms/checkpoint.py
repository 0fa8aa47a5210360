"""`checkpoint`: memory for time, by computing a part of a graph again when backward comes to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import wraps
from typing import Any

import numpy as np

from .. import ops
from ..core.backward import gradients_within
from ..core.contexts import enable_grad
from ..core.draws import recorder
from ..core.graph import walk
from ..core.node import describe, tick
from ..core.operation import Op
from ..core.trees import leaves_of, rebuilt
from ..nn.state import generators_from, kept, state_behind, state_of
from ..values.tensor import Tensor


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose inner values are not kept for backward but computed again when it needs them.

    It takes anything and returns a tensor or a container of tensors. What f uses from around it (a model's parameters,
    say) has its gradient as always.

    f must compute the same both times. Random generators that it is given, holds, closes over or names, and those of
    NumPy's and Python's own, start from where they were the first time and are then put back, so that a dropout has the
    same mask; so is what its modules change, such as running averages. Other random numbers, and other state, are found
    when the two values are compared.

    Raises TypeError if f returns anything but tensors, and RuntimeError (in backward) if it gives another value
    the second time.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([0.0, 1.0], requires_grad=True)
    >>> y = mg.checkpoint(lambda x: np.sum(np.tanh(x) ** 2))(x)
    >>> y.op.name, y.inputs[0] is x
    ('checkpoint', True)
    >>> y.backward(); x.grad.round(6)
    array([0.    , 0.6397])
    """

    @wraps(f)
    def checkpointed(*arguments: Any, **options: Any) -> Any:
        if recorder.get() is not None:  # a program keeps what its equations need
            return f(*arguments, **options)
        start = tick()
        generators = generators_from([f, arguments, options])
        first_time = [state_of(each) for each in generators]
        context = copy_context()  # what is in force here: backward may come under another transform, or none
        with enable_grad():
            output = f(*arguments, **options)
            leaves = leaves_of(output)
            if not any(isinstance(x, Tensor) for x in (*leaves_of([*arguments, options]), *leaves)):
                return output  # plain arrays in, plain arrays out
            for each in leaves:
                if not isinstance(each, Tensor):
                    raise TypeError(f"checkpoint: the function gave {type(each).__name__}; it must give tensors")
            one = _row(leaves)
        if not one.requires_grad:
            return output
        nodes = _taken_from_before(one, start)

        value = one._data

        def again() -> Tensor:
            with enable_grad(), kept([*state_behind([f, arguments, options]), *generators]):
                for put_back in first_time:
                    put_back()
                return _checked(f, leaves_of(f(*arguments, **options)), value)

        node = _checkpoint(nodes, function=lambda: context.copy().run(again), value=value, nodes=lambda: nodes)
        if len(leaves) == 1:
            return rebuilt(output, [node])
        stops = np.cumsum([0, *(each.size for each in leaves)])
        parts = [ops.reshape(node[a:b], each.shape) for a, b, each in zip(stops, stops[1:], leaves)]
        return rebuilt(output, parts)

    return checkpointed


def _row(leaves: Sequence[Tensor]) -> Tensor:
    """One tensor as it is, several as one vector."""
    return leaves[0] if len(leaves) == 1 else ops.concatenate([ops.reshape(each, (-1,)) for each in leaves])


def _checked(f: Callable[..., Any], leaves: Sequence[Any], first: np.ndarray) -> Tensor:
    """What f gave the second time, if it is what it gave first but for rounding."""
    one = _row(leaves) if leaves and all(isinstance(x, Tensor) for x in leaves) else Tensor(np.nan)
    second, name = one._data, getattr(f, "__name__", type(f).__name__)
    if second.shape != first.shape or second.dtype != first.dtype:
        difference = f"{describe(one)} in place of {describe(first)}"
    elif np.array_equal(first, second, equal_nan=True):
        return one
    else:
        scale = float(np.max(np.abs(first), where=np.isfinite(first), initial=0.0))
        close = float(np.sqrt(np.finfo(first.dtype).eps))
        if np.allclose(second, first, rtol=close, atol=close * scale, equal_nan=True):
            return one
        both = np.isfinite(first) & np.isfinite(second)
        off = float(np.max(np.abs(np.subtract(second, first, where=both, out=np.zeros_like(first)))))
        difference = "another value" + (f", off by {off:.2g}" if off else "")
    raise RuntimeError(
        f"checkpoint: computed again for backward, {name} gave {difference}; it must compute the same both times: draw "
        "random numbers from a Generator that it is given or holds, and depend on no state that changes"
    )


def _taken_from_before(output: Tensor, start: int) -> list[Any]:
    """The leaves of a graph that require a gradient, and the nodes made before ``start`` that it was built on."""
    return [node for node in walk(output, since=start) if node.requires_grad and (node.is_leaf or node.index < start)]


def checkpoint_(*inputs: Any, function: Callable[[], Tensor], value: Any, nodes: Callable[[], list[Tensor]]) -> Any:
    """The value that was computed already; its graph was let go."""
    return value


#: What `checkpoint` records. It is in no registry, since it has no formula of its own to be tested.
_checkpoint = Op(checkpoint_)


@_checkpoint.rule
def _(
    g: Any, y: Any, *inputs: Any, function: Callable[[], Tensor], value: Any, nodes: Callable[[], list[Tensor]]
) -> Any:
    again = function()
    with enable_grad():
        return gradients_within(again, nodes(), g, isinstance(g, Tensor))

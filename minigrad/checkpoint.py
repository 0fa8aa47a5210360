"""`checkpoint`: memory for time, by computing a part of a graph again when backward comes to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from . import ops
from .backward import gradients_within
from .graph import enable_grad, tick
from .registry import Op
from .tensor import Tensor
from .trees import leaves_of, rebuilt


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose inner values are not kept for backward but computed again when it needs them.

    It takes anything and gives a tensor or a container of tensors. What f uses from around it (a model's parameters,
    say) has its gradient as always. f must compute the same both times: no random numbers of its own, no state that
    changes.

    Raises TypeError if f gives something else than tensors.

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
        start = tick()
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
        node = _checkpoint(
            nodes, function=lambda: _row(leaves_of(f(*arguments, **options))), value=one._data, nodes=lambda: nodes
        )
        if len(leaves) == 1:
            return rebuilt(output, [node])
        stops = np.cumsum([0, *(each.size for each in leaves)])
        parts = [ops.reshape(node[a:b], each.shape) for a, b, each in zip(stops, stops[1:], leaves)]
        return rebuilt(output, parts)

    return checkpointed


def _row(leaves: Sequence[Tensor]) -> Tensor:
    """One tensor as it is, several as one vector."""
    return leaves[0] if len(leaves) == 1 else ops.concatenate([ops.reshape(each, (-1,)) for each in leaves])


def _taken_from_before(output: Tensor, start: int) -> list[Tensor]:
    """The leaves of a graph, and the nodes made before ``start`` that it was built on, each once."""
    found: dict[Tensor, None] = {}
    todo, seen = [output], {output}
    while todo:
        node = todo.pop()
        if node.op is None or node.index < start:
            found[node] = None
            continue
        for x in node.inputs:
            if isinstance(x, Tensor) and x.requires_grad and x not in seen:
                seen.add(x)
                todo.append(x)
    return list(found)


def _again(*inputs: Any, function: Callable[[], Tensor], value: Any, nodes: Callable[[], list[Tensor]]) -> Any:
    """The value that was computed already; its graph was let go."""
    return value


#: What `checkpoint` records. It stands in no registry, since it has no formula of its own to be tested.
_checkpoint = Op("checkpoint", _again, None, (), "checkpoint", True, False, False, False)


@_checkpoint.rule
def _(
    g: Any, y: Any, *inputs: Any, function: Callable[[], Tensor], value: Any, nodes: Callable[[], list[Tensor]]
) -> Any:
    with enable_grad():
        return gradients_within(function(), nodes(), g, isinstance(g, Tensor))

"""Forward derivatives on tensors: push tangents through a recorded graph, from its inputs to its root.

An operation's tangent is found, in this order, by its own forward rule; by the operation itself where it is linear;
by its derivative rules where it is elementwise (a diagonal matrix is its own transpose); and else by transposing
its rule: the rule is linear in g, and the derivative of that linear map is the forward derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.arrays import as_array, is_duck
from ..core.backward import gradients_of
from ..core.contexts import enable_grad
from ..core.graph import walk
from ..core.node import Node
from ..core.registry import Op
from ..core.stale import refuse_stale
from ..values.tensor import Tensor


def push_forward(roots: Sequence[Tensor], tangents: Mapping[Node, Any], create_graph: bool) -> list[Any]:
    """The tangent of every root, for the tangents of some nodes of its graph; None where it does not depend on them.

    With ``create_graph`` tangents and values are tensors, and what is computed here is recorded.
    """
    found: dict[Node, Any] = dict(tangents)
    oldest = min((node.index for node in tangents), default=0)
    nodes = walk(*roots)
    refuse_stale(nodes)
    for node in nodes:
        if node in found or node.index < oldest:
            continue
        along = [found.get(x) if isinstance(x, Node) else None for x in node.inputs]
        if all(t is None for t in along):
            continue
        tangent = _tangent(node, along, create_graph)
        if tangent is not None:
            found[node] = tangent
    return [found.get(root) for root in roots]


def _tangent(node: Node, along: list[Any], create_graph: bool) -> Any:
    op: Op = node.op
    options = node.options or {}
    y: Any = node if create_graph else node._data
    values = [x._data if isinstance(x, Node) and not create_graph else x for x in node.inputs]
    if op.tangent_rule is not None:
        tangent = op.tangent_rule(along, y, *values, **options)
    elif op.linear and op.variadic:
        tangent = op([_zeros(x) if t is None else t for t, x in zip(along, values)], **options)
    elif op.linear or (op.elementwise and not op.saves):
        tangent = None
        for i, t in enumerate(along):
            if t is None:
                continue
            if op.linear:
                part = op(*values[:i], t, *values[i + 1 :], **options)
            else:
                wanted = [False] * len(values)
                wanted[i] = True
                part = op.vjp(t, y, values, options, wanted)[i]
            tangent = part if tangent is None else tangent if part is None else tangent + part
    else:
        tangent = _by_transposing(node, along, create_graph)
    if tangent is None:
        return None
    if np.shape(tangent) != node._data.shape:
        tangent = np.broadcast_to(tangent, node._data.shape)
    if tangent.dtype != node._data.dtype:
        tangent = tangent.astype(node._data.dtype)
    return tangent if create_graph else as_array(tangent)


def _zeros(x: Any) -> np.ndarray:
    data = getattr(x, "_data", x)
    return np.zeros(np.shape(data), dtype=getattr(data, "dtype", None))


def _constant(x: Any) -> Any:
    """An array as a tensor outside any graph, so that a rule meets tensors alone."""
    if not (type(x) is np.ndarray or is_duck(x)) or x.dtype.kind != "f":
        return x
    node = Tensor(0.0)
    node._data = x
    return node


def _by_transposing(node: Node, along: list[Any], create_graph: bool) -> Any:
    op, options = node.op, node.options or {}
    g = Tensor(np.zeros_like(node._data), requires_grad=True)
    with enable_grad():
        if create_graph:
            y: Any = node
            values = list(node.inputs)
            saved = op.compute(values, options)[1] if op.saves else None
        else:
            y = _constant(node._data)
            values = [_constant(x._data) if isinstance(x, Node) else x for x in node.inputs]
            saved = tuple(_constant(x) for x in node.saved) if op.saves else None
        contributions = op.vjp(g, y, values, options, [t is not None for t in along], saved)
        parts = [np.sum(c * t) for c, t in zip(contributions, along) if c is not None and t is not None]
        total = functools.reduce(np.add, parts) if parts else None
    if not isinstance(total, Tensor) or not total.requires_grad:
        return None
    one = np.ones_like(total._data)
    (tangent,) = gradients_of(total, [g], Tensor(one) if create_graph else one, create_graph)
    return tangent

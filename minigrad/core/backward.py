"""Backward: chain the rules from a root to its leaves. `plain_backward` is the whole algorithm, for any kind of node.

A rule is mathematics and nothing else. Here, once for all operations, a gradient is summed back over broadcast axes,
cast to its input's dtype, checked, and added up where a value was used several times.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from sys import getrefcount
from typing import Any

import numpy as np

from .anomaly import check_gradient
from .arrays import as_array, copy_of
from .contexts import current_context
from .errors import RuleError
from .floats import FLOATS
from .graph import walk
from .node import Node
from .stale import refuse_stale

NOTHING: frozenset[Node] = frozenset()


def plain_backward(
    root: Node,
    gradient: Any,
    wanted: Collection[Node] | None = None,
    boundary: Set[Node] = NOTHING,
    every: bool = False,
    create_graph: bool = False,
) -> dict[Node, Any]:
    """∂(root)/∂(node) · gradient for the ``wanted`` nodes behind root: by default its leaves, or ``every`` node.

    Nothing is gone through that lies behind the ``boundary``. With ``create_graph`` the rules run on nodes, so that the
    gradients are nodes too and can be differentiated again; else on plain arrays or floats.
    """
    nodes = walk(root, boundary=boundary)
    refuse_stale(nodes)
    if wanted is None:
        wanted = [node for node in nodes if every or node.is_leaf]
    wanted, anomaly = set(wanted), current_context().anomaly
    oldest = min((node.index for node in wanted), default=0)
    gradients: dict[Node, Any] = {root: gradient}
    found: dict[Node, Any] = {}
    for node in reversed(nodes):  # users before what they use: when a node's turn comes, its gradient is complete
        g = gradients.pop(node, None)
        if g is None or node.index < oldest:  # what is older cannot depend on what is wanted
            continue
        if node in wanted:
            found[node] = g
        if node.is_leaf or node in boundary:
            continue
        for each, contribution in zip(node.inputs, contributions(node, g, create_graph)):
            if contribution is None:
                continue
            contribution = fitted(contribution, each, node)
            if anomaly:
                check_gradient(contribution, node)
            gradients[each] = gradients[each] + contribution if each in gradients else contribution
    return found


def contributions(node: Node, g: Any, create_graph: bool = False) -> Sequence[Any]:
    """What the rule of a node's operation gives for each of its inputs; None for those that want no gradient."""
    op, inputs, options = node.op, node.inputs, node.options or {}
    wanted = [isinstance(x, Node) and x.requires_grad for x in inputs]
    if create_graph:  # what was saved has to be part of the graph, so it is computed in it
        saved = op.compute(inputs, options)[1] if op.saves else None
        return op.vjp(g, node, inputs, options, wanted, saved)
    y, values = node._data, [x._data if isinstance(x, Node) else x for x in inputs]
    if type(y) is not float:
        return op.vjp(g, y, values, options, wanted, node.saved)
    try:
        return op.bind(FLOATS).vjp(g, y, values, options, wanted)
    except (ArithmeticError, ValueError):  # where Python's floats raise, NumPy's inf or nan, and its warning
        g, y, *values = (np.float64(x) if isinstance(x, float) else x for x in (g, y, *values))
        return [None if each is None else float(each) for each in op.vjp(g, y, values, options, wanted)]


def fitted(contribution: Any, node: Node, user: Node) -> Any:
    """A gradient in the shape and dtype of its node; RuleError where ``user``'s rule gave what cannot be that."""
    data = node._data
    if type(data) is float:
        return contribution
    if not hasattr(contribution, "shape"):
        if isinstance(contribution, (float, int)) and data.ndim == 0:
            return np.full_like(data, contribution)
        raise RuleError(
            f"{user.op.name}: its rule returned {type(contribution).__name__} for an input of shape {data.shape}; "
            "it must return an array of that shape"
        )
    if contribution.shape != data.shape:
        contribution = _summed_to(contribution, data.shape, user)
    if contribution.dtype != data.dtype:
        if contribution.dtype.kind != "f":
            raise RuleError(
                f"{user.op.name}: its rule returned {contribution.dtype} for an input of dtype {data.dtype}; a "
                "gradient must be of floats"
            )
        contribution = contribution.astype(data.dtype)
    return contribution


def _summed_to(contribution: Any, target: tuple[int, ...], user: Node) -> Any:
    """A gradient summed over the axes along which an input of shape ``target`` was broadcast."""
    op, shape = user.op, contribution.shape
    extra = len(shape) - len(target)
    fits = extra >= 0 and all(n in (1, m) for n, m in zip(target, shape[extra:]))
    if not fits or not (op.broadcasts or shape == user._data.shape):
        raise RuleError(
            f"{op.name}: its rule gave a gradient of shape {shape} for an input of shape {target} "
            f"(its value is {user._data.shape}); the gradient must have the input's shape"
        )
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(target) if n == 1 != shape[extra + i])
    return np.reshape(np.sum(contribution, axis=axes), target)


# ---- what is done with it -------------------------------------------------------------------------------

#: Whether backward takes the hot path that a kind of node has; a test holds both to the same answers.
use_hot_paths = True


def backward(
    root: Node,
    gradient: Any,
    wanted: Collection[Node] | None = None,
    *,
    boundary: Set[Node] = NOTHING,
    every: bool = False,
    create_graph: bool = False,
) -> dict[Node, Any]:
    """`plain_backward`, or the hot path of the root's kind, which gives the same."""
    hot = root.hot_backward
    if hot is None or create_graph or not use_hot_paths or current_context().anomaly:
        return plain_backward(root, gradient, wanted, boundary, every, create_graph)
    return hot(gradient, wanted, boundary, every)


def accumulate(root: Node, gradient: Any, create_graph: bool, retain_grads: bool) -> None:
    """Add ∂(root)/∂(leaf) · gradient to every leaf's ``grad`` (to every node's with ``retain_grads``).

    Nothing is changed if a rule raises: the sums are written to the nodes at the very end.
    """
    found = backward(root, gradient, every=retain_grads, create_graph=create_graph)
    while found:
        node, g = found.popitem()
        # A gradient must share memory with nothing, and a rule may return what it was given, or a view. What
        # is referred to from here alone is ours; the copies saved are a twentieth of an MLP's step.
        if not create_graph and (getattr(g, "base", g) is not None or getrefcount(g) > _ALONE):
            g = copy_of(g)
        total = g if node.grad is None else node.grad + g
        # NumPy's 0-d sums are no arrays; a sum with a gradient that has a graph of its own is a tensor
        node.grad = total if create_graph or total.ndim or isinstance(total, Node) else as_array(total)


def _count_alone() -> int:
    """How many references `getrefcount` sees to what only a local variable holds (it depends on the Python)."""
    mine = np.empty(1)
    return getrefcount(mine)


_ALONE = _count_alone()


def gradients_of(root: Node, nodes: Sequence[Node], gradient: Any, create_graph: bool) -> list[Any]:
    """∂(root)/∂(node) · gradient for any nodes of its graph, None where there is no way; no ``grad`` is touched."""
    found = backward(root, gradient, nodes, create_graph=create_graph)
    given = [found.get(node) for node in nodes]
    return given if create_graph else [g if g is None else copy_of(g) for g in given]


def gradients_within(root: Node, boundary: Sequence[Node], gradient: Any, create_graph: bool) -> list[Any]:
    """∂(root)/∂(node) · gradient for the nodes that bound a part of a graph, each held as if it were a leaf."""
    found = backward(root, gradient, boundary, boundary=frozenset(boundary), create_graph=create_graph)
    return [found.get(node) for node in boundary]

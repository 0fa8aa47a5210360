"""Backward on tensors: chain the rules from a root to the leaves, and check that each rule keeps its contract.

A rule is mathematics and nothing else. Here, once for all operations, a gradient is summed back over
broadcast axes, cast to its input's dtype, checked, and added up where a value was used several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from .anomaly import check_gradient
from .arrays import as_array, copy_of
from .contexts import current_context
from .errors import RuleError
from .node import Node
from .registry import Op
from .stale import raise_stale, refuse_changed, refuse_written
from .unchanged import COPIED


def accumulate(root: Node, gradient: Any, create_graph: bool, retain_grads: bool) -> None:
    """Add ∂(root)/∂(leaf) · gradient to every leaf's ``grad`` (to every node's with ``retain_grads``).

    Nothing is changed if a rule raises: the sums are written to the nodes at the very end.
    """
    order, leaves = walk_backward(root)
    kept = _chain(root, gradient, order, leaves, {*order, *leaves} if retain_grads else set(leaves), create_graph)
    while kept:
        node, g = kept.popitem()
        # A gradient must share memory with nothing, and a rule may return what it was given, or a view. What
        # is referred to from here alone is ours; the copies saved are a twentieth of an MLP's step.
        if not create_graph and (getattr(g, "base", g) is not None or getrefcount(g) > _ALONE):
            g = copy_of(g)
        total = g if node.grad is None else node.grad + g
        # NumPy's 0-d sums are no arrays; a sum with a gradient that has a graph of its own is a tensor
        node.grad = total if create_graph or total.ndim or isinstance(total, Node) else as_array(total)


def gradients_of(root: Node, nodes: Sequence[Node], gradient: Any, create_graph: bool) -> list[Any]:
    """∂(root)/∂(node) · gradient for any nodes of its graph, None where there is no way; no ``grad`` is touched."""
    order, leaves = walk_backward(root)
    oldest = min((node.index for node in nodes), default=0)
    order = [node for node in order if node.index >= oldest]  # what is older cannot depend on the nodes
    kept = _chain(root, gradient, order, leaves, set(nodes), create_graph)
    found = [kept.get(node) for node in nodes]
    return found if create_graph else [g if g is None else copy_of(g) for g in found]


def gradients_within(root: Node, boundary: Sequence[Node], gradient: Any, create_graph: bool) -> list[Any]:
    """∂(root)/∂(node) · gradient for the nodes that bound a part of a graph, each held as if it were a leaf."""
    order: list[Any] = []
    seen: set[Any] = {*boundary}
    todo: list[Any] = [root]
    while todo:
        node = todo.pop()
        if node in seen or node.op is None:  # a leaf that was made within
            continue
        seen.add(node)
        order.append(node)
        for x in node.inputs:
            if isinstance(x, Node) and x.requires_grad:
                todo.append(x)
    order.sort(key=lambda node: -node.index)
    kept = _chain(root, gradient, order, list(boundary), set(boundary), create_graph)
    return [kept.get(node) for node in boundary]


def walk_backward(root: Node) -> tuple[list[Node], list[Node]]:
    """The operations that ``root`` depends on, users before what they use, and the leaves that require gradients.

    Raises `StaleGraphError` if a leaf was changed after an operation used it.
    """
    kind = type(root)
    thorough = current_context().anomaly
    order: list[Node] = []
    leaves: dict[Node, None] = {}
    if root.op is None:
        leaves[root] = None
    seen = {root}
    stack = [root]
    pop, push, add, append = stack.pop, stack.append, seen.add, order.append
    while stack:
        node = pop()
        if node.op is None:
            leaves[node] = None
            continue
        append(node)
        index = node.index
        for each in node.inputs:
            if type(each) is kind:
                if each.index > index:
                    raise_stale(each, node)
                if each not in seen:
                    add(each)
                    if each.requires_grad:
                        push(each)
            elif type(each) is np.ndarray and each.nbytes > COPIED:
                refuse_changed(node)
        if thorough:
            refuse_changed(node)
    for each in seen:
        if each.op is None and each._extra is not None and each.shown is not None:
            refuse_written(each, order)
    order.sort(key=attrgetter("index"), reverse=True)
    return order, list(leaves)


def _chain(
    root: Node, gradient: Any, order: list[Node], leaves: list[Node], wanted: set[Any], create_graph: bool
) -> dict[Node, Any]:
    """Walk the operations in order, each passing its gradient on to its inputs; returns those of ``wanted``."""
    kind = type(root)
    gradients: dict[Node, Any] = {root: gradient}
    kept: dict[Node, Any] = {}
    owned: set[Node] = set()  # whose gradient is a sum made here, and may be written into
    anomaly = current_context().anomaly
    keeps_inner = any(node.op is not None for node in wanted)
    take, add = gradients.pop, np.add
    for node in order:
        g = take(node, None)
        if g is None:
            continue
        if keeps_inner and node in wanted:
            kept[node] = g
        op, inputs = node.op, node.inputs
        if create_graph or not op.simple or op.rules is None:
            contributions = _contributions(node, op, g, create_graph)
        elif len(inputs) == 2:  # the hot path, written out
            a, b = inputs
            rule_a, rule_b = op.rules
            if type(a) is not kind:
                contributions = (None, rule_b and rule_b(g, node._data, a, b._data))
            elif type(b) is not kind:
                contributions = (rule_a and rule_a(g, node._data, a._data, b), None)
            else:
                y, x, z = node._data, a._data, b._data
                contributions = (
                    rule_a(g, y, x, z) if rule_a and a.requires_grad else None,
                    rule_b(g, y, x, z) if rule_b and b.requires_grad else None,
                )
        elif len(inputs) == 1:
            (a,) = inputs
            contribution = op.rules[0](g, node._data, a._data)
            if op.trusted and not anomaly and a not in gradients:
                gradients[a] = contribution
                continue
            contributions = (contribution,)
        else:
            contributions = _contributions(node, op, g, create_graph)
        for each, contribution in zip(inputs, contributions):
            if contribution is None:
                continue
            data = each._data
            try:
                if contribution.shape != data.shape:
                    contribution = _summed_to(contribution, each, node)
                if contribution.dtype is not data.dtype and contribution.dtype != data.dtype:
                    contribution = _cast(contribution, each, node)
            except AttributeError:
                contribution = _as_array(contribution, each, node)
            if anomaly:
                check_gradient(contribution, node)
            if each not in gradients:
                gradients[each] = contribution
            elif each in owned:
                add(gradients[each], contribution, gradients[each])
            else:
                gradients[each] = gradients[each] + contribution
                if type(data) is np.ndarray and data.ndim and not create_graph:
                    owned.add(each)
    for leaf in leaves:
        if leaf in wanted and leaf in gradients:
            kept[leaf] = take(leaf)
    return kept


def _count_alone() -> int:
    """How many references `getrefcount` sees to what only a local variable holds (it depends on the Python)."""
    mine = np.empty(1)
    return getrefcount(mine)


_ALONE = _count_alone()


def _contributions(node: Node, op: Op, g: Any, create_graph: bool) -> Any:
    """What the operation's rules give for each input: the general case."""
    inputs, options = node.inputs, node.options or {}
    wanted = tuple([isinstance(x, Node) and x.requires_grad for x in inputs])
    if create_graph:  # on tensors what was saved has to be part of the graph, so it is computed in it
        saved = op.compute(inputs, options)[1] if op.saves else None
        return op.vjp(g, node, inputs, options, wanted, saved)
    values = [x._data if isinstance(x, Node) else x for x in inputs]
    return op.vjp(g, node._data, values, options, wanted, node.saved)


def _as_array(contribution: Any, node: Node, user: Node) -> Any:
    """A rule's plain number as an array of its input's dtype; anything else is an error."""
    if isinstance(contribution, (float, int)) and node._data.ndim == 0:
        return np.full_like(node._data, contribution)
    raise RuleError(
        f"{user.op.name}: its rule returned {type(contribution).__name__} for an input of shape "
        f"{node._data.shape}; it must return an array of that shape"
    )


def _cast(contribution: Any, node: Node, user: Node) -> Any:
    """A gradient in its input's dtype; a wrong kind of number is an error and not cast."""
    if contribution.dtype.kind != "f":
        raise RuleError(
            f"{user.op.name}: its rule returned {contribution.dtype} for an input of dtype {node._data.dtype}; a "
            "gradient must be of floats"
        )
    return contribution.astype(node._data.dtype)


def _summed_to(contribution: Any, node: Node, user: Node) -> Any:
    """A gradient summed over the axes along which ``node`` was broadcast."""
    op, shape, target = user.op, contribution.shape, node._data.shape
    extra = len(shape) - len(target)
    fits = extra >= 0 and all(n in (1, m) for n, m in zip(target, shape[extra:]))
    if not fits or not (op.broadcasts or shape == user._data.shape):
        raise RuleError(
            f"{op.name}: its rule gave a gradient of shape {shape} for an input of shape {target} "
            f"(its value is {user._data.shape}); the gradient must have the input's shape"
        )
    axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(target) if n == 1 != shape[extra + i])
    return np.reshape(np.sum(contribution, axis=axes), target)

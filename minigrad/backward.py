"""Backward on tensors: chain the rules from a root to the leaves, and hold each rule to its contract.

A rule is mathematics and nothing else. Here, once for all operations, a gradient is summed back over
broadcast axes, cast to its input's dtype, checked, and added up where a value was used several times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import RuleError
from .graph import Node, check_gradient, current_context, walk_backward
from .registry import Op

if TYPE_CHECKING:
    from .tensor import Tensor


def accumulate(root: Tensor, gradient: Any, create_graph: bool, retain_grads: bool) -> None:
    """Add ∂(root)/∂(leaf) · gradient to every leaf's ``grad`` (to every node's with ``retain_grads``).

    Nothing is changed if a rule raises: the sums are written to the nodes at the very end.
    """
    order, leaves = walk_backward(root)
    gradients: dict[Node, Any] = {root: gradient}
    kept: dict[Node, Any] = {}
    owned: set[Node] = set()  # whose gradient is a sum made here, and may be written into
    anomaly = current_context().anomaly
    for node in order:
        g = gradients.pop(node, None)
        if g is None:
            continue
        if retain_grads:
            kept[node] = g
        inputs, op = node.inputs, node.op
        for each, contribution in zip(inputs, _contributions(node, op, g, create_graph), strict=True):
            if contribution is None or not isinstance(each, Node) or not each.requires_grad:
                continue
            data = each._data
            if contribution.shape != data.shape:
                contribution = _summed_to(contribution, each, node)
            if contribution.dtype is not data.dtype and contribution.dtype != data.dtype:
                contribution = contribution.astype(data.dtype)
            if anomaly:
                check_gradient(contribution, node)
            before = gradients.get(each)
            if before is None:
                gradients[each] = contribution
            elif each in owned:
                before += contribution
            else:
                gradients[each] = before + contribution
                if not create_graph and data.ndim:
                    owned.add(each)
    kept |= {leaf: gradients[leaf] for leaf in leaves if leaf in gradients}
    gradients.clear()
    while kept:
        node, g = kept.popitem()
        node.grad = (g if create_graph else _own(g)) if node.grad is None else node.grad + g


def _contributions(node: Node, op: Op, g: Any, create_graph: bool) -> Any:
    """What the operation's rules give for each input."""
    inputs = node.inputs
    options = node.options or {}
    if create_graph:
        values, y = inputs, node
        if op.saves:  # on tensors what was saved has to be part of the graph, so it is computed in it
            options = options | {"saved": op.forward(*inputs, **options)[1]}
    else:
        values, y = [x._data if isinstance(x, Node) else x for x in inputs], node._data
        if op.saves:
            options = options | {"saved": node.saved}
    rules = op.rules
    if rules is None:
        if op.joint_takes_wanted:
            wanted = tuple(isinstance(x, Node) and x.requires_grad for x in inputs)
            options = options | {"wanted": wanted}
        result = op.joint(g, y, *values, **options)
        if not isinstance(result, (tuple, list)) or len(result) != len(inputs):
            raise RuleError(f"{op.name}: its rule must return {len(inputs)} gradients, one for each input")
        return [_checked(each, op) for each in result]
    return [
        _checked(rule(g, y, *values, **options), op) if rule and isinstance(x, Node) and x.requires_grad else None
        for rule, x in zip(rules, inputs)
    ]


def _checked(contribution: Any, op: Op) -> Any:
    """A gradient with a shape and a dtype, or None."""
    if contribution is None or hasattr(contribution, "shape"):
        return contribution
    if isinstance(contribution, (float, int)):
        return np.asarray(contribution)
    raise RuleError(f"{op.name}: its rule returned {type(contribution).__name__}, not an array")


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


def _own(g: Any) -> Any:
    """A gradient that shares memory with nothing: rules may return what they were given, or views of it."""
    return np.array(g)

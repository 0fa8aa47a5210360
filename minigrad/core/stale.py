"""That what a graph was computed from is still what it was: a leaf that was changed since makes the graph stale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from .contexts import current_context
from .errors import StaleGraphError
from .node import Node, describe
from .unchanged import COPIED


def refuse_stale(nodes: Sequence[Node]) -> None:
    """Raise `StaleGraphError` if a leaf, or an array that an operation was given, was changed after its use."""
    thorough = current_context().anomaly
    for node in nodes:
        for each in node.inputs:
            if isinstance(each, Node):
                if each.index > node.index:
                    raise_stale(each, node)
            elif type(each) is np.ndarray and each.nbytes > COPIED:
                refuse_changed(node)
        if thorough:
            refuse_changed(node)
    for node in nodes:
        if node.op is None and node.shown is not None:
            refuse_written(node, nodes)


def raise_stale(leaf: Any, node: Node, how: str = "by an optimizer's step or an assignment to .data") -> NoReturn:
    raise StaleGraphError(
        f"backward: {describe(leaf)} was changed ({how}) after {node.op.name} used it, so this graph's gradients "
        "would be wrong; run the forward pass again"
    )


def refuse_changed(node: Node) -> None:
    """Raise if an array that the node's operation was given holds other numbers now."""
    for each in node.given:
        if each.changed:
            raise_stale(each.array, node, "written into, such as a batch buffer that is filled again")


def refuse_written(leaf: Node, nodes: Sequence[Node]) -> None:
    """Raise if a leaf was written into through its ``data``, by who read it after an operation used the leaf."""
    when, was = leaf.shown
    if was.changed:
        for node in nodes:
            if node.index < when and any(each is leaf for each in node.inputs):
                raise_stale(leaf, node, "by writing into its .data")

"""`Node`: one value in a computation graph, and how messages speak of it.

What a node's value is made of is in ``values/`` (a float in a `Scalar`, an array in a `Tensor`); how one operation is
computed and differentiated is in ``registry.py`` and ``ops/``; what is in force while a node is made (recording,
scopes), in ``contexts.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import count
from typing import Any

import numpy as np

from .arrays import as_array
from .contexts import current_context
from .unchanged import REMEMBERED, remember

#: Numbers nodes as they are made and leaves as they are changed: sorted by it, a graph is in topological
#: order, and a leaf whose number is larger than its user's has been changed since.
tick = count().__next__


def _rare(name: str, default: Any, text: str) -> Any:
    """A property that few nodes have, kept in one dictionary so that the many need no room for it."""

    def read(self: Node) -> Any:
        return default if self._extra is None else self._extra.get(name, default)

    def write(self: Node, value: Any) -> None:
        if self._extra is None:
            self._extra = {}
        self._extra[name] = value

    return property(read, write, doc=text)


class Node:
    """One value in a graph: what it is, the operation it came from, and that operation's inputs.

    ``inputs`` holds nodes and plain numbers or arrays, in order, repeats kept. A node does not know who
    uses it, so dropping the last reference to a root frees its whole graph at once, without the garbage
    collector.
    """

    __slots__ = ("__weakref__", "_data", "_extra", "grad", "index", "op")
    _data: Any
    _extra: dict[str, Any] | None
    grad: Any
    index: int
    op: Any
    inputs: Any
    requires_grad: bool
    name = _rare("name", None, "What pictures and messages call it, or None.")
    options = _rare("options", None, "The options that its operation was called with, or None.")
    scope = _rare("scope", (), "The scopes it was made in, outermost first.")
    saved = _rare("saved", None, "What its operation's forward kept for the rule.")
    source = _rare("source", None, "The line that made it, under `detect_anomaly`.")
    given = _rare("given", (), "What its operation was given in arrays of somebody else, as `Remembered`.")
    shown = _rare("shown", None, "When a leaf's ``data`` was last read, and what it held, as `Remembered`.")
    __hash__ = object.__hash__
    #: ``hot_backward(gradient, wanted, boundary, every)`` gives what `plain_backward` gives, without a graph, faster.
    hot_backward: Any = None

    @property
    def is_leaf(self) -> bool:
        """Whether this node was made by the user rather than by an operation in a graph."""
        return self.op is None

    def _gradients_by(self, nodes: Sequence[Node]) -> Mapping[Node, Any]:
        """∂(this)/∂(node) for nodes of its graph, computed now, no ``grad`` touched; {} for several entries."""
        raise NotImplementedError

    def mark_changed(self) -> None:
        """Say that this leaf's data was changed in place: older graphs can no longer go backward."""
        self.index = tick()
        if self._extra is not None:
            self._extra.pop("shown", None)

    def mark_shown(self) -> None:
        """Say that somebody outside has this leaf's array and may write into it from now on."""
        if type(self._data) is np.ndarray:
            self.shown = (tick(), remember(self._data, whole=REMEMBERED))

    def __divmod__(self: Any, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self: Any, other: Any) -> Any:
        return other // self, other % self

    # A copy of a leaf, by `copy`, `pickle` or another process, is a leaf of its own. Nodes inside a graph have none:
    # where copies of two of them would meet again, a copied graph could not tell.
    def __getstate__(self) -> dict[str, Any]:
        if self.op is not None:
            raise TypeError(
                f"{describe(self)} is inside a graph and cannot be copied or saved; copy .detach(), or copy the leaves "
                "and compute it again"
            )
        if isinstance(self.grad, Node) and self.grad.op is not None:
            raise TypeError(
                f"{describe(self)} cannot be copied or saved, since its grad is inside a graph (create_graph=True); "
                "set .grad to .grad.detach() or start it again"
            )
        return {"data": self._data, "grad": self.grad, "requires_grad": self.requires_grad, "name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._extra = self.op = None
        self._data, self.grad = state["data"], state["grad"]
        self.index = tick()  # it is younger than all that is here, whatever its number was where it was saved
        if state["name"] is not None:
            self.name = state["name"]

    def __copy__(self) -> Any:
        return deepcopy(self)

    def _as_option(self, op: Any, name: str) -> Any:
        """Its plain value as an option of an operation; TypeError where a gradient is wanted, which would be lost."""
        if getattr(self, "requires_grad", True) and current_context().recording:
            raise TypeError(
                f"{op.name}: {name}= is {describe(self)}, which requires a gradient, and {op.name} does not "
                f"differentiate {name}=; give .detach() of it (or .item() for a number) if its value alone is meant"
            )
        return self._data[()] if getattr(self._data, "ndim", None) == 0 else self._data


def describe(value: Any) -> str:
    """A value in an error message: its name, shape, dtype and (when small) the value itself."""
    data = getattr(value, "_data", value)
    name = getattr(value, "name", None)
    if isinstance(value, Node) and name is None and value.op is not None:
        name = f"result of {value.op.name}"
    array = as_array(data)
    plain = isinstance(array, np.ndarray)
    kind = f"{array.shape} {array.dtype}" if array.shape or not plain else f"{data}"
    if plain and 0 < array.size <= 4 and array.ndim:
        kind += f" {array.tolist()}"
    return f"{name} {kind}" if name else kind

"""A computation graph: its nodes, the order to walk them in, the search for NaN, and the `Graph` view.

What a node's value is made of is in ``scalar.py`` (a float) and ``tensor.py`` (an array); how one
operation is computed and differentiated is in ``registry.py`` and ``ops/``; what is in force while a node is made
(recording, scopes), in ``contexts.py``.
"""

from __future__ import annotations

import linecache
import math
import os
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .contexts import Context, current_context
from .errors import AnomalyError, StaleGraphError
from .packages import imported
from .registry import Op
from .unchanged import COPIED, REMEMBERED, remember

if TYPE_CHECKING:
    import networkx

#: Numbers nodes as they are made and leaves as they are changed: sorted by it, a graph is in topological
#: order, and a leaf whose number is larger than its user's has been changed since.
tick = count().__next__
_by_index = attrgetter("index")


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
        self.shown = (tick(), remember(self._data, whole=REMEMBERED))

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


# ---- what a context asks of a new node ----------------------------------------------------------------------


def finish(node: Node, context: Context) -> None:
    """What a context other than the default asks of a new node: its scope, and the search for NaN."""
    if context.scope:
        node.scope = context.scope
    if context.anomaly:
        node.source = _source_line()
        arrays = [x._data if isinstance(x, Node) and x.op is None else x for x in node.inputs]
        node.given = [remember(each, whole=math.inf) for each in arrays if isinstance(each, np.ndarray)]
        check_value(node.op, node.inputs, node._data)


def check_value(op: Op, inputs: tuple[Any, ...], value: Any) -> None:
    """Raise `AnomalyError` if an operation's value has a NaN or Inf."""
    bad = _first_bad(value)
    if bad:
        raise AnomalyError(f"{op.name} gave {bad}; inputs: {_described(inputs)}; made at {_source_line()}")


def check_gradient(gradient: Any, node: Node) -> None:
    """Raise `AnomalyError` if going backward through ``node`` made a NaN or Inf."""
    bad = _first_bad(getattr(gradient, "_data", gradient))
    if bad:
        made = node.source or "a line outside mg.detect_anomaly(); build the graph inside it to see which"
        raise AnomalyError(
            f"the derivative of {node.op.name} gave {bad}; inputs: {_described(node.inputs)}; made at {made}"
        )


def _described(inputs: tuple[Any, ...]) -> str:
    return ", ".join(describe(each) for each in inputs)


def _first_bad(value: Any) -> str | None:
    array = np.asarray(value)
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return None
    where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0]) if array.ndim else ()
    return f"{float(array[where])}" + (f" at index {where}" if where else "")


def describe(value: Any) -> str:
    """A value in an error message: its name, shape, dtype and (when small) the value itself."""
    data = getattr(value, "_data", value)
    name = getattr(value, "name", None)
    if isinstance(value, Node) and name is None and value.op is not None:
        name = f"result of {value.op.name}"
    array = np.asarray(data)
    kind = f"{array.shape} {array.dtype}" if array.ndim else f"{data}"
    if 0 < array.size <= 4 and array.ndim:
        kind += f" {array.tolist()}"
    return f"{name} {kind}" if name else kind


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _source_line() -> str:
    """The file, line and text of the caller's code that is now making a node."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    filename, line = frame.f_code.co_filename, frame.f_lineno
    return f"{filename}:{line}: {linecache.getline(filename, line).strip()}"


# ---- the order of going backward ------------------------------------------------------------------------


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
            _refuse_written(each, order)
    order.sort(key=_by_index, reverse=True)
    return order, list(leaves)


def raise_stale(leaf: Any, node: Node, how: str = "by an optimizer's step or an assignment to .data") -> None:
    raise StaleGraphError(
        f"backward: {describe(leaf)} was changed ({how}) after {node.op.name} used it, so this graph's gradients "
        "would be wrong; run the forward pass again"
    )


def refuse_changed(node: Node) -> None:
    """Raise `StaleGraphError` if an array that the node's operation was given holds other numbers now."""
    for each in node.given:
        if each.changed:
            raise_stale(each.array, node, "written into, such as a batch buffer that is filled again")


def _refuse_written(leaf: Node, order: list[Node]) -> None:
    """Raise if a leaf was written into through its ``data``, by who read it after an operation used the leaf."""
    when, was = leaf.shown
    if was.changed:
        for node in order:
            if node.index < when and any(each is leaf for each in node.inputs):
                raise_stale(leaf, node, "by writing into its .data")


# ---- the view that pictures read ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Vertex:
    """One node as a picture shows it; ``id`` is its place in `Graph.nodes`, inputs before users.

    ``kind`` is "parameter" (a leaf that requires a gradient), "data" (a leaf that does not), "constant"
    (a plain number or array in an expression) or "operation". ``grad`` is what the node's ``grad`` held when the view
    was made, of whichever roots it may be; `Graph.gradients` are those of this root.
    """

    id: int
    kind: str
    op: Op | None
    name: str | None
    value: Any
    grad: Any
    scope: tuple[str, ...]
    options: Mapping[str, Any]
    node: Node | None


class Edge(NamedTuple):
    """``source`` is input number ``position`` of ``target`` (ids of vertices)."""

    source: int
    target: int
    position: int


@dataclass(frozen=True, eq=False)
class Graph:
    """All that ``root`` was computed from: vertices in topological order, and an edge for each use.

    >>> import minigrad as mg
    >>> x = mg.Scalar(3.0, name="x")
    >>> graph = mg.graph(x * x)
    >>> [vertex.name or vertex.op.name for vertex in graph.nodes], len(graph.edges)
    (['x', 'multiply'], 2)
    >>> graph.to_networkx().number_of_edges(0, 1)
    2
    """

    nodes: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    root: int

    def __reduce__(self) -> Any:
        raise TypeError(
            "Graph: a view of live nodes, not to be copied or saved; call mg.graph(root) where it is needed"
        )

    def gradients(self) -> tuple[Any, ...]:
        """∂(root)/∂(vertex) for every vertex, computed afresh: no ``grad`` is read or changed, and nothing is recorded.

        None for data and constants, for what the root has no derivative by, and everywhere if the root has several
        entries. Raises `StaleGraphError` if a leaf was changed after the graph was built.

        >>> import minigrad as mg
        >>> x = mg.Scalar(3.0)
        >>> (x * x).backward()
        >>> mg.graph(x + 1).gradients(), x.grad
        ((1.0, None, 1.0), 6.0)
        """
        wanted = [each.node for each in self.nodes if each.node is not None and each.node.requires_grad]
        root = self.nodes[self.root].node
        found = root._gradients_by(wanted) if root is not None and root.requires_grad else {}
        return tuple(None if each.node is None else found.get(each.node) for each in self.nodes)

    def to_networkx(self) -> networkx.MultiDiGraph:
        """The same as a directed multigraph, with each vertex's and edge's fields as attributes."""
        networkx = imported("networkx", "Graph.to_networkx")
        result = networkx.MultiDiGraph(root=self.root)
        fields = ("kind", "op", "name", "value", "grad", "scope", "options")
        for vertex in self.nodes:
            result.add_node(vertex.id, **{each: getattr(vertex, each) for each in fields})
        for edge in self.edges:
            result.add_edge(edge.source, edge.target, position=edge.position)
        return result


def everything_behind(root: Node) -> list[Node]:
    """A node and all that it was computed from: the leaves, then the operations, inputs before their users."""
    found = {root}
    stack = [root]
    while stack:
        for each in stack.pop().inputs:
            if isinstance(each, Node) and each not in found:
                found.add(each)
                stack.append(each)
    return sorted(found, key=lambda each: (each.op is not None, each.index))


def graph(root: Node) -> Graph:
    """The `Graph` view of everything that ``root`` (a `Scalar` or `Tensor`) was computed from.

    Raises
    ------
    TypeError
        If ``root`` is not a node of a graph, such as a plain array.
    """
    if not isinstance(root, Node):
        raise TypeError(f"graph: requires a Scalar or Tensor, got {type(root).__name__}")
    nodes: list[Vertex] = []
    edges: list[Edge] = []
    ids: dict[Node, int] = {}
    for node in everything_behind(root):
        sources = []
        for position, each in enumerate(node.inputs):
            if each is None:  # an input that was left out, such as a bias
                continue
            if isinstance(each, Node):
                sources.append((ids[each], position))
            else:
                sources.append((len(nodes), position))
                nodes.append(
                    Vertex(len(nodes), "constant", None, None, each, None, node.scope, MappingProxyType({}), None)
                )
        ids[node] = len(nodes)
        kind = "operation" if node.op else "parameter" if node.requires_grad else "data"
        options = MappingProxyType(dict(node.options or {}))
        gradient = node.grad if node.requires_grad else None
        nodes.append(Vertex(len(nodes), kind, node.op, node.name, node._data, gradient, node.scope, options, node))
        edges.extend(Edge(source, ids[node], position) for source, position in sources)
    return Graph(tuple(nodes), tuple(edges), ids[root])

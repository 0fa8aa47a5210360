"""A computation graph as a whole: the walk over it, and the `Graph` view that pictures read."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from .node import Node
from .packages import imported
from .registry import Op

if TYPE_CHECKING:
    import networkx


def walk(*roots: Node, boundary: Set[Node] = frozenset(), since: int = 0) -> list[Node]:
    """All that some nodes were computed from, and they themselves: leaves first, then operations, inputs before users.

    A node in the ``boundary``, or numbered before ``since``, is found but what it was computed from is not.

    >>> import minigrad as mg
    >>> x = mg.Scalar(3.0, name="x")
    >>> y = mg.tanh(x)
    >>> [node.name or node.op.name for node in walk(y * x)]
    ['x', 'tanh', 'multiply']
    >>> [node.name or node.op.name for node in walk(y * y, boundary={y})]
    ['tanh', 'multiply']
    """
    found = set(roots)
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node.index < since or node in boundary:
            continue
        for each in node.inputs:
            if isinstance(each, Node) and each not in found:
                found.add(each)
                stack.append(each)
    return sorted(found, key=lambda each: (each.op is not None, each.index))


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
    for node in walk(root):
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

"""`draw`: a computation graph as a diagram, with the value and the gradient on every node."""

from __future__ import annotations

import html
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.core.errors import StaleGraphError
from minigrad.core.graph import Graph, Vertex, graph
from minigrad.core.node import Node
from minigrad.core.packages import imported

from . import layout
from .files import format_of, write_whole
from .theme import LIGHT, Theme

if TYPE_CHECKING:
    import graphviz

FORMATS = ("svg", "png", "pdf", "dot")


class Diagram:
    """A drawn graph: a notebook displays it, and `save` writes it as SVG, PNG, PDF or DOT.

    Examples
    --------
    >>> import minigrad as mg, viz
    >>> x = mg.Scalar(3.0, name="x")
    >>> diagram = viz.draw(x * x)
    >>> diagram
    <Diagram: 2 nodes, 2 edges; .save('graph.svg') writes it (svg, png, pdf, dot)>
    >>> diagram.svg().startswith("<?xml")
    True
    """

    def __init__(self, source: str, nodes: int, edges: int, engine: str | None = None) -> None:
        #: The drawing in the DOT language.
        self.source = source
        self._counts = (nodes, edges)
        self._engine = engine
        self._rendered: dict[str, bytes] = {}

    def render(self, kind: str) -> bytes:
        """The picture as bytes: "svg", "png", "pdf" or "dot"."""
        if kind not in self._rendered:
            if kind == "dot":
                content = self.source.encode()
            elif kind == "pdf":
                imported("matplotlib", "a graph as PDF")
                from .pdf import pdf_of_svg

                content = pdf_of_svg(self.render("svg"))
            elif kind in FORMATS:
                content = layout.render(self.source, kind, engine=self._engine)
            else:
                raise ValueError(f"{kind!r}: the format must be one of {', '.join(FORMATS)}")
            self._rendered[kind] = content
        return self._rendered[kind]

    def svg(self) -> str:
        """The picture as SVG text."""
        return self.render("svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture in the format of the file's ending; an old file stays whole if that fails.

        Raises ValueError for an unknown ending, FileNotFoundError for a missing folder, `LayoutError`.
        """
        return write_whole(path, self.render(format_of(path, FORMATS)))

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        nodes, edges = self._counts
        return f"<Diagram: {nodes} nodes, {edges} edges; .save('graph.svg') writes it ({', '.join(FORMATS)})>"


def draw(
    root: Node | Graph,
    *,
    direction: str = "LR",
    values: bool = True,
    gradients: bool | str = True,
    scopes: bool = True,
    title: str | None = None,
    marks: Mapping[Node, str] | None = None,
    theme: Theme = LIGHT,
    max_nodes: int = 400,
    engine: str | None = None,
) -> Diagram:
    """Draw everything that a Scalar or Tensor was computed from.

    Operations are rounded boxes, parameters (leaves that require a gradient) orange boxes, data blue
    cylinders, constants grey ellipses; the root has a double outline; scopes are boxes around their nodes.
    Where it matters which input comes first, as in a − b, the arrows are numbered.
    A gradient reads dJ/da, as in the notes, and is computed for the drawing: ``backward`` need not have been
    called, and no ``grad`` is read or changed. The layout program's own fonts, which PNG uses, have Latin,
    Greek and mathematical letters; names in Chinese show in SVG.

    Parameters
    ----------
    root
        The node to explain, or a `minigrad.Graph`.
    direction
        "LR" (inputs on the left) or "TB" (inputs at the top).
    values, gradients
        Whether to write each node's value and the gradient of the root by it. A root of several entries has none, and
        where a parameter was changed after the graph was built, a line above the drawing says that there are none.
        ``gradients="stored"`` writes what each ``grad`` holds instead, labelled ``a.grad``.
    scopes
        Whether to draw a box around each scope.
    title
        A line above the drawing.
    marks
        Nodes to point out, with what to write on them, such as ``{node: "its gradient is wrong"}``.
    max_nodes
        The largest graph that is drawn.
    engine
        "pure" or "system"; see `viz.layout`.

    Raises
    ------
    TypeError
        If root is not a node or a graph.
    ValueError
        If the graph is larger than ``max_nodes``, or the direction or kind of gradients unknown.

    Examples
    --------
    >>> import minigrad as mg, viz
    >>> a, b = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b")
    >>> "d/da = 3" in viz.draw(a * b).source
    True
    """
    if direction not in ("LR", "TB"):
        raise ValueError(f"draw: direction {direction!r}: choose 'LR' (left to right) or 'TB' (top to bottom)")
    if gradients not in (True, False, "stored"):
        raise ValueError(f"draw: gradients={gradients!r}: choose True, False or 'stored'")
    view = root if isinstance(root, Graph) else graph(root)
    if len(view.nodes) > max_nodes:
        raise ValueError(
            f"draw: the graph has {len(view.nodes)} nodes, more than max_nodes={max_nodes}; draw a smaller example, or "
            "raise max_nodes if you mean it"
        )
    shown, note = _gradients(view, gradients)
    final = view.nodes[view.root].name or ""

    def lead(name: str | None) -> str:
        """What stands before a gradient."""
        if gradients == "stored":
            return f"{name}.grad" if name else "grad"
        return f"d{final}/d{name}" if name else "gradient"

    source = imported("graphviz", "viz.draw").Digraph("computation", strict=False)
    source.attr(
        rankdir=direction, bgcolor=theme.background, fontname=theme.font, fontcolor=theme.text, ordering="in",
        nodesep="0.3", ranksep="0.6", pad="0.15",
    )  # fmt: skip
    source.attr("node", fontname=theme.font, fontsize=f"{theme.font_size:g}", fontcolor=theme.text, margin="0.11,0.07")
    source.attr(
        "edge", color=theme.edge, arrowsize="0.75", penwidth="1.2", fontname=theme.font, fontcolor=theme.quiet_text,
        fontsize=f"{theme.font_size - 3:g}", labeldistance="1.6", labelangle="-28",
    )  # fmt: skip
    above = [html.escape(line) for line in (title, note) if line]
    if above:
        source.attr(label="\\n".join(above), labelloc="t", fontsize=f"{theme.font_size + 3:g}")

    def add(into: graphviz.Digraph, vertex: Vertex) -> None:
        style = theme.kinds[vertex.kind]
        is_root = vertex.id == view.root
        mark = None if marks is None or vertex.node is None else marks.get(vertex.node)
        outline = theme.mark if mark else theme.root_outline if is_root else style.outline
        into.node(
            str(vertex.id), label=_label(vertex, values, shown[vertex.id], lead(vertex.name), mark, theme),
            shape=style.shape, style=style.style, fillcolor=theme.mark_fill if mark else style.fill, color=outline,
            penwidth="3" if mark else "2" if is_root else "1.3", peripheries="2" if is_root else "1",
        )  # fmt: skip

    _add_scope(source, (), list(view.nodes), add, scopes, theme)
    for edge in view.edges:
        op = view.nodes[edge.target].op
        label = {"headlabel": f"{edge.position + 1}"} if op is not None and op.name in _ORDERED else {}
        source.edge(str(edge.source), str(edge.target), **label)
    return Diagram(source.source, len(view.nodes), len(view.edges), engine)


def _add_scope(
    into: graphviz.Digraph,
    path: tuple[str, ...],
    vertices: list[Vertex],
    add: Callable[[graphviz.Digraph, Vertex], None],
    scopes: bool,
    theme: Theme,
) -> None:
    """Add the vertices of one scope, and a box for every scope inside it, in order of appearance."""
    inner: dict[str, list[Vertex]] = {}
    for vertex in vertices:
        if scopes and len(vertex.scope) > len(path):
            inner.setdefault(vertex.scope[len(path)], []).append(vertex)
        else:
            add(into, vertex)
    for name, inside in inner.items():
        deeper = (*path, name)
        with into.subgraph(name="cluster_" + "/".join(deeper)) as box:
            fill = theme.scope_fills[min(len(path), len(theme.scope_fills) - 1)]
            box.attr(
                label=html.escape(name), labeljust="l", style="filled,rounded", fillcolor=fill,
                color=theme.scope_outline, fontname=theme.font, fontcolor=theme.quiet_text,
                fontsize=f"{theme.font_size - 1:g}", margin="10",
            )  # fmt: skip
            _add_scope(box, deeper, inside, add, scopes, theme)


#: Operations of two inputs alike in kind, of which the reader must know the first: their arrows are numbered.
_ORDERED = frozenset({"subtract", "divide", "power", "matmul", "dot"})


def _gradients(view: Graph, which: bool | str) -> tuple[Sequence[Any], str]:
    """What to show for every vertex, and a line that says why there is nothing where something was to be expected."""
    if which == "stored":
        return [vertex.grad for vertex in view.nodes], ""
    nothing = [None] * len(view.nodes)
    if not which:
        return nothing, ""
    try:
        with np.errstate(all="ignore"):
            return view.gradients(), ""
    except StaleGraphError:
        return nothing, "no gradients: a parameter was changed after this graph was built; run the forward pass again"


# ---- what a node says -----------------------------------------------------------------------------------


def _label(vertex: Vertex, values: bool, gradient: Any, lead: str, mark: str | None, theme: Theme) -> str:
    """An HTML-like label: the heading, then value and gradient on lines of their own; ``lead`` says which gradient."""
    size = theme.font_size
    heading = vertex.op.label if vertex.op else vertex.name or ""
    rows = [_row(line, size, bold=True) for line in heading.splitlines()]
    if values or not rows:
        rows += _lines(vertex.name if vertex.op else None, describe(vertex.value), size - 1, theme.quiet_text)
    elif vertex.op and vertex.name:
        rows.append(_row(vertex.name, size - 1, color=theme.quiet_text))
    if gradient is not None:
        lines = describe(gradient)
        if len(lines) == 2 and lines[0] == describe(vertex.value)[0]:
            lines = lines[1:]  # the shape and dtype stand above already
        rows += _lines(lead, lines, size - 1, theme.gradient_text)
    if mark:
        rows.append(_row(mark, size - 1, bold=True, color=theme.mark))
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(rows)}</TABLE>>'


def _lines(name: str | None, lines: list[str], size: float, color: str) -> list[str]:
    """``name = value`` on one line where it fits, else the name above the value's lines."""
    if name and len(lines) == 1 and len(name) + len(lines[0]) <= 16:
        lines = [f"{name} = {lines[0]}"]
    elif name:
        lines = [f"{name} =", *lines]
    return [_row(line, size, color=color) for line in lines]


def _row(text: str, size: float, *, bold: bool = False, color: str | None = None) -> str:
    escaped = html.escape(text) or " "
    inner = f"<B>{escaped}</B>" if bold else escaped
    font = f'<FONT POINT-SIZE="{size:g}"' + (f' COLOR="{color}"' if color else "") + f">{inner}</FONT>"
    return f'<TR><TD WIDTH="{text_width(text, size):.0f}">{font}</TD></TR>'


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in points: the layout program knows no widths outside ASCII."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    narrow = sum(c in " .,:;'|()[]ijlt/" for c in text)
    return size * (1.0 * wide + 0.36 * narrow + 0.6 * (len(text) - wide - narrow))


def describe(value: Any) -> list[str]:
    """A value in one or two short lines: a number, a few entries, or shape, dtype and range."""
    array = np.asarray(getattr(value, "_data", value))  # a gradient of create_graph=True is a node
    if array.ndim == 0:
        return [_number(array.item())]
    if array.size == 0:
        return [f"{array.shape} {array.dtype}"]
    if array.ndim == 1 and array.size <= 4:
        return ["[" + ", ".join(_number(x) for x in array.tolist()) + "]"]
    if array.ndim == 2 and array.size <= 9 and array.shape[1] <= 3:
        return ["[" + ", ".join(_number(x) for x in row) + "]" for row in array.tolist()]
    first = f"{array.shape} {array.dtype}"
    if array.dtype.kind == "b":
        return [first, f"{int(array.sum())} true"]
    if array.dtype.kind in "fiu":
        return [first, f"{_number(array.min())} to {_number(array.max())}"]
    return [first]


def _number(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, (float, np.floating)) else str(x)

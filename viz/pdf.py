"""A laid-out graph as PDF: Graphviz's SVG (polygons, ellipses, Bézier paths, text) redrawn by matplotlib."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, PathPatch, Polygon
from matplotlib.path import Path

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}
#: matplotlib's own font is wider than the one the layout measured.
_FONT_SCALE = 0.88


def pdf_of_svg(svg: bytes) -> bytes:
    """One page of PDF that shows what Graphviz's SVG shows; the bytes are the same for the same SVG."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = (float(x) for x in root.attrib["viewBox"].split())
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    group = root.find(f"{_NAMESPACE}g")
    assert group is not None
    shift = re.search(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)", group.attrib["transform"])
    assert shift is not None
    dx, dy = float(shift[1]), float(shift[2])
    for order, element in enumerate(group.iter()):
        draw = _DRAW.get(element.tag.removeprefix(_NAMESPACE))
        if draw:
            draw(axes, element, dx, dy, order)
    buffer = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(buffer, metadata={"CreationDate": None})
    return buffer.getvalue()


def _look(element: Any, order: int) -> dict[str, Any]:
    fill, stroke = element.get("fill", "black"), element.get("stroke", "none")
    dashed = "dashed" if element.get("stroke-dasharray") else "solid"
    return {
        "facecolor": fill if fill != "transparent" else "none",
        "edgecolor": stroke if stroke != "transparent" else "none",
        "linewidth": float(element.get("stroke-width", 1)),
        "linestyle": dashed,
        "zorder": order,
    }


def _points(text: str, dx: float, dy: float) -> list[tuple[float, float]]:
    numbers = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", text)]
    return [(x + dx, y + dy) for x, y in zip(numbers[::2], numbers[1::2])]


def _polygon(axes: Any, element: Any, dx: float, dy: float, order: int) -> None:
    axes.add_patch(Polygon(_points(element.attrib["points"], dx, dy), **_look(element, order)))


def _polyline(axes: Any, element: Any, dx: float, dy: float, order: int) -> None:
    axes.add_patch(Polygon(_points(element.attrib["points"], dx, dy), closed=False, **_look(element, order)))


def _ellipse(axes: Any, element: Any, dx: float, dy: float, order: int) -> None:
    x, y, rx, ry = (float(element.attrib[name]) for name in ("cx", "cy", "rx", "ry"))
    axes.add_patch(Ellipse((x + dx, y + dy), 2 * rx, 2 * ry, **_look(element, order)))


def _path(axes: Any, element: Any, dx: float, dy: float, order: int) -> None:
    points, codes = _points(element.attrib["d"], dx, dy), [Path.MOVETO]
    codes += [Path.CURVE4] * (len(points) - 1)
    axes.add_patch(PathPatch(Path(points, codes), **_look(element, order)))


def _text(axes: Any, element: Any, dx: float, dy: float, order: int) -> None:
    axes.text(
        float(element.attrib["x"]) + dx,
        float(element.attrib["y"]) + dy,
        (element.text or "").replace("$", r"\$"),
        ha=_ANCHORS[element.get("text-anchor", "start")],
        va="baseline",
        fontsize=float(element.get("font-size", 14)) * _FONT_SCALE,
        fontweight=element.get("font-weight", "normal"),
        fontstyle=element.get("font-style", "normal"),
        color=element.get("fill", "black"),
        zorder=order,
    )


_DRAW = {"polygon": _polygon, "polyline": _polyline, "ellipse": _ellipse, "path": _path, "text": _text}

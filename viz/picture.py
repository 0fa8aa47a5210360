"""`Picture`: a matplotlib figure that a notebook displays and that is saved whole or not at all; no global state."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.core.packages import imported

from .files import format_of, write_whole
from .theme import LIGHT, OKABE_ITO

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")
_STYLE: Any = {
    "svg.hashsalt": "minigrad", "svg.fonttype": "path", "font.size": 11, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#E3E3E3", "grid.linewidth": 0.8,
    "axes.axisbelow": True, "axes.edgecolor": "#6B6B6B", "text.color": LIGHT.text, "axes.titlesize": 13,
    "axes.titlelocation": "left", "legend.frameon": False, "lines.linewidth": 2.0, "axes.unicode_minus": True,
    "axes.prop_cycle": f"cycler(color={list(OKABE_ITO)})",
}  # fmt: skip


class Picture:
    """A finished matplotlib figure; ``figure`` is there for changes before it is saved.

    Examples
    --------
    >>> import viz
    >>> viz.confusion_matrix([0, 1, 1], [0, 1, 0])
    <Picture: .save('picture.svg') writes it (svg, png, pdf)>
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def render(self, kind: str) -> bytes:
        """The picture as bytes: "svg", "png" or "pdf", the same for the same figure."""
        buffer = io.BytesIO()
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with imported("matplotlib", "a picture of viz").rc_context({"svg.hashsalt": "minigrad"}):
            self.figure.savefig(buffer, format=kind, dpi=160, metadata=metadata, facecolor=LIGHT.background)
        return buffer.getvalue()

    def svg(self) -> str:
        """The picture as SVG text."""
        return self.render("svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture in the format of the file's ending; an old file stays whole if that fails.

        Raises ValueError for an unknown ending, FileNotFoundError for a missing folder.
        """
        return write_whole(path, self.render(format_of(path, FORMATS)))

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"<Picture: .save('picture.svg') writes it ({', '.join(FORMATS)})>"


@contextmanager
def new_figure(width: float, height: float, **options: Any) -> Iterator[tuple[Figure, Any]]:
    """A figure in the house style with its axes; the style ends with the block."""
    matplotlib = imported("matplotlib", "a picture of viz")
    with matplotlib.rc_context(_STYLE):
        figure = imported("matplotlib.figure", "a picture of viz").Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(**options)

"""Colours, fonts and shapes of all pictures, as data; told apart by shape too, not by colour alone."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Okabe and Ito's eight colours, which readers with any colour vision can tell apart.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


@dataclass(frozen=True)
class Style:
    """How one kind of vertex looks: Graphviz shape and style, fill, outline."""

    shape: str
    fill: str
    outline: str
    style: str = "filled"


@dataclass(frozen=True)
class Theme:
    """The look of a drawing."""

    font: str = "Helvetica"
    font_size: float = 13.0
    text: str = "#1A1A1A"
    quiet_text: str = "#4A4A4A"
    gradient_text: str = "#9A3B00"
    background: str = "#FFFFFF"
    edge: str = "#6B6B6B"
    root_outline: str = "#9A3B00"
    mark: str = "#B00020"
    mark_fill: str = "#FFE3E6"
    scope_fills: tuple[str, ...] = ("#F6F7F9", "#ECEFF3", "#E2E6EC")
    scope_outline: str = "#9AA3AE"
    kinds: dict[str, Style] = field(
        default_factory=lambda: {
            "operation": Style("box", "#FFFFFF", "#333333", "filled,rounded"),
            "parameter": Style("box", "#FDEBC8", "#A86F00"),
            "data": Style("cylinder", "#DDF0FB", "#1F6FA8"),
            "constant": Style("ellipse", "#EFEFEF", "#777777"),
        }
    )


LIGHT = Theme()

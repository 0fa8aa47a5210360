"""viz: pictures of minigrad's graphs, gradients and training."""

from .diagram import Diagram, draw
from .gradient_flow import gradient_flow
from .html import Section, page
from .layout import LayoutError
from .picture import Picture
from .theme import LIGHT, OKABE_ITO, Theme
from .training import confusion_matrix, training_curves

__all__ = [
    "LIGHT", "OKABE_ITO", "Diagram", "LayoutError", "Picture", "Section", "Theme", "confusion_matrix", "draw",
    "gradient_flow", "page", "training_curves",
]  # fmt: skip

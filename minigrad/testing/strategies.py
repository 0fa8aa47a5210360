"""Hypothesis strategies: arrays, valid inputs for any registered operation, random graphs and random networks."""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from hypothesis import strategies as st
except ModuleNotFoundError:  # pragma: no cover - the message is the point
    raise ModuleNotFoundError(
        "mg.testing.strategies needs hypothesis: pip install hypothesis", name="hypothesis"
    ) from None

from ..core.program import Program
from ..core.registry import Domain, Operation
from .draws import Draw
from .operations import Example, drawn_inputs
from .random_graphs import draw_graph, draw_network

__all__ = ["HypothesisDraw", "arrays", "examples_of", "graphs", "inputs_of", "networks", "shapes_that_broadcast"]


class HypothesisDraw(Draw):
    """A `Draw` whose every choice is Hypothesis's, so that it shrinks."""

    def __init__(self, draw: Any, *, kinks: bool = False, scale: float = 1.0) -> None:
        super().__init__(kinks=kinks, scale=scale)
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return self._draw(st.integers(low, high))

    def integers(self, low: int, high: int, size: int) -> list[int]:
        """So many of them."""
        return self._draw(st.lists(st.integers(low, high), min_size=size, max_size=size))

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers 0 to n − 1 in some order."""
        return tuple(self._draw(st.permutations(range(n))))


@st.composite
def arrays(draw: Any, shape: tuple[int, ...] | None = None, *, domain: Domain | None = None) -> np.ndarray:
    """Arrays of float64: plain numbers, boundary values (0, ±1, the domain's ends) and ties.

    Parameters
    ----------
    shape
        Their shape; by default one of up to three axes of length 0 to 3.
    domain
        The numbers they hold, such as ``mg.domain(0.1, 3)``; by default −3 to 3.
    """
    source, numbers = HypothesisDraw(draw), domain or Domain()
    return source.within(numbers, source.any_shape() if shape is None else shape)


@st.composite
def shapes_that_broadcast(draw: Any, count: int = 2, *, max_dims: int = 3) -> tuple[tuple[int, ...], ...]:
    """Shapes that broadcast together, with axes of length 0 and 1 among them."""
    return tuple(HypothesisDraw(draw).shapes_that_broadcast(count, max_dims))


@st.composite
def inputs_of(draw: Any, op: Operation, *, kinks: bool = False) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Valid ``(inputs, options)`` for an operation; inputs of an elementwise one broadcast together.

    Parameters
    ----------
    kinks
        Also draw the points where the derivative jumps, and ties, which samplers keep away from.

    Raises
    ------
    ValueError
        If the operation was registered without ``inputs=``.
    """
    return drawn_inputs(op, HypothesisDraw(draw, kinks=kinks))


def examples_of(op: Operation, *, kinks: bool = False) -> st.SearchStrategy[Example]:
    """An operation with valid arguments, as a function of its floating arrays."""
    return inputs_of(op, kinks=kinks).map(lambda drawn: Example(op, *drawn))


@st.composite
def graphs(draw: Any, max_nodes: int = 8, operations: Any = None) -> Program:
    """Random graphs over the whole registry: values used several times, broadcasting, views, duplicate indices.

    A graph is a `Program`, a function of its leaves: ``check_gradients(graph, *graph.leaves)``. It shrinks to few
    operations of small arrays.

    Parameters
    ----------
    max_nodes
        The most operations in a graph.
    operations
        Which to draw from, by default every differentiable one that is registered when a graph is drawn.
    """
    return draw_graph(HypothesisDraw(draw), max_nodes, operations)


@st.composite
def networks(draw: Any, max_layers: int = 3) -> tuple[Any, np.ndarray]:
    """Random small networks with a batch for them: ``(model, x)``, layers of all kinds in `mg.nn`."""
    return draw_network(HypothesisDraw(draw), max_layers)

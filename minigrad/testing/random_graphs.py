"""Random graphs over the whole registry, and random networks, drawn from a `Draw`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from .. import nn
from ..core.equations import Equation, Variable
from ..core.operation import Op, Operation
from ..core.program import Builder, Program
from ..core.registry import operations
from ..core.trees import leaves_of
from ..values.tensor import Tensor
from .draws import Draw
from .operations import Example, drawn_example, nudged

#: Values in a graph stay below this, and arrays below so many entries: differences lose digits beyond.
_LARGEST, _MOST_ENTRIES = 1e4, 64
#: Operations that keep to inputs of their own: knots that come twice, singular matrices and equal eigenvalues have no
#: derivative. So do all decompositions.
_DELICATE = ("interp",)


def draw_graph(draw: Draw, max_nodes: int, allowed: Sequence[Operation] | None = None) -> Program:
    """A random graph of at most ``max_nodes`` operations; see `strategies.graphs`.

    Every operation's inputs are drawn as the operation itself says; then each may be replaced by a value that is in the
    graph already, where the operation is defined there.
    """
    if allowed is None:
        allowed = [op for op in operations().values() if op.differentiable and op.inputs is not None]
    graph = _Graph()
    steps = draw.integer(1, max_nodes)
    while steps > 0:
        example = drawn_example(draw.choice(allowed), draw)
        if not example.points:
            steps -= 1
            continue
        before = len(graph.equations)
        sources = [_source(draw, example, place, point, graph) for place, point in enumerate(example.points)]
        steps -= len(graph.equations) - before
        points = [graph.values[x] for x in sources]
        if not _is_usable(example, points):  # not defined there: on what was drawn for it, it is
            del graph.equations[before:]
            points = example.points
            sources = [graph.leaf(point) for point in points] if _is_usable(example, points) else []
        steps -= 1
        if sources:
            graph.add(example, sources, points)
    return graph.program() if graph.equations else draw_graph(draw, max_nodes, allowed)


class _Graph(Builder):
    """A graph so far, with the value of every leaf and floating result in it."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[Variable, np.ndarray] = {}
        self.leaves: dict[Variable, np.ndarray] = {}

    def leaf(self, point: np.ndarray) -> Variable:
        """A new leaf."""
        variable = self.variable(point.shape, point.dtype)
        self.values[variable] = self.leaves[variable] = point
        return variable

    def add(self, example: Example, sources: Sequence[Variable], points: Sequence[np.ndarray]) -> Variable:
        """A new operation, on these sources, whose values the points are; its first result."""
        op = example.op
        arguments, options = example.arguments(sources)
        if isinstance(op, Op):
            arguments, options = op.sorted_call(tuple(arguments), dict(options))  # type: ignore[assignment]
            arguments = [list(arguments)] if op.variadic else arguments
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = leaves_of(example.result(*points))
        outputs = tuple(self.variable(np.shape(each), np.asarray(each).dtype) for each in found)
        self.values |= {x: np.asarray(y) for x, y in zip(outputs, found) if x.dtype == np.float64}
        self.equations.append(Equation(op, tuple(self.lifted(x) for x in arguments), self.lifted(options), outputs))
        return outputs[0]

    def program(self) -> Program:
        """What the last operation gives."""
        results = [x for x in self.equations[-1].outputs if x in self.values]
        outputs = results[0] if len(results) == 1 else tuple(results)
        values = list(self.leaves.values())
        return Program(list(self.leaves), self.constants, self.equations, outputs, leaves=values).with_inputs({})


def _source(draw: Draw, example: Example, place: int, point: np.ndarray, graph: _Graph) -> Variable:
    """Where an input comes from: a new leaf, or a value that is there, or entries of one, which an operation takes."""
    if example.op.name in _DELICATE or example.op.__module__.endswith(".decomposition"):
        return graph.leaf(point)
    known = {x for each in graph.equations for x in (*each.used, *each.outputs)}
    values = [(x, value) for x, value in graph.values.items() if x in known]
    fitting = [x for x, value in values if _fits(example, place, value)]
    chosen = draw.integer(0, len(fitting))
    if chosen:
        return fitting[-chosen]
    full = [x for x, value in values if value.size]
    if fitting or not full or not point.size or not draw.integer(0, 3):
        return graph.leaf(point)
    source = draw.choice(full[::-1])  # some of them several times, in the shape that is wanted
    value = graph.values[source]
    indices = draw.indices(value.size, size=point.size).reshape(point.shape)
    take = Example(operations()["take"], (value,), {"indices": indices, "axis": None, "mode": "raise"})
    return graph.add(take, [source], [value])


def _fits(example: Example, place: int, value: np.ndarray) -> bool:
    """Whether a value has the shape for a place: any that broadcasts with the others, where it works by entries."""
    if not example.op.elementwise:
        return value.shape == example.points[place].shape
    others = [x.shape for i, x in enumerate(example.points) if i != place]
    try:
        shape = np.broadcast_shapes(value.shape, *others)
    except ValueError:
        return False
    return int(np.prod(shape)) <= _MOST_ENTRIES


def _is_usable(example: Example, points: Sequence[np.ndarray]) -> bool:
    """Whether the operation has a value of use there: finite, and not steeper than differences like."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = example(*(Tensor(x, requires_grad=True) for x in points))
            moved = np.asarray(example(*nudged(points, np.random.default_rng(0))))
    except (ArithmeticError, ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        return False
    if not isinstance(node, Tensor) or not node.requires_grad or node.size > _MOST_ENTRIES:
        return False
    value = node.numpy()
    usable = value.dtype == np.float64 and bool(np.all(np.abs(value) <= _LARGEST))
    if not usable or moved.shape != value.shape:  # complex numbers there, real ones here
        return False
    return bool(np.all(np.abs(np.nan_to_num(moved) - value) <= 1e-5 * (1 + np.abs(value))))


def draw_network(draw: Draw, max_layers: int) -> tuple[nn.Sequential, np.ndarray]:
    """A random network and a batch for it; see `strategies.networks`."""
    seed, features = draw.integer(0, 1000), draw.integer(1, 3)
    x = draw.distinct((draw.integer(3, 5), features))
    layers: list[nn.Module] = []
    for i in range(draw.integer(1, max_layers)):
        width = draw.integer(1, 3)
        layers.append(nn.Linear(features, width, bias=draw.boolean(), rng=seed + i))
        if draw.boolean():
            layers.append(nn.BatchNorm(width, eps=1e-2))
        layers.append(draw.choice([nn.Tanh, nn.Sigmoid, nn.ReLU, nn.LeakyReLU, nn.Softmax])())
        features = width
    return nn.Sequential(*layers), x

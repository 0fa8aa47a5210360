"""Random graphs over the whole registry, and random networks, drawn from a `Draw`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import nn
from ..core.registry import Operation, operations
from ..values.tensor import Tensor
from .draws import Draw
from .expression import Expression, Step
from .operations import Example, drawn_example, nudged

#: Values in a graph stay below this, and arrays below so many entries: differences lose digits beyond.
_LARGEST, _MOST_ENTRIES = 1e4, 64
#: Operations that keep to inputs of their own: knots that come twice, singular matrices and equal eigenvalues have no
#: derivative. So do all decompositions.
_DELICATE = ("interp",)


def draw_graph(draw: Draw, max_nodes: int, allowed: Sequence[Operation] | None = None) -> Expression:
    """A random graph of at most ``max_nodes`` operations; see `strategies.graphs`.

    Every operation's inputs are drawn as the operation itself says; then each may be replaced by a value that is in the
    graph already, where the operation is defined there.
    """
    if allowed is None:
        allowed = [op for op in operations().values() if op.differentiable and op.inputs is not None]
    rows: list[np.ndarray | Step] = []
    values: list[np.ndarray] = []
    steps = draw.integer(1, max_nodes)
    while steps > 0:
        example = drawn_example(draw.choice(allowed), draw)
        if not example.points:
            steps -= 1
            continue
        before = len(rows)
        sources = []
        for place, point in enumerate(example.points):
            source, made = _source(draw, example, place, point, rows, values)
            steps -= made
            sources.append(source)
        result = _value(example, [values[i] for i in sources])
        if result is None:  # not defined there: on what was drawn for it, it is
            del rows[before:], values[before:]
            sources = [_added(rows, values, point, point) for point in example.points]
            result = _value(example, example.points)
        steps -= 1
        if result is not None:
            _added(rows, values, Step(example, sources), result)
    if not any(isinstance(row, Step) for row in rows):
        return draw_graph(draw, max_nodes, allowed)
    while not isinstance(rows[-1], Step):
        rows.pop()
    return Expression(rows)


def _added(rows: list[Any], values: list[np.ndarray], row: Any, value: np.ndarray) -> int:
    rows.append(row)
    values.append(np.asarray(value))
    return len(rows) - 1


def _source(
    draw: Draw, example: Example, place: int, point: np.ndarray, rows: list[Any], values: list[np.ndarray]
) -> tuple[int, int]:
    """The row that an input comes from, a new leaf or one that is there, and how many steps were made for it."""
    if example.op.name in _DELICATE or example.op.__module__.endswith(".decomposition"):
        return _added(rows, values, point, point), 0
    fitting = [i for i, value in enumerate(values) if _fits(example, place, value)]
    chosen = draw.integer(0, len(fitting))
    if chosen:
        return fitting[-chosen], 0
    full = [i for i, value in enumerate(values) if value.size]
    if fitting or not full or not point.size or not draw.integer(0, 3):
        return _added(rows, values, point, point), 0
    source = draw.choice(full[::-1])  # entries of it, some of them several times, in the shape that is wanted
    indices = draw.indices(values[source].size, size=point.size).reshape(point.shape)
    take = Example(operations()["take"], (values[source],), {"indices": indices, "axis": None, "mode": "raise"})
    taken = take(values[source])
    return _added(rows, values, Step(take, [source]), taken), 1


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


def _value(example: Example, points: Sequence[np.ndarray]) -> np.ndarray | None:
    """The operation's value, or None where it has none that is of use: not finite, or steeper than differences like."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = example(*(Tensor(x, requires_grad=True) for x in points))
            moved = np.asarray(example(*nudged(points, np.random.default_rng(0))))
    except (ArithmeticError, ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        return None
    if not isinstance(node, Tensor) or not node.requires_grad or node.size > _MOST_ENTRIES:
        return None
    value = node.numpy()
    usable = value.dtype == np.float64 and bool(np.all(np.abs(value) <= _LARGEST))
    if not usable or moved.shape != value.shape:  # complex numbers there, real ones here
        return None
    flat = bool(np.all(np.abs(np.nan_to_num(moved) - value) <= 1e-5 * (1 + np.abs(value))))
    return value if flat else None


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

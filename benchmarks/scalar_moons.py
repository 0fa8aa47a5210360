"""micrograd's own demo, one step: an MLP 2-16-16-1 of single numbers on 100 points of two moons.

The same Python program runs on both engines; only the class of the numbers differs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .measure import Goal

GOALS = [Goal("micrograd", 1 / 8)]
SCALE, UNIT = 1e3, "ms"


class Neuron:
    """w·x + b, with a ReLU unless it is the last."""

    def __init__(self, number: Callable[[float], Any], inputs: int, nonlinear: bool) -> None:
        self.w = [number(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b, self.nonlinear = number(0.0), nonlinear

    def __call__(self, x: list[Any]) -> Any:
        act = self.b
        for wi, xi in zip(self.w, x, strict=True):
            act = act + wi * xi
        return act.relu() if self.nonlinear else act

    def parameters(self) -> Iterator[Any]:
        """Weights and bias."""
        return iter([*self.w, self.b])


class Net:
    """Layers of neurons."""

    def __init__(self, number: Callable[[float], Any], sizes: list[int]) -> None:
        random.seed(1337)
        self.layers = [
            [Neuron(number, n_in, i < len(sizes) - 2) for _ in range(n_out)]
            for i, (n_in, n_out) in enumerate(pairwise(sizes))
        ]

    def __call__(self, x: list[Any]) -> Any:
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x[0]

    def parameters(self) -> list[Any]:
        """Every number that is learned."""
        return [p for layer in self.layers for neuron in layer for p in neuron.parameters()]


def moons(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaving half circles with noise, labels −1 and +1."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, np.pi, count // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.concatenate([upper, lower]) + rng.normal(scale=0.1, size=(2 * (count // 2), 2))
    return points, np.repeat([-1, 1], count // 2)


def step(net: Net, number: Callable[[float], Any], points: np.ndarray, labels: np.ndarray, lr: float = 0.1) -> float:
    """Hinge cost with L2, backward, and a step of gradient descent; gives the cost."""
    inputs = [[number(float(v)) for v in row] for row in points]
    scores = [net(row) for row in inputs]
    losses = [(1 + float(-label) * score).relu() for label, score in zip(labels, scores, strict=True)]
    total = sum(losses[1:], losses[0]) * (1.0 / len(losses))
    squares = [p * p for p in net.parameters()]
    cost = total + 1e-4 * sum(squares[1:], squares[0])
    for p in net.parameters():
        p.grad = 0.0
    cost.backward()
    for p in net.parameters():
        p.data = p.data - lr * p.grad
    return cost.data


def _minigrad() -> Callable[[float], Any]:
    import minigrad

    return minigrad.Scalar


def _micrograd() -> Callable[[float], Any]:
    from micrograd.engine import Value

    return Value


IMPLEMENTATIONS: dict[str, Callable[[], Callable[[float], Any]]] = {
    "minigrad": _minigrad,
    "micrograd": _micrograd,
}


def program(name: str, points: int = 100) -> Callable[[], float]:
    """One step of an engine; ImportError if it is missing."""
    number = IMPLEMENTATIONS[name]()
    data, labels = moons(points)
    net = Net(number, [2, 16, 16, 1])
    return lambda: step(net, number, data, labels)

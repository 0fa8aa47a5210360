"""One call of a registered operation as a function of its floating arrays alone, whatever form the call has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..registry import Composed, Domain, Op
from ..trees import leaves_of, rebuilt
from .draws import Draw


def drawn_inputs(op: Op | Composed, draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Valid ``(inputs, options)`` for an operation, as its ``inputs=`` says: a function of the draw, or its domains.

    Raises ValueError if the operation was registered without ``inputs=``.
    """
    if op.inputs is None:
        raise ValueError(f"{op.name}: registered without inputs=, so there is nothing to draw from")
    if callable(op.inputs):
        inputs, options = op.inputs(draw)
        return tuple(np.asarray(x) if isinstance(x, np.floating) else x for x in inputs), options  # NumPy's 0-d sums
    shape = draw.any_shape()
    return tuple(_in_domain(draw, shape, each) for each in op.inputs), {}


def _in_domain(draw: Draw, shape: tuple[int, ...], domain: Domain) -> np.ndarray:
    own = draw.broadcastable_to(shape) if draw.boolean() else shape
    return draw.array(own, low=domain.low, high=domain.high, avoid=domain.avoid)


def drawn_example(op: Op | Composed, draw: Draw) -> Example:
    """An operation with valid arguments, as a function of its floating arrays."""
    return Example(op, *drawn_inputs(op, draw))


class Example:
    """An operation with arguments to try it on: ``example(*points)`` is its value, ``points`` what it was drawn at.

    Several results are given as one vector, so that every operation is a function of arrays that gives an array.
    """

    def __init__(self, op: Op | Composed, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.op, self.inputs, self.options = op, inputs, options
        self._tree = [list(inputs), options if isinstance(op, Composed) else {}]
        self._leaves = leaves_of(self._tree)
        rules = getattr(op, "rules", None) or (True,) * len(self._leaves)
        #: Which of the arguments' arrays are differentiated.
        self.places = [
            i
            for i, x in enumerate(self._leaves)
            if isinstance(x, np.ndarray) and x.dtype.kind == "f" and (isinstance(op, Composed) or rules[i])
        ]

    @property
    def several(self) -> bool:
        """Whether the operation gives several results."""
        inputs, options = self.arguments(self.points)
        return isinstance(self.op, Composed) and isinstance(self.op(*inputs, **options), (tuple, list))

    def is_continuous(self) -> bool:
        """Whether the value is finite here and hardly changes when the inputs hardly do, as it does at a jump."""
        rng = np.random.default_rng(0)
        try:
            with np.errstate(all="ignore"):
                here = np.asarray(self(*self.points), dtype=np.float64)
                for _ in range(8):
                    near = [x + 1e-9 * np.maximum(1.0, np.abs(x)) * rng.normal(size=x.shape) for x in self.points]
                    if not np.all(np.abs(np.asarray(self(*near)) - here) <= 1e-4 * (1 + np.abs(here))):
                        return False
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return False
        return bool(np.all(np.isfinite(here)))

    def __repr__(self) -> str:
        return f"{self.op.name}{(*self.inputs, self.options)}"

    @property
    def points(self) -> list[np.ndarray]:
        """The floating arrays among the arguments."""
        return [self._leaves[i] for i in self.places]

    def arguments(self, points: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The call's arguments and options with other arrays in these places."""
        leaves = list(self._leaves)
        for place, point in zip(self.places, points):
            leaves[place] = point
        inputs, options = rebuilt(self._tree, leaves)
        return ([inputs] if self.op.variadic else inputs), self.options | options

    def __call__(self, *points: Any) -> Any:
        inputs, options = self.arguments(points)
        return as_one(self.op(*inputs, **options))

    def weights(self) -> np.ndarray:
        """Fixed cotangents of mixed sign and size, so that no plain sum can hide a mistake."""
        shape = np.shape(self(*self.points))
        return np.asarray(np.random.default_rng(3).normal(size=shape) + 0.25)


def as_one(value: Any) -> Any:
    """A result as it is, or several as one vector; what has no derivative (a rank, say) is left out."""
    if not isinstance(value, (tuple, list)):
        return value
    parts = [x for x in leaves_of(value) if getattr(x, "dtype", np.dtype(int)).kind == "f"]
    return np.concatenate([np.reshape(x, (-1,)) for x in parts]) if parts else np.zeros(0)

"""One call of a registered operation as a function of its floating arrays alone, whatever form the call has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.registry import Composed, Op, Operation
from ..core.trees import leaves_of, rebuilt
from .draws import Draw
from .subjects.subject import signed


def drawn_inputs(op: Operation, draw: Draw) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Valid ``(inputs, options)`` for an operation, as its ``inputs=`` says: a function of the draw, or its domains.

    Raises ValueError if the operation was registered without ``inputs=``.
    """
    if op.inputs is None:
        raise ValueError(f"{op.name}: registered without inputs=, so there is nothing to draw from")
    if callable(op.inputs):
        inputs, options = op.inputs(draw)
        return tuple(np.asarray(x) if isinstance(x, np.floating) else x for x in inputs), options  # NumPy's 0-d sums
    shapes = draw.shapes_that_broadcast(len(op.inputs))
    return tuple(draw.within(domain, shape) for shape, domain in zip(shapes, op.inputs)), {}


def drawn_example(op: Operation, draw: Draw) -> Example:
    """An operation with valid arguments, as a function of its floating arrays."""
    return Example(op, *drawn_inputs(op, draw))


class Example:
    """An operation with arguments to try it on: ``example(*points)`` is its value, ``points`` what it was drawn at.

    Several results are given as one vector, so that every operation is a function of arrays that returns an array.
    """

    def __init__(self, op: Operation, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.op, self.inputs, self.options = op, inputs, options
        self._tree = [list(inputs), options if isinstance(op, Composed) else {}]
        self._leaves = leaves_of(self._tree)
        given = op.input_names if isinstance(op, Op) and op.differentiable and not op.variadic else ()
        #: Which of the arguments' arrays are differentiated.
        self.places = [
            i
            for i, x in enumerate(self._leaves)
            if isinstance(x, np.ndarray) and x.dtype.kind == "f" and (not given or given[i] in op.differentiated)
        ]

    def is_continuous(self) -> bool:
        """Whether the value is finite here and hardly changes when the inputs hardly do, as it does at a jump."""
        rng = np.random.default_rng(0)
        try:
            with np.errstate(all="ignore"):
                here = np.asarray(self(*self.points), dtype=np.float64)
                for _ in range(8):
                    near = nudged(self.points, rng)
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
        return as_one(self.result(*points))

    def result(self, *points: Any) -> Any:
        """What the operation itself gives, which may be several arrays."""
        inputs, options = self.arguments(points)
        return self.op(*inputs, **options)

    def by_numpy(self, function: Callable[..., Any]) -> Any:
        """What a function of NumPy gives for the same arguments, as one array."""
        arguments, options = self.arguments(self.points)
        options = {k: v for k, v in options.items() if not (k == "initial" and v is None)}  # None is ours alone
        positional = [options.pop("dtype")] if self.op.name == "astype" else []  # NumPy takes it by position alone
        return as_one(in_real_numbers(function(*arguments, *positional, **options)))

    def weights(self) -> np.ndarray:
        """Fixed cotangents of mixed sign and size, so that no plain sum can hide a mistake."""
        return signed([self(*self.points)], 3)[0]


def nudged(points: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Points next to these, by about a billionth of each entry's size."""
    return [x + 1e-9 * np.maximum(1.0, np.abs(x)) * rng.normal(size=x.shape) for x in points]


def in_real_numbers(value: Any) -> Any:
    """A result without its imaginary parts where all are 0: NumPy 2.5 gives eigenvalues as complex numbers always."""
    if isinstance(value, (tuple, list)):
        return tuple(map(in_real_numbers, value))
    return value.real if np.iscomplexobj(value) and not np.any(value.imag) else value


def as_one(value: Any) -> Any:
    """A result as it is, or several as one vector; what has no derivative (a rank, say) is left out."""
    if not isinstance(value, (tuple, list)):
        return value
    parts = [x for x in leaves_of(value) if getattr(x, "dtype", np.dtype(int)).kind == "f"]
    return np.concatenate([np.reshape(x, (-1,)) for x in parts]) if parts else np.zeros(0)

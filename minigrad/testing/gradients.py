"""`check_gradients`: is this gradient right? By the course's relative error and its thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import MinigradError
from ..graph import Node, no_grad
from ..scalar import Scalar
from ..tensor import Tensor
from .numerical import numerical_gradient

#: The course's thresholds (part C): up to the first a gradient is right, from the second on it is wrong.
RIGHT, WRONG = 1e-7, 1e-3


class GradientError(MinigradError, AssertionError):
    """A gradient differs from its numerical value; ``report`` says where."""

    def __init__(self, report: GradientReport) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass(frozen=True)
class Disagreement:
    """One entry where the two gradients differ."""

    input: str
    index: tuple[int, ...]
    analytic: float
    numeric: float


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found; printing it tells the story.

    ``relative_error`` is ‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖) over all entries as one vector θ,
    and ``by_input`` the same for each input. ``worst`` lists the entries that differ most.
    """

    relative_error: float
    by_input: Mapping[str, float]
    worst: tuple[Disagreement, ...]
    tolerance: float
    entries: int

    @property
    def verdict(self) -> str:
        """ "right" up to 1e-7, "wrong" from 1e-3 on, "look closer" in between (course, part C)."""
        return "right" if self.relative_error <= RIGHT else "wrong" if self.relative_error >= WRONG else "look closer"

    @property
    def passed(self) -> bool:
        """Whether every input's relative error is within the tolerance."""
        return all(error <= self.tolerance for error in self.by_input.values())

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [
            f"gradient check: {'passed' if self.passed else 'FAILED'}, relative error {self.relative_error:.1e} over "
            f"{self.entries} entries ({self.verdict}; tolerance {self.tolerance:.0e})"
        ]
        lines += [f"  {name:<24} {error:.1e}" for name, error in self.by_input.items()]
        if self.worst:
            lines.append("  entries that differ:             analytic         numeric")
            lines += [
                f"  {f'{each.input}{list(each.index)}':<28} {each.analytic:>15.8g} {each.numeric:>15.8g}"
                for each in self.worst
            ]
        return "\n".join(lines)


def check_gradients(
    f: Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]],
    *inputs: Any,
    eps: float | None = None,
    tolerance: float = RIGHT,
    names: Sequence[str] | None = None,
) -> GradientReport:
    """Hold the gradient of ``f`` against numerical derivatives, all inputs as one vector θ (course, part C).

    Parameters
    ----------
    f
        Takes the inputs as Tensors (Scalars, if all inputs are floats and it gives a Scalar) and gives a
        cost with one entry. Or a pair ``(f, df)`` written by hand in NumPy: ``f`` takes arrays and gives
        a number, ``df`` gives one gradient, or a tuple of one for each input.
    inputs
        Arrays, Tensors or Scalars, checked in float64; integers are refused. A module is checked through
        its parameters, as in ``check_gradients(lambda *_: cost(model(X)), *model.parameters())``: a
        Tensor that is a leaf is changed in place for the numerical derivative and restored.
    eps
        The step ε of the course's two-sided difference (1e-7 there); by default steps that
        are chosen for each entry and extrapolated (`numerical_gradient`).
    tolerance
        The largest relative error that passes; the course's 1e-7 by default.
    names
        What to call the inputs; by default their own names.

    Returns
    -------
    GradientReport
        With the relative errors, in total and for each input.

    Raises
    ------
    GradientError
        If an input's relative error is larger than ``tolerance``; it carries the report.
    TypeError, ValueError
        If ``f`` gives no cost with one entry, if it is not finite, or if an input is not of floats.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> print(mg.testing.check_gradients(lambda x: np.sum(np.tanh(x) ** 2), np.array([0.5, -1.0])))
    gradient check: passed, relative error ...e-1... over 2 entries (right; tolerance 1e-07)
      input 0 ...
    """
    if not inputs:
        raise TypeError("check_gradients: wants at least one input after the function")
    labels = [names[i] if names else getattr(x, "name", None) or f"input {i}" for i, x in enumerate(inputs)]
    for label, x in zip(labels, inputs):
        dtype = np.asarray(getattr(x, "_data", x)).dtype
        if dtype.kind != "f":
            raise TypeError(f"check_gradients: {label} holds {dtype}; a derivative needs floats: write 1.0, not 1")
    analytic, value = _analytic(f, inputs)
    numeric = numerical_gradient(value, *(getattr(x, "_data", x) for x in inputs), eps=eps)
    return _compare(labels, analytic, numeric, tolerance)


def _analytic(f: Any, inputs: Sequence[Any]) -> tuple[list[np.ndarray], Callable[..., float]]:
    """The gradients that ``f`` claims, and its value as a function of plain arrays."""
    arrays = [np.array(getattr(x, "_data", x), dtype=np.float64) for x in inputs]
    if isinstance(f, tuple):
        function, derivative = f
        gradients = derivative(*(x.copy() for x in arrays))
        gradients = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
        if len(gradients) != len(arrays):
            raise ValueError(f"check_gradients: df gave {len(gradients)} gradients for {len(arrays)} inputs")
        for i, (g, x) in enumerate(zip(gradients, arrays)):
            if np.shape(g) != x.shape:
                raise ValueError(f"check_gradients: df gave shape {np.shape(g)} for input {i} of shape {x.shape}")
        return [np.asarray(g, dtype=np.float64) for g in gradients], lambda *x: _one_number(function(*x))
    leaves = [_leaf(x) for x in inputs]
    kept = [(leaf, leaf._data, leaf.grad) for leaf in leaves]

    def value(*points: np.ndarray) -> float:
        for leaf, point in zip(leaves, points):
            leaf._data = point if isinstance(leaf, Tensor) else float(point)
            leaf.mark_changed()
        with no_grad():
            return _one_number(f(*leaves))

    def restored(*points: np.ndarray) -> float:
        try:
            return value(*points)
        finally:
            for leaf, data, _ in kept:
                leaf._data = data
                leaf.mark_changed()

    try:
        for leaf, x in zip(leaves, arrays):
            leaf._data = x if isinstance(leaf, Tensor) else float(x)
            leaf.grad = None if isinstance(leaf, Tensor) else 0.0
            leaf.mark_changed()
        cost = f(*leaves)
        _one_number(cost)
        if not isinstance(cost, (Scalar, Tensor)):
            raise TypeError(f"check_gradients: the function left the graph: it gave {type(cost).__name__}, not a node")
        if cost.requires_grad:
            cost.backward()
        gradients = [
            np.zeros_like(x) if leaf.grad is None else np.asarray(leaf.grad, dtype=np.float64)
            for leaf, x in zip(leaves, arrays)
        ]
    finally:
        for leaf, data, gradient in kept:
            leaf._data, leaf.grad = data, gradient
            leaf.mark_changed()
    return gradients, restored


def _leaf(x: Any) -> Any:
    """The node that ``f`` will be given for an input: the leaf itself, or a new one with the input's values."""
    if isinstance(x, Node):
        if not x.is_leaf:
            raise TypeError("check_gradients: an input is the result of an operation; pass its .detach()")
        return x if x.requires_grad else Tensor(x._data, requires_grad=True, name=x.name)
    if isinstance(x, float):
        return Scalar(x)
    return Tensor(x, requires_grad=True, dtype=np.float64)


def _one_number(cost: Any) -> float:
    data = np.asarray(getattr(cost, "_data", cost))
    if cost is None or data.dtype.kind not in "fiu":
        raise TypeError(f"check_gradients: the function gave {type(cost).__name__}; it must return its cost")
    if data.size != 1:
        raise ValueError(
            f"check_gradients: the function gave shape {data.shape}; reduce it to one number, best with random "
            "weights: np.sum(y * weights). A plain sum hides mistakes (a softmax always sums to 1)"
        )
    number = float(data.reshape(()))
    if not np.isfinite(number):
        raise ValueError(f"check_gradients: the cost is {number} at or next to the given inputs")
    return number


def _compare(
    labels: Sequence[str], analytic: Sequence[np.ndarray], numeric: Sequence[np.ndarray], tolerance: float
) -> GradientReport:
    by_input = {label: relative_error(a, n) for label, a, n in zip(labels, analytic, numeric)}
    differing = [
        Disagreement(label, index, float(a[index]), float(n[index]))
        for label, a, n in zip(labels, analytic, numeric)
        if not by_input[label] <= tolerance
        for index in np.ndindex(a.shape)
    ]
    differing.sort(key=lambda each: -_nan_largest(abs(each.analytic - each.numeric)))
    largest = _nan_largest(abs(differing[0].analytic - differing[0].numeric)) if differing else 0.0
    report = GradientReport(
        relative_error=relative_error(_flat(analytic), _flat(numeric)),
        by_input=by_input,
        worst=tuple(e for e in differing[:8] if _nan_largest(abs(e.analytic - e.numeric)) > 1e-3 * min(largest, 1e300)),
        tolerance=tolerance,
        entries=sum(each.size for each in analytic),
    )
    if not report.passed:
        raise GradientError(report)
    return report


def relative_error(analytic: np.ndarray, numeric: np.ndarray) -> float:
    """‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖), 0 where both are 0 (course, part C).

    Gradients that are both smaller than the differences' own rounding (1e-9) count as equal.
    """
    difference = float(np.linalg.norm(numeric - analytic))
    scale = float(np.linalg.norm(numeric) + np.linalg.norm(analytic))
    return 0.0 if difference <= 1e-9 * RIGHT or scale <= 1e-9 else difference / scale


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([each.ravel() for each in arrays])


def _nan_largest(x: float) -> float:
    return np.inf if np.isnan(x) else x

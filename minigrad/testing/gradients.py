"""`check_gradients`: is this gradient right? Entry by entry, and by the course's relative error and its thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import ops
from ..errors import MinigradError
from ..graph import Node, no_grad
from ..scalar import Scalar
from ..tensor import Tensor
from ..transforms import grad, jvp
from .diagnosis import diagnosis
from .frameworks import as_array, as_pair, framework_of
from .numerical import numerical_gradient, numerical_jvp

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
    error: float  #: what the numeric value itself may be off by
    verdict: str  #: "wrong" or "inconclusive"


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found; printing it tells the story.

    ``relative_error`` is ‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖) over all entries as one vector θ,
    and ``by_input`` the same for each input. ``worst`` lists the entries that differ most. ``counts`` says how many
    entries are "right", "right as a subgradient" (at a kink, between the slopes of its two sides), "wrong", and
    "inconclusive" (the numerical derivative does not know the answer to the accuracy asked for). ``diagnoses`` names,
    for an input whose gradient is wrong, the pattern of the mistake where it is a known one ("twice too large").
    """

    relative_error: float
    by_input: Mapping[str, float]
    worst: tuple[Disagreement, ...]
    tolerance: float
    entries: int
    counts: Mapping[str, int]
    diagnoses: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """ "right" up to 1e-7, "wrong" from 1e-3 on, "look closer" in between (course, part C)."""
        return "right" if self.relative_error <= RIGHT else "wrong" if self.relative_error >= WRONG else "look closer"

    @property
    def passed(self) -> bool:
        """Whether every entry is right, at a kink as a subgradient: an inconclusive one is not a pass."""
        return not self.counts.get("wrong") and not self.counts.get("inconclusive")

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [
            f"gradient check: {'passed' if self.passed else 'FAILED'}, relative error {self.relative_error:.1e} over "
            f"{self.entries} entries ({self.verdict}; tolerance {self.tolerance:.0e})"
        ]
        lines += [f"  {name:<24} {error:.1e}" for name, error in self.by_input.items()]
        special = {verdict: count for verdict, count in self.counts.items() if verdict != "right" and count}
        if special:
            lines.append("  " + ", ".join(f"{count} {verdict}" for verdict, count in special.items()))
        lines += [f"  {name}: {text}" for name, text in self.diagnoses.items()]
        if self.worst:
            lines.append("  entries that differ:             analytic         numeric   its error")
            lines += [
                f"  {f'{each.input}{list(each.index)}':<28} {each.analytic:>15.8g} {each.numeric:>15.8g}   "
                f"{each.error:.0e}  {each.verdict}"
                for each in self.worst
            ]
        return "\n".join(lines)


def check_gradients(
    f: Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]],
    *inputs: Any,
    eps: float | None = None,
    tolerance: float = RIGHT,
    names: Sequence[str] | None = None,
    order: int = 1,
    mode: str = "reverse",
    framework: str | None = None,
    fast: bool = False,
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
        The step ε of the course's two-sided difference (1e-7 there), whose error is unknown, so that the relative
        error of each input as a whole decides; by default steps that are chosen for each entry and extrapolated
        (`numerical_gradient`).
    tolerance
        The relative error that an entry may have beside the numerical derivative's own; the course's 1e-7 by default.
    names
        What to call the inputs; by default their own names.
    order
        2 checks the second derivatives as well: the gradient of ⟨∇f, v⟩ for a random direction v.
    mode
        "reverse" checks gradients, "forward" the derivatives along three random directions (`jvp`) and costs as many
        evaluations whatever the size of the inputs, "both" does both. Order 2 and forward mode are for functions of
        the inputs that are given to them (not of parameters changed in place, not pairs).
    framework
        What ``f`` is written in: "minigrad", "torch", "jax", "autograd", "mygrad", "micrograd" (of numbers), or
        "callable" for a pair; guessed from the inputs. HIPS autograd has to be named, since its inputs are arrays.
    fast
        One derivative along a random direction v through all inputs in place of one for each entry: 10 to 20
        evaluations of ``f`` in all (more next to kinks), whatever its size. A gradient that is off by δ is missed
        where |⟨δ, v⟩| is below what passes, τ: with a probability of about 0.8 τ/‖δ‖ (v is nearly Gaussian). It
        does not say which entry is wrong.

    Returns
    -------
    GradientReport
        With the relative errors, in total and for each input; of the last check where several are asked for.

    Raises
    ------
    GradientError
        If an entry is wrong, or inconclusive; it carries the report.
    TypeError, ValueError
        If ``f`` gives no cost with one entry, if it is not finite, changes an input in place, gives another cost
        each time (random numbers), or if an input is not of floats.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> print(mg.testing.check_gradients(lambda x: np.sum(np.tanh(x) ** 2), np.array([0.5, -1.0])))
    gradient check: passed, relative error ...e-1... over 2 entries (right; tolerance 1e-07)
      input 0 ...
    """
    if not inputs:
        raise TypeError("check_gradients: wants at least one input after the function")
    if mode not in ("reverse", "forward", "both") or order not in (1, 2):
        raise ValueError(
            f"check_gradients: mode={mode!r}, order={order}; reverse, forward or both, and 1 or 2, are known"
        )
    if (order == 2 or mode != "reverse") and (isinstance(f, tuple) or any(isinstance(x, Node) for x in inputs)):
        raise TypeError(
            "check_gradients: order=2 and forward mode want a function of arrays, and arrays for its inputs"
        )
    if framework is None and not isinstance(f, tuple):
        framework = framework_of(inputs)
    if framework not in (None, "minigrad", "callable"):
        if isinstance(f, tuple):
            raise TypeError(
                f"check_gradients: a pair (f, df) is checked as it is; framework={framework!r} wants f alone"
            )
        f, inputs = as_pair(f, framework), tuple(as_array(x) for x in inputs)
    elif framework == "callable" and not isinstance(f, tuple):
        raise TypeError("check_gradients: framework='callable' wants a pair (f, df) of functions of arrays")
    labels = [names[i] if names else getattr(x, "name", None) or f"input {i}" for i, x in enumerate(inputs)]
    for label, x in zip(labels, inputs):
        dtype = np.asarray(getattr(x, "_data", x)).dtype
        if dtype.kind != "f":
            raise TypeError(f"check_gradients: {label} holds {dtype}; a derivative needs floats: write 1.0, not 1")
    if not isinstance(f, tuple) and mode != "reverse":
        along_directions = _check_forward(f, inputs, tolerance)
        if mode == "forward" and order == 1:
            return along_directions
    if not isinstance(f, tuple) and order == 2:
        along = _along_gradient(f, inputs)
        pair = (along, grad(along, argnums=tuple(range(len(inputs)))))
        second = check_gradients(pair, *inputs, eps=eps, tolerance=tolerance, names=[f"{x} of ⟨∇f, v⟩" for x in labels])
        if mode == "forward":
            return second
    if not all(isinstance(x, float) for x in inputs):  # Scalars don't mix with arrays
        inputs = tuple(np.asarray(x) if isinstance(x, float) else x for x in inputs)
    analytic, value = _analytic(f, inputs)
    points = [np.array(getattr(x, "_data", x), dtype=np.float64, order="C") for x in inputs]
    _refuse_unsteady(value, points, labels)
    if fast:
        return _check_fast(analytic, value, points, eps, tolerance)
    if eps is None and sum(x.size for x in points) > _MANY:
        numeric, errors = _in_blocks(analytic, value, points)
    else:
        numeric, errors = numerical_gradient(value, *points, eps=eps, with_error=True)
    if eps is None:
        verdicts = _verdicts(analytic, numeric, errors, tolerance, abs(value(*points)), points)
        _allow_subgradients(value, points, analytic, verdicts)
    else:
        verdicts = _by_norms(analytic, numeric, tolerance)
    return _compare(labels, analytic, numeric, errors, verdicts, tolerance, points)


def _refuse_unsteady(value: Callable[..., float], points: Sequence[np.ndarray], labels: Sequence[str]) -> None:
    """Raise for a function that changes its inputs or gives another cost each time: it has no derivative to check."""
    costs = []
    for _ in range(2):
        copies = [x.copy() for x in points]
        costs.append(float(value(*copies)))
        for label, copied, x in zip(labels, copies, points):
            if not np.array_equal(copied, x, equal_nan=True):
                raise ValueError(f"check_gradients: the function changes {label} in place; let it work on a copy")
    if abs(costs[0] - costs[1]) > 1e-12 * max(map(abs, costs)):
        raise ValueError(
            f"check_gradients: the function gave {costs[0]:.10g}, then {costs[1]:.10g} at the same inputs; draw its "
            "random numbers from a fixed seed inside it, or once outside (dropout: one mask for all evaluations)"
        )


def _directions(inputs: Sequence[Any], seed: int) -> list[np.ndarray]:
    """Fixed random tangents of mixed sign, one for each input."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=np.shape(x)) + np.where(rng.random(np.shape(x)) < 0.5, -0.25, 0.25) for x in inputs]


def _along_gradient(f: Callable[..., Any], inputs: Sequence[Any]) -> Callable[..., Any]:
    """x ↦ ⟨∇f(x), v⟩, whose gradient is the Hessian of f times v."""
    directions = _directions(inputs, 0)
    gradient = grad(f, argnums=tuple(range(len(inputs))))

    def along(*points: Any) -> Any:
        return sum((ops.sum(g * v) for g, v in zip(gradient(*points), directions)), start=0.0)

    return along


#: More entries than these are checked in blocks first, of so many.
_MANY, _BLOCK = 256, 16


def _in_blocks(
    analytic: Sequence[np.ndarray], value: Callable[..., float], points: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The numerical gradient and its error, at a cost of one derivative for a block of entries where all are right.

    A block is held against one derivative along a random direction through its entries. Where that agrees to the
    derivative's own error, and not to any share of the block's size, every entry is as exact (but with the probability
    that errors cancel to 12 digits); where it does not, each entry has a derivative of its own. The disagreement of a
    block that agrees is spread over its entries.
    """
    rng = np.random.default_rng(0)
    numeric = [np.array(g, dtype=np.float64, order="C") for g in analytic]
    errors = [np.zeros_like(x) for x in points]
    cost = abs(value(*points))
    for number, point in enumerate(points):
        flat = point.reshape(-1)  # a view: what moves here moves in the point
        for start in range(0, flat.size, _BLOCK):
            here = slice(start, start + _BLOCK)
            center = flat[here].copy()
            v = rng.choice([-1.0, 1.0], size=center.size) * rng.uniform(0.5, 1.5, size=center.size)
            scaled = v * np.maximum(1.0, np.abs(center))

            def moved(block: np.ndarray, flat: np.ndarray = flat, here: slice = here) -> float:
                flat[here] = block
                return value(*(x.copy() for x in points))

            along, error = numerical_jvp(moved, [center], [scaled], with_error=True)
            flat[here] = center
            off = float(along) - float(np.sum(analytic[number].reshape(-1)[here] * scaled))
            if abs(off) <= 4 * float(error) + 1e-13 * (1 + cost):
                numeric[number].reshape(-1)[here] += off * scaled / np.sum(scaled**2)
                errors[number].reshape(-1)[here] = error
                continue
            [found], [error] = numerical_gradient(moved, center, with_error=True)
            flat[here] = center
            numeric[number].reshape(-1)[here], errors[number].reshape(-1)[here] = found, error
    return numeric, errors


def _check_fast(
    analytic: Sequence[np.ndarray],
    value: Callable[..., float],
    points: Sequence[np.ndarray],
    eps: float | None,
    tolerance: float,
) -> GradientReport:
    """One random direction through all inputs."""
    directions = _directions(points, 0)
    claimed = [np.asarray(sum(float(np.sum(g * v)) for g, v in zip(analytic, directions)))]
    numeric, error = numerical_jvp(value, points, directions, eps=eps, with_error=True)
    verdicts = _verdicts(claimed, [numeric], [error], tolerance, abs(value(*points)), [np.zeros(())])
    return _compare(["all inputs along a random direction"], claimed, [numeric], [error], verdicts, tolerance)


def _check_forward(f: Callable[..., Any], inputs: Sequence[Any], tolerance: float) -> GradientReport:
    """The derivatives of f along some random directions against differences along them."""
    points = tuple(np.array(x, dtype=np.float64) for x in inputs)
    analytic, numeric, errors = [], [], []
    for number in range(3):
        directions = tuple(_directions(inputs, number))
        analytic.append(np.asarray(jvp(f, points, directions)[1]))
        with no_grad():
            n, e = numerical_jvp(lambda *x: as_array(f(*x)), points, directions, with_error=True)
        numeric.append(n)
        errors.append(e)
    cost = float(np.max(np.abs(as_array(f(*points))), initial=0.0))
    zeros = [np.zeros_like(n) for n in numeric]
    verdicts = _verdicts(analytic, numeric, errors, tolerance, cost, zeros)
    return _compare([f"direction {i}" for i in range(3)], analytic, numeric, errors, verdicts, tolerance)


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
    number: Any = data.reshape(())[()]  # of its own dtype, whose rounding is the differences' own
    if not np.isfinite(number):
        raise ValueError(f"check_gradients: the cost is {number} at or next to the given inputs")
    return number


_RIGHT, _SUBGRADIENT, _WRONG, _INCONCLUSIVE = "right", "right as a subgradient", "wrong", "inconclusive"


def _verdicts(
    analytic: Sequence[np.ndarray],
    numeric: Sequence[np.ndarray],
    errors: Sequence[np.ndarray],
    tolerance: float,
    cost: float,
    points: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """What is to be said of every entry, each by its own size and its own numerical error."""
    found = []
    for a, n, e, x in zip(analytic, numeric, errors, points):
        # the differences' rounding: that of a cost of this size over a step of about 1e-3 of the entry's
        floor = 1e-13 * (1 + cost) / np.maximum(1.0, np.abs(np.nan_to_num(x)))
        asked = tolerance * np.maximum(np.abs(a), np.abs(n)) + floor
        right = np.abs(a - n) <= asked + e
        unknown = right & (e > 10 * asked)
        found.append(np.where(unknown, _INCONCLUSIVE, np.where(right, _RIGHT, _WRONG)).astype(object))
    return found


def _by_norms(analytic: Sequence[np.ndarray], numeric: Sequence[np.ndarray], tolerance: float) -> list[np.ndarray]:
    """The course's verdict, one for each input: a difference of one step does not know its own error."""
    found = []
    for a, n in zip(analytic, numeric):
        right = relative_error(a, n) <= tolerance
        differs = ~(np.abs(a - n) <= 1e-3 * np.max(np.abs(a - n), initial=0.0))
        found.append(np.where(differs & (not right), _WRONG, _RIGHT).astype(object))
    return found


def _allow_subgradients(
    value: Callable[..., float], points: list[np.ndarray], analytic: Sequence[np.ndarray], verdicts: list[np.ndarray]
) -> None:
    """Pass what lies between the slopes of the two sides of a kink."""
    for number, verdict in enumerate(verdicts):
        for index in np.ndindex(verdict.shape):
            if verdict[index] == _RIGHT:
                continue
            point = points[number]
            center = float(point[index])
            slopes = []
            for h in (1e-6 * max(1.0, abs(center)), 1e-7 * max(1.0, abs(center))):
                values = []
                for at in (center + h, center, center - h):
                    point[index] = at
                    values.append(value(*points))
                point[index] = center
                slopes.append(((values[0] - values[1]) / h, (values[1] - values[2]) / h))
            (above, below), (nearer_above, nearer_below) = slopes
            gap, noise = abs(above - below), abs(above - nearer_above) + abs(below - nearer_below)
            kinked = gap > 1e-4 * (abs(above) + abs(below)) and noise < 1e-2 * gap  # the gap stays as the step shrinks
            if kinked and min(above, below) - noise <= analytic[number][index] <= max(above, below) + noise:
                verdict[index] = _SUBGRADIENT


def _compare(
    labels: Sequence[str],
    analytic: Sequence[np.ndarray],
    numeric: Sequence[np.ndarray],
    errors: Sequence[np.ndarray],
    verdicts: Sequence[np.ndarray],
    tolerance: float,
    points: Sequence[np.ndarray] | None = None,
) -> GradientReport:
    by_input = {label: relative_error(a, n) for label, a, n in zip(labels, analytic, numeric)}
    differing = [
        Disagreement(label, index, float(a[index]), float(n[index]), float(e[index]), str(v[index]))
        for label, a, n, e, v in zip(labels, analytic, numeric, errors, verdicts)
        for index in np.ndindex(a.shape)
        if v[index] in (_WRONG, _INCONCLUSIVE)
    ]
    differing.sort(key=lambda each: -_nan_largest(abs(each.analytic - each.numeric)))
    lengths = [n for x in points or () for n in x.shape]
    found = {
        label: diagnosis(a, n, x, v == _WRONG, lengths)
        for label, a, n, v, x in zip(labels, analytic, numeric, verdicts, points or analytic)
    }
    everything = [verdict for array in verdicts for verdict in array.ravel()]
    report = GradientReport(
        relative_error=relative_error(_flat(analytic), _flat(numeric)),
        by_input=by_input,
        worst=tuple(differing[:8]),
        tolerance=tolerance,
        entries=sum(each.size for each in analytic),
        counts={kind: everything.count(kind) for kind in (_RIGHT, _SUBGRADIENT, _WRONG, _INCONCLUSIVE)},
        diagnoses={label: text for label, text in found.items() if text is not None},
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

"""`check_gradients`: is this gradient right? Entry by entry, and by the relative error."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.errors import NotDifferentiableError
from ...core.trees import leaves_of
from ...nn.state import leaving_no_trace
from ...values.scalar import Scalar
from ..report.diagnosis import diagnoses_of
from ..report.report import IS_WRONG, Comparison, GradientError, GradientReport
from ..subjects.kinds import subject_of
from ..subjects.subject import AlongGradients, Recorded, Subject, signed
from .compare import along_directions, along_one_direction, every_entry, usual_tolerance
from .culprit import culprit_of
from .exact import exact_checks
from .infinite import along_a_direction, beside_infinite, finite, infinite_slopes, unknown, where_not_finite

#: Called with every report, passed or not, before an error is raised: the pytest plugin listens here.
listeners: list[Callable[[GradientReport], None]] = []
#: The order that is checked where a call asks for less, and can be checked so: pytest's ``--gradcheck-order``.
least_order = 1


@leaving_no_trace
def check_gradients(
    f: Callable[..., Any] | tuple[Callable[..., Any], Callable[..., Any]],
    *inputs: Any,
    eps: float | None = None,
    tolerance: float | None = None,
    names: Sequence[str] | None = None,
    order: int = 1,
    mode: str = "reverse",
    framework: str | None = None,
    fast: bool = False,
    projection: Any = None,
    returns_gradient: bool | None = None,
    picture: Any = None,
) -> GradientReport:
    """Check the gradient of ``f`` against numerical derivatives, all inputs as one vector θ (course, part C).

    Beside the differences it checks, of functions that minigrad records, what needs none: the gradient is linear in g,
    ⟨v, Ju⟩ = ⟨Jᵀv, u⟩, inputs and g may be read-only, no gradient shares memory, two runs answer the same, shapes and
    dtypes are the inputs'.

    Parameters
    ----------
    f
        Takes the inputs as Tensors (Scalars, if all inputs are floats) and returns a number, an array or a nested
        container of arrays; several entries are contracted with random numbers of mixed sign, never with a plain sum.
        Of ``(cost, cache)``, a number and a container, the cost alone is checked. Or a pair ``(f, df)`` written by
        hand in NumPy: ``f`` takes arrays and gives a number, or ``(cost, cache)``; ``df`` gives one gradient, or a
        tuple of one for each input, or a dictionary with the keys of a dictionary of parameters or with ``"dW1"`` for
        ``"W1"``; it may be these gradients themselves. Or an `nn.Module`, of minigrad or PyTorch, whose parameters are
        then checked as well.
    inputs
        Arrays, numbers, Tensors or Scalars, nested containers of them, and modules, which stand for all of their
        parameters. Checked in float64. Integers, booleans and texts (labels, masks, options) are held fixed, and what a
        dictionary of gradients has none for. A Tensor that is a leaf, as a parameter is, is changed in
        place for the numerical derivative and restored, and so is whatever a module keeps: running averages do not
        move, and a dropout that draws from a generator in the module drops the same entries in every run.
    eps
        The step ε of the course's two-sided difference (1e-7 there), whose error is unknown, so that the relative
        error of each input as a whole decides; by default steps that are chosen for each entry and extrapolated
        (`numerical_gradient`).
    tolerance
        The relative error that an entry may have beside the numerical derivative's own; by default 1e-7,
        and 1.2e-3, ten thousand roundings, for a function that computes in float32.
    names
        What to call the inputs; by default their own names.
    order
        2 checks the second derivatives as well: the gradient of ⟨∇f, v⟩ for a random direction v.
    mode
        "reverse" checks gradients, "forward" the derivatives along three random directions (`jvp`) and costs as many
        evaluations whatever the size of the inputs, "both" does both. Order 2 and forward mode are for functions that
        minigrad records.
    framework
        What ``f`` is written in: "minigrad", "torch", "jax", "autograd", "mygrad", "micrograd" (of numbers), or
        "callable" for a pair; guessed from the inputs. HIPS autograd has to be named, since its inputs are arrays.
    fast
        One derivative along a random direction v through all inputs in place of one for each entry: 10 to 20
        evaluations of ``f`` in all (more next to kinks), whatever its size, and no exact checks. A gradient that is
        off by δ is missed where |⟨δ, v⟩| is below what passes, τ: with a probability of about 0.8 τ/‖δ‖ (v is nearly
        Gaussian). It does not say which entry is wrong.
    projection
        The cotangents to contract a value of several entries with, in the value's form, in place of random ones. A
        pair needs them there: ``df`` is then the gradient of ``np.sum(f * projection)``.
    returns_gradient
        Whether ``f``, a function of arrays, gives its own gradient beside its value, ``(cost, gradient)``, in the forms
        that ``df`` may give. By default that is so where what it gives has the form of a gradient; a note says so.
    picture
        Where to draw the wrong part of a graph that fails, such as "wrong.svg"; by default in a new folder for
        temporary files. Inside a test of Hypothesis, which fails many times before it is done, the wrong part is looked
        for and drawn when the error is shown.

    Returns
    -------
    GradientReport
        With the relative errors, in total and for each input, and the verdict on every entry.

    Raises
    ------
    GradientError
        If an entry is wrong, or inconclusive, or an exact check fails; it carries the report.
    TypeError, ValueError
        If ``f`` returns no number, if it is not finite, changes an input in place, returns another cost each time
        (random numbers), or if an input is not of floats; if a pair returns several numbers and no ``projection``.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> print(mg.testing.check_gradients(lambda x: np.sum(np.tanh(x) ** 2), np.array([0.5, -1.0])))
    gradient check: passed, relative error ...e-1... over 2 entries (right; tolerance 1e-07)
      input 0 ...

    A layer with its weights, its value contracted with random numbers:

    >>> layer = mg.nn.Linear(3, 2, rng=0)
    >>> report = mg.testing.check_gradients(layer, np.ones((4, 3)), mode="both", order=2)
    >>> list(report.by_input)[:3]
    ['input 0', 'weight', 'bias']
    """
    if not inputs and not callable(getattr(f, "parameters", None)):
        raise TypeError("check_gradients: requires at least one input after the function")
    if mode not in ("reverse", "forward", "both") or order not in (1, 2):
        raise ValueError(
            f"check_gradients: mode={mode!r}, order={order}; reverse, forward or both, and 1 or 2, are known"
        )
    further = order == 2 or mode != "reverse"
    subject = subject_of(f, inputs, names, framework, projection, returns_gradient, scalars=not further)
    if further and (
        not isinstance(subject, Recorded) or any(isinstance(x, Scalar) for tree in inputs for x in leaves_of(tree))
    ):
        raise TypeError(
            "check_gradients: order=2 and forward mode require a function of arrays or tensors that minigrad records"
        )
    if isinstance(subject, Recorded) and not subject.scalars and not fast:
        order = max(order, least_order)
    _refuse_unsteady(subject)
    if tolerance is None:
        tolerance = usual_tolerance(subject)
    comparisons: dict[str, Comparison] = {}
    diagnoses: dict[str, str] = {}
    exact: Mapping[str, str] = {}
    claimed = subject.claim() if mode != "forward" else None
    if claimed is not None:
        if fast and not finite(claimed):
            comparisons |= along_a_direction(subject, claimed)
            diagnoses |= where_not_finite(subject, claimed)
        elif fast:
            comparisons |= along_one_direction(subject, claimed, eps, tolerance)
        else:
            comparisons |= _every_entry(subject, claimed, eps, tolerance)
            subject.notes |= infinite_slopes(subject, comparisons)
            diagnoses |= diagnoses_of(subject, comparisons)
            exact = exact_checks(subject, claimed)
    # where the differences are infinite too, no part of the graph is to blame
    accused = [part.numeric[part.verdict == IS_WRONG] for part in comparisons.values()]
    first_order_is_wrong = any(np.isfinite(numeric).any() for numeric in accused)
    if isinstance(subject, Recorded):
        if mode != "reverse":
            comparisons |= _along_directions(subject, tolerance)
        if order == 2:
            along = AlongGradients(subject)
            along.settle()
            second = _second_order(along, eps, tolerance)
            comparisons |= second
            diagnoses |= diagnoses_of(along, second)
    find = None
    if isinstance(subject, Recorded) and not subject.scalars and first_order_is_wrong:
        find = partial(culprit_of, subject, picture)
    report = GradientReport(
        comparisons, tolerance, diagnoses, exact, find, subject.notes | _independent(subject, claimed)
    )
    if not _in_hypothesis():  # where most failures are only steps on the way to the smallest, found when it is shown
        _ = report.culprit
    for listener in listeners:
        listener(report)
    if not report.passed:
        raise GradientError(report)
    return report


def _every_entry(
    subject: Subject, claimed: Sequence[np.ndarray], eps: float | None, tolerance: float
) -> dict[str, Comparison]:
    """Each entry against its numerical derivative, but for those that are claimed to be infinite or nan."""

    def compare(subject: Subject, claimed: Sequence[np.ndarray]) -> dict[str, Comparison]:
        return every_entry(subject, claimed, eps, tolerance)

    return compare(subject, claimed) if finite(claimed) else beside_infinite(subject, claimed, compare)


def _second_order(along: AlongGradients, eps: float | None, tolerance: float) -> dict[str, Comparison]:
    claimed = along.claim()
    if finite(along.value):
        return _every_entry(along, claimed, eps, tolerance)
    return {label: unknown(g) for label, g in zip(along.labels, claimed)}  # the first derivatives are not finite


def _along_directions(subject: Recorded, tolerance: float) -> dict[str, Comparison]:
    pushed = subject.push(subject.copies(), signed(subject.points, 0))
    if finite(pushed):
        return along_directions(subject, tolerance)
    return {f"direction 0{f', output {i}' if len(pushed) > 1 else ''}": unknown(y) for i, y in enumerate(pushed)}


def _independent(subject: Subject, claimed: Sequence[np.ndarray] | None) -> dict[str, str]:
    """A note on every input that the value does not depend on: 0 = 0 is right, but says nothing of a gradient."""
    notes: dict[str, str] = {}
    here = subject.value
    for i, (label, x) in enumerate(zip(subject.labels, subject.points)):
        if x.size and (claimed is None or not np.any(claimed[i])):
            moved = [_elsewhere(subject, i, seed) for seed in (1, 2)]
            if all(_same(y, here) for y in moved):
                notes[label] = "the value does not depend on it here: 0 = 0 says nothing of its gradient"
    return notes


def _elsewhere(subject: Subject, i: int, seed: int) -> list[np.ndarray] | None:
    """The value with one input moved far away; None where it has none there."""
    points = subject.copies()
    points[i] += signed([points[i]], seed)[0] * np.maximum(1.0, np.abs(points[i]))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [np.array(y) for y in subject.outputs(points)]
    except (ArithmeticError, ValueError, NotDifferentiableError):
        return None


def _same(found: list[np.ndarray] | None, here: Sequence[np.ndarray]) -> bool:
    return found is not None and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found, here))


def _in_hypothesis() -> bool:
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and hypothesis.currently_in_test_context()


def _refuse_unsteady(subject: Subject) -> None:
    """Raise for a function that changes its inputs or returns another cost each time: it has no derivative to check."""
    costs = []
    for _ in range(2):
        copies = subject.copies()
        costs.append(float(subject.number(*copies)))
        for label, copied, x in zip(subject.labels, copies, subject.points):
            if not np.array_equal(copied, x, equal_nan=True):
                raise ValueError(f"check_gradients: the function changes {label} in place; let it work on a copy")
    if abs(costs[0] - costs[1]) > 1e-12 * max(subject.magnitude, *map(abs, costs)):
        raise ValueError(
            f"check_gradients: the function gave {costs[0]:.10g}, then {costs[1]:.10g} at the same inputs; draw its "
            "random numbers from a fixed seed inside it, or once outside (dropout: one mask for all evaluations), or "
            "from a generator that is an attribute of a module given as an input"
        )

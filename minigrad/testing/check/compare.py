"""The ways to compare a gradient with numerical derivatives, and the verdict on each entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..report.report import IS_INCONCLUSIVE, IS_RIGHT, IS_SUBGRADIENT, IS_WRONG, RIGHT, Comparison, relative_error
from ..subjects.subject import Recorded, Subject, signed
from .numerical import numerical_gradient, numerical_jvp
from .precision import hidden_rounding
from .subgradients import allow_subgradients

#: More entries than these are checked in blocks first, of so many.
_MANY, _BLOCK = 256, 16
#: Slopes up to this size are expected of any function, however small those seen are.
_USUAL = 100.0


def every_entry(
    subject: Subject,
    claimed: Sequence[np.ndarray],
    eps: float | None,
    tolerance: float,
    most_suspects: int = 4,
) -> dict[str, Comparison]:
    """Each entry of the gradient against its own numerical derivative."""
    points = subject.copies()
    if eps is not None:
        numeric, errors = numerical_gradient(subject.number, *points, eps=eps, with_error=True)
        return _comparisons(subject.labels, claimed, numeric, errors, _by_norms(claimed, numeric, tolerance))
    if _turns_out_coarse(subject):
        tolerance = max(tolerance, usual_tolerance(subject))
    numeric, errors, verdicts = _judged(subject, claimed, points, tolerance)
    allow_subgradients(subject, claimed, verdicts, most_suspects)
    return _comparisons(subject.labels, claimed, numeric, errors, verdicts)


def usual_tolerance(subject: Subject) -> float:
    """The course's, or ten thousand roundings of a coarser precision; a hundredth where that is still more."""
    return max(RIGHT, min(1e4 * subject.epsilon, 1e-2))


def _judged(
    subject: Subject, claimed: Sequence[np.ndarray], points: list[np.ndarray], tolerance: float
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """The numerical gradient, its error and what is to be said of each entry."""
    number, size, coarse = subject.number, subject.magnitude, subject.epsilon > 1e-12
    if coarse:  # in its own precision, also where it hides that
        precision = np.float32 if subject.epsilon < 1e-4 else np.float16

        def number(*points: np.ndarray) -> Any:
            return precision(subject.number(*points))

    if coarse or sum(x.size for x in points) > _MANY:
        most = tolerance * size if coarse else np.inf
        numeric, errors = _in_blocks(claimed, number, points, size, most)
    else:
        numeric, errors = numerical_gradient(number, *points, with_error=True)
    verdicts = verdicts_of(claimed, numeric, errors, tolerance, size, points, coarse)
    if coarse:
        _along_claims(number, claimed, points, tolerance, verdicts)
    return numeric, errors, verdicts


def _along_claims(
    number: Callable[..., Any], claimed: Sequence[np.ndarray], points: list[np.ndarray], tolerance: float,
    verdicts: Sequence[np.ndarray],
) -> None:  # fmt: skip
    """Hold each input's gradient, as it is claimed, against one derivative along itself, where it is largest."""
    for i, (a, verdict) in enumerate(zip(claimed, verdicts)):
        largest = np.max(np.abs(a), initial=0.0)
        if not largest > 0 or np.any(verdict == IS_WRONG):
            continue
        directions = [a / largest if j == i else np.zeros_like(x) for j, x in enumerate(points)]
        along, error = numerical_jvp(number, points, directions, with_error=True)
        said = float(np.sum(a * directions[i]))
        if abs(said - along) > 10 * tolerance * abs(said) + 6 * error:
            verdict[verdict == IS_RIGHT] = IS_WRONG


def _turns_out_coarse(subject: Subject) -> bool:
    """Whether the function computes in fewer digits than it gives; it is then judged by those."""
    rounding = hidden_rounding(subject)
    if rounding is None:
        return False
    subject.epsilon = rounding
    subject.notes["precision"] = (
        f"it gives float64 and computes in {'float32' if rounding < 1e-4 else 'float16'} inside, where f(x + 1e-10) == "
        "f(x); it is checked to the digits that are left"
    )
    return True


def _comparisons(labels: Sequence[str], *columns: Sequence[np.ndarray]) -> dict[str, Comparison]:
    return {label: Comparison(*arrays) for label, *arrays in zip(labels, *columns)}


def _in_blocks(
    analytic: Sequence[np.ndarray], number: Callable[..., float], points: list[np.ndarray], size: float, most: float
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The numerical gradient and its error, at a cost of one derivative for a block of entries where all are right.

    A block is compared with one derivative along a random direction through its entries. Where that agrees to the
    derivative's own error, and not to any share of the block's size, every entry is as exact (but with the probability
    that errors cancel to 12 digits); where it does not, each entry has a derivative of its own. The disagreement of a
    block that agrees is spread over its entries. One whose derivative is known to no better than ``most``, at a kink
    in few digits, is no evidence.
    """
    rng = np.random.default_rng(0)
    numeric = [np.array(g, dtype=np.float64, order="C") for g in analytic]
    errors = [np.zeros_like(x) for x in points]
    for at, point in enumerate(points):
        flat = point.reshape(-1)  # a view: what moves here moves in the point
        for start in range(0, flat.size, _BLOCK):
            here = slice(start, start + _BLOCK)
            center = flat[here].copy()
            v = rng.choice([-1.0, 1.0], size=center.size) * rng.uniform(0.5, 1.5, size=center.size)
            scaled = v * np.maximum(1.0, np.abs(center))

            def moved(block: np.ndarray, flat: np.ndarray = flat, here: slice = here) -> float:
                flat[here] = block
                return number(*(x.copy() for x in points))

            along, error = numerical_jvp(moved, [center], [scaled], with_error=True)
            flat[here] = center
            off = float(along) - float(np.sum(analytic[at].reshape(-1)[here] * scaled))
            if abs(off) <= 4 * float(error) + 1e-13 * (1 + size) and error <= 2 * most:
                numeric[at].reshape(-1)[here] += off * scaled / np.sum(scaled**2)
                errors[at].reshape(-1)[here] = error
                continue
            [found], [error] = numerical_gradient(moved, center, with_error=True)
            flat[here] = center
            numeric[at].reshape(-1)[here], errors[at].reshape(-1)[here] = found, error
    return numeric, errors


def along_one_direction(
    subject: Subject, claimed: Sequence[np.ndarray], eps: float | None, tolerance: float
) -> dict[str, Comparison]:
    """One random direction through all inputs."""
    directions = signed(subject.points, 0)
    analytic = np.asarray(sum(float(np.sum(g * v)) for g, v in zip(claimed, directions)))
    numeric, error = numerical_jvp(subject.number, subject.points, directions, eps=eps, with_error=True)
    coarse = subject.epsilon > 1e-12
    verdicts = verdicts_of([analytic], [numeric], [error], tolerance, subject.magnitude, [np.zeros(())], coarse)
    if eps is None and not np.all(verdicts[0] == IS_RIGHT) and _turns_out_coarse(subject):
        return along_one_direction(subject, claimed, 0.02, max(tolerance, usual_tolerance(subject)))
    return _comparisons(["all inputs along a random direction"], [analytic], [numeric], [error], verdicts)


def along_directions(subject: Recorded, tolerance: float) -> dict[str, Comparison]:
    """The derivatives of every entry of the value along some random directions."""
    found: dict[str, Comparison] = {}
    size = float(np.max(np.abs(_joined(subject.value)), initial=0.0))
    for number in range(3):
        directions = signed(subject.points, number)
        analytic = _joined(subject.push(subject.copies(), directions))
        numeric, error = numerical_jvp(
            lambda *x: _joined(subject.outputs(x)), subject.points, directions, with_error=True
        )
        verdicts = verdicts_of([analytic], [numeric], [error], tolerance, size, [np.zeros_like(numeric)])
        _allow_between_sides(subject, directions, analytic, verdicts[0])
        found |= _comparisons([f"direction {number}"], [analytic], [numeric], [error], verdicts)
    return found


def _allow_between_sides(
    subject: Subject, directions: Sequence[np.ndarray], analytic: np.ndarray, verdict: np.ndarray
) -> None:
    """Pass an entry at a kink whose derivative along the direction lies between the slopes of its two sides."""
    if not np.any(verdict == IS_WRONG):
        return
    step = 1e-7 * max([1.0, *(float(np.max(np.abs(np.nan_to_num(x)), initial=0.0)) for x in subject.points)])
    below, here, above = (
        _joined(subject.outputs([x + t * v for x, v in zip(subject.points, directions)])) for t in (-step, 0.0, step)
    )
    sides = np.stack([(above - here) / step, (here - below) / step])
    low, high = sides.min(axis=0), sides.max(axis=0)
    room = 1e-6 * (np.abs(low) + np.abs(high)) + 1e-8 * (1 + np.abs(here))
    kinked = (high - low > 100 * room) & (low - room <= analytic) & (analytic <= high + room)
    verdict[(verdict == IS_WRONG) & kinked] = IS_SUBGRADIENT


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """One array as it is, several as one vector."""
    return np.asarray(arrays[0]) if len(arrays) == 1 else np.concatenate([np.reshape(x, (-1,)) for x in arrays])


# ---- verdicts --------------------------------------------------------------------------------------------------


def verdicts_of(
    analytic: Sequence[np.ndarray],
    numeric: Sequence[np.ndarray],
    errors: Sequence[np.ndarray],
    tolerance: float,
    size: float,
    points: Sequence[np.ndarray],
    coarse: bool = False,
) -> list[np.ndarray]:
    """What is to be said of every entry, each by its own size and its own numerical error.

    A ``coarse`` function's errors are seen by their scatter, which is luckily small at times: entries are right within
    three times as much, and wrong beyond twelve times.
    """
    if coarse:
        errors = [1.5 * e for e in errors]
    found = []
    scales = [np.maximum(1.0, np.abs(np.nan_to_num(x))) for x in points]
    seen = [np.max((np.abs(n) - e) * s, initial=0.0) for n, e, s in zip(numeric, errors, scales)]
    # an offset that moves nothing is no measure of slopes: what it hides is not known to be small
    moving = min(size, max(_USUAL, *seen))
    for a, n, e, s in zip(analytic, numeric, errors, scales):
        # the differences' rounding: that of a sum of this size over a step of about 1e-3 of the entry's
        floor = 1e-13 * (1 + size / s)
        entry = np.maximum(np.abs(a), np.abs(n))
        right = np.abs(a - n) <= tolerance * entry + floor + 2 * e  # an estimate itself
        known = tolerance * np.maximum(10 * entry, moving / s) + 1e-11
        if coarse:  # then its own largest slope will do for an input; `_along_claims` sees to their sum
            known = np.maximum(known, np.minimum(10 * tolerance * moving / s, np.max(entry, initial=0.0)))
        unknown = right & (e + floor > known)
        if coarse:
            unknown |= ~right & (np.abs(a - n) <= tolerance * entry + floor + 8 * e)
        found.append(np.where(unknown, IS_INCONCLUSIVE, np.where(right, IS_RIGHT, IS_WRONG)).astype(object))
    return found


def _by_norms(analytic: Sequence[np.ndarray], numeric: Sequence[np.ndarray], tolerance: float) -> list[np.ndarray]:
    """The course's verdict, one for each input: a difference of one step cannot estimate its own error."""
    found = []
    for a, n in zip(analytic, numeric):
        right = relative_error(a, n) <= tolerance
        differs = ~(np.abs(a - n) <= 1e-3 * np.max(np.abs(a - n), initial=0.0))
        found.append(np.where(differs & (not right), IS_WRONG, IS_RIGHT).astype(object))
    return found

"""Gradients that are claimed to be infinite or nan: never right, and whether the differences are infinite as well."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...core.errors import NotDifferentiableError
from ..report.report import IS_INCONCLUSIVE, IS_RIGHT, Comparison
from ..subjects.subject import Subject, signed
from .numerical import numerical_jvp

#: Steps whose differences are compared: those of a slope that is infinite grow without end.
_STEPS = (1e-4, 1e-6, 1e-8, 1e-10)
#: Of more entries than these nobody wants to know why they are not finite.
_MOST = 16


def finite(arrays: Sequence[np.ndarray]) -> bool:
    """Whether every entry is."""
    return all(bool(np.isfinite(x).all()) for x in arrays)


class _Masked(Subject):
    """A subject by some of its entries, the others held fixed."""

    def __init__(self, whole: Subject, masks: Sequence[np.ndarray]) -> None:
        self.whole, self.masks = whole, masks
        self.labels, self.value, self.cotangents = whole.labels, whole.value, whole.cotangents
        self.points = [x[mask] for x, mask in zip(whole.points, masks)]
        self.epsilon, self.magnitude, self.notes = whole.epsilon, whole.magnitude, whole.notes

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The value with these entries in place of its own."""
        whole = self.whole.copies()
        for x, mask, part in zip(whole, self.masks, points):
            x[mask] = part
        return self.whole.outputs(whole)


def beside_infinite(
    subject: Subject,
    claimed: Sequence[np.ndarray],
    compare: Callable[[Subject, Sequence[np.ndarray]], dict[str, Comparison]],
) -> dict[str, Comparison]:
    """The finite entries compared as they would be alone; of the others the slope is infinite, or not known."""
    masks = [np.isfinite(g) for g in claimed]
    compared = compare(_Masked(subject, masks), [g[mask] for g, mask in zip(claimed, masks)])
    looked_at = 0
    found: dict[str, Comparison] = {}
    for i, (label, g, mask) in enumerate(zip(subject.labels, claimed, masks)):
        part = unknown(g)
        for name in ("numeric", "error", "verdict"):
            getattr(part, name)[mask] = getattr(compared[label], name)
        for index in np.argwhere(~mask).tolist():
            looked_at += 1
            if looked_at <= _MOST:
                part.numeric[tuple(index)], part.error[tuple(index)] = _slope(subject, i, tuple(index))
        found[label] = part
    return found


def infinite_slopes(subject: Subject, comparisons: Mapping[str, Comparison]) -> dict[str, str]:
    """Notes on finite claims where the differences grow without end: no number is the derivative, nor a subgradient."""
    notes: dict[str, str] = {}
    looked_at = 0
    for i, label in enumerate(subject.labels):
        part = comparisons[label]
        doubtful = (part.verdict != IS_RIGHT) & (part.error > 1e-3 * np.abs(part.numeric))
        for index in map(tuple, np.argwhere(doubtful & np.isfinite(part.analytic)).tolist()):
            looked_at += 1
            slope = _slope(subject, i, index)[0] if looked_at <= _MOST else 0.0
            if np.isinf(slope):
                part.numeric[index], part.verdict[index] = slope, IS_INCONCLUSIVE
                notes[label] = f"the numerical derivative is infinite at {list(index)}: the function has none there"
    return notes


def along_a_direction(subject: Subject, claimed: Sequence[np.ndarray]) -> dict[str, Comparison]:
    """The fast check of a gradient that is not finite."""
    with np.errstate(invalid="ignore"):
        total = sum(float(np.sum(g * v)) for g, v in zip(claimed, signed(subject.points, 0)))
    return {"all inputs along a random direction": unknown(np.asarray(total))}


def unknown(analytic: np.ndarray) -> Comparison:
    """What is said of a claim where the differences know nothing."""
    nothing = np.full(analytic.shape, np.nan)
    return Comparison(analytic, nothing, nothing.copy(), np.full(analytic.shape, IS_INCONCLUSIVE, dtype=object))


def where_not_finite(subject: Subject, claimed: Sequence[np.ndarray]) -> dict[str, str]:
    """The first entry of each input's gradient that is not finite."""
    bad = [(label, np.argwhere(~np.isfinite(g))) for label, g in zip(subject.labels, claimed)]
    return {label: f"not finite at {where[0].tolist()}" for label, where in bad if len(where)}


def _slope(subject: Subject, i: int, index: tuple[int, ...]) -> tuple[float, float]:
    """±inf where the differences grow with every narrower step, on one side at least; else the derivative, or nan."""
    scale = max(1.0, abs(float(subject.points[i][index])))

    def at(step: float) -> float:
        points = subject.copies()
        points[i][index] += step * scale
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                return float(subject.number(*points))
            except (ArithmeticError, ValueError, NotDifferentiableError):
                return np.nan

    here = at(0.0)
    for side in (1.0, -1.0):
        rises = np.array([at(side * h) - here for h in _STEPS])
        slopes = rises / (side * scale * np.array(_STEPS))
        steep = np.all(np.abs(slopes[1:]) > 2 * np.abs(slopes[:-1])) and np.isfinite(slopes).all()
        if steep and abs(rises[-1]) < 0.9 * abs(rises[0]):  # else it is a jump, and what lies across it is no slope
            return float(np.copysign(np.inf, slopes[-1])), np.nan
    direction = [np.zeros_like(x) for x in subject.points]
    direction[i][index] = 1.0
    try:
        slope, error = numerical_jvp(subject.number, subject.points, direction, with_error=True)
    except ValueError:  # not finite next to the point
        return np.nan, np.nan
    return float(slope), float(error)

"""At a kink: does a claimed gradient lie between the slopes of the pieces that meet there?

A function like max(x, y) has no derivative where x = y, and every gradient between those of its pieces is as good as
any other (Clarke 1975). Along a direction d the claim g·d must lie between the slopes of the function on both sides
of the point, or, where pieces meet in a way that is neither convex nor concave (the median of tied numbers), between
the slopes at points next to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.errors import NotDifferentiableError
from ..report.report import IS_RIGHT, IS_SUBGRADIENT, IS_WRONG
from ..subjects.subject import Subject

#: Points next to a kink at which slopes are taken, and of these so many before it is said that there is no kink.
_NEARBY, _ENOUGH = 96, 32
_LEADS = (0.0, 1.5, -1.5, 0.7, -0.7, 2.5)


class _Slopes:
    """The slopes of a function at and next to a point, along directions."""

    def __init__(self, subject: Subject) -> None:
        self.number, self.points = subject.number, subject.points
        self.scales = [np.maximum(1.0, np.abs(np.nan_to_num(x))) for x in self.points]
        self.eps, self.size = subject.epsilon, 1.0 + subject.magnitude
        #: The step along a direction; points next to the kink lie some thirty steps away.
        self.step = 64 * np.sqrt(self.eps)
        self._here = [np.zeros_like(x) for x in self.points]

    def at(self, t: float, direction: Sequence[np.ndarray], base: Sequence[np.ndarray]) -> float:
        """The function at x + base + t · direction, all in units of the entries' own size."""
        moved = [x + s * (t * d + b) for x, s, d, b in zip(self.points, self.scales, direction, base)]
        try:
            with np.errstate(all="ignore"):
                return float(self.number(*moved))
        except (ArithmeticError, ValueError, NotDifferentiableError):  # beyond the domain
            return np.nan

    def along(
        self, direction: Sequence[np.ndarray], bases: Sequence[Sequence[np.ndarray]], step: float, known: dict[Any, Any]
    ) -> np.ndarray:
        """The slopes with this step, in order: at the point's two sides, and at the points nearby.

        ``known`` keeps those found before, by step.
        """
        found = known.setdefault(step, [])
        if not found:
            below, center, above = (self.at(t, direction, self._here) for t in (-step, 0.0, step))
            found += [(above - center) / step, (center - below) / step]
        for base in bases[len(found) - 2 :]:
            nearby = [30 * step * b for b in base]
            above, below = (self.at(t, direction, nearby) for t in (step / 2, -step / 2))
            found.append((above - below) / step)
        return np.sort(found)

    def allow(self, claimed: float, direction: Sequence[np.ndarray], nearby: int) -> tuple[bool, bool]:
        """Whether there is a kink along this direction, and whether the claimed slope lies between those found.

        Where more than two pieces meet, as where many numbers are tied, not all of them are seen: the claim may then
        lie outside of what was found by its width.
        """
        rng = np.random.default_rng(0)
        bases: list[list[np.ndarray]] = []
        known: dict[Any, Any] = {}
        while True:
            wide, narrow = (self.along(direction, bases, step, known) for step in (self.step, self.step / 8))
            low, high = min(wide[0], narrow[0]), max(wide[-1], narrow[-1])
            gap = narrow[-1] - narrow[0]
            rounding = 32 * self.eps * self.size / self.step * 8
            curved = abs(wide[0] - narrow[0]) + abs(wide[-1] - narrow[-1])
            kinked = gap > 0.5 * (wide[-1] - wide[0]) and gap > 1e-4 * (abs(low) + abs(high)) + rounding
            jump = gap > 4 * (wide[-1] - wide[0]) + rounding
            if jump and bases:  # what lies across it is no slope
                beside = narrow[np.abs(narrow) <= 1e-2 * np.max(np.abs(narrow))]
                if beside.size:
                    low, high, gap, curved = beside[0], beside[-1], 0.0, 0.0
            many = kinked and np.sum(np.diff(narrow) > 1e-2 * gap) > 1
            room = rounding + curved + (1.0 if many else 1e-3) * gap
            inside = low - room <= claimed <= high + room
            if kinked or jump:
                height = (narrow[-1] - narrow[0]) * self.step / 8 if jump else 0.0
                step = max(1e-12, 3e3 * self.eps * self.size / gap) if not height else 1e-12
                if step <= self.step / 64:
                    step = 4.0 ** np.ceil(np.log(step) / np.log(4.0))  # one of a few, whose slopes are then known
                    nearest = self.along(direction, bases, step, known)
                    reach = low - room, high + room
                    inside = self._inside_nearer(claimed, nearest, step, reach, gap, height, inside)
            if (kinked and inside and (bases or gap < 4 * (wide[-1] - wide[0]))) or len(bases) >= (
                nearby if kinked else min(nearby, _ENOUGH)
            ):
                return bool(kinked), bool(inside)
            # some of them moved along the direction, to where its entry is the largest of those that are tied, say
            bases += [[rng.normal(size=x.shape) + lead * d for x, d in zip(self.points, direction)] for lead in _LEADS]

    def _inside_nearer(
        self, claimed: float, slopes: np.ndarray, step: float, found: tuple[float, float], gap: float, height: float,
        inside: bool,
    ) -> bool:  # fmt: skip
        """Whether what looks like a kink allows the claim also by the slopes as near as rounding permits.

        A function that is only steep, or waves on a small scale, is smooth there; then its slopes from afar say
        nothing, unless the one from nearby is among them, as it is a little beside a kink.
        """
        if height and (slopes[-1] - slopes[0]) * step > 0.5 * height:
            return inside  # a jump indeed
        room = 32 * self.eps * self.size / step
        low, high = slopes[0] - room, slopes[-1] + room
        many = np.sum(np.diff(slopes) > 1e-2 * gap) > 1
        share = (1.0 if many else 1e-3) * (slopes[-1] - slopes[0])
        among = found[0] <= high and low <= found[1]
        return bool(low - share <= claimed <= high + share and (inside or not among))

    def claim(self, gradients: Sequence[np.ndarray], direction: Sequence[np.ndarray]) -> float:
        """The slope that the gradients claim along a direction."""
        return float(sum(np.sum(g * s * d) for g, s, d in zip(gradients, self.scales, direction)))


def allow_subgradients(
    subject: Subject,
    gradients: Sequence[np.ndarray],
    verdicts: Sequence[np.ndarray],
    most_suspects: int = 4,
) -> None:
    """Change the verdicts of entries at a kink: right as a subgradient, or wrong where all together are none.

    An entry passes alone along its own axis; then all of them together along 1, random ±1 and normal directions.
    After ``most_suspects`` entries of which none is at a kink no more are looked at.
    """
    if not all(np.all(np.isfinite(g)) for g in gradients):
        return
    slopes, points = _Slopes(subject), subject.points
    if slopes.eps > 1e-4:
        return  # so coarse numbers have steps of their own that look like kinks
    in_double = slopes.eps < 1e-12
    suspects = [(n, index) for n, verdict in enumerate(verdicts) for index in np.argwhere(verdict != IS_RIGHT).tolist()]
    suspects.sort(key=lambda each: verdicts[each[0]][tuple(each[1])] != IS_WRONG)
    zeros = [np.zeros_like(x) for x in points]

    def along_axis(n: int, index: Sequence[int]) -> list[np.ndarray]:
        unit = zeros[n].copy()
        unit[tuple(index)] = 1.0
        return [*zeros[:n], unit, *zeros[n + 1 :]]

    passed: list[tuple[int, tuple[int, ...]]] = []
    for examined, (n, index) in enumerate(suspects):
        if examined >= most_suspects and not passed:
            break
        axis = along_axis(n, index)
        if all(slopes.allow(slopes.claim(gradients, axis), axis, _NEARBY)):
            passed.append((n, tuple(index)))
    ones = [np.ones_like(x) for x in points]
    if passed or (in_double and slopes.allow(slopes.claim(gradients, ones), ones, 0)[0]):
        together = all(slopes.allow(slopes.claim(gradients, d), d, _NEARBY)[1] for d in _directions(points))
        for n, place in passed:
            if together:
                verdicts[n][place] = IS_SUBGRADIENT
        if in_double and not together:
            for n, verdict in enumerate(verdicts):
                for index in np.argwhere(verdict == IS_RIGHT).tolist():
                    axis = along_axis(n, index)
                    if slopes.allow(slopes.claim(gradients, axis), axis, 0)[0]:
                        verdict[tuple(index)] = IS_WRONG


def _directions(points: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(1)
    signs = [[rng.choice([-1.0, 1.0], size=x.shape) for x in points] for _ in range(3)]
    normal = [[np.asarray(rng.normal(size=x.shape)) for x in points] for _ in range(3)]
    return [[np.ones_like(x) for x in points], *signs, *normal]

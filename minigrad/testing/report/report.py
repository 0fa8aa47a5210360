"""What a gradient check found: as text, as a page with a heat map of the differences, and as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import MinigradError
from ..subjects.claims import paired

if TYPE_CHECKING:
    from ..check.culprit import Culprit

#: The course's thresholds (part C): up to the first a gradient is right, from the second on it is wrong.
RIGHT, WRONG = 1e-7, 1e-3

#: What is said of an entry, in the order in which a report counts them.
VERDICTS = ("right", "right as a subgradient", "wrong", "inconclusive")
IS_RIGHT, IS_SUBGRADIENT, IS_WRONG, IS_INCONCLUSIVE = VERDICTS


class GradientError(MinigradError, AssertionError):
    """A gradient differs from its numerical value; ``report`` says where."""

    def __init__(self, report: GradientReport) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return str(self.report)


@dataclass(frozen=True)
class Disagreement:
    """One entry where the two gradients differ."""

    input: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float  #: what the numeric value itself may be off by
    verdict: str  #: "wrong" or "inconclusive"
    digits: float  #: how many decimal digits of the two agree, as far as the numeric value knows them


@dataclass(frozen=True, eq=False)
class Comparison:
    """The gradient with respect to one input, entry by entry: four arrays of the input's shape."""

    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray  #: what the numeric values may be off by
    verdict: np.ndarray  #: of the words in `VERDICTS`

    def __post_init__(self) -> None:
        """No difference can vouch for a claim that is not finite: inf is within any share of inf."""
        self.verdict[~np.isfinite(self.analytic)] = IS_WRONG

    @cached_property
    def digits(self) -> np.ndarray:
        """How many decimal digits of each entry are verified: both values agree in them, and the numeric knows them."""
        scale = np.maximum(np.abs(self.analytic), np.abs(self.numeric))
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(self.analytic - self.numeric) + self.error
            digits = -np.log10(off / scale)
        digits = np.where((off == 0) | (scale == 0), 16.0, digits)
        return np.clip(np.nan_to_num(digits, nan=0.0, neginf=0.0), 0.0, 16.0)

    @property
    def relative_error(self) -> float:
        """The relative error of this input alone."""
        return relative_error(self.analytic, self.numeric)

    def count(self, verdict: str) -> int:
        """How many entries have this verdict."""
        return int(np.sum(self.verdict == verdict))


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found; print it to read it; a notebook adds a heat map of the differences.

    ``relative_error`` is ‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖) over all entries as one vector θ,
    and ``by_input`` the same for each input. ``worst`` lists the entries that differ most. ``counts`` says how many
    entries are "right", "right as a subgradient" (at a kink, between the slopes of its two sides), "wrong", and
    "inconclusive" (the numerical derivative does not know the answer to the accuracy asked for). ``diagnoses`` names,
    for an input whose gradient is wrong, the pattern of the mistake where it is a known one ("twice too large").
    ``comparisons`` has the gradients themselves. ``exact`` names what was checked without differences (that the
    derivative is linear, say) and what came out, "holds" or what was found instead. ``culprit`` is, in a graph that
    minigrad recorded, the smallest part of it that is wrong. ``notes`` say what a pass does not: that an input was held
    fixed, or that the value does not depend on it.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> report = mg.testing.check_gradients(lambda x: np.sum(x**2), np.array([1.0, 2.0]))
    >>> report.verdict, report.entries, report.data()["counts"]["right"]
    ('right', 2, 2)
    """

    comparisons: Mapping[str, Comparison]
    tolerance: float
    diagnoses: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[str, str] = field(default_factory=dict)
    find_culprit: Callable[[], Culprit | None] | None = field(default=None, repr=False)
    notes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def culprit(self) -> Culprit | None:
        """The smallest part of a recorded graph that is wrong; None where there is none or it is not known."""
        return None if self.find_culprit is None else self.find_culprit()

    @cached_property
    def relative_error(self) -> float:
        """The relative error over all entries as one vector θ."""
        parts = self.comparisons.values()
        return relative_error(_flat([part.analytic for part in parts]), _flat([part.numeric for part in parts]))

    @property
    def by_input(self) -> Mapping[str, float]:
        """The relative error of each input."""
        return {label: part.relative_error for label, part in self.comparisons.items()}

    @property
    def entries(self) -> int:
        """How many derivatives were checked against numerical ones."""
        return sum(part.analytic.size for part in self.comparisons.values())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many entries have which verdict."""
        return {verdict: sum(part.count(verdict) for part in self.comparisons.values()) for verdict in VERDICTS}

    @property
    def digits(self) -> float:
        """The least number of decimal digits that any entry is verified to; 16 where there are no entries."""
        return min((float(part.digits.min()) for part in self.comparisons.values() if part.digits.size), default=16.0)

    @cached_property
    def worst(self) -> tuple[Disagreement, ...]:
        """The entries that differ most, at most eight; none in a report that passed."""
        differing = [
            Disagreement(
                label, index, float(part.analytic[index]), float(part.numeric[index]), float(part.error[index]),
                str(part.verdict[index]), float(part.digits[index]),
            )
            for label, part in self.comparisons.items()
            for index in np.ndindex(part.analytic.shape)
            if part.verdict[index] in (IS_WRONG, IS_INCONCLUSIVE)
        ]  # fmt: skip
        differing.sort(key=lambda each: -_nan_largest(abs(each.analytic - each.numeric)))
        return tuple(differing[:8])

    @property
    def verdict(self) -> str:
        """ "right" up to 1e-7, "wrong" from 1e-3 on, "look closer" in between (course, part C).

        Where an entry or an exact check failed it is not "right", however small the relative error is.
        """
        if self.relative_error <= RIGHT:
            return "right" if self.passed else "wrong" if self.counts[IS_WRONG] else "look closer"
        return "look closer" if self.relative_error < WRONG else "wrong"

    @property
    def passed(self) -> bool:
        """Whether every entry is right, at a kink as a subgradient, and every exact check holds.

        An inconclusive entry is not a pass.
        """
        counts = self.counts
        return not counts[IS_WRONG] and not counts[IS_INCONCLUSIVE] and all(x == "holds" for x in self.exact.values())

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [
            f"gradient check: {'passed' if self.passed else 'FAILED'}, relative error {self.relative_error:.1e} over "
            f"{self.entries} entries ({self.verdict}; tolerance {self.tolerance:.0e})"
        ]
        lines += [f"  {name:<24} {error:.1e}" for name, error in self.by_input.items()]
        special = {verdict: count for verdict, count in self.counts.items() if verdict != IS_RIGHT and count}
        if special:
            lines.append("  " + ", ".join(f"{count} {verdict}" for verdict, count in special.items()))
        lines += [f"  {name}: {text}" for name, text in self.diagnoses.items()]
        lines += [f"  {name}: {found}" for name, found in self.exact.items() if found != "holds"]
        lines += [f"  {name}: {text}" for name, text in self.notes.items()]
        if self.worst:
            lines.append("  entries that differ:             analytic         numeric   its error  digits")
            lines += [
                f"  {f'{each.input}{list(each.index)}':<28} {each.analytic:>15.8g} {each.numeric:>15.8g}   "
                f"{each.error:>9.0e}  {each.digits:>6.1f}  {each.verdict}"
                for each in self.worst
            ]
        if self.culprit is not None:
            lines.append(str(self.culprit))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from .pages import report_as_html

        return report_as_html(self)

    def data(self, *, entries: bool = True) -> dict[str, Any]:
        """Everything in the report as plain numbers, texts, lists and dicts, which JSON can hold.

        Without ``entries`` the gradients themselves are left out.
        """
        inputs: dict[str, Any] = {
            label: {
                "relative_error": part.relative_error,
                "shape": list(part.analytic.shape),
                **{name: getattr(part, name).tolist() for name in ("analytic", "numeric", "error", "verdict")},
                "digits": part.digits.tolist(),
            }
            for label, part in (self.comparisons.items() if entries else ())
        }
        return {
            "passed": self.passed,
            "verdict": self.verdict,
            "relative_error": self.relative_error,
            "tolerance": self.tolerance,
            "entries": self.entries,
            "digits": self.digits,
            "counts": dict(self.counts),
            "exact": dict(self.exact),
            "diagnoses": dict(self.diagnoses),
            "notes": dict(self.notes),
            "culprit": str(self.culprit) if entries and self.culprit is not None else None,
            "inputs": inputs,
        }


def relative_error(analytic: Any, numeric: Any) -> float:
    """‖numeric − analytic‖ / (‖numeric‖ + ‖analytic‖), 0 where both are 0 (course, part C).

    Of arrays, or of nested containers of them as one vector; a dictionary may say ``"dW1"`` for ``"W1"``. Gradients
    that are both smaller than the differences' own rounding (1e-9) count as equal.

    >>> relative_error({"dW": [1.0, 2.0], "db": 3.0, "dZ": None}, {"W": np.array([1.0, 2.0]), "b": np.array(3.0)})
    0.0
    """
    one, other = paired(analytic, numeric)
    with np.errstate(invalid="ignore"):  # inf - inf
        difference = float(np.linalg.norm(other - one))
    scale = float(np.linalg.norm(other) + np.linalg.norm(one))
    return 0.0 if difference <= 1e-9 * RIGHT or scale <= 1e-9 else difference / scale


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([each.ravel() for each in arrays])


def _nan_largest(x: float) -> float:
    return np.inf if np.isnan(x) else x

"""The property suite that must notice every mutant: drawn examples against differences, and what must hold exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...core.operation import Op
from ..check.compare import verdicts_of
from ..check.exact import exact_checks
from ..check.numerical import numerical_gradient
from ..check.subgradients import allow_subgradients
from ..draws import RandomDraw
from ..operations import Example, drawn_example
from ..report.report import IS_RIGHT, IS_WRONG, RIGHT
from ..subjects.subject import Recorded


class _Examined:
    """An example, whose numerical derivative, which no rule changes, is taken once."""

    def __init__(self, example: Example) -> None:
        self.subject = Recorded(example, example.points, None, scalars=False)
        self.subject.settle()
        self.numeric, self.errors = numerical_gradient(self.subject.number, *self.subject.copies(), with_error=True)
        #: Whether every entry is right and not only a subgradient; to look for that takes long.
        self.smooth = all(np.all(verdict == IS_RIGHT) for verdict in self._verdicts(self.subject.claim()))

    def _verdicts(self, claimed: Sequence[np.ndarray]) -> list[np.ndarray]:
        subject = self.subject
        return verdicts_of(claimed, self.numeric, self.errors, RIGHT, subject.magnitude, subject.points)

    def wrong(self) -> bool:
        """Whether any entry of the gradient is wrong now."""
        claimed = self.subject.claim()
        verdicts = self._verdicts(claimed)
        if not self.smooth and any(np.any(verdict == IS_WRONG) for verdict in verdicts):
            allow_subgradients(self.subject, claimed, verdicts)
        return any(np.any(verdict == IS_WRONG) for verdict in verdicts)

    def inexact(self) -> list[str]:
        """Which exact checks fail now."""
        return [name for name, found in exact_checks(self.subject, self.subject.claim()).items() if found != "holds"]


class PropertySuite:
    """The suite that checks an operation's rules against differences and against what must hold exactly.

    Calling it with an operation raises AssertionError where its rule is found wrong. It draws ``examples`` calls as the
    operation says, every third of them at kinks and ties if its value is continuous there, takes the numerical
    derivatives of each once, however many rules are then tried, and runs all of `check_gradients`' exact checks on some
    of them, inputs of every number of axes among these.
    """

    def __init__(self, examples: int = 60, seed: int = 0) -> None:
        self.examples, self.seed = examples, seed
        self._drawn: dict[str, list[_Examined | None]] = {}

    def __call__(self, op: Op) -> None:
        """Raise AssertionError if the operation's rule is wrong."""
        exactly: list[_Examined] = []
        ranks: set[tuple[int, ...]] = set()  # rules branch on them
        for number in range(self.examples):
            examined = self.example(op, number)
            if examined is None:
                continue
            if examined.wrong():
                raise AssertionError(f"{op.name}: wrong at {examined.subject.f}")
            rank = tuple(map(np.ndim, examined.subject.points))
            if number % 6 == 0 or rank not in ranks:
                exactly.append(examined)
            ranks.add(rank)
        for examined in exactly:
            inexact = examined.inexact()
            if inexact:
                raise AssertionError(f"{op.name}: not {', '.join(inexact)} at {examined.subject.f}")

    def example(self, op: Op, number: int) -> _Examined | None:
        """One of the examples; drawn, and its derivatives taken, when it is first asked for."""
        drawn = self._drawn.setdefault(op.name, [])
        while len(drawn) <= number:
            drawn.append(_examined(op, (self.seed, len(drawn)), kinks=len(drawn) % 3 == 2))
        return drawn[number]


def _examined(op: Op, seed: Sequence[int], kinks: bool) -> _Examined | None:
    """An example with its numerical derivative, or None where it has none."""
    with np.errstate(all="ignore"):
        example = drawn_example(op, RandomDraw(seed, kinks=kinks))
        if not example.points or (kinks and not example.is_continuous()):
            return None
        try:
            return _Examined(example)
        except (ArithmeticError, ValueError):
            if kinks:
                return None
            raise

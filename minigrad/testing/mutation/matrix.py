"""A run: every mutant of the operations, what a suite noticed of them, and the page that says so."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.operation import Op
from ...core.registry import operations as registered
from .equivalents import notices, reason_of
from .mutants import KINDS, Mutant, mutants_of
from .suite import PropertySuite


@dataclass(frozen=True)
class KillMatrix:
    """What a suite noticed: for each operation and kind of break how many mutants were killed, of how many.

    ``equivalent`` gives the reason for each mutant that differs from the right rule nowhere, ``survivors`` holds those
    that the suite did not notice. Printing it gives the matrix in Markdown.
    """

    killed: Mapping[tuple[str, str], int]
    made: Mapping[tuple[str, str], int]
    survivors: tuple[Mutant, ...]
    equivalent: Mapping[Mutant, str]

    @property
    def total(self) -> int:
        """How many mutants were made that are not equivalent."""
        return sum(self.made.values())

    @property
    def passed(self) -> bool:
        """Whether every one of them was killed."""
        return not self.survivors

    @property
    def summary(self) -> str:
        """Such as ``mutants killed: 812 of 812``."""
        return f"mutants killed: {sum(self.killed.values())} of {self.total}"

    def __str__(self) -> str:
        names = list(dict.fromkeys(name for name, _ in self.made))
        kinds = [kind for kind in KINDS if any((name, kind) in self.made for name in names)]
        lines = [self.summary, "", "| operation | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
        for name in names:
            cells = [
                f"{self.killed[name, kind]}/{self.made[name, kind]}" if (name, kind) in self.made else ""
                for kind in kinds
            ]
            lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
        lines += ["", *(f"survived: {mutant}" for mutant in self.survivors)]
        return "\n".join(lines).rstrip()

    def page(self) -> str:
        """The matrix with what it means and the reasons of the equivalent mutants, in Markdown."""
        by_reason: dict[tuple[str, str], list[str]] = {}
        for mutant, reason in self.equivalent.items():
            by_reason.setdefault((mutant.kind, reason), []).append(f"`{mutant.op.name}` ({mutant.detail})")
        lines = [
            "# Mutation tests",
            "",
            "Every derivative rule is broken in many ways, one at a time, and the property suite must notice: killed",
            "of made, by operation and kind of break. This page is written by",
            "`python -m minigrad.testing.mutation --page docs/mutation.md`; a test fails where it is out of date, or a",
            "mutant survives.",
            "",
            str(self),
            "",
            "## Equivalent mutants",
            "",
            "Breaks that change nothing that could be seen, with the reason.",
            "",
            "| break | reason | where |",
            "|---|---|---|",
            *(f"| {kind} | {reason} | {', '.join(names)} |" for (kind, reason), names in by_reason.items()),
        ]
        return "\n".join(lines) + "\n"


def run(
    suite: Callable[[Op], object] | None = None,
    *,
    operations: Iterable[Op | str] | None = None,
    kinds: Sequence[str] = KINDS,
) -> KillMatrix:
    """Break every rule of the operations and ask a suite each time.

    Parameters
    ----------
    suite
        A function of an operation that raises where it finds it wrong, such as a test of your own; by default the
        `PropertySuite` that minigrad's operations must pass. It must pass for the right rules.
    operations
        Operations or their names, by default all that are registered with a rule.
    kinds
        Which breaks to make, of `KINDS`.

    Raises
    ------
    ValueError
        If the suite fails for a rule that nobody broke, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> from minigrad.testing import mutation
    >>> print(mutation.run(operations=["tanh"]).summary)
    mutants killed: 16 of 16
    >>> def looks_at_the_sign_alone(op):
    ...     assert mg.grad(op)(0.5) > 0
    >>> matrix = mutation.run(looks_at_the_sign_alone, operations=["tanh"], kinds=["sign", "a thousandth too large"])
    >>> print(matrix.summary); matrix.survivors
    mutants killed: 1 of 2
    (<mutant tanh: a thousandth too large (x)>,)
    """
    tested = (op for op in registered().values() if getattr(op, "vjp", None) is not None and op.inputs is not None)
    chosen = [_operation(each) for each in (tested if operations is None else operations)]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"mutation.run: unknown kinds {unknown}; known are {', '.join(KINDS)}")
    own = PropertySuite()
    asked: Callable[[Op], object] = own if suite is None else suite
    killed: dict[tuple[str, str], int] = {}
    made: dict[tuple[str, str], int] = {}
    survivors: list[Mutant] = []
    equivalent: dict[Mutant, str] = {}
    for op in chosen:
        try:
            with np.errstate(all="ignore"):
                asked(op)
        except Exception as error:
            raise ValueError(f"mutation.run: the suite fails for {op.name} as it is: {error}") from error
        for mutant in mutants_of(op):
            if mutant.kind not in kinds:
                continue
            noticed = notices(asked, mutant)
            if not noticed:
                reason = reason_of(mutant, own)
                if reason is not None:
                    equivalent[mutant] = reason
                    continue
                survivors.append(mutant)
            at = op.name, mutant.kind
            made[at] = made.get(at, 0) + 1
            killed[at] = killed.get(at, 0) + noticed
    return KillMatrix(killed, made, tuple(survivors), equivalent)


def _operation(each: Any) -> Op:
    found = registered().get(each) if isinstance(each, str) else each
    if not isinstance(found, Op) or found.vjp is None:
        raise ValueError(f"mutation.run: {each!r} is no registered operation with a rule of its own")
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the kill matrix of some operations or all, or write it as a page; returns 1 where a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.testing.mutation", description=main.__doc__)
    parser.add_argument("operations", nargs="*", help="their names; all by default")
    parser.add_argument("--page", metavar="FILE.md", help="write the matrix with the reasons of equivalent mutants")
    options = parser.parse_args(arguments)
    matrix = run(operations=options.operations or None)
    if options.page is None:
        print(matrix)
    else:
        Path(options.page).write_text(matrix.page(), encoding="utf-8")
        print(matrix.summary)
    return 0 if matrix.passed else 1

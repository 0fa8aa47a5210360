"""Which part of a graph is wrong: found, made small, written as a four-line reproducer, and drawn."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..expression import Expression, Step, shrunk
from ..subjects.subject import Recorded
from .compare import along_one_direction, every_entry

#: Graphs of more operations are not searched.
_MOST_STEPS = 5000


@dataclass(frozen=True, eq=False)
class Culprit:
    """The smallest part of a graph found whose gradient is wrong.

    ``expression`` is that part, ``wrong`` the number of the row whose rule is wrong (None where every rule is right by
    itself, and the mistake lies in how they are chained, or outside of the graph), ``text`` says so in a sentence,
    ``picture`` is the file that it was drawn to, if any.
    """

    text: str
    expression: Expression | None = None
    wrong: int | None = None
    picture: Path | None = None

    @property
    def reproducer(self) -> str | None:
        """A four-line reproducer."""
        return None if self.expression is None else self.expression.reproducer()

    def draw(self) -> Any:
        """The part as a `viz.Diagram`, the wrong node marked."""
        import viz

        assert self.expression is not None
        root, nodes = self.expression.graph()
        marks = {} if self.wrong is None else {nodes[self.wrong]: "its gradient is wrong"}
        return viz.draw(root.sum() if root.size != 1 else root, marks=marks)

    def saved(self, picture: Any = None) -> Culprit:
        """The same with its picture in a file, by default in a new folder for temporary files.

        Without what drawing needs, the text says so.
        """
        if self.expression is None:
            return self
        try:
            drawing = self.draw()
            path = Path(tempfile.mkdtemp(prefix="minigrad-")) / "wrong_gradient.svg" if picture is None else picture
            return dataclasses.replace(self, picture=Path(drawing.save(path)))
        except (ImportError, RuntimeError) as error:
            return dataclasses.replace(self, text=f"{self.text} (not drawn: {error})")

    def __str__(self) -> str:
        lines = [f"  {self.text}"]
        if self.picture is not None:
            lines.append(f"  drawn in {self.picture}")
        if self.reproducer is not None:
            lines += ["  to reproduce it:", *(f"    {line}" for line in self.reproducer.splitlines())]
        return "\n".join(lines)


def culprit_of(subject: Recorded, picture: Any = None) -> Culprit | None:
    """The culprit in a function that failed; None where the graph is too large or cannot be run again."""
    with subject.at(subject.points), np.errstate(all="ignore"):
        root, _ = subject.root(subject.cotangents)
        if root is None or root.op is None:
            return Culprit("the function's value does not depend on its inputs by any recorded operation")
        try:
            expression = Expression.of(root)
            if len(expression.steps) > _MOST_STEPS:
                return None
            return _found(expression).saved(picture)
        except Exception:  # an operation that can't be run by itself: the report goes without this
            return None


def _found(expression: Expression) -> Culprit:
    values = expression.values()
    for number, step in expression.steps:
        if not rule_holds(step, [values[i] for i in step.sources]):
            alone = shrunk(expression.alone(number), expression_fails)
            name = step.call.op.name
            return Culprit(f"the rule of {name!r} is wrong", alone, len(alone.rows) - 1)
    if expression_fails(expression):
        if not _fails_beside(expression):
            return Culprit(
                "the graph's gradient is right at points nearby: here, at a kink or within rounding of one, it is no "
                "subgradient, and no rule and no part of the engine is to blame alone"
            )
        small = shrunk(expression, expression_fails)
        return Culprit("every rule is right by itself: going backward chains them wrongly", small)
    return Culprit(
        "the recorded graph's gradient is right, but the function computes something else: a part of it left the "
        "graph (.data, .numpy(), .detach(), a number made of a tensor)"
    )


def _fails_beside(expression: Expression) -> bool:
    """Whether the gradient is wrong next to the point too, as an engine's mistake is, or cannot be taken there."""
    rng = np.random.default_rng(0)

    def beside(row: Any) -> Any:
        if isinstance(row, Step):
            return row
        return row + 1e-4 * np.maximum(1.0, np.abs(row)) * rng.uniform(-1, 1, np.shape(row))

    try:
        return any(expression_fails(Expression([beside(row) for row in expression.rows])) for _ in range(2))
    except (ArithmeticError, ValueError):  # beyond its domain
        return True


def rule_holds(step: Step, points: list[Any]) -> bool:
    """Whether one operation's gradient is right at these values, along one random direction and else entry by entry."""
    return not expression_fails(Expression([*points, Step(step.call, range(len(points)))]))


def expression_fails(expression: Expression) -> bool:
    """Whether the engine's gradient of an expression is wrong in some entry."""
    leaves = expression.leaves
    subject = Recorded(expression, leaves, None, scalars=False)
    subject.settle()
    claimed = subject.claim()
    if sum(x.size for x in leaves) > 256:
        [found] = along_one_direction(subject, claimed, None, 1e-7).values()
        if not found.count("wrong"):
            return False
    found_by_label = every_entry(subject, claimed, None, 1e-7, most_suspects=2)
    return any(part.count("wrong") for part in found_by_label.values())

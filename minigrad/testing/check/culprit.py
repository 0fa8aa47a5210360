"""Which part of a graph is wrong: found, made small, written as a four-line reproducer, and drawn."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.equations import Variable, substituted
from ...core.program import Program
from ...core.writing import MOST_NESTED, as_python, formula_of
from ...values.tensor import Tensor
from ..operations import as_one
from ..shrinking import shrunk
from ..subjects.subject import Recorded
from .compare import along_one_direction, every_entry

#: Graphs of more operations are not searched.
_MOST_STEPS = 5000


@dataclass(frozen=True, eq=False)
class Culprit:
    """The smallest part of a graph found whose gradient is wrong.

    ``program`` is that part, ``wrong`` the variable whose operation's rule is wrong (None where every rule is right by
    itself, and the mistake lies in how they are chained, or outside of the graph), ``text`` says so in a sentence,
    ``picture`` is the file that it was drawn to, if any.
    """

    text: str
    program: Program | None = None
    wrong: Variable | None = None
    picture: Path | None = None

    @property
    def reproducer(self) -> str | None:
        """A four-line reproducer."""
        return None if self.program is None else reproducer_of(self.program)

    def draw(self) -> Any:
        """The part as a `viz.Diagram`, the wrong node marked."""
        import viz

        assert self.program is not None
        leaves = [Tensor(x, requires_grad=True, name=f"x{i}") for i, x in enumerate(self.program.leaves)]
        nodes = self.program.values(*leaves)
        root = as_one(substituted(self.program.outputs, nodes.__getitem__))
        marks = {} if self.wrong is None else {nodes[self.wrong]: "its gradient is wrong"}
        return viz.draw(root.sum() if root.size != 1 else root, marks=marks)

    def saved(self, picture: Any = None) -> Culprit:
        """The same with its picture in a file, by default in a new folder for temporary files.

        Without what drawing needs, the text says so.
        """
        if self.program is None:
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
            program = in_float64(Program.of(root))
            if len(program.equations) > _MOST_STEPS:
                return None
            return _found(program).saved(picture)
        except Exception:  # an operation that can't be run by itself: the report goes without this
            return None


def in_float64(program: Program) -> Program:
    """The same as a function of its leaves and of all constants that are differentiated, in float64."""
    leaves = dict(zip(program.variables, program.leaves))
    for each in program.equations:
        inputs = each.arguments[0] if each.operation.variadic else each.arguments
        for x, rule in zip(inputs, each.operation.rules or [True] * len(inputs)):
            if rule and isinstance(x, Variable) and x in program.constants and x.dtype.kind == "f":
                leaves[x] = program.constants[x]
    return program.with_inputs({x: np.array(array, dtype=np.float64) for x, array in leaves.items()})


def _found(program: Program) -> Culprit:
    for number, equation in enumerate(program.equations):
        alone = program.alone(number)
        if not rule_holds(alone):
            small = shrunk(alone, gradient_fails)
            return Culprit(f"the rule of {equation.operation.name!r} is wrong", small, small.equations[-1].outputs[0])
    if gradient_fails(program):
        if not _fails_beside(program):
            return Culprit(
                "the graph's gradient is right at points nearby: here, at a kink or within rounding of one, it is no "
                "subgradient, and no rule and no part of the engine is to blame alone"
            )
        small = shrunk(program, gradient_fails)
        return Culprit("every rule is right by itself: going backward chains them wrongly", small)
    return Culprit(
        "the recorded graph's gradient is right, but the function computes something else: a part of it left the "
        "graph (.data, .numpy(), .detach(), a number made of a tensor)"
    )


def _fails_beside(program: Program) -> bool:
    """Whether the gradient is wrong next to the point too, as an engine's mistake is, or cannot be taken there."""
    rng = np.random.default_rng(0)

    def beside(x: Any) -> Any:
        return x + 1e-4 * np.maximum(1.0, np.abs(x)) * rng.uniform(-1, 1, np.shape(x))

    try:
        leaves = dict(zip(program.variables, program.leaves))
        return any(
            gradient_fails(program.with_inputs({x: beside(array) for x, array in leaves.items()})) for _ in range(2)
        )
    except (ArithmeticError, ValueError):  # beyond its domain
        return True


def rule_holds(alone: Program) -> bool:
    """Whether one operation's gradient is right at its leaves, each use of a value as a leaf of its own."""
    [equation], values = alone.equations, dict(zip(alone.variables, alone.leaves))
    leaves: dict[Variable, Any] = {}

    def apart(x: Variable) -> Variable:
        if x not in values:
            return x
        leaf = Variable(equation.outputs[-1].number + 1 + len(leaves), x.shape, x.dtype)
        leaves[leaf] = values[x]
        return leaf

    arguments, options = substituted(equation.arguments, apart), substituted(equation.options, apart)
    split = equation._replace(arguments=arguments, options=options)
    inputs, points = list(leaves), list(leaves.values())
    return not gradient_fails(Program(inputs, alone.constants, [split], alone.outputs, leaves=points))


def gradient_fails(program: Program) -> bool:
    """Whether the engine's gradient of a program is wrong in some entry."""
    leaves = program.leaves
    subject = Recorded(program, leaves, None, scalars=False)
    subject.settle()
    claimed = subject.claim()
    if sum(x.size for x in leaves) > 256:
        [found] = along_one_direction(subject, claimed, None, 1e-7).values()
        if not found.count("wrong"):
            return False
    found_by_label = every_entry(subject, claimed, None, 1e-7, most_suspects=2)
    return any(part.count("wrong") for part in found_by_label.values())


def reproducer_of(program: Program) -> str:
    """Four lines that check a program's gradient at its leaves and run as they stand."""
    names = ", ".join(f"x{i}" for i in range(len(program.leaves)))
    arrays = ", ".join(map(as_python, program.leaves))
    if len(program.equations) > MOST_NESTED:
        return f"{program.to_python('f')}{names} = {arrays}\nmg.testing.check_gradients(f, {names})"
    formula, modules = formula_of(program)
    if isinstance(program.outputs, tuple):
        formula = f"mg.testing.operations.as_one({formula})"
    imports = "".join(f", {each}" for each in dict.fromkeys(modules))
    return (
        f"import numpy as np, minigrad as mg{imports}\n{names} = {arrays}\n"
        f"f = lambda {names}: {formula}\nmg.testing.check_gradients(f, {names})"
    )

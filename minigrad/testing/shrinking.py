"""Programs made smaller: fewer equations first, then shorter arrays, then simpler numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.equations import Equation, Variable, substituted
from ..core.program import Program
from ..core.writing import as_python


def shrunk(program: Program, fails: Callable[[Program], bool]) -> Program:
    """The smallest program found that still fails.

    ``fails`` is asked of many programs; one that it raises for does not fail.
    """
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(program):
            if _fails(fails, smaller):
                program, progress = smaller, True
                break
    return program


def _fails(fails: Callable[[Program], bool], program: Program) -> bool:
    try:
        with np.errstate(all="ignore"):
            return fails(program)
    except Exception:
        return False


def _smaller(program: Program) -> Iterator[Program]:
    """Programs with less in them."""
    inner, values = program.equations[:-1], program.values()
    for each in inner:
        yield program.ending_at(each.outputs[0] if len(each.outputs) == 1 else each.outputs)
    for each in inner:
        yield program.with_inputs({x: np.array(values[x], dtype=np.float64) for x in each.outputs})
    for each in inner:  # leave an equation out where what it is given will do in its place
        for x in each.used:
            if len(each.outputs) == 1 and np.shape(values[x]) == np.shape(values[each.outputs[0]]):
                yield _bypassed(program, each.outputs[0], x)
    leaves = dict(zip(program.variables, map(np.asarray, program.leaves)))
    for length in sorted({n for x in leaves.values() for n in x.shape if n > 1}, reverse=True):
        for kept in (slice(length // 2), slice(length // 2, None)):
            yield program.with_inputs({x: _cut(array, length, kept) for x, array in leaves.items()})
    for x, array in leaves.items():
        for simpler in (np.asarray(np.round(array, digits)) for digits in (0, 1, 2)):
            if array.size and np.all(np.isfinite(array)) and len(as_python(simpler)) < len(as_python(array)):
                yield program.with_inputs({x: simpler})


def _bypassed(program: Program, left_out: Variable, source: Variable) -> Program:
    def instead(tree: Any) -> Any:
        return substituted(tree, lambda x: source if x == left_out else x)

    equations = [Equation(e.operation, instead(e.arguments), instead(e.options), e.outputs) for e in program.equations]
    outputs = instead(program.outputs)
    changed = Program(program.inputs, program.constants, equations, outputs, leaves=program.leaves)
    return changed.with_inputs({})


def _cut(x: np.ndarray, length: int, kept: slice) -> np.ndarray:
    return x[tuple(kept if n == length else slice(None) for n in x.shape)]

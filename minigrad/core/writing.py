"""A program as Python text: a function of statements, or one expression for a small one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .encoding import path_of
from .equations import Variable, substituted, variables_in
from .node import Node
from .operation import Operation
from .trees import paths_of

if TYPE_CHECKING:
    from .program import Program


class Verbatim(str):
    """Text that stands for a value."""

    __slots__ = ()
    __repr__ = str.__str__


def as_python(value: Any) -> str:
    """A value as Python text that gives it back, where ``np`` is NumPy.

    >>> as_python(np.zeros((0, 2))), as_python([np.array([1.0, np.inf]), slice(1, None), np.float32])
    ('np.zeros((0, 2))', '[np.array([1.0, np.inf]), slice(1, None, None), np.float32]')
    """
    if isinstance(value, Node):
        return as_python(value._data)
    if isinstance(value, np.ndarray):
        usual = value.size and value.dtype in (np.float64, np.bool_, np.intp)
        dtype = "" if usual or value.dtype == np.float64 else f", dtype=np.{value.dtype}"
        return f"np.array({as_python(value.tolist())}{dtype})" if value.size else f"np.zeros({value.shape}{dtype})"
    if isinstance(value, list):
        return f"[{', '.join(map(as_python, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(as_python, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_python(k)}: {as_python(v)}" for k, v in value.items()) + "}"
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({as_python(value.item())})"
    if isinstance(value, float) and not np.isfinite(value):
        return "np.nan" if value != value else "np.inf" if value > 0 else "-np.inf"
    if isinstance(value, slice):
        return f"slice({', '.join(map(as_python, (value.start, value.stop, value.step)))})"
    if isinstance(value, type):
        return f"np.{value.__name__}" if issubclass(value, np.generic) else value.__name__
    if isinstance(value, np.dtype):
        return f"np.dtype({value.name!r})"
    return repr(value)


def _call(operation: Any, arguments: Any, options: Any, modules: list[str], several: bool = False) -> str:
    """One call as it is written; options at their defaults are left out, modules that it needs are noted."""
    defaults = getattr(operation, "option_defaults", {})
    parts = [as_python(x) for x in arguments]
    parts += [f"{k}={as_python(v)}" for k, v in options.items() if not (k in defaults and _same(defaults[k], v))]
    name = _name(operation, modules)
    if several:
        parts, name = [name, *parts], "mg.Program.results"
    return f"{name}({', '.join(parts)})"


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b


def _name(operation: Any, modules: list[str]) -> str:
    """What Python calls an operation, where NumPy is ``np`` and this package ``mg``."""
    if not isinstance(operation, Operation):
        return path_of(operation).replace("numpy", "np", 1)
    op: Any = operation
    name = op.name
    package = __name__.partition(".")[0]
    owner = op.__module__ or ""
    if owner.partition(".")[0] == package:
        for prefix in ("mg", "mg.linalg", "mg.nn", "mg.nn.functional"):
            namespace = sys.modules.get(prefix.replace("mg", package, 1))
            if getattr(namespace, name, None) is op:
                return f"{prefix}.{name}"
    module = sys.modules.get(owner)
    if getattr(module, name, None) is op:
        path = getattr(module, "__file__", None)
        where = Path(path).stem if owner == "__main__" and path else owner
        if where.partition(".")[0] != package:
            modules.append(where)
            return f"{where}.{name}"
    return f'mg.operations()["{name}"]'


# ---- a program ----------------------------------------------------------------------------------------------


def python_of(program: Program, name: str) -> str:
    """A function of statements, one for each equation; constants stand before it."""
    modules: list[str] = []
    given = [*program.variables, *program.state, *(draw.variable for draw in program.draws)]
    names = {x: Verbatim(f"x{x.number}") for x in given}
    names |= {x: Verbatim(f"c{x.number}") for x in program.constants}
    names |= {x: Verbatim(f"y{x.number}") for each in program.equations for x in each.outputs}

    def named(tree: Any) -> Any:
        return substituted(tree, names.__getitem__)

    parameters = [names[x] if type(x) is Variable else f"a{i}" for i, x in enumerate(program.inputs)]
    lines = [
        f"    {names[x]} = {path}\n"
        for parameter, tree in zip(parameters, program.inputs)
        if type(tree) is not Variable
        for path, x in paths_of(tree, parameter)
    ]
    for each in program.equations:
        call = _call(each.operation, named(each.arguments), named(each.options), modules, len(each.outputs) > 1)
        lines.append(f"    {', '.join(named(each.outputs))} = {call}\n")
    result = as_python(named(program.outputs))
    if program.state:
        result = f"{result}, {as_python(named(list(program.new_state)))}"
    constants = "".join(f"{names[x]} = {as_python(array)}\n" for x, array in program.constants.items())
    imports = "".join(f", {each}" for each in dict.fromkeys(modules))
    parameters += [names[x] for x in given[len(program.variables) :]]
    return (
        f"import numpy as np, minigrad as mg{imports}\n\n{constants}\n"
        f"def {name}({', '.join(parameters)}):\n{''.join(lines)}    return {result}\n"
    )


#: Programs of more equations have no formula: Python nests no more than 200 brackets.
MOST_NESTED = 60


def formula_of(program: Program) -> tuple[str, list[str]]:
    """The value as one expression, and the modules that it needs."""
    if len(program.equations) > MOST_NESTED:
        raise ValueError(f"Program: {len(program.equations)} equations make no readable formula; use to_python()")
    modules: list[str] = []
    names = {x: Verbatim(f"x{i}") for i, x in enumerate(program.variables)}
    names |= {x: Verbatim(as_python(array)) for x, array in program.constants.items()}
    made = {x: each for each in program.equations for x in each.outputs}
    uses = [x for each in program.equations for x in each.used] + list(variables_in(program.outputs))

    def named(x: Variable) -> Verbatim:
        """A value; a shared one is bound to a name where it stands first, which is where it is computed first."""
        if x in names:
            return names[x]
        each = made[x]
        several = len(each.outputs) > 1
        arguments, options = substituted(each.arguments, named), substituted(dict(each.options), named)
        text = _call(each.operation, arguments, options, modules, several)
        if several:
            name = f"y{each.outputs[0].number}"
            names.update((output, Verbatim(f"{name}[{i}]")) for i, output in enumerate(each.outputs))
            return Verbatim(f"({name} := {text})[{each.outputs.index(x)}]")
        if uses.count(x) > 1:
            names[x] = Verbatim(f"y{x.number}")
            text = f"(y{x.number} := {text})"
        return Verbatim(text)

    last = program.equations[-1] if program.equations else None
    if last is not None and program.outputs == last.outputs and len(last.outputs) > 1:
        arguments, options = substituted(last.arguments, named), substituted(dict(last.options), named)
        return _call(last.operation, arguments, options, modules), modules
    return as_python(substituted(program.outputs, named)), modules

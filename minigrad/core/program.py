"""`Program`: a computation as an immutable list of equations: run, cut, hashed, written out and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .encoding import decoded, encoded, fingerprint
from .equations import Draw, Equation, Variable, substituted, variables_in
from .errors import ShapeError
from .graph import walk
from .node import Node
from .operation import Op
from .trees import leaves_of, paths_of, rebuilt
from .writing import formula_of, python_of


class Program:
    """Equations in the order in which they are computed, from inputs and constants to outputs.

    Attributes
    ----------
    inputs
        One container of variables for each argument.
    constants
        The arrays that it holds, by variable; they are read-only.
    equations
        What is computed, in order.
    outputs
        A container of variables (and plain values) in the form of the result.
    state, new_state, state_names
        Variables of what it changes beside its value (running averages, say), as they come in and go out.
    draws
        The random numbers that each run is given.
    leaves
        The values that a recorded graph's inputs had; empty for what was recorded without numbers.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> program = mg.Program.of(mg.tanh(x) * x)
    >>> print(program.formula())
    mg.multiply(mg.tanh(x0), x0)
    >>> program(np.array([0.0, 0.0])), len(program.equations)
    (array([0., 0.]), 2)
    >>> mg.Program.from_json(program.to_json()) == program
    True
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        constants: Mapping[Variable, np.ndarray],
        equations: Sequence[Equation],
        outputs: Any,
        *,
        state: Sequence[Variable] = (),
        new_state: Sequence[Any] = (),
        state_names: Sequence[str] = (),
        draws: Sequence[Draw] = (),
        leaves: Sequence[Any] = (),
    ) -> None:
        needed, kept = set(variables_in((outputs, tuple(new_state)))), []
        for equation in reversed(equations):
            if not needed.isdisjoint(equation.outputs):
                needed.update(equation.used)
                if getattr(equation.operation, "saves", False) and needed.isdisjoint(equation.outputs[1:]):
                    equation = equation._replace(outputs=equation.outputs[:1])
                kept.append(equation)
        self.inputs, self.outputs, self.leaves = tuple(inputs), outputs, tuple(leaves)
        self.constants = {variable: array for variable, array in constants.items() if variable in needed}
        self.equations = tuple(reversed(kept))
        self.state, self.new_state, self.state_names = tuple(state), tuple(new_state), tuple(state_names)
        self.draws = tuple(draws)

    @classmethod
    def of(cls, roots: Any) -> Program:
        """The program of a recorded graph: its root (or a container of roots) as a function of its leaves."""
        builder = Builder()
        where: dict[Node, Variable] = {}
        leaves: list[Any] = []
        for node in walk(*leaves_of(roots)):
            data = node._data
            if node.op is None:
                where[node] = builder.variable(np.shape(data), np.asarray(data).dtype)
                leaves.append(_frozen(data) if isinstance(data, np.ndarray) else data)
            else:
                inputs = [where[x] if isinstance(x, Node) else builder.lifted(x) for x in node.inputs]
                options = {name: builder.lifted(x) for name, x in (node.options or {}).items()}
                where[node] = builder.variable(np.shape(data), np.asarray(data).dtype)
                arguments = (inputs,) if node.op.variadic else tuple(inputs)
                builder.equations.append(Equation(node.op, arguments, options, (where[node],)))
        inputs = [variable for node, variable in where.items() if node.op is None]
        outputs = rebuilt(roots, [where[each] for each in leaves_of(roots)])
        return cls(inputs, builder.constants, builder.equations, outputs, leaves=leaves)

    @property
    def needed(self) -> set[Variable]:
        """The variables that its equations, outputs and new state name."""
        return {x for each in self.equations for x in each.used} | set(variables_in((self.outputs, self.new_state)))

    # ---- running ------------------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """The variables of its arguments, from left to right."""
        return leaves_of(list(self.inputs))

    def __call__(self, *arguments: Any, validate: bool = True) -> Any:
        """The value for arrays, numbers or tensors of the shapes that it was recorded for, in the same containers.

        On tensors every equation is recorded, and the result can be differentiated. With ``validate`` each operation
        checks its values first (labels in range, say) and raises what an eager call would raise.
        """
        if self.state or self.draws:
            raise TypeError(
                f"Program: it has state ({', '.join(self.state_names) or 'none'}) and draws {len(self.draws)} random "
                "arrays; call program.run(arguments, state, draws)"
            )
        return self.run(arguments, validate=validate)[0]

    def run(
        self, arguments: Sequence[Any], state: Sequence[Any] = (), draws: Sequence[Any] = (), *, validate: bool = True
    ) -> tuple[Any, list[Any]]:
        """``(value, new state)``: everything that it depends on is given, and nothing is changed."""
        given = self._bound(arguments)
        for what, wanted, found in (("state", self.state, state), ("draws", [d.variable for d in self.draws], draws)):
            if len(wanted) != len(found):
                raise TypeError(f"Program: takes {len(wanted)} arrays of {what}, got {len(found)}")
            given.update((variable, _accepted(f"{what} {i}", variable, found[i])) for i, variable in enumerate(wanted))
        look = self._computed(given, validate, self._last_uses).__getitem__
        return substituted(self.outputs, look), [substituted(each, look) for each in self.new_state]

    def values(self, *leaves: Any) -> dict[Variable, Any]:
        """What every variable is, for these inputs (arrays or tensors) or the graph's own."""
        return self._computed(dict(zip(self.variables, leaves or self.leaves)), True, {})

    def _bound(self, arguments: Sequence[Any]) -> dict[Variable, Any]:
        if len(arguments) != len(self.inputs):
            raise TypeError(f"Program: takes {len(self.inputs)} arguments, got {len(arguments)}")
        given = {}
        for i, (tree, argument) in enumerate(zip(self.inputs, arguments)):
            found = dict(paths_of(argument, f"argument {i}"))
            for path, variable in paths_of(tree, f"argument {i}"):
                if path not in found:
                    raise TypeError(f"Program: {path} is missing; the arguments are {self.inputs}")
                given[variable] = _accepted(path, variable, found.pop(path))
            if found:
                raise TypeError(f"Program: {next(iter(found))} was not there when it was recorded")
        return given

    def _computed(
        self, values: dict[Variable, Any], validate: bool, last_uses: Mapping[int, Sequence[Variable]]
    ) -> dict[Variable, Any]:
        values.update(self.constants)
        look = values.__getitem__
        for i, equation in enumerate(self.equations):
            arguments = substituted(equation.arguments, look)
            options = substituted(equation.options, look)
            results = _computed(equation.operation, arguments, options, len(equation.outputs), validate)
            values.update(zip(equation.outputs, results))
            for variable in last_uses.get(i, ()):
                del values[variable]
        return values

    @cached_property
    def _last_uses(self) -> dict[int, list[Variable]]:
        """What no equation after a certain one needs, by the number of that equation."""
        kept = set(variables_in((self.outputs, self.new_state)))
        found: dict[int, list[Variable]] = {}
        for i in range(len(self.equations) - 1, -1, -1):
            for variable in (*self.equations[i].used, *self.equations[i].outputs):
                if variable not in kept:
                    kept.add(variable)
                    found.setdefault(i, []).append(variable)
        return found

    @staticmethod
    def results(operation: Any, /, *arguments: Any, **options: Any) -> list[Any]:
        """The arrays of an operation's result from left to right, those that it saves for its rule among them.

        >>> import numpy as np, minigrad as mg
        >>> mg.Program.results(np.modf, 1.5)
        [np.float64(0.5), np.float64(1.0)]
        """
        if not getattr(operation, "saves", False):
            return leaves_of(operation(*arguments, **options))
        inputs, options = operation.sorted_call(arguments, options)
        kind = next((type(x) for x in inputs if hasattr(type(x), "_computed")), None)
        if kind is not None:
            return leaves_of(kind._computed(operation, inputs, options))
        if any(isinstance(x, Node) for x in inputs):
            return leaves_of((operation(*arguments, **options), operation.forward(*inputs, **options)[1]))
        if operation.validation is not None:
            operation.validation(*inputs, **options)
        return leaves_of(operation.compute(inputs, options))

    # ---- other programs -----------------------------------------------------------------------------

    def ending_at(self, outputs: Any) -> Program:
        """The part that a variable (or a container of them) is computed by, with the inputs that it needs."""
        return self.with_inputs({}, outputs)

    def alone(self, number: int) -> Program:
        """One equation, as a function of the values that it is given in a run on ``leaves``."""
        equation, values = self.equations[number], self.values()
        given = {x: values[x] for x in equation.used if x not in self.constants}
        return self.with_inputs(given, equation.outputs if len(equation.outputs) > 1 else equation.outputs[0])

    def with_inputs(self, replaced: Mapping[Variable, Any], outputs: Any = None) -> Program:
        """The same with some variables as inputs of these values, whatever they were computed from.

        Inputs that are then not needed are left out.
        """
        outputs = self.outputs if outputs is None else outputs
        equations = [each for each in self.equations if not all(x in replaced for x in each.outputs)]
        leaves = dict(zip(self.variables, self.leaves or self.variables)) | dict(replaced)
        constants = {x: array for x, array in self.constants.items() if x not in replaced}
        part = Program((), constants, equations, outputs)
        needed = {x for each in part.equations for x in each.used} | set(variables_in(outputs))
        inputs = sorted((x for x in leaves if x in needed), key=lambda x: x.number)
        values = [leaves[x] for x in inputs] if self.leaves or replaced else []
        typed = [Variable(x.number, np.shape(leaves[x]), getattr(leaves[x], "dtype", None)) for x in inputs]
        return Program(typed if values else inputs, constants, part.equations, outputs, leaves=values).renumbered()

    def renumbered(self) -> Program:
        """The same, its variables numbered without gaps in the order of their numbers."""
        mine = [*self.variables, *self.constants, *(x for each in self.equations for x in each.outputs)]
        new = {x: Variable(i, x.shape, x.dtype) for i, x in enumerate(sorted(mine, key=lambda x: x.number))}
        return self._rewritten(new)

    def canonical(self) -> Program:
        """The same, its variables numbered as they come: inputs, state, draws, constants, equations."""
        given = [*self.variables, *self.state, *(each.variable for each in self.draws)]
        used = [x for each in self.equations for x in each.used] + list(variables_in((self.outputs, self.new_state)))
        constants = [x for x in dict.fromkeys(used) if x in self.constants]
        mine = [*given, *constants, *(x for each in self.equations for x in each.outputs)]
        if all(x.number == i for i, x in enumerate(mine)):
            return self
        return self._rewritten({x: Variable(i, x.shape, x.dtype) for i, x in enumerate(mine)})

    def _rewritten(self, new: Mapping[Variable, Variable]) -> Program:
        def renamed(tree: Any) -> Any:
            return substituted(tree, new.__getitem__)

        return Program(
            renamed(self.inputs),
            {new[x]: self.constants[x] for x in new if x in self.constants},
            [
                Equation(e.operation, renamed(e.arguments), renamed(e.options), renamed(e.outputs))
                for e in self.equations
            ],
            renamed(self.outputs),
            state=renamed(self.state),
            new_state=renamed(self.new_state),
            state_names=self.state_names,
            draws=[each._replace(variable=new[each.variable]) for each in self.draws],
            leaves=self.leaves,
        )

    # ---- as text ------------------------------------------------------------------------------------

    def to_json(self) -> str:
        """JSON text of it, with every number exact; `from_json` reads it back."""
        return encoded(self.canonical())

    @classmethod
    def from_json(cls, text: str) -> Program:
        """The program of a JSON text. Operations are found by name: those of your own must be registered."""
        return decoded(cls, text)

    def to_python(self, name: str = "program") -> str:
        """Python text that defines it as a function of the name; recorded again it gives the same program."""
        return python_of(self.canonical(), name)

    def formula(self) -> str:
        """The value as one expression; what is used twice is named where it is used first."""
        return formula_of(self)[0]

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of what it computes: the same in every process, whatever numbers its variables have."""
        return fingerprint(self.canonical())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return int(self.fingerprint[:15], 16)

    def __reduce__(self) -> Any:
        return Program.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        text = self.formula() if len(self.equations) < 20 else ""
        return f"<Program of {len(self.equations)} equations{text and ': '}{text}>"


def _computed(operation: Any, arguments: Sequence[Any], options: Mapping[str, Any], count: int, validate: bool) -> Any:
    """The arrays of an operation's result, as many as its equation has outputs."""
    if count > 1:
        found = Program.results(operation, *arguments, **options)
    elif validate or not isinstance(operation, Op) or any(isinstance(x, Node) for x in arguments):
        found = operation(*arguments, **options)
        found = leaves_of(found) if isinstance(found, (list, tuple)) else [found]  # [x], as split may give
    else:
        found = [operation.compute(arguments[0] if operation.variadic else arguments, options)[0]]
    return [np.asarray(x) if isinstance(x, (np.generic, bool)) else x for x in found]


def _accepted(path: str, variable: Variable, value: Any) -> Any:
    """An argument in the shape and dtype that a program was recorded for."""
    if variable.shape is None:
        return value
    data = value._data if isinstance(value, Node) else value
    shape, kind = np.shape(data), getattr(data, "dtype", None) or np.asarray(data).dtype
    if shape != variable.shape:
        raise ShapeError(
            f"Program: {path} is {shape}, but it was recorded for {variable.shape}; shapes are part of a "
            "program: record it again for others"
        )
    if kind == variable.dtype:
        return value
    if isinstance(value, (int, float)) and np.can_cast(kind, variable.dtype, "same_kind"):
        return np.asarray(value, dtype=variable.dtype)
    raise TypeError(f"Program: {path} is {kind}, but it was recorded for {variable.dtype}; cast it, or record it again")


class Builder:
    """Collects the equations and constants of a program."""

    def __init__(self) -> None:
        self.equations: list[Equation] = []
        self.constants: dict[Variable, np.ndarray] = {}
        self._count = 0
        self._known: dict[int, tuple[Any, Variable]] = {}

    def variable(self, shape: Any = None, dtype: Any = None) -> Variable:
        """The next variable."""
        self._count += 1
        return Variable(self._count - 1, shape, dtype)

    def lifted(self, tree: Any) -> Any:
        """A tree with a variable in place of every array; what holds the same numbers still is copied once."""
        if isinstance(tree, np.ndarray):
            _, variable = self._known.get(id(tree), (None, None))
            if variable is None or not _same(self.constants[variable], tree):
                variable = self.variable(tree.shape, tree.dtype)
                self._known[id(tree)] = tree, variable
                self.constants[variable] = _frozen(tree)
            return variable
        if type(tree) in (list, tuple):
            return type(tree)([self.lifted(each) for each in tree])
        if type(tree) is slice:
            return slice(*map(self.lifted, (tree.start, tree.stop, tree.step)))
        if isinstance(tree, dict):
            return {name: self.lifted(each) for name, each in tree.items()}
        return tree


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _frozen(array: np.ndarray) -> np.ndarray:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy

"""`record`: the program of a function, found by running it on symbols; its state and random draws made explicit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import SymbolError
from ..core.node import Node
from ..core.options import REAL_KINDS
from ..core.program import Program
from ..core.trees import leaves_of, paths_of, rebuilt
from ..nn.module import Module
from ..nn.state import content_of, found_from, generators_from, kept, repr_of_state
from ..values.scalar import Scalar
from ..values.symbol import Symbol, Trace
from ..values.tensor import Tensor


def record(f: Callable[..., Any], *examples: Any) -> Program:
    """The program of a function: what it computes, for any arrays of the shapes and dtypes of the examples.

    f is run once, on a `Symbol` in place of each array of the examples (which may be in containers), and every
    operation is written down, those of its derivatives too: ``mg.record(mg.grad(f), x)``. Arrays that f closes over are
    copied into the program. What changes between calls is no constant but an input that each call reads anew: tensors
    and the arrays in modules (parameters, gradients, running averages), written back where f changes them, and random
    numbers that are drawn from a generator. `Program.run` takes and gives them as arrays.

    Parameters
    ----------
    f
        A function of arrays, or containers of arrays, that returns such.
    examples
        One for each argument. A tensor stands for one of its kind; numbers for arrays without axes.

    Raises
    ------
    SymbolError
        If f needs the numbers themselves (``if x > 0``, ``float(x)``), or changes what is no array.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> program = mg.record(mg.grad(lambda x: np.sum(np.maximum(x, 0) ** 2)), np.zeros(2))
    >>> program(np.array([-3.0, 5.0]))
    array([ 0., 10.])
    """
    if not callable(f):
        raise TypeError(f"record: requires a function, got {type(f).__name__}")
    trace = Trace()
    arguments = [
        rebuilt(example, [_input(trace, path, leaf) for path, leaf in paths_of(example, f"example {i}")])
        for i, example in enumerate(examples)
    ]
    found, generators = found_from(f), generators_from(f)
    with kept([each for each in (*found, *generators) if not isinstance(each, np.ndarray)]), trace:
        slots = _slots(trace, found)
        before, states = [content_of(each) for each in found], [repr_of_state(each) for each in generators]
        result = f(*arguments)
        outputs = rebuilt(result, [_output(trace, path, leaf) for path, leaf in paths_of(result, "the result")])
        new = [trace.lifted(_plain(slot.value)) for slot in slots]
        _refuse_other_changes(found, before, slots)
        if states != [repr_of_state(each) for each in generators]:
            raise SymbolError(
                "record: f drew random numbers that would be the same in each call; use mg.dropout(x, keep_prob, rng), "
                "or draw them outside and give them as an argument"
            )
    for x in leaves_of(arguments):
        if isinstance(x, Tensor) and x.grad is not None:
            raise SymbolError(
                "record: f went backward to its argument, whose .grad would be lost; return mg.grad(...)(x)"
            )
    inputs = rebuilt(arguments, [_plain(x).variable for x in leaves_of(arguments)])
    changed = [value for slot, value in zip(slots, new) if value is not slot.variable]
    needed = Program(inputs, trace.constants, trace.equations, outputs, new_state=changed).needed
    state = [(slot, v) for slot, v in zip(slots, new) if slot.variable in needed or v is not slot.variable]
    program = RecordedProgram(
        inputs,
        trace.constants,
        trace.equations,
        outputs,
        state=[slot.variable for slot, _ in state],
        new_state=[value for _, value in state],
        state_names=[slot.name for slot, _ in state],
        draws=trace.draws,
    )
    program.slots, program.generators = [slot for slot, _ in state], trace.generators
    return program


class RecordedProgram(Program):
    """The program of a function that lives here: its state is read where f keeps it, and written back."""

    slots: list[_Slot]
    generators: list[Any]

    def __call__(self, *arguments: Any, validate: bool = True) -> Any:
        """See `Program.__call__`: state is read and written, and random numbers drawn, as f itself would."""
        on_tensors = any(isinstance(x, Tensor) for x in leaves_of(list(arguments)))
        sources = [np.random.default_rng(each) for each in self.generators]
        draws = [getattr(sources[each.generator], each.method)(each.variable.shape) for each in self.draws]
        state = [slot.stored(on_tensors) for slot in self.slots]
        result, new = self.run(arguments, state, draws, validate=validate)
        for slot, old, value in zip(self.slots, self.state, self.new_state):
            if value is not old:
                slot.store(_plain(new[self.slots.index(slot)]))
        return result


class _Slot:
    """A place where state is kept, a tensor's data or gradient or an entry of a container; a symbol while recording."""

    def __init__(self, trace: Trace, name: str, holder: Any, key: Any) -> None:
        self.name, self.holder, self.key = name, holder, key
        example = self.stored(False)
        self.value = symbol = Symbol(trace, example.shape, example.dtype)
        self.variable = symbol.variable

    @property
    def value(self) -> Any:
        """What is there now."""
        return getattr(self.holder, self.key) if isinstance(self.holder, Tensor) else self.holder[self.key]

    @value.setter
    def value(self, value: Any) -> None:
        if isinstance(self.holder, Tensor):
            setattr(self.holder, self.key, value)
        else:
            self.holder[self.key] = value

    def stored(self, on_tensors: bool) -> Any:
        """The array to run with; where tensors are computed with, a tensor itself."""
        if on_tensors and self.key == "_data":
            return self.holder
        value = _plain(self.value)
        return np.zeros_like(self.holder._data) if value is None else value

    def store(self, value: Any) -> None:
        """Keep a new array, or None."""
        self.value = None if value is None else np.array(value)
        if self.key == "_data":
            self.holder.mark_changed()


def _slots(trace: Trace, found: Sequence[Any]) -> list[_Slot]:
    """Every array that is state: of tensors, and in modules and the containers there."""
    slots = []
    for each in reversed(found):
        if isinstance(each, Tensor) and each.is_leaf and type(each._data) is np.ndarray:
            name = each.name or "tensor"
            slots.append(_Slot(trace, name, each, "_data"))
            if each.requires_grad:
                slots.append(_Slot(trace, f"{name}.grad", each, "grad"))
    owners = {id(x): (path, x) for path, module in _modules(found) for x in found_from(module)}
    for path, each in owners.values():
        holder = vars(each) if isinstance(each, Module) else each
        if isinstance(holder, (dict, list)):
            entries = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
            slots += [_Slot(trace, f"{path}{key}", holder, key) for key, x in entries if type(x) is np.ndarray]
    return slots


def _modules(found: Sequence[Any]) -> list[tuple[str, Module]]:
    """The modules with their paths, each after those that it is inside of."""
    modules = [each for each in found if isinstance(each, Module)]
    inside = {id(child) for each in modules for _, child in each.children()}
    paths = [("", each) for each in modules if id(each) not in inside]
    for path, each in paths:  # it grows
        paths += [(f"{path}{name}.", child) for name, child in each.children()]
    return paths


def _refuse_other_changes(found: Sequence[Any], before: Sequence[Any], slots: Sequence[_Slot]) -> None:
    """Raise if f changed what is no state of arrays, which a call of its program could not do."""
    known = {(id(slot.holder), slot.key) for slot in slots}
    for each, old in zip(found, before):
        new = content_of(each)
        holder = vars(each) if isinstance(each, Module) else each
        for key in {*old, *new}:
            a, b = old.get(key, _MISSING), new.get(key, _MISSING)
            if a is b or (id(holder), key) in known or (type(a) is type(b) and type(a) in _VALUES and a == b):
                continue
            raise SymbolError(
                f"record: f changed {key!r} of a {type(each).__name__}, which is no array of a module or tensor; "
                "return what is to be kept, or keep it in an array of the module"
            )


_MISSING = object()
_VALUES = (bool, int, float, str)


def _input(trace: Trace, path: str, leaf: Any) -> Any:
    """What stands for one array of an example."""
    data = leaf if isinstance(leaf, Symbol) else np.asarray(_plain(leaf))
    if isinstance(leaf, Scalar) or data.dtype.kind not in REAL_KINDS:
        kind = f"{type(leaf).__name__} ({data.dtype})" if isinstance(leaf, np.ndarray) else type(leaf).__name__
        raise TypeError(f"record: {path} is a {kind}; arrays of real numbers are wanted; close over others")
    symbol = Symbol(trace, data.shape, data.dtype)
    if not isinstance(leaf, Tensor):
        return symbol
    node = Tensor(0.0, requires_grad=leaf.requires_grad, name=leaf.name)
    node._data = symbol
    return node


def _output(trace: Trace, path: str, leaf: Any) -> Any:
    """A variable or a plain number for one leaf of the result."""
    value = _plain(leaf)
    if isinstance(value, (Symbol, np.ndarray, np.generic, bool, int, float)):
        return trace.lifted(value)
    raise TypeError(f"record: {path} is a {type(leaf).__name__}; a function of arrays is wanted")


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x

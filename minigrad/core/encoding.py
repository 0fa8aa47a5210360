"""A program as JSON text, every number exact, and back."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from .equations import Draw, Equation, Variable
from .operation import Operation
from .registry import operations

if TYPE_CHECKING:
    from .program import Program

_TYPES = {each.__name__: each for each in (bool, int, float, complex)}
_NAMESPACES: dict[str, Any] = {
    "numpy": np,
    "numpy.linalg": np.linalg,
    "numpy.fft": np.fft,
    "numpy.lib.stride_tricks": np.lib.stride_tricks,
}
#: Beginnings of the names of NumPy functions that read or write files, which no program calls.
_FILES = ("load", "save", "from", "genfromtxt", "memmap")


def encoded(program: Program, typed: bool = True) -> str:
    """The JSON text of a program; with ``typed`` the shape and dtype of every result stand beside it."""
    write = _Encoder(typed)
    equations = []
    for each in program.equations:
        write.place = f"{path_of(each.operation)}: an argument or option"
        equations.append(
            {
                "operation": path_of(each.operation),
                "arguments": [write(x) for x in each.arguments],
                "options": {name: write(x) for name, x in each.options.items()},
                "outputs": [write.variable(x, typed) for x in each.outputs],
            }
        )
    write.place = "Program: its inputs, state or outputs"
    return json.dumps(
        {
            "format": "minigrad.Program",
            "version": 1,
            "inputs": [write(tree, True) for tree in program.inputs],
            "state": [
                {"name": name, "variable": write(old, True), "new": write(new)}
                for name, old, new in zip(program.state_names, program.state, program.new_state)
            ],
            "draws": [
                {"variable": write(each.variable, True), "generator": each.generator, "method": each.method}
                for each in program.draws
            ],
            "constants": [
                {"variable": write.variable(x, False), "value": write(array)} for x, array in program.constants.items()
            ],
            "equations": equations,
            "outputs": write(program.outputs),
        },
        allow_nan=False,
        separators=(",", ":"),
    )


def fingerprint(program: Program) -> str:
    """The SHA-256 of a program's text without what follows from the rest."""
    return hashlib.sha256(encoded(program, typed=False).encode()).hexdigest()


def decoded(kind: type[Program], text: str) -> Program:
    """The program of a JSON text."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != "minigrad.Program" or found.get("version") != 1:
        raise ValueError("Program.from_json: this is no text of Program.to_json, version 1")
    return kind(
        [_read(each) for each in found["inputs"]],
        {_read(each["variable"]): _frozen(_read(each["value"])) for each in found["constants"]},
        [
            Equation(
                operation_at(each["operation"]),
                tuple(_read(x) for x in each["arguments"]),
                {name: _read(x) for name, x in each["options"].items()},
                tuple(_read(x) for x in each["outputs"]),
            )
            for each in found["equations"]
        ],
        _read(found["outputs"]),
        state=[_read(each["variable"]) for each in found["state"]],
        new_state=[_read(each["new"]) for each in found["state"]],
        state_names=[each["name"] for each in found["state"]],
        draws=[Draw(_read(each["variable"]), each["generator"], each["method"]) for each in found["draws"]],
    )


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


# ---- values -------------------------------------------------------------------------------------------------


class _Encoder:
    """Makes JSON of values; ``place`` is what an error says of one that it cannot make any of."""

    def __init__(self, typed: bool) -> None:
        self.typed, self.place = typed, "Program"

    def variable(self, x: Variable, typed: bool) -> Any:
        shape = {"shape": list(x.shape), "dtype": np.dtype(x.dtype).name} if typed and x.shape is not None else {}
        return {"variable": x.number, **shape}

    def __call__(self, x: Any, typed: bool = False) -> Any:
        if type(x) is Variable:
            return self.variable(x, typed)
        if x is None or type(x) in (bool, int, str) or (type(x) is float and isfinite(x)):
            return x
        if type(x) is float:
            return {"float": str(x)}
        if type(x) is list:
            return [self(each, typed) for each in x]
        if isinstance(x, tuple):
            return {"tuple": [self(each, typed) for each in x]}
        if isinstance(x, dict):
            return {"dict": [[self(name), self(each, typed)] for name, each in x.items()]}
        if type(x) is slice:
            return {"slice": [self(each) for each in (x.start, x.stop, x.step)]}
        if x is Ellipsis:
            return {"ellipsis": True}
        if isinstance(x, (np.ndarray, np.generic)) and not x.dtype.hasobject:
            bytes_ = b64encode(np.ascontiguousarray(x).tobytes()).decode("ascii")
            return {"array" if isinstance(x, np.ndarray) else "number": bytes_, "dtype": x.dtype.str, "shape": x.shape}
        if isinstance(x, np.dtype):
            return {"dtype": x.str}
        if isinstance(x, type) and (issubclass(x, np.generic) or x in _TYPES.values()):
            return {"type": x.__name__}
        raise TypeError(f"{self.place} is {x!r:.60}, which a program's text cannot hold")


def _read(x: Any) -> Any:
    if isinstance(x, list):
        return [_read(each) for each in x]
    if not isinstance(x, dict):
        return x
    kind = next(iter(x))
    held = x[kind]
    if kind == "variable":
        known = "shape" in x
        return Variable(held, tuple(x["shape"]), np.dtype(x["dtype"])) if known else Variable(held)
    if kind == "tuple":
        return tuple(_read(each) for each in held)
    if kind == "dict":
        return {_read(name): _read(each) for name, each in held}
    if kind == "slice":
        return slice(*map(_read, held))
    if kind in ("array", "number"):
        array = np.frombuffer(b64decode(held), dtype=np.dtype(x["dtype"])).reshape(x["shape"])
        array = array.astype(array.dtype.newbyteorder("="))
        return array if kind == "array" else array[()]
    simple = {
        "float": float,
        "dtype": np.dtype,
        "ellipsis": lambda _: ...,
        "type": lambda n: _TYPES.get(n) or getattr(np, n),
    }
    return simple[kind](held)


# ---- operations ---------------------------------------------------------------------------------------------


def path_of(operation: Any) -> str:
    """The name of a registered operation, or the path of a function of NumPy, such as "numpy.linalg.inv"."""
    if isinstance(operation, Operation):
        return operation.name
    if isinstance(operation, np.ufunc):
        return f"numpy.{operation.__name__}"
    name, owner = operation.__name__, getattr(operation, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"numpy.{owner.__name__}.{name}"
    for path, namespace in _NAMESPACES.items():
        if getattr(namespace, name, None) is operation:
            return f"{path}.{name}"
    raise TypeError(f"Program: {operation!r} is neither a registered operation nor a public function of NumPy")


def operation_at(path: str) -> Any:
    """The operation of such a path."""
    if not path.startswith("numpy."):
        if path not in operations():
            raise ValueError(f"Program.from_json: no operation {path!r} is registered; run what defines it first")
        return operations()[path]
    where, _, name = path.rpartition(".")
    namespace = _NAMESPACES.get(where) or getattr(np, where.removeprefix("numpy."), None)
    found = getattr(namespace, name, None)
    ours = where in _NAMESPACES or isinstance(namespace, np.ufunc)
    if not ours or not callable(found) or name.startswith((*_FILES, "_")):
        raise ValueError(f"Program.from_json: {path} is no function that a program calls")
    return found

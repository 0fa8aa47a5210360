"""A program as JSON text, every number exact, and back."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import cache
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
                "outputs": [write(x, typed) for x in each.outputs],
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
            "constants": [{"variable": write(x), "value": write(array)} for x, array in program.constants.items()],
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
    try:
        return _decoded(kind, found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"Program.from_json: the text is damaged ({type(error).__name__}: {error})") from error


def _decoded(kind: type[Program], found: dict[str, Any]) -> Program:
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


_dtype = cache(np.dtype)


@cache
def _name_of(dtype: Any) -> str:
    return np.dtype(dtype).name


class _Encoder:
    """Makes JSON of values; ``place`` is what an error says of one that it cannot make any of."""

    def __init__(self, typed: bool) -> None:
        self.typed, self.place = typed, "Program"

    def __call__(self, x: Any, typed: bool = False) -> Any:
        kind = type(x)
        if kind is Variable:
            known = typed and x.shape is not None
            return {"variable": x.number, **({"shape": x.shape, "dtype": _name_of(x.dtype)} if known else {})}
        if x is None or kind in (bool, int, str) or (kind is float and isfinite(x)):
            return x
        if kind is list:
            return [self(each, typed) for each in x]
        if isinstance(x, tuple):
            return {"tuple": [self(each, typed) for each in x]}
        if isinstance(x, dict):
            return {"dict": [[self(name), self(each, typed)] for name, each in x.items()]}
        if isinstance(x, (np.ndarray, np.generic)) and not x.dtype.hasobject:
            text = b64encode(np.ascontiguousarray(x).tobytes()).decode("ascii")
            return {"array" if isinstance(x, np.ndarray) else "number": text, "dtype": x.dtype.str, "shape": x.shape}
        if kind is slice:
            return {"slice": [self(each) for each in (x.start, x.stop, x.step)]}
        if kind is float or x is Ellipsis or isinstance(x, np.dtype):
            return {"float": str(x)} if kind is float else {"dtype": x.str} if x is not Ellipsis else {"ellipsis": True}
        if isinstance(x, type) and (issubclass(x, np.generic) or x in _TYPES.values()):
            return {"type": x.__name__}
        raise TypeError(f"{self.place} is {x!r:.60}, which a program's text cannot hold")


def _array(text: str, dtype: str, shape: Any) -> np.ndarray:
    array = np.frombuffer(b64decode(text), dtype=np.dtype(dtype)).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="))


#: What is made of a tagged value, and of what stands beside it.
_READERS: dict[str, Callable[..., Any]] = {
    "variable": lambda number, shape=None, dtype=None: (
        Variable(number) if shape is None else Variable(number, tuple(shape), _dtype(dtype))
    ),
    "tuple": lambda parts: tuple(map(_read, parts)),
    "dict": lambda pairs: {_read(name): _read(each) for name, each in pairs},
    "slice": lambda parts: slice(*map(_read, parts)),
    "array": _array,
    "number": lambda *held, **beside: _array(*held, **beside)[()],
    "float": float,
    "dtype": np.dtype,
    "ellipsis": lambda _: ...,
    "type": lambda name: _TYPES.get(name) or np.dtype(name).type,
}


def _read(x: Any) -> Any:
    if isinstance(x, list):
        return [_read(each) for each in x]
    if not isinstance(x, dict):
        return x
    (kind, held), *beside = x.items()
    return _READERS[kind](held, **dict(beside))


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

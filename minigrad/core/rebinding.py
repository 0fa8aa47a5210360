"""A function with others in place of what it reads: another namespace for ``np``, another helper."""

from __future__ import annotations

from functools import partial
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

_FOLLOWED = (FunctionType, ModuleType, partial)


def rebound(value: Any, changes: dict[Any, Any]) -> Any:
    """The same function reading ``changes[x]`` where it reads x, in it and in all of its package that it calls.

    ``changes`` is about modules and functions; every function that is made anew is entered there.

    >>> import math, numpy as np
    >>> from types import SimpleNamespace
    >>> rebound(lambda x: math.sqrt(x), {math: SimpleNamespace(sqrt=lambda x: -x)})(2.0)
    -2.0
    """
    if isinstance(value, partial):
        named = {name: rebound(x, changes) for name, x in value.keywords.items()}
        return partial(rebound(value.func, changes), *(rebound(x, changes) for x in value.args), **named)
    if not isinstance(value, _FOLLOWED):
        return value
    if value in changes or isinstance(value, ModuleType):
        return changes.get(value, value)
    assert isinstance(value, FunctionType)
    reads = value.__globals__
    own: dict[str, Any] = {"__builtins__": reads["__builtins__"]}
    around = value.__closure__ or ()
    cells = tuple([CellType() if isinstance(cell.cell_contents, _FOLLOWED) else cell for cell in around])
    clone = FunctionType(value.__code__, own, value.__name__, value.__defaults__, cells or None)
    clone.__kwdefaults__ = value.__kwdefaults__
    changes[value] = clone  # it may call itself
    for name in names_read(value.__code__) & reads.keys():
        own[name] = _within(value, reads[name], changes)
    for cell, old in zip(cells, around):
        if cell is not old:
            cell.cell_contents = _within(value, old.cell_contents, changes)
    return clone


def names_read(code: CodeType) -> set[str]:
    """The global names that a function reads, in the functions within it too."""
    return set(code.co_names).union(*(names_read(each) for each in code.co_consts if isinstance(each, CodeType)))


def _within(function: FunctionType, x: Any, changes: dict[Any, Any]) -> Any:
    """What a function reads, made anew unless it is a function of another package."""
    return x if isinstance(x, FunctionType) and _package(x) != _package(function) else rebound(x, changes)


def _package(function: FunctionType) -> str:
    return (function.__module__ or "").partition(".")[0]

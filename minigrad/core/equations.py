"""What a program is made of: variables, equations between them, and trees that hold variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Variable:
    """A value in a program, by its number; its shape and dtype are None where they are not known."""

    __slots__ = ("dtype", "number", "shape")

    def __init__(self, number: int, shape: tuple[int, ...] | None = None, dtype: Any = None) -> None:
        self.number, self.shape, self.dtype = number, shape, dtype

    def __eq__(self, other: object) -> bool:
        return type(other) is Variable and other.number == self.number

    def __hash__(self) -> int:
        return self.number

    def __repr__(self) -> str:
        return f"v{self.number}"


class Equation(NamedTuple):
    """``outputs = operation(*arguments, **options)``: variables may stand anywhere in the arguments and options.

    The operation is an `Op`, a `Composed`, or a function of NumPy. Several outputs are the arrays of its result from
    left to right; those of an operation that ``saves`` are its value and then what it saved.
    """

    operation: Any
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    outputs: tuple[Variable, ...]

    @property
    def used(self) -> list[Variable]:
        """The variables among the arguments and options, repeats kept."""
        return variables_in((self.arguments, self.options))


class Draw(NamedTuple):
    """A random number array that a program is given: method ``method`` of its generator number ``generator``."""

    variable: Variable
    generator: int
    method: str


#: What most arguments are that hold no variable.
_PLAIN = frozenset({int, float, bool, str, type(None), type})


def substituted(tree: Any, value: Callable[[Variable], Any]) -> Any:
    """A tree with a value in place of every variable in its lists, tuples, dicts and slices."""
    kind = type(tree)
    if kind is Variable:
        return value(tree)
    if kind is list or kind is tuple:
        return kind(
            [value(x) if type(x) is Variable else x if type(x) in _PLAIN else substituted(x, value) for x in tree]
        )
    if kind is slice:
        return slice(*substituted((tree.start, tree.stop, tree.step), value))
    if isinstance(tree, tuple):
        return kind(*(substituted(each, value) for each in tree))
    if isinstance(tree, dict):
        return {name: substituted(each, value) for name, each in tree.items()} if tree else tree
    return tree


def variables_in(tree: Any) -> list[Variable]:
    """The variables in a tree, from left to right."""
    found: list[Variable] = []
    stack = [tree]
    while stack:
        each = stack.pop()
        kind = type(each)
        if kind is Variable:
            found.append(each)
        elif kind is tuple or kind is list:
            stack.extend(each[::-1])
        elif kind in _PLAIN:
            continue
        elif isinstance(each, tuple):
            stack.extend(reversed(each))
        elif isinstance(each, dict):
            stack.extend(reversed(each.values()))
        elif kind is slice:
            stack += (each.step, each.stop, each.start)
    return found

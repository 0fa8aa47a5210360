"""What a program is made of: variables, equations between them, and trees that hold variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    def used(self) -> Iterator[Variable]:
        """The variables among the arguments and options, repeats kept."""
        return variables_in((self.arguments, dict(self.options)))


class Draw(NamedTuple):
    """A random number array that a program is given: method ``method`` of its generator number ``generator``."""

    variable: Variable
    generator: int
    method: str


def substituted(tree: Any, value: Callable[[Variable], Any]) -> Any:
    """A tree with a value in place of every variable in its lists, tuples, dicts and slices."""
    kind = type(tree)
    if kind is Variable:
        return value(tree)
    if kind is list or kind is tuple:
        return kind([substituted(each, value) for each in tree])
    if kind is slice:
        return slice(*(substituted(each, value) for each in (tree.start, tree.stop, tree.step)))
    if isinstance(tree, tuple):
        return kind(*(substituted(each, value) for each in tree))
    if isinstance(tree, dict):
        return {name: substituted(each, value) for name, each in tree.items()}
    return tree


def variables_in(tree: Any) -> Iterator[Variable]:
    """The variables in a tree, from left to right."""
    found: list[Variable] = []
    substituted(tree, found.append)
    return iter(found)

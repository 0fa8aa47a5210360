"""Gradients written by hand in NumPy: a pair ``(f, df)``, gradients already worked out, or ``f`` giving both."""

from __future__ import annotations

import functools
import inspect
import types
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.trees import leaves_of, rebuilt
from .claims import described, key_for, matched
from .inputs import Inputs, is_number, outputs_of
from .subject import Subject


class Pair(Subject):
    """``(f, df)``: functions of arrays, df's the gradients of f's one number (of Σ f · projection for several).

    ``df`` may also be the gradients themselves. Of ``(cost, cache)`` the cost is checked.
    """

    def __init__(self, f: Any, df: Any, inputs: Sequence[Any], names: Sequence[str] | None, projection: Any) -> None:
        self.f, self.df, self.projected = f, df if callable(df) else lambda *_: df, projection is not None
        self._inputs = Inputs(inputs, names)
        self._read()

    def _read(self) -> None:
        self.labels, self.points, self.notes = self._inputs.labels, self._inputs.points, self._inputs.notes

    def settle(self) -> None:
        """Hold fixed what a dictionary of gradients does not mention."""
        super().settle()
        given = self._inputs.given
        found = self.df(*self._inputs.arguments(self.copies())) if len(given) > 1 else None
        if not isinstance(found, Mapping):
            return
        named = [_in_dictionary(found, tree, name) for tree, name in zip(given, self._names())]
        if any(named):
            missing = [n for n, each in enumerate(named) if not each]
            self._inputs.hold(missing, "held fixed (the dictionary of gradients has none for it)")
            self._read()

    def _names(self) -> list[str]:
        """What the inputs are called in a dictionary of gradients: their names, or those of f's arguments."""
        try:
            arguments = list(inspect.signature(self.f).parameters)
        except (TypeError, ValueError):
            arguments = []
        own = self._inputs.names
        return [arguments[i] if name == f"input {i}" and i < len(arguments) else name for i, name in enumerate(own)]

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The value that f returns."""
        value = self.f(*self._inputs.arguments(points))
        if not self.projected and isinstance(value, tuple) and len(value) > 1 and is_number(value[0]):
            value = value[0]  # (cost, cache)
        found = outputs_of(value)
        if sum(y.size for y in found) != 1 and not self.projected:
            raise ValueError(
                f"check_gradients: the function gave shape {found[0].shape}; reduce it to one number, best with random "
                "weights, np.sum(y * weights), or pass projection= an array of its shape and let df be the gradient "
                "of np.sum(y * projection). A plain sum hides mistakes (a softmax always sums to 1)"
            )
        return found

    def gradients(self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What df returns."""
        given = [x.copy() for x in points]
        found = self.df(*self._inputs.arguments(given))
        for label, x, point in zip(self.labels, given, points):
            if not np.array_equal(x, point, equal_nan=True):
                raise ValueError(f"check_gradients: df changes {label} in place; let it work on a copy")
        trees, names = self._inputs.templates(), self._inputs.names
        return [
            g for tree, part, name in zip(trees, self._parts(found, trees), names) for g in matched(tree, part, name)
        ]

    def _parts(self, found: Any, trees: Sequence[Any]) -> list[Any]:
        """The gradient for each input, None for those that are held fixed."""
        free = [n for n, tree in enumerate(trees) if leaves_of(tree)]
        parts: Any = None
        if len(trees) > 1 and isinstance(found, Mapping):
            named = zip(trees, self._names())
            parts = [found if isinstance(tree, Mapping) else found.get(key_for(found, name)) for tree, name in named]
            free = list(range(len(trees)))
        elif isinstance(found, (tuple, list)) and not (len(free) == 1 and _is_of_one(found, trees[free[0]])):
            parts = found
            if len(found) == len(trees):
                free = list(range(len(trees)))
        elif len(free) == 1:
            parts = [found]
        if parts is None or len(parts) != len(free):
            given = described(found) if parts is None else f"{len(parts)} gradients"
            raise ValueError(
                f"check_gradients: df gave {given} for {len(free)} inputs; it must give one for each (to hold an input "
                "fixed, close over it: lambda w: f(w, x, y))"
            )
        by_input: list[Any] = [None] * len(trees)
        for n, part in zip(free, parts):
            by_input[n] = part
        return by_input


def _in_dictionary(found: Mapping[Any, Any], tree: Any, name: str) -> bool:
    if isinstance(tree, Mapping):
        return any(key_for(found, key) is not None for key in tree)
    return key_for(found, name) is not None


def _is_of_one(found: Sequence[Any], tree: Any) -> bool:
    """Whether a list or tuple is the gradient of one input, not a list of one gradient for each input."""
    if isinstance(tree, (list, tuple)):
        return len(found) != 1 or (len(tree) == 1 and isinstance(found[0], type(tree[0])))
    try:
        return np.shape(np.asarray(found, dtype=np.float64)) == np.shape(tree)
    except (TypeError, ValueError):
        return False


# ---- a function that gives its value and its gradient ------------------------------------------------------------


class ValueAndGradient(Pair):
    """``f(*inputs)`` gives ``(cost, gradient)`` or ``(cost, gradient, cache)``, or a gradient for each input."""

    def __init__(self, f: Any, inputs: Sequence[Any], names: Sequence[str] | None) -> None:
        super().__init__(f, lambda *arguments: self._own(f(*arguments)), inputs, names, None)

    def _own(self, value: Any) -> Any:
        if not (isinstance(value, tuple) and len(value) > 1):
            raise TypeError(
                f"check_gradients: the function gave {described(value)}; with returns_gradient=True it must give "
                "(cost, gradient)"
            )
        return value[1] if len(value) == 2 or len(self._inputs.given) == 1 else value[1:]


def value_on_arrays(f: Any, inputs: Sequence[Any]) -> Any:
    """What a plain function gives on plain arrays; None where it is another kind of function, or fails."""
    if not isinstance(f, (types.FunctionType, types.MethodType, functools.partial)):
        return None
    leaves = leaves_of(list(inputs))
    if any(type(leaf) is not np.ndarray and not isinstance(leaf, (np.generic, float, int, str)) for leaf in leaves):
        return None
    points = [leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return f(*rebuilt(list(inputs), points))
    except Exception:  # not a function of arrays: what it is, is seen when it is checked
        return None


def gives_more_than_its_cost(value: Any) -> bool:
    """Whether a value is a number and something else, which may be its gradient."""
    return isinstance(value, tuple) and len(value) > 1 and is_number(value[0])


def gives_its_gradient(value: Any, inputs: Sequence[Any]) -> bool:
    """Whether a value at these inputs is a number and something in the form of its gradient."""
    if not gives_more_than_its_cost(value):
        return False
    keys = [key for tree in inputs if isinstance(tree, Mapping) for key in tree]
    if isinstance(value[1], Mapping) and any(key_for(value[1], key) not in (key, None) for key in keys):
        return True  # "dW1" for "W1"
    try:
        subject = ValueAndGradient(lambda *_: value, inputs, None)
        subject.settle()
        found = subject.claim()
    except (TypeError, ValueError):
        return False
    # a cache that holds the parameters themselves is no gradient
    return not all(np.array_equal(g, x, equal_nan=True) for g, x in zip(found, subject.points))

"""What a check is given and what a function gave: which arrays are differentiated, and which are held fixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.trees import leaves_of, paths_of, rebuilt
from .frameworks import as_array


def labels_of(inputs: Sequence[Any], names: Sequence[str] | None) -> list[str]:
    """What each input is called."""
    if names is not None and len(names) != len(inputs):
        raise ValueError(f"check_gradients: {len(names)} names for {len(inputs)} inputs")
    given = [getattr(x, "name", None) for x in inputs]
    own = [name if isinstance(name, str) and name else f"input {i}" for i, name in enumerate(given)]
    return own if names is None else list(names)


def is_fixed(x: Any) -> bool:
    """Whether an input is not differentiated and stays what it is: integers, booleans (labels, masks) and texts."""
    if isinstance(x, (bool, int, str, bytes)):
        return True
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        return False
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biuUS"
    text = str(dtype)  # torch.int64, or a key of JAX's random numbers
    return text.startswith("key<") or any(kind in text for kind in ("int", "bool"))


def why_fixed(x: Any) -> str:
    """The note on an input that is held fixed."""
    kind = str(getattr(x, "dtype", type(x).__name__)).removeprefix("torch.")
    return f"held fixed ({kind})" + (
        "; write 1.0, not 1, to differentiate with respect to it" if type(x) is int else ""
    )


def point_of(label: str, x: Any) -> np.ndarray:
    """A float64 array of an input's own values; TypeError, in words, for what has no derivative."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"check_gradients: {label} is a masked array; give its numbers, and the mask beside them")
    if callable(getattr(x, "parameters", None)):
        raise TypeError(
            f"check_gradients: {label} is a module ({type(x).__name__}); a pair written by hand takes its arrays"
        )
    try:
        array = as_array(x)
    except (TypeError, ValueError) as error:
        raise TypeError(f"check_gradients: {label} is {type(x).__name__}, not an array of floats: {error}") from None
    if array.dtype.kind == "O" and not isinstance(x, np.ndarray):
        raise TypeError(
            f"check_gradients: {label} is {type(x).__name__}; give the arrays in it, alone or in a list, a dictionary "
            "or a dataclass, or use it inside the function"
        )
    if array.dtype.kind == "O":
        raise TypeError(f"check_gradients: {label} holds Python objects; make it floats: {label}.astype(float)")
    if array.dtype.kind == "c":
        raise TypeError(f"check_gradients: {label} holds {array.dtype}; complex numbers are not differentiated")
    if array.dtype.kind != "f":
        raise TypeError(f"check_gradients: {label} holds {array.dtype}; a derivative needs floats: write 1.0, not 1")
    return np.array(array, dtype=np.float64, order="C")


def nothing_to_check(fixed: Sequence[tuple[str, Any]]) -> TypeError:
    """The error for inputs of which none has a derivative."""
    found = f": {fixed[0][0]} is {why_fixed(fixed[0][1])}" if fixed else ": the inputs hold no floats"
    return TypeError(f"check_gradients: there is nothing to differentiate with respect to{found}")


class Inputs:
    """Inputs in nested containers: the points to differentiate at, and the rest, which is held fixed."""

    def __init__(self, given: Sequence[Any], names: Sequence[str] | None) -> None:
        self.given, self.names = list(given), labels_of(given, names)
        pairs = [pair for label, tree in zip(self.names, self.given) for pair in paths_of(tree, label)]
        self._leaves = [leaf for _, leaf in pairs]
        self._free = [i for i, leaf in enumerate(self._leaves) if not is_fixed(leaf)]
        self.labels = [pairs[i][0] for i in self._free]
        self.points = [point_of(*pairs[i]) for i in self._free]
        fixed = [pair for i, pair in enumerate(pairs) if i not in self._free]
        self.notes = {label: why_fixed(leaf) for label, leaf in fixed}
        if not self.points:
            raise nothing_to_check(fixed)

    def arguments(self, points: Sequence[Any]) -> list[Any]:
        """The function's arguments, with these in place of what a derivative is taken by."""
        leaves = list(self._leaves)
        for i, point in zip(self._free, points):
            leaves[i] = point
        return list(rebuilt(self.given, leaves))

    def templates(self) -> list[Any]:
        """The inputs with their points as leaves, and None for what is held fixed."""
        leaves: list[Any] = [None] * len(self._leaves)
        for i, point in zip(self._free, self.points):
            leaves[i] = point
        return list(rebuilt(self.given, leaves))

    def hold(self, which: Sequence[int], why: str) -> None:
        """Hold these inputs fixed as well."""
        number_of = [n for n, tree in enumerate(self.given) for _ in leaves_of(tree)]
        held = [number_of[i] in which for i in self._free]
        self.notes |= {label: why for label, out in zip(self.labels, held) if out}
        for i, point, out in zip(self._free, self.points, held):
            if out:
                self._leaves[i] = point
        self._free = [i for i, out in zip(self._free, held) if not out]
        self.labels = [label for label, out in zip(self.labels, held) if not out]
        self.points = [point for point, out in zip(self.points, held) if not out]


# ---- what a function gave --------------------------------------------------------------------------------------


def checked_output(y: Any) -> np.ndarray:
    """An output as an array; TypeError for what is no number."""
    data = np.asarray(getattr(y, "_data", y))
    if y is None or data.dtype.kind not in "fiu":
        kind = f"{data.dtype} numbers" if data.dtype.kind == "c" else type(y).__name__
        raise TypeError(f"check_gradients: the function gave {kind}; it must return its cost, a number")
    return data


def outputs_of(value: Any) -> list[np.ndarray]:
    """The arrays of a value; TypeError for one that holds no numbers."""
    found = [checked_output(y) for y in leaves_of(value)]
    if not found:
        raise TypeError(f"check_gradients: the function gave {type(value).__name__}; it must return its cost, a number")
    return found


#: The note on ``(cost, cache)``.
ONLY_THE_COST = {"value": "of the tuple that the function gave, only the first value, the cost, was checked"}


def without_cache(value: Any) -> Any:
    """The cost of ``(cost, cache)``, where the cache is a container or no number at all; any other value as it is."""
    if not _is_tuple(value) or not is_number(value[0]) or all(_is_array(each) for each in value[1:]):
        return value
    return value[0]


def is_number(y: Any) -> bool:
    """Whether it is one number of any kind: a float, an array or a tensor of one entry."""
    return _is_array(y) and math.prod(getattr(y, "shape", ())) == 1


def _is_array(y: Any) -> bool:
    kind = str(getattr(y, "dtype", type(getattr(y, "_data", getattr(y, "data", y))).__name__))
    return any(each in kind for each in ("float", "int"))


def _is_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) > 1 and not hasattr(value, "_fields")

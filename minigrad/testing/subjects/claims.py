"""A gradient in whatever form somebody wrote it down, as one array for each array that it is the gradient of.

Tuples, lists, dictionaries with the parameters' own keys or with ``"dW1"`` for ``"W1"``, dataclasses. No comparison of
numbers lives here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.trees import leaves_of
from .frameworks import as_array

#: What the gradient of a parameter of some name is called in a dictionary, most telling first.
_KEYS = ("d{}", "d_{}", "grad_{}", "{}_grad", "grad{}", "{}")


def key_for(gradient: Mapping[Any, Any], key: Any) -> Any:
    """The key of a dictionary of gradients that holds the one by ``key``; None where there is none.

    >>> key_for({"dW1": 0, "dZ1": 0}, "W1"), key_for({"W1": 0}, "W1"), key_for({"dZ1": 0}, "W1")
    ('dW1', 'W1', None)
    """
    keys = [form.format(key) for form in _KEYS] if isinstance(key, str) else [key]
    return next((each for each in keys if each in gradient), None)


def matched(tree: Any, gradient: Any, label: str) -> list[np.ndarray]:
    """The gradient's arrays in the order of the tree's leaves, each of its leaf's shape.

    >>> matched({"w": np.ones(2), "b": np.zeros(1)}, {"db": [3.0], "dw": [1.0, 2.0], "dz": 0.0}, "p")
    [array([1., 2.]), array([3.])]
    """
    if not leaves_of(tree):
        return []  # nothing that a gradient is wanted by
    if gradient is None:
        raise TypeError(f"check_gradients: the gradient for {label} is None; does the function return it?")
    if isinstance(tree, Mapping) or (dataclasses.is_dataclass(tree) and not isinstance(tree, type)):
        return _by_keys(tree, gradient, label)
    if isinstance(tree, (list, tuple)):
        if not isinstance(gradient, (list, tuple)) or len(gradient) != len(tree):
            raise ValueError(
                f"check_gradients: the gradient for {label}, {len(tree)} arrays in a {type(tree).__name__}, is "
                f"{described(gradient)}; it must have the same form"
            )
        pairs = zip(tree, gradient)
        return [array for i, (part, g) in enumerate(pairs) for array in matched(part, g, f"{label}[{i}]")]
    return [_array(tree, gradient, label)]


def paired(one: Any, other: Any) -> tuple[np.ndarray, np.ndarray]:
    """Two gradients in any forms as two vectors whose entries belong together.

    >>> paired({"dw": np.ones(2)}, {"w": np.zeros(2)})
    (array([1., 1.]), array([0., 0.]))
    """
    if one is None or other is None:
        raise TypeError("relative_error: one of the gradients is None; does the function return it?")
    one, other = (x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x for x in (one, other))
    errors = []
    for tree, gradient, step in ((other, one, 1), (one, other, -1)):
        try:
            found = matched(tree, gradient, "the other")
            wanted = matched(tree, tree, "the other")
        except (TypeError, ValueError) as error:
            errors.append(error)
            continue
        vectors = [np.concatenate([x.reshape(-1) for x in each]) if each else np.zeros(0) for each in (found, wanted)]
        return vectors[::step][0], vectors[::step][1]
    raise ValueError(
        f"relative_error: {described(one)} and {described(other)} do not belong together, entry by entry "
        f"({str(errors[0]).removeprefix('check_gradients: ')})"
    )


def _by_keys(tree: Any, gradient: Any, label: str) -> list[np.ndarray]:
    parts = tree if isinstance(tree, Mapping) else _fields(tree)
    if dataclasses.is_dataclass(gradient) and not isinstance(gradient, type):
        gradient = _fields(gradient)
    if not isinstance(gradient, Mapping):
        raise TypeError(
            f"check_gradients: the gradient for {label} is {described(gradient)}; a dictionary is wanted, with "
            f"{', '.join(repr(_KEYS[0].format(key)) for key in list(parts)[:3])}, … or the same keys"
        )
    found: list[np.ndarray] = []
    for key, part in parts.items():
        own = key_for(gradient, key)
        if own is None and leaves_of(part):
            raise ValueError(
                f"check_gradients: the gradient for {label}[{key!r}] is missing: the dictionary has neither "
                f"{_KEYS[0].format(key)!r} nor {key!r}, it has {', '.join(map(repr, gradient)) or 'nothing'}"
            )
        found += matched(part, gradient.get(own), f"{label}[{key!r}]")
    return found


def _fields(x: Any) -> dict[str, Any]:
    return {field.name: getattr(x, field.name) for field in dataclasses.fields(x) if field.init}


def _array(x: Any, gradient: Any, label: str) -> np.ndarray:
    if isinstance(gradient, Mapping):
        raise TypeError(f"check_gradients: the gradient for {label} is {described(gradient)}, an array is wanted")
    try:
        array = np.array(as_array(gradient), dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"check_gradients: the gradient for {label} is {described(gradient)}, an array of numbers is wanted"
        ) from None
    if array.shape != np.shape(x):
        raise ValueError(
            f"check_gradients: df gave shape {array.shape} for {label} of shape {np.shape(x)}"
            + misshapen(array.shape, np.shape(x))
        )
    return array


def misshapen(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What to say of a gradient that has another shape than its input, with the mistake that it comes from.

    >>> misshapen((1, 3), (3,)), misshapen((5, 3), (3,))
    (': it kept dimensions that are summed over (keepdims=True)', ': it is not summed over the broadcast axis 0')
    """
    if [n for n in shape if n != 1] == [n for n in wanted if n != 1]:
        if len(shape) > len(wanted):
            return ": it kept dimensions that are summed over (keepdims=True)"
        if len(shape) < len(wanted):
            return ": it lost dimensions that must be kept (keepdims=True)"
        return ": the same numbers in another shape"
    extra = len(shape) - len(wanted)
    if extra >= 0 and all(n in (1, m) for n, m in zip(wanted, shape[extra:])):
        axes = [i for i in range(extra) if shape[i] != 1]
        axes += [extra + i for i, n in enumerate(wanted) if n == 1 != shape[extra + i]]
        return f": it is not summed over the broadcast ax{'is' if len(axes) == 1 else 'es'} {', '.join(map(str, axes))}"
    return ": it is transposed" if shape == wanted[::-1] else ""


def described(x: Any) -> str:
    """A value in a few words, for a message."""
    if isinstance(x, Mapping):
        return f"a dictionary with the keys {', '.join(map(repr, x)) or '(none)'}"
    if x is None:
        return "None"
    if isinstance(x, (list, tuple)):
        return f"a {type(x).__name__} of {len(x)}"
    shape = getattr(x, "shape", None)
    return f"a {type(x).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")

"""What a call may hold: plain values that are taken as they are, options that NumPy knows, tensors in options."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

#: The kinds of dtype that a graph computes with: floats, integers, booleans.
REAL_KINDS = "fiub"
#: The types of number that are taken as they are; None stands for an input that is left out, such as a bias.
NUMBERS = frozenset(
    {float, int, bool, type(None), *(t for t in np.sctypeDict.values() if np.dtype(t).kind in REAL_KINDS)}
)
#: And what else most options are, and most shapes, axes and indices are made of: nobody can change it.
PLAIN = NUMBERS | {str, slice, type(Ellipsis), type}


def all_plain(values: Iterable[Any]) -> bool:
    """Whether all of them are plain, or tuples of what is plain, as shapes and axes are."""
    for each in values:
        kind = type(each)
        if kind not in PLAIN and not (kind is tuple and PLAIN.issuperset(map(type, each))):
            return False
    return True


def is_ordinary(x: Any) -> bool:
    """Whether an argument is a number, a node, an array of real numbers, or a list or tuple of such.

    Of all else a tensor decides whether it may stand beside it (``operands.py``).
    """
    kind = type(x)
    if kind in PLAIN:
        return True
    if kind is np.ndarray:
        return x.dtype.kind in REAL_KINDS
    if kind is tuple or kind is list:
        return PLAIN.issuperset(map(type, x)) or all(map(is_ordinary, x))
    return hasattr(kind, "_apply")


def admitted(op: Any, names: Sequence[str], values: Sequence[Any], others: Sequence[Any] = ()) -> Sequence[Any]:
    """The values of a call's arguments by these names, as an operation computes with them.

    Foreign arrays beside a tensor are made plain or refused by name. So are tensors in what is an option, which is not
    differentiated: the gradient of what it holds would be lost without a word. ``others`` are the call's other values.
    """
    if not all(map(is_ordinary, values)):
        kind = _kind_of_node((*others, *values))
        if kind is not None:
            values = [kind._admitted(f"{op.name}: {name}", x) for name, x in zip(names, values)]
    return [x if name in op.differentiated else _without_tensors(op, name, x) for name, x in zip(names, values)]


def _without_tensors(op: Any, name: str, value: Any) -> Any:
    kind = type(value)
    if kind in PLAIN or kind is np.ndarray:
        return value
    if kind is list or kind is tuple:
        parts = [_without_tensors(op, name, each) for each in value]
        return value if all(a is b for a, b in zip(parts, value)) else kind(parts)
    return value._as_option(op, name) if hasattr(kind, "_as_option") else value


def _kind_of_node(values: Any) -> Any:
    """The class of the first node among some values, or in a list or tuple of them; None where there is none."""
    for each in values:
        if hasattr(type(each), "_apply"):
            return type(each)
        if type(each) in (list, tuple):
            kind = _kind_of_node(each)
            if kind is not None:
                return kind
    return None


def known_options(op: Any, known: Collection[str], options: dict[str, Any]) -> dict[str, Any]:
    """Let NumPy's spelled-out defaults pass (``out=None``) and refuse any other unknown option."""
    for each, value in options.items():
        if each in known or ((value is None or value is np._NoValue) and each in _spelled_out(op)):
            continue
        if each == "out":
            raise TypeError(f"{op.name}: out= is not possible in a graph; use the result instead")
        if each == "where" and op.elementwise:
            if value is True:
                continue
            raise TypeError(f"{op.name}: where= leaves entries without a value; use mg.where(condition, y, other)")
        raise TypeError(f"{op.name}: unknown option {each}={value!r}; takes {op.signature}")
    return {k: v for k, v in options.items() if k in known}


@cache
def _spelled_out(op: Any) -> frozenset[str]:
    """The options of an operation's NumPy functions, whose defaults a call may spell out."""
    names: set[str] = set()
    for each in op.numpy_functions:
        if isinstance(each, np.ufunc):
            names |= {"out", "dtype", "axes", "axis"} if each.signature else {"out", "dtype"}
        else:
            names.update(p.name for p in inspect.signature(each).parameters.values() if p.default is not p.empty)
    return frozenset(names)

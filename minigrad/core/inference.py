"""The shape and dtype of an operation's value, found without its inputs' numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Abstract:
    """An array of which only the shape and the dtype are known."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def inferred(op: Any, inputs: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
    """What `Op.infer` gives."""
    with np.errstate(all="ignore"):
        if op.inference is not None:
            shape, dtype = op.inference(*inputs, **options)
            return Abstract(tuple(shape), np.dtype(dtype)), None
        if op.elementwise and not op.saves:
            one = op.kernel(*(_of_one_entry(x) for x in inputs), **{k: _of_one_entry(x) for k, x in options.items()})
            shapes = [x.shape for x in (*inputs, *options.values()) if _is_array(x)]
            return Abstract(np.broadcast_shapes(*shapes), np.asarray(one).dtype), None
        found = _on_stand_ins(lambda *inputs, **options: op.compute(inputs, options), inputs, options)
    return _abstract(found[0]), _abstract(found[1])


def inferred_call(
    function: Callable[..., Any], arguments: Sequence[Any], options: Mapping[str, Any], plain: bool = False
) -> Any:
    """What any function gives for such arrays: an `Abstract` in place of each array of its result, unless ``plain``."""
    with np.errstate(all="ignore"):
        found = _on_stand_ins(function, arguments, options)
    return found if plain else _abstract(found)


def _on_stand_ins(compute: Callable[..., Any], inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the numbers are made up
        try:
            return compute(*map(_stand_in, inputs), **{k: _stand_in(x) for k, x in options.items()})
        except np.linalg.LinAlgError:  # integers, say, whose zeros make a singular matrix
            whole = {k: _stand_in(x, identity=True) for k, x in options.items()}
            return compute(*(_stand_in(x, identity=True) for x in inputs), **whole)


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, type)


def _of_one_entry(x: Any) -> Any:
    return np.ones((1,) * len(x.shape), x.dtype) if _is_array(x) else x


def _stand_in(x: Any, identity: bool = False) -> Any:
    """An array that costs no memory for its batch axes: identity matrices, ones, and zeros for integers (labels).

    Inverses and factors of identities exist, 0 is a label or an index wherever there are any, and of True entries (of a
    mask) there are means.
    """
    if isinstance(x, (list, tuple)):
        parts = [_stand_in(each, identity) for each in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if not _is_array(x):
        return x
    if type(x) is np.ndarray and x.dtype.kind not in "fc":  # a mask or an index, whose entries decide on the shape
        return x
    kind = np.dtype(x.dtype).kind
    if kind != "f" and not identity:
        return np.broadcast_to(np.asarray(kind == "b", x.dtype), x.shape)
    one = np.eye(*x.shape[-2:], dtype=x.dtype) if len(x.shape) > 1 else np.ones((), x.dtype)
    return np.broadcast_to(one, x.shape)


def _abstract(value: Any) -> Any:
    """The same structure with the shape and dtype of every array; Python numbers and None stay."""
    if isinstance(value, (list, tuple)):
        parts = [_abstract(each) for each in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, (np.ndarray, np.generic)):
        return Abstract(value.shape, value.dtype)
    return value

"""What is said of a call that failed inside an operation: its name, what it was given, and NumPy's class of error."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import MinigradError, NotDifferentiableError, ShapeError

_PACKAGE = __name__.partition(".")[0] + "."
#: The errors that get a message of ours. All others pass: a user's own, and those that minigrad has named already.
TOLD = (
    TypeError, ValueError, IndexError, OverflowError, MemoryError, AttributeError, KeyError, NameError, AssertionError,
    RecursionError, StopIteration, ZeroDivisionError,
)  # fmt: skip

#: What a caller may rely on, most special first. Anything else is an accident inside, and so a TypeError outside.
_KEPT: tuple[Any, ...] = (
    np.linalg.LinAlgError, IndexError, OverflowError, MemoryError, ValueError, TypeError
)  # fmt: skip


def told(op: Any, arguments: tuple[Any, ...], options: dict[str, Any] | None, error: Exception) -> Exception:
    """The error with the operation's name and what it was given in front of the words that it has."""
    text = str(error)
    if text.startswith((f"{op.name}:", f"{op.name} ")):
        return error
    if not (op.forward.__module__ or "").startswith(_PACKAGE):
        return error
    if isinstance(error, np.exceptions.AxisError) and error.axis is not None and error.ndim is not None:
        return np.exceptions.AxisError(error.axis, error.ndim, op.name)
    if isinstance(error, (ShapeError, NotDifferentiableError)):
        kind: Any = type(error)
    elif isinstance(error, MinigradError):
        return error
    else:
        kind = next((each for each in _KEPT if isinstance(error, each)), TypeError)
    if kind is TypeError and not isinstance(error, TypeError):
        text = f"{type(error).__name__}: {text}"
    what = getattr(error, "_inside", text)
    new: Any = kind(f"{op.name}: {what} (got {_call_of(arguments, options or {})}; takes {op.signature})")
    new._inside = what
    return new


def _call_of(arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    return ", ".join([*map(_brief, arguments), *(f"{k}={_brief(x)}" for k, x in options.items())])


def _brief(x: Any) -> str:
    """A value in a few words: what it is, its shape, or itself if it is short."""
    shape = getattr(x, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(x).__name__}{shape}"
    if type(x) in (list, tuple) and len(x) <= 8:
        return f"[{', '.join(map(_brief, x))}]" if type(x) is list else f"({', '.join(map(_brief, x))})"
    try:
        return repr(x) if len(repr(x)) <= 40 else f"{repr(x)[:37]}..."
    except ValueError:  # an integer of more digits than Python writes
        return "an integer of thousands of digits"

"""Does a function compute in fewer digits than it gives? Seen from its values at points next to each other."""

from __future__ import annotations

import numpy as np

from ...core.errors import NotDifferentiableError
from ..subjects.subject import Subject, signed

#: Moves, as shares of the entries' own size, that float64 tells apart and float32 does not.
_TINY = np.array([-4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0]) * 1e-10
#: A move that any precision tells from none, and the largest that float32 may take for none.
_WIDE, _FLOAT32 = 1e-3, 1e-5
#: How far away the other point lies, and how large its entries are at most.
_BESIDE, _ORDINARY = 0.1, 1e3


def hidden_rounding(subject: Subject) -> float | None:
    """The rounding of the dtype that a function computes in though it gives float64; None for what is float64 all over.

    On tiny moves such a function stays where it is, or jumps by more than they can explain, and that not at the given
    point alone. A function that is steep is steep in proportion to the moves.
    """
    if not subject.points or subject.epsilon > 1e-12:
        return None
    # of ordinary size, since at 1e10 a share of 1e-10 is longer than a wave
    ordinary = [np.clip(x, -_ORDINARY, _ORDINARY) for x in subject.points]
    beside = [x + _BESIDE * np.maximum(1.0, np.abs(x)) * v for x, v in zip(ordinary, signed(ordinary, 23))]
    for points in (subject.points, beside):
        if not _is_coarse(subject, points):
            return None
    tells = _FLOAT32 * np.array([-1.0, 1.0])
    float32 = np.any(_moved(subject, subject.points, tells) != _moved(subject, subject.points, np.zeros(1)))
    return float(np.finfo(np.float32 if float32 else np.float16).eps)


def _is_coarse(subject: Subject, points: list[np.ndarray]) -> bool:
    here, above, below = _moved(subject, points, np.array([0.0, _WIDE, -_WIDE]))
    gone = _moved(subject, points, _TINY) - here
    if not np.all(np.isfinite([here, above, below, *gone])):
        return False
    rounding = np.finfo(np.float64).eps * (1.0 + subject.magnitude)
    expected = abs(above - below) / (2 * _WIDE) * np.max(_TINY)
    if not np.any(gone):
        return bool(expected > 100 * rounding)
    unexplained = gone - _TINY * (gone @ _TINY) / (_TINY @ _TINY)
    largest = np.max(np.abs(unexplained))
    return bool(largest > 0.1 * np.max(np.abs(gone)) and largest > 1e3 * rounding)


def _moved(subject: Subject, points: list[np.ndarray], shares: np.ndarray) -> np.ndarray:
    """The function's values where all entries are moved by shares of their size, in one random direction."""
    directions = [np.maximum(1.0, np.abs(x)) * v for x, v in zip(points, signed(points, 19))]
    found = []
    for t in shares:
        try:
            with np.errstate(all="ignore"):
                found.append(float(subject.number(*(x + t * d for x, d in zip(points, directions)))))
        except (ArithmeticError, ValueError, NotDifferentiableError):
            found.append(np.nan)
    return np.array(found)

"""That what a graph was given is still what it was when backward comes: copies of small arrays, samples of large ones.

Plain arrays in an expression belong to the caller, who may fill a batch buffer again before going backward. A copy is
cheaper than any check as long as the array fits the cache; of a large array about a thousand entries are remembered,
and backward refuses where they differ (under `detect_anomaly` every entry, and those of leaves too).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .options import PLAIN

#: Plain arrays up to so many bytes are copied into the graph: 15 µs, a hundredth of a small network's step.
COPIED = 1 << 18
#: Of a leaf whose ``.data`` was read, so many bytes are remembered whole.
REMEMBERED = 1 << 26
_SAMPLED = 1024


def fingerprint(array: np.ndarray, whole: float) -> bytes:
    """The entries of an array of at most ``whole`` bytes, else about a thousand of them, spread evenly."""
    if array.nbytes <= whole or array.size <= _SAMPLED:
        return array.tobytes()
    step = array.size // _SAMPLED
    while math.gcd(step, array.size) > 1:  # or it could meet the same column in every row
        step += 1
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    return flat[::step].tobytes()


def own(value: Any, most: float = math.inf) -> Any:
    """The same operand or option, its arrays of at most ``most`` bytes copied out of the caller's reach."""
    kind = type(value)
    if kind is np.ndarray:
        return value.copy("K") if value.nbytes <= most else value
    if (kind is tuple and not PLAIN.issuperset(map(type, value))) or kind is list:
        return kind(own(each, most) for each in value)
    return value


class Remembered(NamedTuple):
    """An array, and what its entries were."""

    array: np.ndarray
    entries: bytes
    whole: float

    @property
    def changed(self) -> bool:
        """Whether it holds other numbers now, as far as was remembered."""
        return fingerprint(self.array, self.whole) != self.entries


def remember(array: np.ndarray, whole: float = 0) -> Remembered:
    """Note what an array holds: every entry where it has at most ``whole`` bytes, else a sample of them."""
    return Remembered(array, fingerprint(array, whole), whole)

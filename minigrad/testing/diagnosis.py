"""What a wrong gradient looks like: the pattern of the mistake, named."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Factors that mistakes are made of, and what they are called.
_FACTORS = {
    -1.0: "the sign is wrong",
    2.0: "twice too large",
    0.5: "half as large as it should be",
    -2.0: "twice too large, and the sign is wrong",
    -0.5: "half as large as it should be, and the sign is wrong",
}


def diagnosis(
    analytic: np.ndarray, numeric: np.ndarray, point: np.ndarray, wrong: np.ndarray, batch: Sequence[int] = ()
) -> str | None:
    """The pattern of the wrong entries of one input's gradient in words, or None where none is known.

    ``wrong`` says which entries are wrong; ``batch`` holds lengths (of batches, say) that a factor may be.

    >>> import numpy as np
    >>> n = np.array([1.0, -2.0, 3.0])
    >>> diagnosis(2 * n, n, np.ones(3), np.full(3, True))
    'twice too large'
    >>> diagnosis(np.where(n < 0, 0, n), n, n, n < 0)
    'wrong only where the input is negative, and 0 there'
    """
    if not wrong.any():
        return None
    if not np.all(np.isfinite(analytic)):
        return "not finite: a division by 0, a logarithm of 0 or an overflow"
    whole = _pattern(analytic, numeric, batch)
    if whole is not None:
        return whole
    where = _where(point, wrong)
    if where is None:
        return None
    inside = _pattern(analytic[wrong], numeric[wrong], batch)
    return f"wrong only {where}" + (f", and {inside} there" if inside else "")


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.all(np.abs(a - b) <= 1e-5 * scale)) and scale > 0


def _pattern(analytic: np.ndarray, numeric: np.ndarray, batch: Sequence[int]) -> str | None:
    """What turns the numeric gradient into the analytic one."""
    if not np.any(analytic):
        return "0" if analytic.size < numeric.size or analytic.ndim == 1 else "0 everywhere: the graph is cut somewhere"
    for factor, text in _FACTORS.items():
        if _close(analytic, factor * numeric):
            return text
    for n in {*batch, *analytic.shape}:
        if n > 1 and _close(analytic, n * numeric):
            return f"{n} times too large, a length of the data: a mean was differentiated as a sum"
        if n > 1 and _close(analytic * n, numeric):
            return f"{n} times too small, a length of the data: a sum was differentiated as a mean"
    square = analytic.ndim >= 2 and analytic.shape[-1] == analytic.shape[-2] > 1
    if square and _close(np.swapaxes(analytic, -1, -2), numeric):
        return "transposed"
    if analytic.size > 1 and _close(analytic.reshape(-1)[::-1], numeric.reshape(-1)):
        return "in reversed order"
    difference = analytic - numeric
    if analytic.size > 1 and _close(difference, np.full_like(difference, difference.flat[0])):
        return f"off by the same {difference.flat[0]:.3g} everywhere: a term is missing or one too many"
    flat_n, flat_a = numeric.reshape(-1), analytic.reshape(-1)
    ratio = float(flat_a @ flat_n) / (float(flat_n @ flat_n) or math.inf)
    # of one entry any factor would do, so it says something only if it is a whole number or one part of it
    telling = analytic.size > 1 or min(abs(x - round(x)) for x in (ratio, 1 / ratio if ratio else 0.5)) < 1e-6
    if telling and _close(analytic, ratio * numeric):
        return f"{ratio:.6g} times what it should be"
    return None


def _where(point: np.ndarray, wrong: np.ndarray) -> str | None:
    """The part of the domain that holds all of the wrong entries and none of the others."""
    if wrong.all():
        return None
    repeated = np.isin(point, [x for x, count in zip(*np.unique(point, return_counts=True)) if count > 1])
    parts = {
        "where the input is 0": point == 0,
        "where the input is negative": point < 0,
        "where the input is positive": point > 0,
        "at ties": repeated,
        "at the first entry": np.arange(point.size).reshape(point.shape) == 0,
        "at the last entry": np.arange(point.size).reshape(point.shape) == point.size - 1,
    }
    for text, part in parts.items():
        if np.array_equal(part, wrong):
            return text
    return None

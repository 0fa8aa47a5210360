"""What a wrong gradient looks like: the pattern of the mistake, named."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..subjects.subject import Subject
from .report import IS_WRONG, Comparison

#: Factors that mistakes are made of, and what they are called.
_FACTORS = {
    -1.0: "the sign is wrong",
    2.0: "twice too large",
    0.5: "half as large as it should be",
    -2.0: "twice too large, and the sign is wrong",
    -0.5: "half as large as it should be, and the sign is wrong",
}


def diagnoses_of(subject: Subject, comparisons: Mapping[str, Comparison]) -> dict[str, str]:
    """The pattern in the wrong entries of each input's gradient, in words, where there is a known one."""
    lengths = [n for x in (*subject.points, *subject.value) for n in x.shape]
    found: dict[str, str] = {}
    for label, point in zip(subject.labels, subject.points):
        part = comparisons[label]
        wrong = part.verdict == IS_WRONG
        text = _without_g(subject, part, point) if wrong.any() else None
        text = text or diagnosis(part.analytic, part.numeric, point, wrong, lengths)
        if text is not None:
            found[label] = text
    return found


def diagnosis(
    analytic: np.ndarray, numeric: np.ndarray, point: np.ndarray, wrong: np.ndarray, lengths: Sequence[int] = ()
) -> str | None:
    """The pattern of the wrong entries of one input's gradient in words, or None where none is known.

    ``wrong`` says which entries are wrong; ``lengths`` holds those of all the data, which a factor may be made of.

    >>> import numpy as np
    >>> n = np.array([1.0, -2.0, 3.0])
    >>> diagnosis(2 * n, n, np.ones(3), np.full(3, True))
    'twice too large'
    >>> diagnosis(np.where(n < 0, 0, n), n, n, n < 0)
    'wrong only where the input is negative, and 0 there'
    >>> diagnosis(n + 0.1 * np.array([5.0, 7.0, 8.0]), n, np.array([5.0, 7.0, 8.0]), np.full(3, True))
    '0.1 times the input too large: weight decay that is not in the cost, or counted twice'
    """
    if not wrong.any():
        return None
    if not np.all(np.isfinite(analytic)):
        return _not_finite(analytic, numeric)
    whole = _pattern(analytic, numeric, point, lengths)
    if whole is not None:
        return "0 everywhere: it is not computed, or the graph is cut somewhere" if whole == "0" else whole
    where = _where(point, wrong)
    if where is not None:
        inside = _pattern(analytic[wrong], numeric[wrong], point[wrong], lengths)
        return f"wrong only {where}" + (f", and {inside} there" if inside else "")
    return _in_a_box(analytic, numeric, point, wrong, lengths)


def _not_finite(analytic: np.ndarray, numeric: np.ndarray) -> str:
    there = numeric[~np.isfinite(analytic)]
    text = "not finite: a division by 0, a logarithm of 0 or an overflow"
    if np.isinf(there).any():
        return f"{text}; the numerical derivative is infinite too: the function has none there"
    return text if np.isfinite(there).all() else f"{text}; the function is not finite next to it either"


def _close(a: np.ndarray, b: np.ndarray, to: float = 1e-5) -> bool:
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.all(np.abs(a - b) <= to * scale)) and scale > 0


def _pattern(analytic: np.ndarray, numeric: np.ndarray, point: np.ndarray, lengths: Sequence[int]) -> str | None:
    """What turns the numeric gradient into the analytic one."""
    if not np.any(analytic):
        return "0"
    if not np.all(np.isfinite(numeric)) or not np.any(numeric):
        return None
    for factor, text in [*_FACTORS.items(), *_of_lengths({*lengths, *analytic.shape}, analytic.size)]:
        if _close(analytic, factor * numeric):
            return text
    square = analytic.ndim >= 2 and analytic.shape[-1] == analytic.shape[-2] > 1
    if square and _close(np.swapaxes(analytic, -1, -2), numeric):
        return "transposed"
    if analytic.size > 1 and _close(analytic.reshape(-1)[::-1], numeric.reshape(-1)):
        return "in reversed order"
    return _some_factor(analytic.reshape(-1), numeric.reshape(-1)) or _off_by(analytic - numeric, point)


def _of_lengths(lengths: set[int], size: int) -> Iterator[tuple[float, str]]:
    """Factors that are made of the lengths of the data; of one entry almost any would do, so only plain ones."""
    known = sorted(n for n in lengths if n > 1)
    for n in known:
        yield n, f"{n} times too large, a length of the data: a mean was differentiated as a sum"
        yield 1 / n, f"{n} times too small, a length of the data: a sum was differentiated as a mean"
    for n in known if size > 1 else ():
        for m in known:
            which = f"{n} and {m} being lengths of the data: a mean over the wrong axis, or axes"
            if n < m:
                yield 1 / (n * m), f"1/({n}·{m}) of what it should be, {which}"
                yield n * m, f"{n}·{m} times what it should be, {which}"
            if n != m:
                yield n / m, f"{n}/{m} of what it should be, {which}" + (", or ddof" if abs(n - m) == 1 else "")
        for a, b in ((n - 1, n), (n, n - 1)):
            ddof = f"of what it should be, {n} being a length of the data: n in place of n - 1, or the reverse (ddof)"
            yield a / b, f"{a}/{b} {ddof}"
            yield math.sqrt(a / b), f"√({a}/{b}) {ddof}"


def _some_factor(analytic: np.ndarray, numeric: np.ndarray) -> str | None:
    ratio = float(analytic @ numeric) / (float(numeric @ numeric) or math.inf)
    off = float(np.max(np.abs(analytic - numeric)))
    if not np.all(np.abs(analytic - ratio * numeric) <= 1e-5 * off) or not ratio:
        return None  # measured by what is wrong, since near 1 everything is close to its own multiple
    whole = max(abs(ratio), 1 / abs(ratio))
    if analytic.size == 1 and (whole > 1000 or abs(whole - round(whole)) > 1e-6):
        return None  # of one entry any factor would do, so it says something only if it is a whole number or one part
    if abs(ratio - 1) < 1e-4:
        return f"too {'large' if ratio > 1 else 'small'} by a share of {abs(ratio - 1):.2g}"
    return f"{ratio:.6g} times what it should be"


def _off_by(difference: np.ndarray, point: np.ndarray) -> str | None:
    if difference.size < 2:
        return None
    first = difference.flat[0]
    if _close(difference, np.full_like(difference, first)):
        return f"off by the same {first:.3g} everywhere: a term is missing or one too many"
    share = float(np.sum(difference * point)) / (float(np.sum(point * point)) or math.inf)
    if not _close(difference, share * point):
        return None
    if share > 0:
        return f"{share:.4g} times the input too large: weight decay that is not in the cost, or counted twice"
    return (
        f"{-share:.4g} times the input too small: the derivative of weight decay was forgotten, or has the wrong sign"
    )


# ---- the part that is wrong ------------------------------------------------------------------------------------


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


def _in_a_box(
    analytic: np.ndarray, numeric: np.ndarray, point: np.ndarray, wrong: np.ndarray, lengths: Sequence[int]
) -> str | None:
    """The smallest box of indices with all wrong entries, if all in it are wrong or one pattern explains all of it."""
    if wrong.all():
        return None
    spans = [(int(i.min()), int(i.max()) + 1) for i in np.nonzero(wrong)]
    box = tuple(slice(*span) for span in spans)
    inside = _pattern(analytic[box], numeric[box], point[box], lengths) if wrong[box].size > 1 else None
    if inside is None and not wrong[box].all():
        return None
    texts = [":" if (a, b) == (0, n) else str(a) if b == a + 1 else f"{a}:{b}" for (a, b), n in zip(spans, wrong.shape)]
    return f"wrong only in [{', '.join(texts)}]" + (f", and {inside} there" if inside else "")


# ---- a rule that forgets what came from above --------------------------------------------------------------------


def _without_g(subject: Subject, part: Comparison, point: np.ndarray) -> str | None:
    """Whether the gradient is that of a plain sum of the outputs, entry by entry, and g, its weights, is left out."""
    if len(subject.cotangents) != 1 or np.all(subject.cotangents[0] == subject.cotangents[0].flat[:1]):
        return None
    g = subject.cotangents[0]
    # g of the input's own shape, or one for each row of it, or for each row of a vector of the output
    shapes = [g, *(np.expand_dims(g, axis) for axis in range(g.ndim + 1))]
    for each in shapes:
        fits = each.ndim == point.ndim and all(n in (1, m) for n, m in zip(each.shape, point.shape))
        if fits and point.size > 1 and _close(part.analytic * each, part.numeric):
            return "g is not multiplied in: a rule must give g times the derivative, g the gradient from above"
    return None

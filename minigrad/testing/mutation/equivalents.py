"""Mutants that no suite can notice, and why: breaks that change nothing that could be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.operation import Op
from .mutants import Mutant, is_square, plain
from .suite import PropertySuite

_RANGES: dict[str, tuple[float, float]] = {
    "wrong where x < 0": (-np.inf, 0.0), "wrong where x > 1": (1.0, np.inf), "wrong at x = 0": (0.0, 0.0),
}  # fmt: skip
_ORDER = "not drawn: there NumPy's vectors have other signs or another order than beside it"
_END = "the end of a probability's range, where it has no two-sided difference"
_PROBABILITIES = "outside of the domain: a probability"
#: Why a part of the domain is not among the inputs drawn, by operation, input and kind of break.
_NOT_DRAWN = {
    ("eigh_row", "a", "wrong at x = 0"): _ORDER,
    ("eig_row", "a", "wrong at x = 0"): _ORDER,
    ("eig_row", "a", "wrong at ties"): _ORDER,
    ("arcsec", "x", "wrong at x = 0"): "outside of the domain, |x| ≥ 1",
    ("arccsc", "x", "wrong at x = 0"): "outside of the domain, |x| ≥ 1",
    ("normalize", "variance", "wrong where x < 0"): "outside of the domain: a variance",
    ("softmax_cross_entropy", "labels", "wrong where x < 0"): _PROBABILITIES,
    ("softmax_cross_entropy", "labels", "wrong where x > 1"): _PROBABILITIES,
    ("sigmoid_cross_entropy", "targets", "wrong where x < 0"): _PROBABILITIES,
    ("sigmoid_cross_entropy", "targets", "wrong where x > 1"): _PROBABILITIES,
    ("softmax_cross_entropy", "labels", "wrong at x = 0"): _END,
    ("sigmoid_cross_entropy", "targets", "wrong at x = 0"): _END,
    ("remainder", "a", "wrong at x = 0"): "the value jumps at every multiple of b, and 0 is one",
    ("remainder", "b", "wrong at x = 0"): "outside of the domain: a divisor",
    ("fmod", "b", "wrong at x = 0"): "outside of the domain: a divisor",
    ("interp", "xp", "wrong at ties"): "outside of the domain: points that increase",
}


def reason_of(mutant: Mutant, own: PropertySuite) -> str | None:
    """Why a mutant changes nothing that can be seen, or None where it does, or where no reason is known."""
    op, kind = mutant.op, mutant.kind
    name = mutant.detail.partition(" ")[0].partition(":")[0]
    i = op.input_names.index(name) if name in op.input_names else 0
    mutant.answers = []
    notices(own, mutant)
    answers, mutant.answers = mutant.answers, None
    if kind != "one buffer for all" and any(_differs(found, right) for right, found in answers):
        return None
    seen = [d for right, _ in answers for d in (right if op.variadic else right[i : i + 1]) if d is not None]
    if seen and not any(map(np.any, seen)):
        return "the derivative is 0 everywhere"
    if kind in ("reversed", "wrong at ties", "one buffer for all") and seen and all(np.ndim(d) == 0 for d in seen):
        return "the input is one number"
    if (op.name, name, kind) in _NOT_DRAWN:
        return _NOT_DRAWN[op.name, name, kind]
    if kind in _RANGES:
        low, high = _RANGES[kind]
        domain = op.inputs[i] if isinstance(op.inputs, Sequence) else None
        if domain is not None and (domain.high < low or domain.low > high or (low == high and low in domain.avoid)):
            beside = " but for jumps and poles" if low in domain.avoid else ""
            return f"outside of the domain, {domain.low:g} to {domain.high:g}{beside}"
        return None
    if kind == "transposed":
        return "the gradient is a symmetric matrix or none with two equal sides" if all(map(_symmetric, seen)) else None
    if kind == "swapped inputs":
        return "the gradients have different shapes, or are the same"
    if kind == "stale value":
        return "the rule does not use the values"
    return None


def _symmetric(d: np.ndarray) -> bool:
    return not is_square(d) or np.array_equal(d, np.swapaxes(d, -1, -2))


def _differs(found: Sequence[Any], right: Sequence[Any]) -> bool:
    return len(found) != len(right) or any(
        a is not b if a is None or b is None else not np.array_equal(plain(a), b, equal_nan=True)
        for a, b in zip(found, right)
    )


def notices(suite: Callable[[Op], object], mutant: Mutant) -> bool:
    with mutant, np.errstate(all="ignore"):
        try:
            suite(mutant.op)
        except Exception:
            return True
    return False

"""Exponentials and logarithms, elementwise."""

import math
from functools import partial

import numpy as np

from ..core.registry import domain
from .activation import sigmoid
from .table import operation

row = partial(operation, __name__)

_LOG_2, _LOG_10 = math.log(2), math.log(10)

# fmt: off
exp = row(np.exp, "Exponential: y = eˣ", "y", lambda g, y, x: g * y, "mg.exp(0.0) → 1.0")
expm1 = row(np.expm1, "eˣ − 1, exact near 0", "y + 1", lambda g, y, x: g * np.exp(x), "mg.expm1(0.0) → 0.0")
log = row(np.log, "Natural logarithm: y = log x", "1/x", lambda g, y, x: g / x, "mg.log(1.0) → 0.0", domain(0.3, 4))
log1p = row(np.log1p, "log(1 + x), exact near 0", "1/(1 + x)", lambda g, y, x: g / (1 + x),
            "mg.log1p(0.0) → 0.0", domain(-0.6, 4))
exp2 = row(np.exp2, "Power of two: y = 2ˣ", "y·log 2", lambda g, y, x: g * y * _LOG_2,
           "mg.exp2(3.0) → 8.0", label="2ˣ")
log2 = row(np.log2, "Logarithm to base 2", "1/(x·log 2)", lambda g, y, x: g / (x * _LOG_2),
           "mg.log2(8.0) → 3.0", domain(0.3, 4))
log10 = row(np.log10, "Logarithm to base 10", "1/(x·log 10)", lambda g, y, x: g / (x * _LOG_10),
            "mg.log10(1000.0) → 3.0", domain(0.3, 4))
# fmt: on


def _infinite(x):
    """Whether x is +∞ or −∞; an array of bools, or a bool for a float."""
    return (x == math.inf) | (x == -math.inf)


def _share(a, b):
    """eᵃ/(eᵃ + eᵇ), a half also where both are the same infinity."""
    same = (a == b) & _infinite(a)
    return sigmoid(np.where(same, 0.0, a) - np.where(same, 0.0, b))


# fmt: off
logaddexp = row(np.logaddexp, "log(eᵃ + eᵇ), without overflow", ("σ(a − b)", "σ(b − a)"),
                (lambda g, y, a, b: g * _share(a, b), lambda g, y, a, b: g * _share(b, a)),
                "round(mg.logaddexp(1000.0, 1000.0) - 1000, 6) → 0.693147",
                note="Where both are the same infinity each has half of the gradient.")
logaddexp2 = row(np.logaddexp2, "log₂(2ᵃ + 2ᵇ), without overflow", "2ᵃ/(2ᵃ + 2ᵇ), and likewise for b",
                 (lambda g, y, a, b: g * _share(_LOG_2 * a, _LOG_2 * b),
                  lambda g, y, a, b: g * _share(_LOG_2 * b, _LOG_2 * a)),
                 "mg.logaddexp2(3.0, 3.0) → 4.0")

"""Choices, elementwise: the larger, the smaller, the nearer, the rounded, one or the other.

At a jump the gradient is 0; at a kink it is the subgradient that each operation names.
"""

from functools import partial

import numpy as np

from ..core.registry import domain, op
from .table import operation

row = partial(operation, __name__)


def draw_apart(draw):
    """Two arrays that broadcast together and whose entries differ; either may be the larger."""
    shape = draw.shape(max_dims=3)
    first = draw.array(draw.choice([shape, draw.broadcastable_to(shape)]))
    second = first + draw.array(shape, avoid=[0])
    return draw.choice([(first, second), (second, first)]), {}


# fmt: off
absolute = row(np.absolute, "Absolute value: y = |x|", "sign x, 0 at 0", lambda g, y, x: g * np.sign(x),
               "mg.absolute(-2.0) → 2.0", domain(avoid=[0]), numpy=[np.fabs], label="|x|")
sign = row(np.sign, "−1, 0 or 1, elementwise", "0 everywhere, at the jump too", lambda g, y, x: g * 0.0,
           "mg.sign(-2.0) → -1.0", domain(avoid=[0]))
maximum = row(np.maximum, "The larger: y = max(a, b).  The gradient goes to the larger, half to each where equal", "",
              (lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (a > b)),
               lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (b > a))),
              "mg.maximum(1.0, 2.0) → 2.0", draw_apart, label="max")
minimum = row(np.minimum, "The smaller: y = min(a, b).  The gradient goes to the smaller, half to each where equal", "",
              (lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (a < b)),
               lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (b < a))),
              "mg.minimum(1.0, 2.0) → 1.0", draw_apart, label="min")
# fmt: on


def _draw_where(draw):
    shape = draw.shape()
    return (draw.booleans(shape), draw.array(shape), draw.array(shape)), {}


@op(numpy=np.where, inputs=_draw_where, elementwise=True)
def where(condition, a, b, /):
    """a where the condition holds, else b.  The gradient goes to the one that was taken.

    The condition is an array of bools and has no gradient. The branch that was not taken has the gradient 0,
    and a NaN in it does not reach the other. But 0 times an infinite or NaN slope is NaN: for √x beyond its
    domain make the argument safe first, ``mg.where(x > 0, mg.sqrt(mg.where(x > 0, x, 1.0)), 0.0)``.

    >>> import numpy as np, minigrad as mg
    >>> mg.where(np.array([True, False]), [1.0, 2.0], [3.0, 4.0])
    array([1., 4.])
    """
    return np.where(condition, a, b)


where.rules_by_input(
    None,
    lambda g, y, condition, a, b: np.where(condition, g, 0.0),
    lambda g, y, condition, a, b: np.where(condition, 0.0, g),
)


def _draw_clip(draw):
    shape = draw.shape()
    x, low, high = draw.array(shape, avoid=(-1.0, 1.5)), -1.0, 1.5
    if draw.boolean():  # bounds that are arrays have gradients as well
        moved = draw.array(shape)
        x, low, high = x + moved, low + moved, high + moved
    return (x, draw.choice([low, None]), high), {}


@op(numpy=np.clip, inputs=_draw_clip, elementwise=True)
def clip(x, min=None, max=None, /):
    """x limited to the range from min to max, elementwise.  ∂y/∂x = 1 inside and at the bounds, 0 outside.

    A bound may be None, or a tensor, which then receives the gradient where x is beyond it. Where min > max
    the answer is max, as in NumPy.

    >>> import numpy as np, minigrad as mg
    >>> mg.clip(np.array([-2.0, 0.5, 2.0]), 0.0, 1.0)
    array([0. , 0.5, 1. ])
    """
    raised = x if min is None else np.maximum(x, min)
    return raised if max is None else np.minimum(raised, max)


def _low(min):
    return -np.inf if min is None else min


def _high(max):
    return np.inf if max is None else max


clip.rules_by_input(
    lambda g, y, x, min, max: g * ((x >= _low(min)) & (x <= _high(max))),
    lambda g, y, x, min, max: g * ((x < _low(min)) & (_low(min) <= _high(max))),
    lambda g, y, x, min, max: g * ((x > _high(max)) | (_low(min) > _high(max))),
)


# ---- more of the kind, with NaN and signs ---------------------------------------------------------------


def _draw_heaviside(draw):
    shape = draw.shape()
    steps = (draw.indices(3, size=int(np.prod(shape))).reshape(shape) - 1).astype(np.int8)  # at the step too
    return (draw.choice([draw.array(shape, avoid=[0]), steps]), draw.array(shape)), {}


# fmt: off
fmax = row(np.fmax, "The larger, or the other where one is NaN; half of the gradient to each where equal", "",
           (lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((a > b) | (b != b))),
            lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((b > a) | (a != a)))),
           'mg.fmax(float("nan"), 2.0) → 2.0', draw_apart)
fmin = row(np.fmin, "The smaller, or the other where one is NaN; half of the gradient to each where equal", "",
           (lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((a < b) | (b != b))),
            lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((b < a) | (a != a)))),
           'mg.fmin(float("nan"), 2.0) → 2.0', draw_apart)
copysign = row(np.copysign, "|a| with the sign of b", "sign a · sign b, 0 at a = 0; ∂y/∂b = 0",
               (lambda g, y, a, b: g * (np.sign(a) * np.copysign(1.0, b)), lambda g, y, a, b: g * 0.0),
               "mg.copysign(2.0, -0.5) → -2.0", (domain(avoid=[0]), domain(avoid=[0])))
heaviside = row(lambda x, at_zero, /: np.heaviside(x, at_zero),
                "0 for x < 0, 1 for x > 0, and ``at_zero`` at 0, elementwise.  The gradient in x is 0, at the jump too",
                "", (lambda g, y, x, at_zero: g * 0.0, lambda g, y, x, at_zero: g * (x == 0)),
                "mg.heaviside(-2.0, 0.5), mg.heaviside(0.0, 0.5) → (0.0, 0.5)", _draw_heaviside,
                name="heaviside", numpy=[np.heaviside])
# fmt: on


@op(numpy=np.nan_to_num, inputs=[domain()])
def nan_to_num(x, /, copy=True, nan=0.0, posinf=None, neginf=None):
    """Numbers in place of NaN and the infinities, elementwise.  The gradient passes where x is finite.

    ``posinf`` and ``neginf`` are the largest and the smallest number of the dtype by default. A graph's
    arrays are never changed in place, so ``copy`` changes nothing.

    >>> import numpy as np, minigrad as mg
    >>> mg.nan_to_num(np.array([1.0, np.nan]), nan=5.0)
    array([1., 5.])
    """
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@nan_to_num.rule
def _(g, y, x, copy, nan, posinf, neginf):
    return np.where(np.isfinite(x), g, 0.0)


# ---- rounding -------------------------------------------------------------------------------------------

_HALVES = domain(avoid=[x / 2 for x in range(-8, 9)])
_FLAT = "elementwise.  The gradient is 0, at the jumps too"


def _draw_round(draw):
    return (draw.within(_HALVES, draw.shape(max_dims=2)),), {"decimals": 0}


# fmt: off
floor = row(np.floor, f"The largest integer that is not larger, {_FLAT}", "", lambda g, y, x: g * 0.0,
            "mg.floor(-1.25) → -2.0", _HALVES)
ceil = row(np.ceil, f"The smallest integer that is not smaller, {_FLAT}", "", lambda g, y, x: g * 0.0,
           "mg.ceil(-1.25) → -1.0", _HALVES)
trunc = row(np.trunc, f"The integer part, {_FLAT}", "", lambda g, y, x: g * 0.0,
            "mg.trunc(-1.25) → -1.0", _HALVES, numpy=[np.fix])
rint = row(np.rint, f"The nearest integer, an even one in the middle of two, {_FLAT}", "", lambda g, y, x: g * 0.0,
           "mg.rint(-1.25) → -1.0", _HALVES)
round = row(lambda x, /, decimals=0: np.round(x, decimals), f"Rounded to so many decimals, {_FLAT}", "",
            lambda g, y, x, decimals: g * 0.0,
            "mg.round(-1.26, 1) → np.float64(-1.3)", _draw_round, name="round", numpy=[np.round, np.around])
# fmt: on

abs = fabs = absolute
around, fix = round, trunc

"""Choices, elementwise: the larger, the smaller, the nearer, the rounded, one or the other.

At a jump the gradient is 0; at a kink it is the subgradient that each operation names.
"""

import numpy as np

from ..core.registry import domain, op


@op(numpy=[np.absolute, np.fabs], label="|x|", inputs=[domain(avoid=[0])])
def absolute(x, /):
    """Absolute value, elementwise: y = |x|.  ∂y/∂x = sign x, 0 at 0.

    >>> import minigrad as mg
    >>> mg.absolute(-2.0)
    2.0
    """
    return np.absolute(x)


@absolute.rule
def _(g, y, x):
    return g * np.sign(x)


@op(numpy=np.sign, inputs=[domain(avoid=[0])])
def sign(x, /):
    """−1, 0 or 1, elementwise.  ∂y/∂x = 0 everywhere, at the jump too.

    >>> import minigrad as mg
    >>> mg.sign(-2.0)
    -1.0
    """
    return np.sign(x)


@sign.rule
def _(g, y, x):
    return g * 0.0


def draw_apart(draw):
    """Two arrays that broadcast together and whose entries differ; either may be the larger."""
    shape = draw.shape(max_dims=3)
    first = draw.array(draw.choice([shape, draw.broadcastable_to(shape)]))
    second = first + draw.array(shape, avoid=[0])
    return draw.choice([(first, second), (second, first)]), {}


@op(numpy=np.maximum, label="max", inputs=draw_apart, elementwise=True)
def maximum(a, b, /):
    """The larger, elementwise: y = max(a, b).  The gradient goes to the larger, half to each where equal.

    >>> import minigrad as mg
    >>> mg.maximum(1.0, 2.0)
    2.0
    """
    return np.maximum(a, b)


maximum.rules_by_input(
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (a > b)),
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (b > a)),
)


@op(numpy=np.minimum, label="min", inputs=draw_apart, elementwise=True)
def minimum(a, b, /):
    """The smaller, elementwise: y = min(a, b).  The gradient goes to the smaller, half to each where equal.

    >>> import minigrad as mg
    >>> mg.minimum(1.0, 2.0)
    1.0
    """
    return np.minimum(a, b)


minimum.rules_by_input(
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (a < b)),
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * (b < a)),
)


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


def _inside(x, min, max):
    return (True if min is None else x >= min) & (True if max is None else x <= max)


clip.rules_by_input(
    lambda g, y, x, min, max: g * _inside(x, min, max),
    lambda g, y, x, min, max: g * ((x < min) & (True if max is None else min <= max)),
    lambda g, y, x, min, max: g * ((x > max) | (False if min is None else min > max)),
)


# ---- more of the kind, with NaN and signs ---------------------------------------------------------------


@op(numpy=np.fmax, label="fmax", inputs=draw_apart, elementwise=True)
def fmax(a, b, /):
    """The larger, elementwise, or the other where one is NaN; half of the gradient to each where equal.

    >>> import minigrad as mg
    >>> mg.fmax(float("nan"), 2.0)
    2.0
    """
    return np.fmax(a, b)


fmax.rules_by_input(
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((a > b) | (b != b))),
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((b > a) | (a != a))),
)


@op(numpy=np.fmin, label="fmin", inputs=draw_apart, elementwise=True)
def fmin(a, b, /):
    """The smaller, elementwise, or the other where one is NaN; half of the gradient to each where equal.

    >>> import minigrad as mg
    >>> mg.fmin(float("nan"), 2.0)
    2.0
    """
    return np.fmin(a, b)


fmin.rules_by_input(
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((a < b) | (b != b))),
    lambda g, y, a, b: np.where(a == b, 0.5 * g, g * ((b < a) | (a != a))),
)


@op(numpy=np.copysign, inputs=[domain(avoid=[0]), domain(avoid=[0])])
def copysign(a, b, /):
    """|a| with the sign of b, elementwise.  ∂y/∂a = sign a · sign b, 0 at a = 0; ∂y/∂b = 0.

    >>> import minigrad as mg
    >>> mg.copysign(2.0, -0.5)
    -2.0
    """
    return np.copysign(a, b)


copysign.rules_by_input(lambda g, y, a, b: g * (np.sign(a) * np.copysign(1.0, b)), lambda g, y, a, b: g * 0.0)


def _draw_heaviside(draw):
    shape = draw.shape()
    steps = (draw.indices(3, size=int(np.prod(shape))).reshape(shape) - 1).astype(np.int8)  # at the step too
    return (draw.choice([draw.array(shape, avoid=[0]), steps]), draw.array(shape)), {}


@op(numpy=np.heaviside, inputs=_draw_heaviside, elementwise=True)
def heaviside(x, at_zero, /):
    """0 for x < 0, 1 for x > 0, and ``at_zero`` at 0, elementwise.  The gradient in x is 0, at the jump too.

    >>> import minigrad as mg
    >>> mg.heaviside(-2.0, 0.5), mg.heaviside(0.0, 0.5)
    (0.0, 0.5)
    """
    return np.heaviside(x, at_zero)


heaviside.rules_by_input(lambda g, y, x, at_zero: g * 0.0, lambda g, y, x, at_zero: g * (x == 0))


def _draw_numbers(draw):
    return (draw.array(draw.shape(max_dims=2)),), {}


@op(numpy=np.nan_to_num, inputs=_draw_numbers, elementwise=True)
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


_HALVES = [x / 2 for x in range(-8, 9)]


def _rounding(function, text, *others):
    """An operation that rounds: one function of NumPy, zero gradient."""

    def rounded(x, /):
        return function(x)

    rounded.__name__, rounded.__module__ = function.__name__, __name__
    rounded.__doc__ = (
        f"{text}, elementwise.  The gradient is 0, at the jumps too.\n\n"
        f">>> import minigrad as mg\n>>> mg.{function.__name__}(-1.25)\n{float(function(-1.25))}"
    )
    new = op(rounded, numpy=[function, *others], inputs=[domain(avoid=_HALVES)])
    new.rules_by_input(lambda g, y, x: g * 0.0)
    return new


floor = _rounding(np.floor, "The largest integer that is not larger")
ceil = _rounding(np.ceil, "The smallest integer that is not smaller")
trunc = _rounding(np.trunc, "The integer part", np.fix)
rint = _rounding(np.rint, "The nearest integer, an even one in the middle of two")


def _draw_round(draw):
    return (draw.array(draw.shape(max_dims=2), avoid=_HALVES),), {"decimals": 0}


@op(numpy=[np.round, np.around], inputs=_draw_round, elementwise=True)
def round(x, /, decimals=0):
    """Rounded to so many decimals, elementwise.  The gradient is 0, at the jumps too.

    >>> import numpy as np, minigrad as mg
    >>> mg.round(np.array([1.26, -1.26]), 1)
    array([ 1.3, -1.3])
    """
    return np.round(x, decimals)


@round.rule
def _(g, y, x, decimals):
    return g * 0.0


# NumPy's second names
abs = fabs = absolute
around = round
fix = trunc

"""Elementwise operations: arithmetic, powers, exponentials and choices.

Every one broadcasts its inputs as NumPy does; the engine sums gradients back over broadcast axes.
"""

import numpy as np

from ..registry import op, real

# ---- arithmetic -----------------------------------------------------------------------------------------


@op(numpy=np.add, label="+", inputs=[real(), real()])
def add(a, b, /):
    """Sum, elementwise: y = a + b.  ∂y/∂a = ∂y/∂b = 1.

    >>> import minigrad as mg
    >>> mg.add(1.0, 2.0)
    3.0
    """
    return np.add(a, b)


add.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: g)


@op(numpy=np.subtract, label="−", inputs=[real(), real()])
def subtract(a, b, /):
    """Difference, elementwise: y = a − b.  ∂y/∂a = 1, ∂y/∂b = −1.

    >>> import minigrad as mg
    >>> mg.subtract(1.0, 2.0)
    -1.0
    """
    return np.subtract(a, b)


subtract.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: -g)


@op(numpy=np.multiply, label="×", inputs=[real(), real()])
def multiply(a, b, /):
    """Product, elementwise: y = a · b.  ∂y/∂a = b, ∂y/∂b = a.

    >>> import minigrad as mg
    >>> mg.multiply(2.0, 3.0)
    6.0
    """
    return np.multiply(a, b)


multiply.rules_by_input(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)


@op(numpy=np.divide, label="÷", inputs=[real(), real(0.5, 3)])
def divide(a, b, /):
    """Quotient, elementwise: y = a / b.  ∂y/∂a = 1/b, ∂y/∂b = −y/b.

    >>> import minigrad as mg
    >>> mg.divide(6.0, 3.0)
    2.0
    """
    return np.divide(a, b)


divide.rules_by_input(lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)


@op(numpy=np.negative, label="−", inputs=[real()])
def negative(x, /):
    """Negation, elementwise: y = −x.  ∂y/∂x = −1.

    >>> import minigrad as mg
    >>> mg.negative(2.0)
    -2.0
    """
    return np.negative(x)


@negative.rule
def _(g, y, x):
    return -g


@op(numpy=np.positive, label="+", inputs=[real()])
def positive(x, /):
    """The same number, elementwise: y = +x.  ∂y/∂x = 1.

    >>> import minigrad as mg
    >>> mg.positive(2.0)
    2.0
    """
    return np.positive(x)


@positive.rule
def _(g, y, x):
    return g


# ---- powers ---------------------------------------------------------------------------------------------


@op(numpy=np.power, label="xⁿ", inputs=[real(0.5, 3), real(-2, 3)])
def power(a, b, /):
    """Power, elementwise: y = aᵇ.  ∂y/∂a = b·aᵇ⁻¹, ∂y/∂b = y·log a.

    Edges: for b = 0, ∂y/∂a = 0 also at a = 0; for a = 0 and b ≥ 0, ∂y/∂b = 0 (the limit from the right
    for b > 0, and the convention of PyTorch and JAX at 0⁰). For a < 0 and an exponent that wants a
    gradient, ∂y/∂b is nan, since aᵇ is not real next to b.

    >>> import minigrad as mg
    >>> mg.power(2.0, 3.0)
    8.0
    """
    return np.power(a, b)


power.rules_by_input(
    lambda g, y, a, b: g * (b * np.power(np.where((a == 0) & (b == 0), 1.0, a), b - 1)),
    lambda g, y, a, b: g * (y * np.log(np.where((a == 0) & (b >= 0), 1.0, a))),
)


@op(numpy=np.square, label="x²", inputs=[real()])
def square(x, /):
    """Square, elementwise: y = x².  ∂y/∂x = 2x.

    >>> import minigrad as mg
    >>> mg.square(3.0)
    9.0
    """
    return np.square(x)


@square.rule
def _(g, y, x):
    return g * (2 * x)


@op(numpy=np.sqrt, label="√", inputs=[real(0.3, 4)])
def sqrt(x, /):
    """Square root, elementwise: y = √x.  ∂y/∂x = 1/(2y), which is inf at 0.

    >>> import minigrad as mg
    >>> mg.sqrt(9.0)
    3.0
    """
    return np.sqrt(x)


@sqrt.rule
def _(g, y, x):
    return g * 0.5 / y


# ---- exponentials and logarithms ------------------------------------------------------------------------


@op(numpy=np.exp, inputs=[real()])
def exp(x, /):
    """Exponential, elementwise: y = eˣ.  ∂y/∂x = y.

    >>> import minigrad as mg
    >>> mg.exp(0.0)
    1.0
    """
    return np.exp(x)


@exp.rule
def _(g, y, x):
    return g * y


@op(numpy=np.expm1, inputs=[real()])
def expm1(x, /):
    """eˣ − 1, elementwise, exact near 0.  ∂y/∂x = y + 1.

    >>> import minigrad as mg
    >>> mg.expm1(0.0)
    0.0
    """
    return np.expm1(x)


@expm1.rule
def _(g, y, x):
    return g * np.exp(x)


@op(numpy=np.log, inputs=[real(0.3, 4)])
def log(x, /):
    """Natural logarithm, elementwise: y = log x.  ∂y/∂x = 1/x.

    >>> import minigrad as mg
    >>> mg.log(1.0)
    0.0
    """
    return np.log(x)


@log.rule
def _(g, y, x):
    return g / x


@op(numpy=np.log1p, inputs=[real(-0.6, 4)])
def log1p(x, /):
    """log(1 + x), elementwise, exact near 0.  ∂y/∂x = 1/(1 + x).

    >>> import minigrad as mg
    >>> mg.log1p(0.0)
    0.0
    """
    return np.log1p(x)


@log1p.rule
def _(g, y, x):
    return g / (1 + x)


# ---- choices --------------------------------------------------------------------------------------------


@op(numpy=[np.absolute, np.fabs], label="|x|", inputs=[real(avoid=[0])])
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


@op(numpy=np.sign, inputs=[real(avoid=[0])])
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


@op(numpy=np.maximum, label="max", inputs=[real(-3, -0.1), real(0.1, 3)])
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


@op(numpy=np.minimum, label="min", inputs=[real(0.1, 3), real(-3, -0.1)])
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

    The condition is an array of bools and has no gradient. A NaN in the branch that was not taken does
    not reach the gradient of the other.

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
    return (draw.array(draw.shape(), low=-3, high=3, avoid=(-1.0, 1.5)), -1.0, 1.5), {}


@op(numpy=np.clip, inputs=_draw_clip, elementwise=True)
def clip(x, min=None, max=None, /):
    """x held between min and max, elementwise.  ∂y/∂x = 1 inside and at the bounds, 0 outside.

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

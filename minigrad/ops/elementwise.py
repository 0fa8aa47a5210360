"""Elementwise arithmetic: the four operations, remainders, powers and roots.

Every one broadcasts its inputs as NumPy does; the engine sums gradients back over broadcast axes.
"""

import numpy as np

from ..core.registry import composed, domain, op

# ---- arithmetic -----------------------------------------------------------------------------------------


@op(numpy=np.add, label="+", inputs=[domain(), domain()])
def add(a, b, /):
    """Sum, elementwise: y = a + b.  ∂y/∂a = ∂y/∂b = 1.

    >>> import minigrad as mg
    >>> mg.add(1.0, 2.0)
    3.0
    """
    return np.add(a, b)


add.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: g)


@op(numpy=np.subtract, label="−", inputs=[domain(), domain()])
def subtract(a, b, /):
    """Difference, elementwise: y = a − b.  ∂y/∂a = 1, ∂y/∂b = −1.

    >>> import minigrad as mg
    >>> mg.subtract(1.0, 2.0)
    -1.0
    """
    return np.subtract(a, b)


subtract.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: -g)


@op(numpy=np.multiply, label="×", inputs=[domain(), domain()])
def multiply(a, b, /):
    """Product, elementwise: y = a · b.  ∂y/∂a = b, ∂y/∂b = a.

    >>> import minigrad as mg
    >>> mg.multiply(2.0, 3.0)
    6.0
    """
    return np.multiply(a, b)


multiply.rules_by_input(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)


@op(numpy=np.divide, label="÷", inputs=[domain(), domain(avoid=[0])])
def divide(a, b, /):
    """Quotient, elementwise: y = a / b.  ∂y/∂a = 1/b, ∂y/∂b = −y/b.

    >>> import minigrad as mg
    >>> mg.divide(6.0, 3.0)
    2.0
    """
    return np.divide(a, b)


divide.rules_by_input(lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)


@op(numpy=np.negative, label="−", inputs=[domain()])
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


@op(numpy=[np.positive, np.conjugate, np.real, np.copy], label="+", inputs=[domain()])
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


@op(numpy=np.reciprocal, label="1/x", inputs=[domain(avoid=[0])])
def reciprocal(x, /):
    """Reciprocal, elementwise: y = 1/x.  ∂y/∂x = −y².

    >>> import minigrad as mg
    >>> mg.reciprocal(4.0)
    0.25
    """
    return np.reciprocal(x)


@reciprocal.rule
def _(g, y, x):
    return -g * y * y


# ---- quotients and remainders ---------------------------------------------------------------------------


def _draw_division(draw):
    """A dividend at least an eighth of the divisor away from every multiple of it, where the quotient jumps."""
    shape = draw.shape(max_dims=2)
    own = draw.choice([shape, draw.broadcastable_to(shape)])
    divisor = draw.array(own, low=0.5, high=3) * draw.choice([1.0, -1.0])
    quotient = draw.array(shape, low=-3, high=3).round() + draw.array(shape, low=0.2, high=0.8)
    return (np.asarray(quotient * divisor), np.asarray(divisor)), {}


@op(numpy=np.remainder, label="mod", inputs=_draw_division, elementwise=True)
def remainder(a, b, /):
    """Remainder with the divisor's sign, elementwise: y = a − b·⌊a/b⌋.  ∂y/∂a = 1, ∂y/∂b = −⌊a/b⌋.

    At the jumps (a a multiple of b) the gradient is that of the side a/b comes from when it grows.

    >>> import minigrad as mg
    >>> mg.remainder(-7.0, 3.0)
    2.0
    """
    return np.remainder(a, b)


remainder.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor_divide(a, b))


def _draw_truncated(draw):
    """The same, and dividends of 0, where nothing jumps."""
    (a, b), options = _draw_division(draw)
    return (np.where(draw.booleans(a.shape), 0.0, a), b), options


@op(numpy=np.fmod, label="fmod", inputs=_draw_truncated, elementwise=True)
def fmod(a, b, /):
    """Remainder with the dividend's sign, elementwise: y = a − b·trunc(a/b).  ∂y/∂a = 1, ∂y/∂b = −trunc(a/b).

    >>> import minigrad as mg
    >>> mg.fmod(-7.0, 3.0)
    -1.0
    """
    return np.fmod(a, b)


fmod.rules_by_input(lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b))


@op(numpy=np.floor_divide, label="⌊a/b⌋", inputs=_draw_division, elementwise=True)
def floor_divide(a, b, /):
    """Quotient rounded down, elementwise: y = ⌊a/b⌋.  The gradient is 0, at the jumps too.

    >>> import minigrad as mg
    >>> mg.floor_divide(7.0, 2.0)
    3.0
    """
    return np.floor_divide(a, b)


floor_divide.rules_by_input(lambda g, y, a, b: g * 0.0, lambda g, y, a, b: g * 0.0)


@composed(numpy=np.divmod, inputs=_draw_division)
def divmod_(x1, x2):
    """Quotient rounded down and remainder at once: (`floor_divide`, `remainder`).

    >>> import minigrad as mg
    >>> mg.divmod(7.0, 2.0)
    (3.0, 1.0)
    """
    return floor_divide(x1, x2), remainder(x1, x2)


divmod = divmod_


# ---- powers ---------------------------------------------------------------------------------------------


@op(numpy=np.power, label="xⁿ", inputs=[domain(0.5, 3), domain(-2, 3)])
def power(a, b, /):
    """Power, elementwise: y = aᵇ.  ∂y/∂a = b·aᵇ⁻¹, ∂y/∂b = y·log a.

    Edges: for b = 0, ∂y/∂a = 0 also where 1/a is infinite; for a = 0 and b ≥ 0, ∂y/∂b = 0 (the limit from the right
    for b > 0, and the convention of PyTorch and JAX at 0⁰). For a < 0 and an exponent that requires a
    gradient, ∂y/∂b is nan, since aᵇ is not real next to b.

    >>> import minigrad as mg
    >>> mg.power(2.0, 3.0)
    8.0
    """
    return np.power(a, b)


def _power_by_base(g, y, a, b):
    flat, base = b == 0, 1.0  # a⁰ is 1 everywhere, and 0/a would be nan where 1/a overflows
    if getattr(b, "requires_grad", False):  # next to b = 0 it is not: ∂²y/∂a∂b = 1/a, nan where that is inf
        flat, base = flat & (np.absolute(a) < np.finfo(getattr(a, "dtype", float)).tiny), np.nan
    slope = b * np.power(np.where(flat, base, a), b - 1)
    return g * (slope if base == 1.0 else np.where(flat, 0.0, slope))


def _power_by_exponent(g, y, a, b):
    return g * (y * np.log(np.where((a == 0) & (b >= 0), 1.0, a)))


power.rules_by_input(_power_by_base, _power_by_exponent)


@op(numpy=np.float_power, label="xⁿ", inputs=[domain(0.5, 3), domain(-2, 3)])
def float_power(a, b, /):
    """Power in float64 whatever is given, elementwise: y = aᵇ, with the derivative and edges of `power`.

    >>> import minigrad as mg
    >>> mg.float_power(2.0, -1.0)
    0.5
    """
    return np.float_power(a, b)


float_power.rules_by_input(_power_by_base, _power_by_exponent)


@op(numpy=np.square, label="x²", inputs=[domain()])
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


@op(numpy=np.sqrt, label="√", inputs=[domain(0.3, 4)])
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


@op(numpy=np.cbrt, label="∛", inputs=[domain(avoid=[0])])
def cbrt(x, /):
    """Cube root, elementwise, of negative numbers too: y = ∛x.  ∂y/∂x = 1/(3y²), which is inf at 0.

    >>> import minigrad as mg
    >>> mg.cbrt(-8.0)
    -2.0
    """
    return np.cbrt(x)


@cbrt.rule
def _(g, y, x):
    return g / (3 * y * y)


@op(numpy=np.hypot, inputs=[domain(), domain(avoid=[0])])
def hypot(a, b, /):
    """Length of the hypotenuse, elementwise: y = √(a² + b²).  ∂y/∂a = a/y, ∂y/∂b = b/y, both 0 at the origin.

    There is no second derivative at the origin: it is nan.

    >>> import minigrad as mg
    >>> mg.hypot(3.0, 4.0)
    5.0
    """
    return np.hypot(a, b)


def direction(x, length):
    """x/length, and 0 at the origin: a subgradient of the length, whose own derivative does not exist there (nan)."""
    nowhere = length == 0
    return np.where(nowhere, 0.0, x / np.where(nowhere, np.nan, length))


hypot.rules_by_input(lambda g, y, a, b: g * direction(a, y), lambda g, y, a, b: g * direction(b, y))


# NumPy's second names
mod, pow, true_divide = remainder, power, divide

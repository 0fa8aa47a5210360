"""Elementwise arithmetic: the four operations, remainders, powers and roots.

Every one broadcasts its inputs as NumPy does; the engine sums gradients back over broadcast axes.
"""

from functools import partial

import numpy as np

from ..core.registry import composed, domain
from .table import operation

row = partial(operation, __name__)

# fmt: off
# ---- arithmetic -----------------------------------------------------------------------------------------

add = row(np.add, "Sum: y = a + b", ("1", "1"), (lambda g, y, a, b: g, lambda g, y, a, b: g),
          "mg.add(1.0, 2.0) → 3.0", label="+")
subtract = row(np.subtract, "Difference: y = a − b", ("1", "−1"), (lambda g, y, a, b: g, lambda g, y, a, b: -g),
               "mg.subtract(1.0, 2.0) → -1.0", label="−")
multiply = row(np.multiply, "Product: y = a · b", ("b", "a"), (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
               "mg.multiply(2.0, 3.0) → 6.0", label="×")
divide = row(np.divide, "Quotient: y = a / b", ("1/b", "−y/b"),
             (lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b),
             "mg.divide(6.0, 3.0) → 2.0", (domain(), domain(avoid=[0])), label="÷")
negative = row(np.negative, "Negation: y = −x", "−1", lambda g, y, x: -g, "mg.negative(2.0) → -2.0", label="−")
positive = row(np.positive, "The same number: y = +x", "1", lambda g, y, x: g, "mg.positive(2.0) → 2.0",
               numpy=[np.conjugate, np.real, np.copy], label="+")
reciprocal = row(np.reciprocal, "Reciprocal: y = 1/x", "−y²", lambda g, y, x: -g * y * y,
                 "mg.reciprocal(4.0) → 0.25", domain(avoid=[0]), label="1/x")
# fmt: on

# ---- quotients and remainders ---------------------------------------------------------------------------


def _draw_division(draw):
    """A dividend at least an eighth of the divisor away from every multiple of it, where the quotient jumps."""
    shape = draw.shape(max_dims=2)
    own = draw.choice([shape, draw.broadcastable_to(shape)])
    divisor = draw.array(own, low=0.5, high=3) * draw.choice([1.0, -1.0])
    quotient = draw.array(shape, low=-3, high=3).round() + draw.array(shape, low=0.2, high=0.8)
    return (np.asarray(quotient * divisor), np.asarray(divisor)), {}


def _draw_truncated(draw):
    """The same, and dividends of 0, where nothing jumps."""
    (a, b), options = _draw_division(draw)
    return (np.where(draw.booleans(a.shape), 0.0, a), b), options


# fmt: off
remainder = row(np.remainder, "Remainder with the divisor's sign: y = a − b·⌊a/b⌋", ("1", "−⌊a/b⌋"),
                (lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor_divide(a, b)),
                "mg.remainder(-7.0, 3.0) → 2.0", _draw_division, label="mod",
                note="At the jumps (a a multiple of b) the gradient is that of the side a/b comes from when it grows.")
fmod = row(np.fmod, "Remainder with the dividend's sign: y = a − b·trunc(a/b)", ("1", "−trunc(a/b)"),
           (lambda g, y, a, b: g, lambda g, y, a, b: -g * np.trunc(a / b)),
           "mg.fmod(-7.0, 3.0) → -1.0", _draw_truncated)
floor_divide = row(np.floor_divide, "Quotient rounded down: y = ⌊a/b⌋.  The gradient is 0, at the jumps too", "",
                   (lambda g, y, a, b: g * 0.0, lambda g, y, a, b: g * 0.0),
                   "mg.floor_divide(7.0, 2.0) → 3.0", _draw_division, label="⌊a/b⌋")
# fmt: on


@composed(numpy=np.divmod, inputs=_draw_division, several=True)
def divmod_(x1, x2):
    """Quotient rounded down and remainder at once: (`floor_divide`, `remainder`).

    >>> import minigrad as mg
    >>> mg.divmod(7.0, 2.0)
    (3.0, 1.0)
    """
    return floor_divide(x1, x2), remainder(x1, x2)


# ---- powers and roots -----------------------------------------------------------------------------------


def _power_by_base(g, y, a, b):
    # a⁰ is 1 everywhere, and 0/a would be nan where 1/a overflows; next to a b = 0 that is differentiated itself it is
    # not 1: there ∂²y/∂a∂b = 1/a, nan where that is inf.
    moves = getattr(b, "requires_grad", False)
    flat = (b == 0) & (np.absolute(a) < np.finfo(getattr(a, "dtype", float)).tiny) if moves else b == 0
    slope = b * np.power(np.where(flat, np.nan if moves else 1.0, a), b - 1)
    return g * (np.where(flat, 0.0, slope) if moves else slope)


def _power_by_exponent(g, y, a, b):
    return g * (y * np.log(np.where((a == 0) & (b >= 0), 1.0, a)))


def direction(x, length):
    """x/length, and 0 at the origin: a subgradient of the length, whose own derivative does not exist there (nan)."""
    nowhere = length == 0
    return np.where(nowhere, 0.0, x / np.where(nowhere, np.nan, length))


# fmt: off
power = row(np.power, "Power: y = aᵇ", ("b·aᵇ⁻¹", "y·log a"), (_power_by_base, _power_by_exponent),
            "mg.power(2.0, 3.0) → 8.0", (domain(0.5, 3), domain(-2, 3)), label="xⁿ",
            note="Edges: for b = 0, ∂y/∂a = 0 also where 1/a is infinite; for a = 0 and b ≥ 0, ∂y/∂b = 0 (the limit "
                 "from the right for b > 0, and the convention of PyTorch and JAX at 0⁰). For a < 0 and an exponent "
                 "that requires a gradient, ∂y/∂b is nan, since aᵇ is not real next to b.")
float_power = row(np.float_power, "Power in float64 whatever is given, elementwise: y = aᵇ, with the derivative and "
                  "edges of `power`", "", (_power_by_base, _power_by_exponent),
                  "mg.float_power(2.0, -1.0) → 0.5", (domain(0.5, 3), domain(-2, 3)), label="xⁿ")
square = row(np.square, "Square: y = x²", "2x", lambda g, y, x: g * (2 * x), "mg.square(3.0) → 9.0", label="x²")
sqrt = row(np.sqrt, "Square root: y = √x", "1/(2y), which is inf at 0", lambda g, y, x: g * 0.5 / y,
           "mg.sqrt(9.0) → 3.0", domain(0.3, 4), label="√")
cbrt = row(np.cbrt, "Cube root, of negative numbers too: y = ∛x", "1/(3y²), which is inf at 0",
           lambda g, y, x: g / (3 * y * y), "mg.cbrt(-8.0) → -2.0", domain(avoid=[0]), label="∛")
hypot = row(np.hypot, "Length of the hypotenuse: y = √(a² + b²)", ("a/y", "b/y, both 0 at the origin"),
            (lambda g, y, a, b: g * direction(a, y), lambda g, y, a, b: g * direction(b, y)),
            "mg.hypot(3.0, 4.0) → 5.0", (domain(), domain(avoid=[0])),
            note="There is no second derivative at the origin: it is nan.")
# fmt: on

mod, pow, true_divide, divmod = remainder, power, divide, divmod_

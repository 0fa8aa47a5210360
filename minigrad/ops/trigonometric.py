"""Trigonometric and hyperbolic functions and their inverses, elementwise; angles are in radians."""

import math
from functools import partial

import numpy as np

from ..core.registry import domain, op
from .table import operation

row = partial(operation, __name__)


def _draw_outside(draw):
    """Numbers beyond ±1."""
    shape = draw.shape()
    signs = 1.0 - 2.0 * draw.booleans(shape)
    return (draw.array(shape, low=1.2, high=4) * signs,), {}


# ---- the derivatives of sin(πx)/(πx) ---------------------------------------------------------------------


def _draw_sinc_derivative(draw):
    return (draw.array(draw.shape(max_dims=2)),), {"order": draw.integer(0, 3)}


_HIGHEST_ORDER = 100  # beyond it the factorials of the series leave the floats


@op(label="sinc′", inputs=_draw_sinc_derivative, elementwise=True, internal=True)
def sinc_derivative(x, /, order):
    """The derivative of sin(πx)/(πx) of any order, elementwise; its own derivative is the next one.

    With u = πx and fₙ the n-th derivative of f(u) = sin u / u:  u fₙ + n fₙ₋₁ = sin(u + nπ/2), which loses
    digits for |u| below n; there the series fₙ = Σ (−1)ᵏ u²ᵏ⁻ⁿ / ((2k + 1) (2k − n)!) is summed.

    >>> import math, minigrad as mg
    >>> round(sinc_derivative(0.0, 2) + math.pi**2 / 3, 12)
    0.0
    """
    if not 0 <= order <= _HIGHEST_ORDER:
        raise ValueError(f"sinc_derivative: order is {order}; 0 to {_HIGHEST_ORDER} is wanted")
    u = np.multiply(x, math.pi)
    reach = 2.0 + order
    near = np.where(np.absolute(u) < reach, u, 0.0)
    far = np.where(np.absolute(u) < reach, reach, u)
    recurrence = np.sin(far) / far
    for n in range(1, order + 1):
        recurrence = (np.sin(far + n * math.pi / 2) - n * recurrence) / far
    series = near * 0.0
    for k in range(order // 2 + 20, (order + 1) // 2 - 1, -1):  # the smallest terms first
        power, sign = 2 * k - order, -1.0 if k % 2 else 1.0
        series = series + near**power * (sign / ((2 * k + 1) * math.factorial(power)))
    return np.where(np.absolute(u) < reach, series, recurrence) * math.pi**order


@sinc_derivative.rule
def _(g, y, x, order):
    return g * sinc_derivative(x, order + 1)


# fmt: off
# ---- circular functions ---------------------------------------------------------------------------------

sin = row(np.sin, "Sine", "cos x", lambda g, y, x: g * np.cos(x), "mg.sin(0.0) → 0.0")
cos = row(np.cos, "Cosine", "−sin x", lambda g, y, x: -g * np.sin(x), "mg.cos(0.0) → 1.0")
tan = row(np.tan, "Tangent: y = sin x / cos x", "1 + y²", lambda g, y, x: g + g * y * y,
          "mg.tan(0.0) → 0.0", domain(-1.2, 1.2))
sec = row(lambda x, /: 1 / np.cos(x), "Secant: y = 1/cos x", "y·tan x", lambda g, y, x: g * y * np.tan(x),
          "mg.sec(0.0) → 1.0", domain(-1.2, 1.2), name="sec")
csc = row(lambda x, /: 1 / np.sin(x), "Cosecant: y = 1/sin x", "−y·cot x", lambda g, y, x: -g * y * y * np.cos(x),
          "mg.csc(math.pi / 2) → 1.0", domain(-2.7, 2.7, avoid=[0]), name="csc")
cot = row(lambda x, /: np.cos(x) / np.sin(x), "Cotangent: y = cos x / sin x", "−(1 + y²)",
          lambda g, y, x: -g - g * y * y,
          "round(mg.cot(math.pi / 4), 12) → 1.0", domain(-2.7, 2.7, avoid=[0]), name="cot")
sinc = row(lambda x, /: np.sinc(x),
           "sin(πx)/(πx), 1 at 0.  The gradient is `sinc_derivative` of order 1, exact to any order at 0", "",
           lambda g, y, x: g * sinc_derivative(x, 1), "mg.sinc(0.0) → 1.0", name="sinc", numpy=[np.sinc])

# ---- their inverses -------------------------------------------------------------------------------------

arcsin = row(np.arcsin, "Inverse sine, from −π/2 to π/2", "1/√(1 − x²), which is inf at ±1",
             lambda g, y, x: g / np.sqrt((1 - x) * (1 + x)), "mg.arcsin(0.0) → 0.0", domain(-0.9, 0.9))
arccos = row(np.arccos, "Inverse cosine, from 0 to π", "−1/√(1 − x²), which is −inf at ±1",
             lambda g, y, x: -g / np.sqrt((1 - x) * (1 + x)), "mg.arccos(1.0) → 0.0", domain(-0.9, 0.9))
arctan = row(np.arctan, "Inverse tangent, from −π/2 to π/2", "1/(1 + x²)",
             lambda g, y, x: g / (1 + x * x), "mg.arctan(0.0) → 0.0")
arctan2 = row(np.arctan2, "The angle of the point (b, a), elementwise, from −π to π", ("b/(a² + b²)", "−a/(a² + b²)"),
              (lambda g, y, a, b: g * b / (a * a + b * b), lambda g, y, a, b: -g * a / (a * a + b * b)),
              "mg.arctan2(0.0, 1.0) → 0.0", (domain(avoid=[0]), domain()),
              note="At the origin the angle has no derivative, and the gradient is nan.")
arcsec = row(lambda x, /: np.arccos(1 / x), "Inverse secant: arccos(1/x), for |x| ≥ 1",
             "1/(|x| √(x² − 1)), which is inf at ±1",
             lambda g, y, x: g / (np.absolute(x) * np.sqrt((x - 1) * (x + 1))),
             "mg.arcsec(1.0) → 0.0", _draw_outside, name="arcsec")
arccsc = row(lambda x, /: np.arcsin(1 / x), "Inverse cosecant: arcsin(1/x), for |x| ≥ 1",
             "−1/(|x| √(x² − 1)), −inf at ±1",
             lambda g, y, x: -g / (np.absolute(x) * np.sqrt((x - 1) * (x + 1))),
             "mg.arccsc(1.0) == math.pi / 2 → True", _draw_outside, name="arccsc")
arccot = row(lambda x, /: np.arctan(1 / x), "Inverse cotangent: arctan(1/x), from −π/2 to π/2", "−1/(1 + x²)",
             lambda g, y, x: -g / (1 + x * x), "mg.arccot(1.0) == math.pi / 4 → True", domain(avoid=[0]), name="arccot")

# ---- hyperbolic functions (tanh is among the activations) -----------------------------------------------

sinh = row(np.sinh, "Hyperbolic sine: y = (eˣ − e⁻ˣ)/2", "cosh x", lambda g, y, x: g * np.cosh(x), "mg.sinh(0.0) → 0.0")
cosh = row(np.cosh, "Hyperbolic cosine: y = (eˣ + e⁻ˣ)/2", "sinh x", lambda g, y, x: g * np.sinh(x),
           "mg.cosh(0.0) → 1.0")
sech = row(lambda x, /: 1 / np.cosh(x), "Hyperbolic secant: y = 1/cosh x", "−y·tanh x",
           lambda g, y, x: -g * y * np.tanh(x), "mg.sech(0.0) → 1.0", name="sech")
csch = row(lambda x, /: 1 / np.sinh(x), "Hyperbolic cosecant: y = 1/sinh x", "−y/tanh x",
           lambda g, y, x: -g * y / np.tanh(x), "round(mg.csch(1.0), 6) → 0.850918", domain(avoid=[0]), name="csch")
coth = row(lambda x, /: 1 / np.tanh(x), "Hyperbolic cotangent: y = 1/tanh x", "1 − y²",
           lambda g, y, x: g - g * y * y, "round(mg.coth(1.0), 6) → 1.313035", domain(avoid=[0]), name="coth")
arcsinh = row(np.arcsinh, "Inverse hyperbolic sine", "1/√(x² + 1)",
              lambda g, y, x: g / np.hypot(x, 1.0), "mg.arcsinh(0.0) → 0.0")
arccosh = row(np.arccosh, "Inverse hyperbolic cosine, for x ≥ 1", "1/√(x² − 1), which is inf at 1",
              lambda g, y, x: g / np.sqrt((x - 1) * (x + 1)), "mg.arccosh(1.0) → 0.0", domain(1.2, 4))
arctanh = row(np.arctanh, "Inverse hyperbolic tangent, for |x| < 1", "1/(1 − x²)",
              lambda g, y, x: g / ((1 - x) * (1 + x)), "mg.arctanh(0.0) → 0.0", domain(-0.9, 0.9))

# ---- units of angles ------------------------------------------------------------------------------------

deg2rad = row(np.deg2rad, "Degrees in radians: y = x·π/180", "π/180", lambda g, y, x: g * (math.pi / 180),
              "mg.deg2rad(180.0) == math.pi → True", numpy=[np.radians], label="° → rad")
rad2deg = row(np.rad2deg, "Radians in degrees: y = x·180/π", "180/π", lambda g, y, x: g * (180 / math.pi),
              "mg.rad2deg(math.pi) → 180.0", numpy=[np.degrees], label="rad → °")
# fmt: on

acos, acosh, asin, asinh = arccos, arccosh, arcsin, arcsinh
atan, atan2, atanh = arctan, arctan2, arctanh
degrees, radians = rad2deg, deg2rad

"""Trigonometric and hyperbolic functions and their inverses, elementwise; angles are in radians."""

import math

import numpy as np

from ..core.registry import domain, op

# ---- circular functions ---------------------------------------------------------------------------------


@op(numpy=np.sin, inputs=[domain()])
def sin(x, /):
    """Sine, elementwise.  ∂y/∂x = cos x.

    >>> import minigrad as mg
    >>> mg.sin(0.0)
    0.0
    """
    return np.sin(x)


@sin.rule
def _(g, y, x):
    return g * np.cos(x)


@op(numpy=np.cos, inputs=[domain()])
def cos(x, /):
    """Cosine, elementwise.  ∂y/∂x = −sin x.

    >>> import minigrad as mg
    >>> mg.cos(0.0)
    1.0
    """
    return np.cos(x)


@cos.rule
def _(g, y, x):
    return -g * np.sin(x)


@op(numpy=np.tan, inputs=[domain(-1.2, 1.2)])
def tan(x, /):
    """Tangent, elementwise: y = sin x / cos x.  ∂y/∂x = 1 + y².

    >>> import minigrad as mg
    >>> mg.tan(0.0)
    0.0
    """
    return np.tan(x)


@tan.rule
def _(g, y, x):
    return g + g * y * y


@op(inputs=[domain(-1.2, 1.2)])
def sec(x, /):
    """Secant, elementwise: y = 1/cos x.  ∂y/∂x = y·tan x.

    >>> import minigrad as mg
    >>> mg.sec(0.0)
    1.0
    """
    return 1 / np.cos(x)


@sec.rule
def _(g, y, x):
    return g * y * np.tan(x)


@op(inputs=[domain(-2.7, 2.7, avoid=[0])])
def csc(x, /):
    """Cosecant, elementwise: y = 1/sin x.  ∂y/∂x = −y·cot x.

    >>> import math, minigrad as mg
    >>> mg.csc(math.pi / 2)
    1.0
    """
    return 1 / np.sin(x)


@csc.rule
def _(g, y, x):
    return -g * y * y * np.cos(x)


@op(inputs=[domain(-2.7, 2.7, avoid=[0])])
def cot(x, /):
    """Cotangent, elementwise: y = cos x / sin x.  ∂y/∂x = −(1 + y²).

    >>> import math, minigrad as mg
    >>> round(mg.cot(math.pi / 4), 12)
    1.0
    """
    return np.cos(x) / np.sin(x)


@cot.rule
def _(g, y, x):
    return -g - g * y * y


def _draw_sinc(draw):
    return (draw.array(draw.shape(max_dims=2)),), {}


@op(numpy=np.sinc, inputs=_draw_sinc, elementwise=True)
def sinc(x, /):
    """sin(πx)/(πx), elementwise, 1 at 0.  The gradient is `sinc_derivative` of order 1, exact to any order at 0.

    >>> import minigrad as mg
    >>> mg.sinc(0.0)
    1.0
    """
    return np.sinc(x)


@sinc.rule
def _(g, y, x):
    return g * sinc_derivative(x, 1)


def _draw_sinc_derivative(draw):
    return (draw.array(draw.shape(max_dims=2)),), {"order": draw.integer(0, 3)}


_HIGHEST_ORDER = 100  # beyond it the factorials of the series leave the floats


@op(label="sinc′", inputs=_draw_sinc_derivative, elementwise=True)
def sinc_derivative(x, /, order):
    """The derivative of sin(πx)/(πx) of any order, elementwise; its own derivative is the next one.

    With u = πx and fₙ the n-th derivative of f(u) = sin u / u:  u fₙ + n fₙ₋₁ = sin(u + nπ/2), which loses
    digits for |u| below n; there the series fₙ = Σ (−1)ᵏ u²ᵏ⁻ⁿ / ((2k + 1) (2k − n)!) is summed.

    >>> import math, minigrad as mg
    >>> round(mg.sinc_derivative(0.0, 2) + math.pi**2 / 3, 12)
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


# ---- their inverses -------------------------------------------------------------------------------------


@op(numpy=np.arcsin, inputs=[domain(-0.9, 0.9)])
def arcsin(x, /):
    """Inverse sine, elementwise, from −π/2 to π/2.  ∂y/∂x = 1/√(1 − x²), which is inf at ±1.

    >>> import minigrad as mg
    >>> mg.arcsin(0.0)
    0.0
    """
    return np.arcsin(x)


@arcsin.rule
def _(g, y, x):
    return g / np.sqrt((1 - x) * (1 + x))


@op(numpy=np.arccos, inputs=[domain(-0.9, 0.9)])
def arccos(x, /):
    """Inverse cosine, elementwise, from 0 to π.  ∂y/∂x = −1/√(1 − x²), which is −inf at ±1.

    >>> import minigrad as mg
    >>> mg.arccos(1.0)
    0.0
    """
    return np.arccos(x)


@arccos.rule
def _(g, y, x):
    return -g / np.sqrt((1 - x) * (1 + x))


@op(numpy=np.arctan, inputs=[domain()])
def arctan(x, /):
    """Inverse tangent, elementwise, from −π/2 to π/2.  ∂y/∂x = 1/(1 + x²).

    >>> import minigrad as mg
    >>> mg.arctan(0.0)
    0.0
    """
    return np.arctan(x)


@arctan.rule
def _(g, y, x):
    return g / (1 + x * x)


@op(numpy=np.arctan2, inputs=[domain(avoid=[0]), domain()])
def arctan2(a, b, /):
    """The angle of the point (b, a), elementwise, from −π to π.  ∂y/∂a = b/(a² + b²), ∂y/∂b = −a/(a² + b²).

    At the origin the angle has no derivative, and the gradient is nan.

    >>> import minigrad as mg
    >>> mg.arctan2(0.0, 1.0)
    0.0
    """
    return np.arctan2(a, b)


arctan2.rules_by_input(lambda g, y, a, b: g * b / (a * a + b * b), lambda g, y, a, b: -g * a / (a * a + b * b))


def _draw_outside(draw):
    """Numbers beyond ±1."""
    shape = draw.shape()
    signs = 1.0 - 2.0 * draw.booleans(shape)
    return (draw.array(shape, low=1.2, high=4) * signs,), {}


@op(inputs=_draw_outside, elementwise=True)
def arcsec(x, /):
    """Inverse secant, elementwise: arccos(1/x), for |x| ≥ 1.  ∂y/∂x = 1/(|x| √(x² − 1)), which is inf at ±1.

    >>> import minigrad as mg
    >>> mg.arcsec(1.0)
    0.0
    """
    return np.arccos(1 / x)


@arcsec.rule
def _(g, y, x):
    return g / (np.absolute(x) * np.sqrt((x - 1) * (x + 1)))


@op(inputs=_draw_outside, elementwise=True)
def arccsc(x, /):
    """Inverse cosecant, elementwise: arcsin(1/x), for |x| ≥ 1.  ∂y/∂x = −1/(|x| √(x² − 1)), −inf at ±1.

    >>> import math, minigrad as mg
    >>> mg.arccsc(1.0) == math.pi / 2
    True
    """
    return np.arcsin(1 / x)


@arccsc.rule
def _(g, y, x):
    return -g / (np.absolute(x) * np.sqrt((x - 1) * (x + 1)))


@op(inputs=[domain(avoid=[0])])
def arccot(x, /):
    """Inverse cotangent, elementwise: arctan(1/x), from −π/2 to π/2.  ∂y/∂x = −1/(1 + x²).

    >>> import math, minigrad as mg
    >>> mg.arccot(1.0) == math.pi / 4
    True
    """
    return np.arctan(1 / x)


@arccot.rule
def _(g, y, x):
    return -g / (1 + x * x)


# ---- hyperbolic functions (tanh is among the activations) -----------------------------------------------


@op(numpy=np.sinh, inputs=[domain()])
def sinh(x, /):
    """Hyperbolic sine, elementwise: y = (eˣ − e⁻ˣ)/2.  ∂y/∂x = cosh x.

    >>> import minigrad as mg
    >>> mg.sinh(0.0)
    0.0
    """
    return np.sinh(x)


@sinh.rule
def _(g, y, x):
    return g * np.cosh(x)


@op(numpy=np.cosh, inputs=[domain()])
def cosh(x, /):
    """Hyperbolic cosine, elementwise: y = (eˣ + e⁻ˣ)/2.  ∂y/∂x = sinh x.

    >>> import minigrad as mg
    >>> mg.cosh(0.0)
    1.0
    """
    return np.cosh(x)


@cosh.rule
def _(g, y, x):
    return g * np.sinh(x)


@op(inputs=[domain()])
def sech(x, /):
    """Hyperbolic secant, elementwise: y = 1/cosh x.  ∂y/∂x = −y·tanh x.

    >>> import minigrad as mg
    >>> mg.sech(0.0)
    1.0
    """
    return 1 / np.cosh(x)


@sech.rule
def _(g, y, x):
    return -g * y * np.tanh(x)


@op(inputs=[domain(avoid=[0])])
def csch(x, /):
    """Hyperbolic cosecant, elementwise: y = 1/sinh x.  ∂y/∂x = −y/tanh x.

    >>> import minigrad as mg
    >>> round(mg.csch(1.0), 6)
    0.850918
    """
    return 1 / np.sinh(x)


@csch.rule
def _(g, y, x):
    return -g * y / np.tanh(x)


@op(inputs=[domain(avoid=[0])])
def coth(x, /):
    """Hyperbolic cotangent, elementwise: y = 1/tanh x.  ∂y/∂x = 1 − y².

    >>> import minigrad as mg
    >>> round(mg.coth(1.0), 6)
    1.313035
    """
    return 1 / np.tanh(x)


@coth.rule
def _(g, y, x):
    return g - g * y * y


@op(numpy=np.arcsinh, inputs=[domain()])
def arcsinh(x, /):
    """Inverse hyperbolic sine, elementwise.  ∂y/∂x = 1/√(x² + 1).

    >>> import minigrad as mg
    >>> mg.arcsinh(0.0)
    0.0
    """
    return np.arcsinh(x)


@arcsinh.rule
def _(g, y, x):
    return g / np.hypot(x, 1.0)


@op(numpy=np.arccosh, inputs=[domain(1.2, 4)])
def arccosh(x, /):
    """Inverse hyperbolic cosine, elementwise, for x ≥ 1.  ∂y/∂x = 1/√(x² − 1), which is inf at 1.

    >>> import minigrad as mg
    >>> mg.arccosh(1.0)
    0.0
    """
    return np.arccosh(x)


@arccosh.rule
def _(g, y, x):
    return g / np.sqrt((x - 1) * (x + 1))


@op(numpy=np.arctanh, inputs=[domain(-0.9, 0.9)])
def arctanh(x, /):
    """Inverse hyperbolic tangent, elementwise, for |x| < 1.  ∂y/∂x = 1/(1 − x²).

    >>> import minigrad as mg
    >>> mg.arctanh(0.0)
    0.0
    """
    return np.arctanh(x)


@arctanh.rule
def _(g, y, x):
    return g / ((1 - x) * (1 + x))


# ---- units of angles ------------------------------------------------------------------------------------


@op(numpy=[np.deg2rad, np.radians], label="° → rad", inputs=[domain()])
def deg2rad(x, /):
    """Degrees in radians, elementwise: y = x·π/180.  ∂y/∂x = π/180.

    >>> import math, minigrad as mg
    >>> mg.deg2rad(180.0) == math.pi
    True
    """
    return np.deg2rad(x)


@deg2rad.rule
def _(g, y, x):
    return g * (math.pi / 180)


@op(numpy=[np.rad2deg, np.degrees], label="rad → °", inputs=[domain()])
def rad2deg(x, /):
    """Radians in degrees, elementwise: y = x·180/π.  ∂y/∂x = 180/π.

    >>> import math, minigrad as mg
    >>> mg.rad2deg(math.pi)
    180.0
    """
    return np.rad2deg(x)


@rad2deg.rule
def _(g, y, x):
    return g * (180 / math.pi)


# NumPy's second names
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
degrees, radians = rad2deg, deg2rad

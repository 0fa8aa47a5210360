"""Exponentials and logarithms, elementwise."""

import math

import numpy as np

from ..core.registry import domain, op
from .activation import sigmoid

_LOG_2, _LOG_10 = math.log(2), math.log(10)


@op(numpy=np.exp, inputs=[domain()])
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


@op(numpy=np.expm1, inputs=[domain()])
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


@op(numpy=np.log, inputs=[domain(0.3, 4)])
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


@op(numpy=np.log1p, inputs=[domain(-0.6, 4)])
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


@op(numpy=np.exp2, label="2ˣ", inputs=[domain()])
def exp2(x, /):
    """Power of two, elementwise: y = 2ˣ.  ∂y/∂x = y·log 2.

    >>> import minigrad as mg
    >>> mg.exp2(3.0)
    8.0
    """
    return np.exp2(x)


@exp2.rule
def _(g, y, x):
    return g * y * _LOG_2


@op(numpy=np.log2, inputs=[domain(0.3, 4)])
def log2(x, /):
    """Logarithm to base 2, elementwise.  ∂y/∂x = 1/(x·log 2).

    >>> import minigrad as mg
    >>> mg.log2(8.0)
    3.0
    """
    return np.log2(x)


@log2.rule
def _(g, y, x):
    return g / (x * _LOG_2)


@op(numpy=np.log10, inputs=[domain(0.3, 4)])
def log10(x, /):
    """Logarithm to base 10, elementwise.  ∂y/∂x = 1/(x·log 10).

    >>> import minigrad as mg
    >>> mg.log10(1000.0)
    3.0
    """
    return np.log10(x)


@log10.rule
def _(g, y, x):
    return g / (x * _LOG_10)


def _infinite(x):
    """Whether x is +∞ or −∞; an array of bools, or a bool for a float."""
    return (x == math.inf) | (x == -math.inf)


def _share(a, b):
    """eᵃ/(eᵃ + eᵇ), a half also where both are the same infinity."""
    same = (a == b) & _infinite(a)
    return sigmoid(np.where(same, 0.0, a) - np.where(same, 0.0, b))


@op(numpy=np.logaddexp, inputs=[domain(), domain()])
def logaddexp(a, b, /):
    """log(eᵃ + eᵇ), elementwise, without overflow.  ∂y/∂a = σ(a − b), ∂y/∂b = σ(b − a).

    Where both are the same infinity each has half of the gradient.

    >>> import minigrad as mg
    >>> round(mg.logaddexp(1000.0, 1000.0) - 1000, 6)
    0.693147
    """
    return np.logaddexp(a, b)


logaddexp.rules_by_input(lambda g, y, a, b: g * _share(a, b), lambda g, y, a, b: g * _share(b, a))


@op(numpy=np.logaddexp2, inputs=[domain(), domain()])
def logaddexp2(a, b, /):
    """log₂(2ᵃ + 2ᵇ), elementwise, without overflow.  ∂y/∂a = 2ᵃ/(2ᵃ + 2ᵇ), and likewise for b.

    >>> import minigrad as mg
    >>> mg.logaddexp2(3.0, 3.0)
    4.0
    """
    return np.logaddexp2(a, b)


logaddexp2.rules_by_input(
    lambda g, y, a, b: g * _share(_LOG_2 * a, _LOG_2 * b), lambda g, y, a, b: g * _share(_LOG_2 * b, _LOG_2 * a)
)

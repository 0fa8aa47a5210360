"""Activations: the elementwise functions between a network's layers (course, part A)."""

import numpy as np

from ..core.registry import domain, op


@op(numpy=np.tanh, inputs=[domain()])
def tanh(x, /):
    """Hyperbolic tangent, elementwise: y = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).  ∂y/∂x = 1 − y² (course, part A).

    >>> import minigrad as mg
    >>> mg.tanh(0.0)
    0.0
    """
    return np.tanh(x)


@tanh.rule
def _(g, y, x):
    return g - g * y * y  # = g (1 − y²); NumPy is slower with a Python number among arrays


@op(label="σ", inputs=[domain()])
def sigmoid(x, /):
    """Logistic function, elementwise: y = 1/(1 + e⁻ˣ), overflow-free.  ∂y/∂x = y(1 − y) (course, part A).

    Computed as (1 + tanh(x/2))/2, which no x overflows.

    >>> import minigrad as mg
    >>> mg.sigmoid(0.0)
    0.5
    """
    return 0.5 * np.tanh(0.5 * x) + 0.5


@sigmoid.rule
def _(g, y, x):
    return g * (y - y * y)


@op(label="ReLU", inputs=[domain(avoid=[0])])
def relu(x, /):
    """Rectified linear unit, elementwise: y = max(x, 0).  ∂y/∂x = 1 for x > 0, else 0, also at 0.

    >>> import minigrad as mg
    >>> mg.relu(-2.0), mg.relu(2.0)
    (0.0, 2.0)
    """
    return np.maximum(x, 0.0)


@relu.rule
def _(g, y, x):
    return g * (y > 0)


@op(label="leaky ReLU", inputs=[domain(avoid=[0])])
def leaky_relu(x, /, negative_slope=0.01):
    """y = x for x > 0, else negative_slope · x, elementwise.  ∂y/∂x is 1 or negative_slope (at 0 too).

    >>> import minigrad as mg
    >>> mg.leaky_relu(-2.0), mg.leaky_relu(2.0)
    (-0.02, 2.0)
    """
    return np.where(x > 0, x, negative_slope * x)


@leaky_relu.rule
def _(g, y, x, negative_slope):
    return np.where(x > 0, g, negative_slope * g)

"""Activations: the elementwise functions between a network's layers (course, part A)."""

from functools import partial

import numpy as np

from ..core.registry import domain
from .table import operation

row = partial(operation, __name__)

# fmt: off
tanh = row(np.tanh, "Hyperbolic tangent: y = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)", "1 − y²",
           lambda g, y, x: g - g * y * y,  # = g (1 − y²); NumPy is slower with a Python number among arrays
           "mg.tanh(0.0) → 0.0", source="course, part A")
sigmoid = row(lambda x, /: 0.5 * np.tanh(0.5 * x) + 0.5, "Logistic function: y = 1/(1 + e⁻ˣ), overflow-free",
              "y(1 − y)", lambda g, y, x: g * (y - y * y),
              "mg.sigmoid(0.0) → 0.5", name="sigmoid", label="σ", source="course, part A",
              note="Computed as (1 + tanh(x/2))/2, which no x overflows.")
relu = row(lambda x, /: np.maximum(x, 0.0), "Rectified linear unit: y = max(x, 0)", "1 for x > 0, else 0, also at 0",
           lambda g, y, x: g * (y > 0),
           "mg.relu(-2.0), mg.relu(2.0) → (0.0, 2.0)", domain(avoid=[0]), name="relu", label="ReLU")
leaky_relu = row(lambda x, /, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
                 "y = x for x > 0, else negative_slope · x, elementwise.  ∂y/∂x is 1 or negative_slope (at 0 too)", "",
                 lambda g, y, x, negative_slope: np.where(x > 0, g, negative_slope * g),
                 "mg.leaky_relu(-2.0), mg.leaky_relu(2.0) → (-0.02, 2.0)", domain(avoid=[0]),
                 name="leaky_relu", label="leaky ReLU")

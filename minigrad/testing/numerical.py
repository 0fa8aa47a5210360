"""Numerical derivatives by central differences: what analytic gradients are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def numerical_gradient(f: Callable[..., Any], *inputs: Any, eps: float | None = None) -> list[np.ndarray]:
    """The gradient of a real-valued ``f`` by every entry of every input, by central differences.

    With ``eps`` given, the course's two-sided difference (f(x + ε) − f(x − ε)) / 2ε, error O(ε²)
    (course, part C). By default the five-point formula with h = 10⁻³·max(1, |x|),
    (8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h, error O(h⁴): about 1e-11 on smooth functions.

    Parameters
    ----------
    f
        Takes arrays (float64 copies of the inputs) and gives one number.
    inputs
        Arrays or numbers.

    Examples
    --------
    >>> from minigrad.testing import numerical_gradient
    >>> [gradient] = numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0])
    >>> gradient.round(6)
    array([ 3., 12.])
    """
    points = [np.array(x, dtype=np.float64) for x in inputs]
    gradients = []
    for point in points:
        gradient = np.zeros_like(point)
        for index in np.ndindex(point.shape):
            center = point[index]

            def at(value: float, point: np.ndarray = point, index: Any = index) -> float:
                point[index] = value
                return float(f(*(p.copy() for p in points)))

            if eps is not None:
                above, below = center + eps, center - eps
                gradient[index] = (at(above) - at(below)) / (above - below)
            else:
                h = 1e-3 * max(1.0, abs(center))
                near, far = at(center + h) - at(center - h), at(center + 2 * h) - at(center - 2 * h)
                gradient[index] = (8 * near - far) / (12 * h)
            point[index] = center
        gradients.append(gradient)
    return gradients

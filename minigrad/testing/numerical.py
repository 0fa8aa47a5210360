"""Numerical derivatives by central differences: what analytic gradients are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def numerical_gradient(f: Callable[..., Any], *inputs: Any, eps: float | None = None) -> list[np.ndarray]:
    """The gradient of a real-valued ``f`` by every entry of every input, by central differences.

    With ``eps`` given, the course's two-sided difference (f(x + ε) − f(x − ε)) / 2ε, error O(ε²)
    (course, part C). By default the five-point formula with h = 10⁻³·max(1, |x|),
    (8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h, error O(h⁴): about 1e-11 on smooth functions. Where
    a two-sided difference with h = 10⁻⁶ says otherwise, a kink (a ReLU's, say) lies within the wide
    step, and the narrow one is believed.

    Parameters
    ----------
    f
        Takes arrays (float64 copies of the inputs) and gives one number. By an entry that is NaN, a missing
        number, the derivative is 0.
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
            center = float(point[index])
            if np.isnan(center):
                continue  # a missing number, which what is near it says nothing of

            def at(value: float, point: np.ndarray = point, index: Any = index) -> float:
                point[index] = value
                return float(f(*(p.copy() for p in points)))

            if eps is not None:
                above, below = center + eps, center - eps
                gradient[index] = (at(above) - at(below)) / (above - below)
            else:
                h = 1e-3 * max(1.0, abs(center))
                near, far = at(center + h) - at(center - h), at(center + 2 * h) - at(center - 2 * h)
                wide = (8 * near - far) / (12 * h)
                step = 1e-6 * max(1.0, abs(center))
                above, below = center + step, center - step
                value = at(above)
                narrow = (value - at(below)) / (above - below)
                agree = abs(wide - narrow) <= 1e-7 * (abs(wide) + abs(narrow)) + 1e-9 * (1 + abs(value))
                gradient[index] = wide if agree else narrow
            point[index] = center
        gradients.append(gradient)
    return gradients

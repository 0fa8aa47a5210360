"""Python floats in place of arrays: what ``np`` is bound to when a forward or a rule runs on them.

NumPy on a Python float is slow and answers `np.float64`, which is slow from there on.
"""

from __future__ import annotations

import math
import operator
import types
from typing import Any

import numpy as np


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _sign(x: float) -> float:
    return x if x != x else float(x > 0) - float(x < 0)


def _power(a: float, b: float) -> float:
    value = a**b
    if type(value) is complex:  # Python leaves the real line for a negative base; NumPy says nan
        raise ValueError("a negative number to a fractional power")
    return value


class _Floats(types.SimpleNamespace):
    """What ``np`` is bound to when a forward or a rule runs on Python floats (twice as fast as NumPy's)."""

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        return (lambda *x: float(function(*x))) if isinstance(function, np.ufunc) else function


FLOATS = _Floats(
    add=operator.add,
    subtract=operator.sub,
    multiply=operator.mul,
    divide=operator.truediv,
    negative=operator.neg,
    positive=operator.pos,
    power=_power,
    greater=operator.gt,
    greater_equal=operator.ge,
    less=operator.lt,
    less_equal=operator.le,
    equal=operator.eq,
    not_equal=operator.ne,
    absolute=math.fabs,
    exp=math.exp,
    expm1=math.expm1,
    log=math.log,
    log1p=math.log1p,
    sqrt=math.sqrt,
    tanh=math.tanh,
    sin=math.sin,
    cos=math.cos,
    tan=math.tan,
    arctan=math.atan,
    sinh=math.sinh,
    cosh=math.cosh,
    hypot=math.hypot,
    sinc=lambda x: math.sin(math.pi * x) / (math.pi * x) if x else 1.0,
    square=lambda x: x * x,
    maximum=_maximum,
    minimum=_minimum,
    sign=_sign,
    where=lambda condition, a, b: a if condition else b,
)

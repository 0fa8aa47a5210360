"""Comparisons, and questions of order and truth: plain arrays of bools or integers, and no gradient."""

from functools import partial
from typing import Any

import numpy as np

from .sampling import a_flag, an_axis_or_none, array_with, some_axes
from .table import array_operation, operation

row = partial(array_operation, __name__, differentiable=False, rule=())


def _comparison(function, label, text, example):
    what = f"Whether a {label} b, elementwise ({text}): a plain array of bools, no gradient"
    return operation(__name__, function, what, "", (), example, label=label, differentiable=False)


equal = _comparison(np.equal, "=", "a equals b", "mg.equal(1.0, 2.0) → False")
not_equal = _comparison(np.not_equal, "≠", "a differs from b", "mg.not_equal(1.0, 2.0) → True")
less = _comparison(np.less, "<", "a is less than b", "mg.less(1.0, 2.0) → True")
less_equal = _comparison(np.less_equal, "≤", "a is less than or equal to b", "mg.less_equal(1.0, 1.0) → True")
greater = _comparison(np.greater, ">", "a is greater than b", "mg.greater(1.0, 2.0) → False")
greater_equal = _comparison(
    np.greater_equal, "≥", "a is greater than or equal to b", "mg.greater_equal(1.0, 1.0) → True"
)


def _conditions(draw):
    (mask,), options = array_with(1, kind="booleans", axis=some_axes, keepdims=a_flag)(draw)
    return (mask * 1.0,), options


# fmt: off
# ---- where the extremes are, and whether conditions hold ------------------------------------------------

_place = array_with(1, kind="distinct", axis=an_axis_or_none, keepdims=a_flag)

argmax: Any = row(
    np.argmax, lambda a, /, axis=None, *, keepdims=False: np.argmax(a, axis=axis, keepdims=keepdims),
    "Where the largest entry is (None: in the flat array), the first of several: plain integers, no gradient.",
    "mg.argmax(np.array([1.0, 3.0, 3.0])) → np.int64(1)", _place)
argmin: Any = row(
    np.argmin, lambda a, /, axis=None, *, keepdims=False: np.argmin(a, axis=axis, keepdims=keepdims),
    "Where the smallest entry is (None: in the flat array), the first of several: plain integers, no gradient.",
    "mg.argmin(np.array([[2.0, 1.0], [3.0, 4.0]]), axis=1) → array([1, 0])", _place)
argsort: Any = row(
    np.argsort, lambda a, /, axis=-1, kind=None, order=None, *, stable=None: (
        np.argsort(a, axis, kind, order, stable=stable)),
    "The order that sorts an array along an axis (None: the flat array): plain integers, no gradient.",
    "mg.argsort(np.array([3.0, 1.0, 2.0])) → array([1, 2, 0])", array_with(1, kind="distinct", axis=an_axis_or_none))
all: Any = row(
    np.all, lambda a, /, axis=None, *, keepdims=False, where=True: np.all(a, axis=axis, keepdims=keepdims, where=where),
    "Whether every entry over the given axes (None: all) is true, or not 0: plain bools, no gradient.",
    "mg.all(np.array([[1.0, 0.0], [1.0, 2.0]]), axis=1) → array([False,  True])", _conditions)
any: Any = row(
    np.any, lambda a, /, axis=None, *, keepdims=False, where=True: np.any(a, axis=axis, keepdims=keepdims, where=where),
    "Whether some entry over the given axes (None: all) is true, or not 0: plain bools, no gradient.",
    "mg.any(np.array([0.0, 2.0])) → np.True_", _conditions)

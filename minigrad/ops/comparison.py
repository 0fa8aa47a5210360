"""Comparisons, and questions of order and truth: plain arrays of bools or integers, and no gradient."""

import numpy as np

from ..core.registry import op
from .table import operation


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

# ---- where the extremes are, and whether conditions hold ------------------------------------------------


def _draw_place(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.choice([None, draw.axis(len(shape))]), "keepdims": draw.boolean()}


@op(numpy=np.argmax, differentiable=False, inputs=_draw_place)
def argmax(a, /, axis=None, *, keepdims=False):
    """Where the largest entry is (None: in the flat array), the first of several: plain integers, no gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.argmax(np.array([1.0, 3.0, 3.0]))
    np.int64(1)
    """
    return np.argmax(a, axis=axis, keepdims=keepdims)


@op(numpy=np.argmin, differentiable=False, inputs=_draw_place)
def argmin(a, /, axis=None, *, keepdims=False):
    """Where the smallest entry is (None: in the flat array), the first of several: plain integers, no gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.argmin(np.array([[2.0, 1.0], [3.0, 4.0]]), axis=1)
    array([1, 0])
    """
    return np.argmin(a, axis=axis, keepdims=keepdims)


def _draw_order(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.choice([None, draw.axis(len(shape))])}


@op(numpy=np.argsort, differentiable=False, inputs=_draw_order)
def argsort(a, /, axis=-1, kind=None, order=None, *, stable=None):
    """The order that sorts an array along an axis (None: the flat array): plain integers, no gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    return np.argsort(a, axis=axis, kind=kind, order=order, stable=stable)


def _draw_conditions(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.booleans(shape) * 1.0,), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean()}


@op(numpy=np.all, differentiable=False, inputs=_draw_conditions)
def all(a, /, axis=None, *, keepdims=False, where=True):
    """Whether every entry over the given axes (None: all) is true, or not 0: plain bools, no gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.all(np.array([[1.0, 0.0], [1.0, 2.0]]), axis=1)
    array([False,  True])
    """
    return np.all(a, axis=axis, keepdims=keepdims, where=where)


@op(numpy=np.any, differentiable=False, inputs=_draw_conditions)
def any(a, /, axis=None, *, keepdims=False, where=True):
    """Whether some entry over the given axes (None: all) is true, or not 0: plain bools, no gradient.

    >>> import numpy as np, minigrad as mg
    >>> mg.any(np.array([0.0, 2.0]))
    np.True_
    """
    return np.any(a, axis=axis, keepdims=keepdims, where=where)

"""Comparisons, and questions of order and truth: plain arrays of bools or integers, and no gradient."""

import numpy as np

from ..core.registry import domain, op


def _comparison(function, label, text):
    def compare(a, b, /):
        return function(a, b)

    compare.__name__ = function.__name__
    compare.__module__ = __name__
    compare.__doc__ = f"Whether a {label} b, elementwise ({text}): a plain array of bools, no gradient."
    return op(compare, numpy=function, label=label, differentiable=False, inputs=[domain(), domain()])


equal = _comparison(np.equal, "=", "a equals b")
not_equal = _comparison(np.not_equal, "≠", "a differs from b")
less = _comparison(np.less, "<", "a is less than b")
less_equal = _comparison(np.less_equal, "≤", "a is less than or equal to b")
greater = _comparison(np.greater, ">", "a is greater than b")
greater_equal = _comparison(np.greater_equal, "≥", "a is greater than or equal to b")


# ---- where the extremes are, and whether conditions hold ------------------------------------------------


def _draw_place(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.choice([None, draw.axis(len(shape))]), "keepdims": draw.boolean()}


@op(numpy=np.argmax, differentiable=False, inputs=_draw_place)
def argmax(a, /, axis=None, *, keepdims=False):
    """Where the largest entry is (None: in the flat array), the first of several: plain integers, no gradient."""
    return np.argmax(a, axis=axis, keepdims=keepdims)


@op(numpy=np.argmin, differentiable=False, inputs=_draw_place)
def argmin(a, /, axis=None, *, keepdims=False):
    """Where the smallest entry is (None: in the flat array), the first of several: plain integers, no gradient."""
    return np.argmin(a, axis=axis, keepdims=keepdims)


def _draw_order(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.choice([None, draw.axis(len(shape))])}


@op(numpy=np.argsort, differentiable=False, inputs=_draw_order)
def argsort(a, /, axis=-1, kind=None, order=None, *, stable=None):
    """The order that sorts an array along an axis (None: the flat array): plain integers, no gradient."""
    return np.argsort(a, axis=axis, kind=kind, order=order, stable=stable)


def _draw_conditions(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.booleans(shape) * 1.0,), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean()}


@op(numpy=np.all, differentiable=False, inputs=_draw_conditions)
def all(a, /, axis=None, *, keepdims=False, where=True):
    """Whether every entry over the given axes (None: all) is true, or not 0: plain bools, no gradient."""
    return np.all(a, axis=axis, keepdims=keepdims, where=where)


@op(numpy=np.any, differentiable=False, inputs=_draw_conditions)
def any(a, /, axis=None, *, keepdims=False, where=True):
    """Whether some entry over the given axes (None: all) is true, or not 0: plain bools, no gradient."""
    return np.any(a, axis=axis, keepdims=keepdims, where=where)

"""Comparisons: plain arrays of bools, and no gradient."""

import numpy as np

from ..registry import op, real


def _comparison(function, label, text):
    def compare(a, b, /):
        return function(a, b)

    compare.__name__ = function.__name__
    compare.__module__ = __name__
    compare.__doc__ = f"Whether a {label} b, elementwise ({text}): a plain array of bools, no gradient."
    return op(compare, numpy=function, label=label, differentiable=False, inputs=[real(), real()])


equal = _comparison(np.equal, "=", "a equals b")
not_equal = _comparison(np.not_equal, "≠", "a differs from b")
less = _comparison(np.less, "<", "a is less than b")
less_equal = _comparison(np.less_equal, "≤", "a is less than or equal to b")
greater = _comparison(np.greater, ">", "a is greater than b")
greater_equal = _comparison(np.greater_equal, "≥", "a is greater than or equal to b")

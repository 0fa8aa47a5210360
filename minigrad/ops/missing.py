"""Reductions that leave out NaN, a missing number; its own gradient is 0."""

import math

import numpy as np

from ..core.registry import composed
from .arguments import as_array, number
from .reduce import degrees_of_freedom, draw_reduction, max, mean, min, prod, std, sum, var


def _draw_missing(draw):
    """An array with NaNs, but never nothing else along an axis."""
    inputs, options = draw_reduction(draw)
    options["axis"] = None if options["axis"] == () else options["axis"]
    shape = inputs[0].shape
    return (np.where(draw.booleans(shape) & np.all(np.indices(shape) > 0, axis=0), np.nan, inputs[0]),), options


def _filled(a, number):
    return np.where(np.isnan(a), number, a)


@composed(numpy=np.nansum, inputs=_draw_missing, differentiated="a initial")
def nansum(a, axis=None, dtype=None, *, keepdims=False, initial=0.0, where=True):
    """`sum` with NaN counted as 0; its entry's gradient is 0.

    >>> import numpy as np, minigrad as mg
    >>> mg.nansum(np.array([1.0, np.nan]))
    np.float64(1.0)
    """
    return sum(_filled(a, 0.0), axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@composed(numpy=np.nanprod, inputs=_draw_missing, differentiated="a initial")
def nanprod(a, axis=None, dtype=None, *, keepdims=False, initial=1.0, where=True):
    """`prod` with NaN counted as 1; its entry's gradient is 0.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanprod(np.array([2.0, np.nan]))
    np.float64(2.0)
    """
    return prod(_filled(a, 1.0), axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


def _present(a, where):
    return ~np.isnan(a) & where


@composed(numpy=np.nanmean, inputs=_draw_missing)
def nanmean(a, axis=None, dtype=None, *, keepdims=False, where=True):
    """`mean` of the entries that are not NaN.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanmean(np.array([1.0, 3.0, np.nan]))
    np.float64(2.0)
    """
    return mean(_filled(a, 0.0), axis=axis, dtype=dtype, keepdims=keepdims, where=_present(a, where))


@composed(numpy=np.nanvar, inputs=_draw_missing)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """`var` of the entries that are not NaN; nan where these are no more than ``ddof``.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanvar(np.array([1.0, 3.0, np.nan]))
    np.float64(1.0)
    """
    return _spread_of_present(var, a, axis, dtype, out, ddof, keepdims, where, correction)


def _spread_of_present(function, a, axis, dtype, out, ddof, keepdims, where, correction):
    a = as_array(a)
    ddof = degrees_of_freedom(f"nan{function.name}", out, ddof, correction)
    present = _present(a, where)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = function(_filled(a, 0.0), axis, dtype, ddof=ddof, keepdims=keepdims, where=present)
    return number(np.where(np.sum(present, axis=axis, keepdims=keepdims) > ddof, y, np.nan))


def _draw_missing_spread(draw):
    a = draw.distinct(draw.shape(min_dims=1, max_dims=3, min_side=3))
    a.flat[-1] = np.nan
    return (a,), {"axis": draw.choice([None, 0, -1]), "keepdims": draw.boolean()}


@composed(numpy=np.nanstd, inputs=_draw_missing_spread)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, *, keepdims=False, where=True, correction=None):
    """`std` of the entries that are not NaN; nan where these are no more than ``ddof``.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanstd(np.array([1.0, 3.0, np.nan]))
    np.float64(1.0)
    """
    return _spread_of_present(std, a, axis, dtype, out, ddof, keepdims, where, correction)


def _extreme_of_present(function, a, axis, keepdims, initial, where, lowest):
    y = function(_filled(a, lowest), axis=axis, keepdims=keepdims, initial=initial, where=where)
    if initial is not None:
        return y
    return number(np.where(np.any(_present(a, where), axis=axis, keepdims=keepdims), y, np.nan))


@composed(numpy=np.nanmax, inputs=_draw_missing, differentiated="a initial")
def nanmax(a, axis=None, *, keepdims=False, initial=None, where=True):
    """`max` of the entries that are not NaN; nan where there is none.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanmax(np.array([1.0, 3.0, np.nan]))
    np.float64(3.0)
    """
    return _extreme_of_present(max, a, axis, keepdims, initial, where, -math.inf)


@composed(numpy=np.nanmin, inputs=_draw_missing, differentiated="a initial")
def nanmin(a, axis=None, *, keepdims=False, initial=None, where=True):
    """`min` of the entries that are not NaN; nan where there is none.

    >>> import numpy as np, minigrad as mg
    >>> mg.nanmin(np.array([1.0, 3.0, np.nan]))
    np.float64(1.0)
    """
    return _extreme_of_present(min, a, axis, keepdims, initial, where, math.inf)

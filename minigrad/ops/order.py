"""Order: sorting, and what is read off a sorted array.

A sort moves entries and their gradients with them. Among equal entries the order is that of a stable sort, so
the gradient at a tie goes to the entry that a stable sort puts there.
"""

import math

import numpy as np

from ..core.registry import composed
from .arguments import as_array, checked_axes, checked_axis, plain
from .index import take_along_axis
from .reduce import draw_reduction, sum


def _draw_sort(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.distinct(shape),), {"axis": draw.choice([None, draw.axis(len(shape))])}


@composed(numpy=np.sort, inputs=_draw_sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """The entries along an axis (None: all of them) from the smallest to the largest.

    Always a stable sort, whatever ``kind`` and ``stable`` say; ``order`` (for records) has to be None.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([3.0, 1.0, 2.0], requires_grad=True)
    >>> mg.sort(x)[0].backward(); x.grad
    array([0., 1., 0.])
    """
    if order is not None:
        raise TypeError("sort: order= is for arrays of records, and these have no derivative")
    if axis is None:
        a, axis = np.reshape(a, (-1,)), 0
    axis = checked_axis("sort", axis, np.ndim(a))
    return take_along_axis(a, np.argsort(plain(a), axis=axis, kind="stable"), axis)


@composed(inputs=_draw_sort)
def msort(a, axis=0):
    """`sort` along the first axis.

    >>> import numpy as np, minigrad as mg
    >>> mg.msort(np.array([[3.0], [1.0]]))
    array([[1.],
           [3.]])
    """
    return sort(a, axis=axis)


def _draw_partition(draw):
    (a,), options = _draw_sort(draw)
    n = a.size if options["axis"] is None else a.shape[options["axis"]]
    return (a, draw.integer(-n, n - 1)), options


@composed(numpy=np.partition, inputs=_draw_partition, differentiated="a")
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """An order in which entry ``kth`` is the one of a full sort, no larger one before it, no smaller one after it.

    >>> import numpy as np, minigrad as mg
    >>> mg.partition(np.array([3.0, 1.0, 2.0]), 0)[0]
    np.float64(1.0)
    """
    if order is not None:
        raise TypeError("partition: order= is for arrays of records, and these have no derivative")
    if axis is None:
        a, axis = np.reshape(a, (-1,)), 0
    axis = checked_axis("partition", axis, np.ndim(a))
    return take_along_axis(a, np.argpartition(plain(a), kth, axis=axis, kind=kind), axis)


def _draw_quantile(draw):
    inputs, options = draw_reduction(draw)
    q = draw.choice([0.3, [0.1, 0.55, 0.9]])  # a list, since only arrays are differentiated
    return (*inputs, q), options | {"method": draw.choice(["linear", "weibull", "lower", "midpoint"])}


@composed(numpy=np.quantile, inputs=_draw_quantile)
def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """The value below which a share q of the entries lies, over the given axes (None: all).

    Parameters
    ----------
    a
        The numbers.
    q
        Shares in [0, 1], a number or an array, whose axes come first in the result; differentiated too.
    method
        Every one of `numpy.quantile`.

    The value lies between two sorted entries, (1 − γ) a₍ₗ₎ + γ a₍ₗ₊₁₎, and so does the gradient: 1 − γ for one and
    γ for the other; by q it is the slope between them (0 for methods that choose an entry). Where a NaN takes part the
    value is nan.

    >>> import numpy as np, minigrad as mg
    >>> mg.quantile(np.array([1.0, 2.0, 4.0]), 0.75)
    np.float64(3.0)
    """
    if out is not None:
        raise TypeError("quantile: out= is not possible in a graph; use the result instead")
    a = as_array(a)
    dtype = np.quantile(np.ones(1, dtype=a.dtype), plain(q), method=method).dtype  # as NumPy promotes a and q
    q, wanted = np.asarray(plain(q)), _joined(q)
    shape, axes = np.shape(a), checked_axes("quantile", axis, np.ndim(a))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    n = math.prod(shape[i] for i in axes)
    rows = np.reshape(np.transpose(a, rest + axes), (*(shape[i] for i in rest), n))
    if n == 0:
        raise IndexError(f"quantile: a is {shape}, and there is no entry along axis {axis} to take")
    place = np.quantile(np.arange(float(n)), q, method=method)  # quantiles of 0, 1, … are where to look
    low = np.floor(place).astype(np.intp)
    share = (place - low).astype(dtype)
    if wanted is not None and method in _PLOTTING:
        share = share + _slope_of_places(q, n, *_PLOTTING[method]) * (wanted - q)
    ordered = sort(rows, axis=-1)
    y = ordered[..., low] * (1 - share) + ordered[..., np.minimum(low + 1, n - 1)] * share
    y = np.moveaxis(y, range(len(rest), len(rest) + q.ndim), range(q.ndim)) if q.ndim and rest else y
    missing = np.isnan(rows).any(axis=-1)
    y = np.where(missing, np.nan, y) if missing.any() else y
    if not keepdims:
        return y
    return np.reshape(y, (*q.shape, *(1 if i in axes else m for i, m in enumerate(shape))))


#: α and β of the methods continuous in q (Hyndman and Fan 1996), whose value is read at q (n + 1 − α − β) + α − 1.
_PLOTTING = {
    "linear": (1.0, 1.0),
    "weibull": (0.0, 0.0),
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _slope_of_places(q, n, alpha, beta):
    """How fast the place of a quantile moves with q: not at all where it is held at an end."""
    slope = n + 1 - alpha - beta
    place = q * slope + alpha - 1
    return np.where((place >= 0) & (place < n - 1), slope, 0.0)


def _joined(q):
    """The shares as one tensor if there are tensors among them, else None."""
    if isinstance(q, (list, tuple)) and any(hasattr(each, "_data") for each in q):
        q = np.stack(q)
    return q if hasattr(q, "_data") else None


@composed(numpy=np.percentile, inputs=_draw_quantile)
def percentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    """`quantile` with q from 0 to 100.

    >>> import numpy as np, minigrad as mg
    >>> mg.percentile(np.array([1.0, 2.0, 4.0]), 75)
    np.float64(3.0)
    """
    a, wanted = as_array(a), _joined(q)
    q = plain(q)
    share = wanted / 100 if wanted is not None else q / 100 if isinstance(q, (int, float)) else np.asarray(q) / 100
    y = quantile(a, share, axis, out, overwrite_input, method, keepdims)
    return y.astype(np.percentile(np.ones(1, dtype=a.dtype), q, method=method).dtype)


@composed(numpy=np.median, inputs=draw_reduction)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    """The middle one of the sorted entries, or the mean of the two in the middle, over the given axes.

    The gradient goes to the middle entry, or half of it to each of two; among equal entries to the one that a
    stable sort puts in the middle. Of nothing it is nan.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([3.0, 1.0, 2.0, 7.0], requires_grad=True)
    >>> mg.median(x).backward(); x.grad
    array([0.5, 0. , 0.5, 0. ])
    """
    a = as_array(a)
    axes = checked_axes("median", axis, np.ndim(a))
    if any(np.shape(a)[i] == 0 for i in axes):
        return sum(a, axis=axes, keepdims=keepdims) + np.nan
    return quantile(a, 0.5, axes, out, overwrite_input, keepdims=keepdims)

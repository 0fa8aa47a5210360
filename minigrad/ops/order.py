"""Order: sorting, and what is read off a sorted array.

A sort moves entries and their gradients with them. Among equal entries the order is that of a stable sort, so
the gradient at a tie goes to the entry that a stable sort puts there.
"""

import math
from functools import cache, partial

import numpy as np

from ..core.registry import composed
from .arguments import as_array, checked_axes, flat_or_axis, number, refuse_out, values_of
from .comparison import argsort
from .index import getitem, take_along_axis
from .reduce import draw_reduction, sum
from .sampling import an_axis_or_none, array_with
from .table import array_operation

row = partial(array_operation, __name__)
# fmt: off
_draw_sort = array_with(1, kind="distinct", axis=an_axis_or_none)


def _draw_partition(draw):
    (a,), options = _draw_sort(draw)
    n = a.size if options["axis"] is None else a.shape[options["axis"]]
    return (a, draw.integer(-n, n - 1)), options


def _draw_quantile(draw):
    inputs, options = draw_reduction(draw)
    q = draw.choice([0.3, [0.1, 0.55, 0.9]])  # a list, since only arrays are differentiated
    return (*inputs, q), options | {"method": draw.choice(["linear", "weibull", "lower", "midpoint"])}


def _refuse_records(name, order):
    if order is not None:
        raise TypeError(f"{name}: order= is for arrays of records, and these have no derivative")


@composed(numpy=np.sort, inputs=_draw_sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """The entries along an axis (None: all of them) from the smallest to the largest.

    Always a stable sort, whatever ``kind`` and ``stable`` say; ``order`` (for records) has to be None.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([3.0, 1.0, 2.0], requires_grad=True)
    >>> mg.sort(x)[0].backward(); x.grad
    array([0., 1., 0.])
    """
    _refuse_records("sort", order)
    a, axis = flat_or_axis("sort", a, axis)
    return take_along_axis(a, argsort(a, axis=axis, kind="stable"), axis)


msort = row(
    "msort", lambda a, axis=0: sort(a, axis=axis), "`sort` along the first axis.",
    "mg.msort(np.array([[3.0], [1.0]])) → array([[1.],\n       [3.]])", _draw_sort)


@composed(numpy=np.partition, inputs=_draw_partition, differentiated="a")
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """An order in which entry ``kth`` is the one of a full sort, no larger one before it, no smaller one after it.

    >>> import numpy as np, minigrad as mg
    >>> mg.partition(np.array([3.0, 1.0, 2.0]), 0)[0]
    np.float64(1.0)
    """
    _refuse_records("partition", order)
    a, axis = flat_or_axis("partition", a, axis)
    return take_along_axis(a, np.argpartition(a, kth, axis=axis, kind=kind), axis)


def _continuous(alpha, beta):
    return lambda q, n: n * q + (alpha + q * (1 - alpha - beta)) - 1


#: Where each method reads the value of a share q in n sorted entries, numbered from 0: at an entry or between two
#: (Hyndman and Fan 1996).
_PLACES = {
    "inverted_cdf": lambda q, n: np.ceil(n * q - 1),
    "averaged_inverted_cdf": lambda q, n: 0.5 * (np.floor(n * q) + np.ceil(n * q - 1)),
    "closest_observation": lambda q, n: np.round(n * q) - 1,
    "interpolated_inverted_cdf": _continuous(0, 1),
    "hazen": _continuous(0.5, 0.5),
    "weibull": _continuous(0, 0),
    "linear": lambda q, n: (n - 1) * q,
    "median_unbiased": _continuous(1 / 3, 1 / 3),
    "normal_unbiased": _continuous(3 / 8, 3 / 8),
    "lower": lambda q, n: np.floor((n - 1) * q),
    "higher": lambda q, n: np.ceil((n - 1) * q),
    "midpoint": lambda q, n: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)),
    "nearest": lambda q, n: np.round((n - 1) * q),
}


@cache
def _promoted(dtype, shares, method):
    """The dtype of a quantile, as NumPy promotes those of the entries and the shares (None: a Python number)."""
    return np.quantile(np.ones(1, dtype), 0.5 if shares is None else np.zeros(1, shares), method=method).dtype


def _as_shares(name, q, whole):
    """The shares as one array or tensor, also where they are tensors in a list; a number as it is."""
    if isinstance(q, (list, tuple)) and any(hasattr(each, "_apply") for each in q):
        q = np.stack(q)
    q = q if isinstance(q, (int, float)) else as_array(q)
    values = values_of(q, 0)
    none = np.ndim(values) > 1 and not np.size(values)  # which NumPy takes of a vector alone
    if none or not np.all((values >= 0) & (values <= whole)):
        raise ValueError(f"{name}: q is {values!r:.60}; shares from 0 to {whole} are wanted")
    return q


def _of_100(q):
    """Percentages as shares of 1; a number of NumPy's keeps its dtype, as in `numpy.percentile`."""
    shares = np.divide(_as_shares("percentile", q, 100), 100)
    return float(shares) if type(q) in (int, float) else np.asarray(shares) if isinstance(q, np.generic) else shares


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
    refuse_out("quantile", out)
    a, q = as_array(a), _as_shares("quantile", q, 1)
    dtype = _promoted(a.dtype, None if isinstance(q, (int, float)) else q.dtype, method)
    shape, axes = np.shape(a), checked_axes("quantile", axis, np.ndim(a))
    rest = tuple(i for i in range(len(shape)) if i not in axes)
    left, n = tuple(shape[i] for i in rest), math.prod(shape[i] for i in axes)
    if n == 0:
        raise IndexError(f"quantile: a is {shape}, and there is no entry along axis {axis} to take")
    ordered = sort(np.reshape(np.transpose(a, rest + axes) if rest else a, (*left, n)), axis=-1)
    place = _PLACES[method](q, n)
    place = np.where(place < 0, 0.0, np.where(place < n - 1, place, n - 1.0))  # held at the ends
    low = np.floor(place)
    share = (place - low).astype(dtype)
    low = low.astype(np.intp)
    high = np.minimum(low + 1, n - 1)
    y = getitem(ordered, key=(..., low)) * (1 - share) + getitem(ordered, key=(..., high)) * share
    missing = np.reshape(np.isnan(ordered)[..., -1], left + (1,) * np.ndim(q))  # which a sort puts last
    y = number(np.where(missing, np.nan, y))
    if np.ndim(q) and rest:
        y = np.moveaxis(y, range(len(rest), len(rest) + np.ndim(q)), range(np.ndim(q)))
    return np.reshape(y, (*np.shape(q), *(1 if i in axes else m for i, m in enumerate(shape)))) if keepdims else y


percentile = row(
    np.percentile,
    lambda a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False: quantile(
        a, _of_100(q), axis, out, overwrite_input, method, keepdims),
    "`quantile` with q from 0 to 100.",
    "mg.percentile(np.array([1.0, 2.0, 4.0]), 75) → np.float64(3.0)", _draw_quantile)


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

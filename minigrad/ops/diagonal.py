"""Diagonals and triangles of matrices."""

import numpy as np

from ..core.registry import composed
from .arguments import checked_axes
from .index import scatter_add
from .table import example


def _draw_diagonal(draw):
    shape = draw.shape(min_dims=2, max_dims=3)
    axes = draw.permutation(len(shape))
    return (draw.array(shape),), {"offset": draw.integer(-1, 2), "axis1": axes[0], "axis2": axes[1] - len(shape)}


@composed(numpy=np.diagonal, inputs=_draw_diagonal)
@example("mg.diagonal(np.array([[1.0, 2.0], [3.0, 4.0]])) → array([1., 4.])")
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The entries whose places along two axes differ by ``offset``, as a new last axis."""
    ndim = np.ndim(a)
    if ndim < 2:
        raise ValueError(f"diagonal: a is {np.shape(a)}; two axes are needed")
    axis1, axis2 = checked_axes("diagonal", (axis1, axis2), ndim)
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = _places(np.shape(a)[-2:], offset)
    return a[..., rows, columns]


def _places(shape, offset):
    """The rows and columns of a diagonal of a matrix."""
    start = max(-offset, 0), max(offset, 0)
    n = max(min(shape[0] - start[0], shape[1] - start[1]), 0)
    return start[0] + np.arange(n), start[1] + np.arange(n)


@composed(numpy=np.trace, inputs=_draw_diagonal)
@example("mg.trace(np.array([[1.0, 2.0], [3.0, 4.0]])) → np.float64(5.0)")
def trace(a, offset=0, axis1=0, axis2=1, dtype=None):
    """The sum along a diagonal."""
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _draw_diag(draw):
    return (draw.array(draw.shape(min_dims=1, max_dims=2)),), {"k": draw.integer(-1, 2)}


@composed(numpy=np.diag, inputs=_draw_diag)
@example("mg.diag(np.array([1.0, 2.0])).tolist() → [[1.0, 0.0], [0.0, 2.0]]")
def diag(v, k=0):
    """The k-th diagonal of a matrix, or the matrix with a vector for its k-th diagonal and zeros elsewhere."""
    if np.ndim(v) == 2:
        return diagonal(v, k)
    if np.ndim(v) != 1:
        raise ValueError(f"diag: v is {np.shape(v)}; a vector or a matrix is wanted")
    n = np.shape(v)[0] + abs(k)
    return scatter_add(v, key=_places((n, n), k), shape=(n, n))


@composed(numpy=np.diagflat, inputs=_draw_diag)
@example("mg.diagflat(np.array([[1.0, 2.0]])).tolist() → [[1.0, 0.0], [0.0, 2.0]]")
def diagflat(v, k=0):
    """The matrix with the entries of an array, flattened, for its k-th diagonal."""
    return diag(np.reshape(v, (-1,)), k)


def _draw_triangle(draw):
    return (draw.array(draw.shape(min_dims=2, max_dims=3)),), {"k": draw.integer(-1, 2)}


@composed(numpy=np.tril, inputs=_draw_triangle)
@example("mg.tril(np.ones((2, 2))).tolist() → [[1.0, 0.0], [1.0, 1.0]]")
def tril(m, k=0):
    """The lower triangle of every matrix, up to its k-th diagonal, and zeros above it."""
    return np.where(np.tri(*np.shape(m)[-2:], k=k, dtype=bool), m, 0)


@composed(numpy=np.triu, inputs=_draw_triangle)
@example("mg.triu(np.ones((2, 2))).tolist() → [[1.0, 1.0], [0.0, 1.0]]")
def triu(m, k=0):
    """The upper triangle of every matrix, from its k-th diagonal on, and zeros below it."""
    return np.where(np.tri(*np.shape(m)[-2:], k=k - 1, dtype=bool), 0, m)

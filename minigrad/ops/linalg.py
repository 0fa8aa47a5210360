"""Matrix products."""

import numpy as np

from ..errors import ShapeError
from ..registry import op


def _draw_matmul(draw):
    n, k, m = draw.integer(0, 3), draw.integer(1, 3), draw.integer(1, 3)
    batch = draw.shape(max_dims=2)
    left = draw.choice([(k,), (n, k), (*draw.broadcastable_to(batch), n, k), (*batch, n, k)])
    right = draw.choice([(k,), (k, m), (*draw.broadcastable_to(batch), k, m)])
    return (draw.array(left), draw.array(right)), {}


@op(numpy=np.matmul, label="@", inputs=_draw_matmul, broadcasts=True)
def matmul(a, b, /):
    """Matrix product, y = a @ b, by all of NumPy's rules: (n, k) @ (k, m), vectors, broadcast stacks.

    ∂: g @ bᵀ for a, aᵀ @ g for b; the engine sums them over broadcast stack axes.

    >>> import numpy as np, minigrad as mg
    >>> mg.matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    return np.matmul(a, b)


def _by_left(g, y, a, b):
    if np.ndim(b) == 1:
        if np.ndim(a) == 1:
            return g * b
        return np.expand_dims(g, -1) * b
    if np.ndim(a) == 1:
        return np.squeeze(np.matmul(np.expand_dims(g, -2), np.swapaxes(b, -1, -2)), -2)
    return np.matmul(g, np.swapaxes(b, -1, -2))


def _by_right(g, y, a, b):
    if np.ndim(a) == 1:
        if np.ndim(b) == 1:
            return g * a
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if np.ndim(b) == 1:
        return np.squeeze(np.matmul(np.swapaxes(a, -1, -2), np.expand_dims(g, -1)), -1)
    return np.matmul(np.swapaxes(a, -1, -2), g)


matmul.rules_by_input(_by_left, _by_right)


def _draw_dot(draw):
    k = draw.integer(1, 3)
    left = draw.choice([(), (k,), (2, k), (2, 1, k)])
    right = draw.choice([(), (k,), (k, 2), (2, k, 3)])
    return (draw.array(left), draw.array(right)), {}


@op(numpy=np.dot, label="·", inputs=_draw_dot)
def dot(a, b, /):
    """`numpy.dot`: the sum over the last axis of a and the second-to-last (or only) axis of b.

    For 1-d and 2-d arrays this is `matmul`; for a 0-d array it is a product.

    >>> import numpy as np, minigrad as mg
    >>> mg.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    return np.dot(a, b)


@dot.rule
def _(g, y, a, b, wanted):
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        by_a = np.sum(g * b) if np.ndim(a) == 0 else g * b
        by_b = np.sum(g * a) if np.ndim(b) == 0 else g * a
        return by_a, by_b
    ndim_b = np.ndim(b)
    shape_b = np.shape(b)
    k = shape_b[-2] if ndim_b > 1 else shape_b[0]
    # b with its contracted axis first, as a matrix (k, m)
    matrix_b = np.reshape(np.moveaxis(b, -2, 0) if ndim_b > 2 else b, (k, -1))
    matrix_a = np.reshape(a, (-1, k))
    matrix_g = np.reshape(g, (np.shape(matrix_a)[0], np.shape(matrix_b)[1]))
    by_a = np.reshape(np.matmul(matrix_g, np.swapaxes(matrix_b, 0, 1)), np.shape(a)) if wanted[0] else None
    if not wanted[1]:
        return by_a, None
    by_b = np.matmul(np.swapaxes(matrix_a, 0, 1), matrix_g)
    if ndim_b > 2:
        by_b = np.moveaxis(np.reshape(by_b, (k, *shape_b[:-2], shape_b[-1])), 0, -2)
    return by_a, np.reshape(by_b, shape_b)


def _draw_affine(draw):
    n, k, m = draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)
    return (draw.array((n, k)), draw.array((m, k)), draw.array((m,))), {}


@op(label="x Wᵀ + b", inputs=_draw_affine)
def affine(x, weight, bias, /):
    """A linear layer in one step: y = x Wᵀ + b (course, part A: z = W a + b with samples in rows here).

    x is (..., n_in), weight (n_out, n_in), bias (n_out,) or None; y is (..., n_out).
    ∂: g W for x, gᵀ x for the weight, g summed over the batch for the bias.

    >>> import numpy as np, minigrad as mg
    >>> mg.affine(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5]))
    array([[11.5]])
    """
    if np.shape(x)[-1:] != np.shape(weight)[1:]:
        raise ShapeError(
            f"affine: x is {np.shape(x)}, weight {np.shape(weight)}: the last axis of x must equal the last of weight, "
            "which is (features out, features in)"
        )
    y = np.matmul(x, np.swapaxes(weight, 0, 1))
    if bias is not None:
        y += bias
    return y


@affine.rule
def _(g, y, x, weight, bias, wanted):
    rows = np.reshape(g, (-1, np.shape(g)[-1]))
    by_x = np.matmul(g, weight) if wanted[0] else None
    by_weight = np.matmul(np.swapaxes(rows, 0, 1), np.reshape(x, (-1, np.shape(x)[-1]))) if wanted[1] else None
    return by_x, by_weight, np.sum(rows, axis=0) if wanted[2] else None

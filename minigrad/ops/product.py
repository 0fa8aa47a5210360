"""Products of vectors, matrices and arrays of more axes."""

import itertools
import math

import numpy as np

from ..core.errors import MatrixError, ShapeError
from ..core.registry import composed, op
from .arguments import checked_axes, checked_axis, number


def _draw_matmul(draw):
    n, k, m = draw.integer(0, 3), draw.integer(1, 3), draw.integer(1, 3)
    batch = draw.shape(max_dims=2)
    left = draw.choice([(k,), (n, k), (*draw.broadcastable_to(batch), n, k), (*batch, n, k)])
    right = draw.choice([(k,), (k, m), (*draw.broadcastable_to(batch), k, m)])
    return (draw.array(left), draw.array(right)), {}


@op(numpy=[np.matmul, np.linalg.matmul], label="@", inputs=_draw_matmul, broadcasts=True, linear=True)
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


@op(numpy=np.dot, label="·", inputs=_draw_dot, linear=True)
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
    rows, columns = math.prod(np.shape(a)[:-1]), math.prod(shape_b[:-2]) * (shape_b[-1] if ndim_b > 1 else 1)
    matrix_b = np.reshape(np.moveaxis(b, -2, 0) if ndim_b > 2 else b, (k, columns))
    matrix_a = np.reshape(a, (rows, k))
    matrix_g = np.reshape(g, (rows, columns))
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
    if bias is not None and np.shape(bias) != np.shape(weight)[:1]:
        raise ShapeError(
            f"affine: weight is {np.shape(weight)}, bias {np.shape(bias)}: one number for each row is wanted"
        )
    if bias is not None:
        y += bias
    return y


@affine.rule
def _(g, y, x, weight, bias, wanted):
    batch, width, count = math.prod(np.shape(x)[:-1]), np.shape(x)[-1], np.shape(g)[-1]
    rows = np.reshape(g, (batch, count))
    by_x = np.matmul(g, weight) if wanted[0] else None
    by_weight = np.matmul(np.swapaxes(rows, 0, 1), np.reshape(x, (batch, width))) if wanted[1] else None
    by_bias = np.reshape(np.sum(rows, axis=None if np.size(bias) == 1 else 0), np.shape(bias)) if wanted[2] else None
    return by_x, by_weight, by_bias


@affine.forward_rule
def _(tangents, y, x, weight, bias):
    by_x, by_weight, by_bias = tangents
    parts = [] if by_x is None else [np.matmul(by_x, np.swapaxes(weight, 0, 1))]
    parts += [] if by_weight is None else [np.matmul(x, np.swapaxes(by_weight, 0, 1))]
    parts += [] if by_bias is None else [by_bias]
    total = parts[0]
    for each in parts[1:]:
        total = total + each
    return np.broadcast_to(total, np.shape(y))


# ---- products by NumPy's other names --------------------------------------------------------------------


def _draw_inner(draw):
    k = draw.integer(1, 3)
    left, right = draw.choice([((), (2,)), ((k,), (k,)), ((2, k), (3, k)), ((2, k), (1, 2, k))])
    return (draw.array(left), draw.array(right)), {}


@composed(numpy=np.inner, inputs=_draw_inner)
def inner(a, b, /):
    """Sums of products over the last axes of both; a plain product where one is 0-d.

    >>> import numpy as np, minigrad as mg
    >>> mg.inner(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    return np.multiply(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else number(tensordot(a, b, axes=(-1, -1)))


def _draw_outer(draw):
    return (draw.array((draw.integer(0, 3),)), draw.array((draw.integer(1, 3),))), {}


@composed(numpy=[np.outer, np.linalg.outer], inputs=_draw_outer)
def outer(a, b):
    """Every product of an entry of a and one of b, both flattened: y = a bᵀ.

    >>> import numpy as np, minigrad as mg
    >>> mg.outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """
    return np.reshape(a, (np.size(a), 1)) * np.reshape(b, (1, np.size(b)))


def _draw_vdot(draw):
    shape = draw.shape(max_dims=2)
    return (draw.array(shape), draw.array(shape)), {}


@composed(numpy=np.vdot, inputs=_draw_vdot)
def vdot(a, b, /):
    """The sum of the products of all entries, both arrays flattened.

    >>> import numpy as np, minigrad as mg
    >>> mg.vdot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    np.float64(11.0)
    """
    return dot(np.reshape(a, (-1,)), np.reshape(b, (-1,)))


def _draw_vecdot(draw):
    k = draw.integer(1, 3)
    shape = draw.shape(max_dims=2)
    return (draw.array((*shape, k)), draw.array((*draw.broadcastable_to(shape), k))), {}


@composed(numpy=[np.vecdot, np.linalg.vecdot], inputs=_draw_vecdot)
def vecdot(x1, x2, /, *, axis=-1):
    """Inner products of the vectors along an axis, broadcast over the others.

    >>> import numpy as np, minigrad as mg
    >>> mg.vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([21., 43.])
    """
    for name, x in (("x1", x1), ("x2", x2)):
        if np.ndim(x) == 0:
            raise ValueError(f"vecdot: {name} is 0-d; vectors along an axis are wanted")
    x1, x2 = (np.moveaxis(x, checked_axis("vecdot", axis, np.ndim(x)), -1) for x in (x1, x2))
    if np.shape(x1)[-1] != np.shape(x2)[-1]:
        raise ShapeError(
            f"vecdot: vectors of {np.shape(x1)[-1]} in x1 and of {np.shape(x2)[-1]} in x2 along axis {axis}"
        )
    return np.sum(np.multiply(x1, x2), axis=-1)


def _draw_tensordot(draw):
    k, n = draw.integer(1, 3), draw.integer(1, 2)
    shape, axes = draw.choice(
        [
            (((2, k), (k, n)), 1),
            (((2, k), (3, n)), 0),
            (((2, k, n), (k, n, 2)), 2),
            (((k, 2, n), (n, 1, k)), ([0, 2], [2, 0])),
            (((k, 2), (1, k)), (0, 1)),
            (((2, k), (3, k)), (-1, -1)),
        ]
    )
    return (draw.array(shape[0]), draw.array(shape[1])), {"axes": axes}


@composed(numpy=[np.tensordot, np.linalg.tensordot], inputs=_draw_tensordot)
def tensordot(a, b, axes=2):
    """Sums of products over some axes of both arrays.

    ``axes`` is a number (the last of a with the first of b) or two lists: the axes of a, and those of b.

    >>> import numpy as np, minigrad as mg
    >>> mg.tensordot(np.ones((2, 3)), np.ones((3, 4)), axes=1).shape
    (2, 4)
    """
    shape_a, shape_b = np.shape(a), np.shape(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (tuple, list, str)):
        of_a, of_b = tuple(range(-axes, 0)), tuple(range(axes))
    elif len(axes) != 2:
        raise ValueError(f"tensordot: axes is {axes!r}; a number, or the axes of a and those of b, are wanted")
    else:
        of_a, of_b = ((x,) if np.ndim(x) == 0 else tuple(x) for x in axes)
    of_a = checked_axes("tensordot: a", of_a, len(shape_a))
    of_b = checked_axes("tensordot: b", of_b, len(shape_b))
    if [shape_a[i] for i in of_a] != [shape_b[i] for i in of_b]:
        raise ShapeError(
            f"tensordot: a is {shape_a}, b {shape_b}: axes {of_a} of a don't have the lengths of {of_b} of b"
        )
    free_a = tuple(i for i in range(len(shape_a)) if i not in of_a)
    free_b = tuple(i for i in range(len(shape_b)) if i not in of_b)
    count = math.prod(shape_a[i] for i in of_a)
    rows = math.prod(shape_a[i] for i in free_a)
    columns = math.prod(shape_b[i] for i in free_b)
    matrix_a = np.reshape(np.transpose(a, free_a + of_a), (rows, count))
    matrix_b = np.reshape(np.transpose(b, of_b + free_b), (count, columns))
    return np.reshape(matmul(matrix_a, matrix_b), tuple(shape_a[i] for i in free_a) + tuple(shape_b[i] for i in free_b))


def _draw_kron(draw):
    return (draw.array(draw.shape(max_dims=2)), draw.array(draw.shape(max_dims=3))), {}


@composed(numpy=np.kron, inputs=_draw_kron)
def kron(a, b):
    """Kronecker product: the array of blocks aᵢⱼ b.

    >>> import numpy as np, minigrad as mg
    >>> mg.kron(np.array([1.0, 10.0]), np.array([1.0, 2.0]))
    array([ 1.,  2., 10., 20.])
    """
    ndim = max(np.ndim(a), np.ndim(b))
    shape_a, shape_b = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    blocks = np.reshape(a, tuple(x for n in shape_a for x in (n, 1))) * np.reshape(
        b, tuple(x for n in shape_b for x in (1, n))
    )
    return np.reshape(blocks, tuple(n * m for n, m in zip(shape_a, shape_b)))


def _draw_cross(draw):
    batch = draw.shape(max_dims=1)
    return (draw.array((*batch, 3)), draw.array((*draw.broadcastable_to(batch), 3))), {}


@composed(numpy=[np.cross, np.linalg.cross], inputs=_draw_cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Vector product of vectors of three along an axis: perpendicular to both, as long as their area.

    >>> import numpy as np, minigrad as mg
    >>> mg.cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    axisa, axisb = checked_axis("cross: axisa", axisa, np.ndim(a)), checked_axis("cross: axisb", axisb, np.ndim(b))
    checked_axis("cross: axisc", axisc, max(np.ndim(a), np.ndim(b)))
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise ShapeError(f"cross: a holds vectors of {np.shape(a)[-1]}, b of {np.shape(b)[-1]}; both must be of three")
    turned = [1, 2, 0], [2, 0, 1]
    y = a[..., turned[0]] * b[..., turned[1]] - a[..., turned[1]] * b[..., turned[0]]
    return np.moveaxis(y, -1, axisc)


def _draw_chain(draw):
    sizes = [draw.integer(1, 3) for _ in range(draw.integer(3, 5))]
    arrays = [draw.array((n, m)) for n, m in itertools.pairwise(sizes)]
    if draw.boolean():
        arrays[0] = arrays[0][0]
    return (arrays,), {}


@composed(numpy=np.linalg.multi_dot, inputs=_draw_chain)
def multi_dot(arrays):
    """The product of a list of matrices, in the order of multiplications that costs least.

    The first and the last may be vectors.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.multi_dot([np.ones((2, 3)), np.ones((3, 1)), np.ones((1, 2))]).shape
    (2, 2)
    """
    n = len(arrays)
    if n < 2:
        raise ValueError(f"multi_dot: {n} arrays; two at least are wanted")
    shapes = [np.shape(x) for x in arrays]
    if any(len(shape) != 2 for shape in shapes[1:-1]) or not all(len(s) in (1, 2) for s in (shapes[0], shapes[-1])):
        raise MatrixError(
            f"multi_dot: the arrays are {shapes}: all must be matrices, the first and the last may be vectors"
        )
    sides = [1 if len(shapes[0]) == 1 else shapes[0][0], *(shape[0] for shape in shapes[1:])]
    sides.append(1 if len(shapes[-1]) == 1 else shapes[-1][1])
    cost, cut = {(i, i): 0 for i in range(n)}, {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)
            )

    def product(i, j):
        return arrays[i] if i == j else matmul(product(i, cut[i, j]), product(cut[i, j] + 1, j))

    return product(0, n - 1)

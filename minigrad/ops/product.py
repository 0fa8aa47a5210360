"""Products of vectors, matrices and arrays of more axes."""

import itertools
import math
from functools import reduce

import numpy as np

from ..core.errors import MatrixError, ShapeError
from ..core.registry import composed, op
from .arguments import checked_axes, checked_axis, number
from .table import example

_MATMUL = ("k k", "nk k", "k km", "nk km", "0k km", "*nk k", "k *km", "*nk ~km", "~nk *km", "~nk ~km")


@op(numpy=[np.matmul, np.linalg.matmul], label="@", broadcasts=True, linear=True, inputs=lambda draw: (
    draw.arrays(*draw.choice(_MATMUL).split())
))  # fmt: skip
@example("mg.matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])) → array([[11.]])")
def matmul(a, b, /):
    """Matrix product, y = a @ b, by all of NumPy's rules: (n, k) @ (k, m), vectors, broadcast stacks.

    ∂: g @ bᵀ for a, aᵀ @ g for b; the engine sums them over broadcast stack axes.
    """
    return np.matmul(a, b)


def _by_left(g, y, a, b):
    if np.ndim(b) == 1:
        return g * b if np.ndim(a) == 1 else np.expand_dims(g, -1) * b
    if np.ndim(a) == 1:
        return np.squeeze(np.expand_dims(g, -2) @ np.swapaxes(b, -1, -2), -2)
    return g @ np.swapaxes(b, -1, -2)


def _by_right(g, y, a, b):
    if np.ndim(a) == 1:
        return a * g if np.ndim(b) == 1 else np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if np.ndim(b) == 1:
        return np.squeeze(np.swapaxes(a, -1, -2) @ np.expand_dims(g, -1), -1)
    return np.swapaxes(a, -1, -2) @ g


matmul.rules_by_input(_by_left, _by_right)


@op(numpy=np.dot, label="·", linear=True, inputs=lambda draw: (
    draw.arrays(draw.choice(["", "k", "2k", "21k"]), draw.choice(["", "k", "k2", "2k3"]))
))  # fmt: skip
@example("mg.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])) → np.float64(11.0)")
def dot(a, b, /):
    """`numpy.dot`: the sum over the last axis of a and the second-to-last (or only) axis of b.

    For 1-d and 2-d arrays this is `matmul`; for a 0-d array it is a product.
    """
    return np.dot(a, b)


@dot.rule
def _(g, y, a, b, wanted):
    shape_a, shape_b = np.shape(a), np.shape(b)
    if not shape_a or not shape_b:
        return (g * b, np.sum(g * a)) if shape_a else (np.sum(g * b), g * a)
    # all as matrices (rows, k), (k, columns), (rows, columns): b with its contracted axis first
    front = np.moveaxis(b, -2, 0) if len(shape_b) > 2 else b
    k, others = shape_a[-1], np.shape(front)[1:]
    rows, columns = math.prod(shape_a[:-1]), math.prod(others)
    g = np.reshape(g, (rows, columns))
    grad_a = np.reshape(g @ np.swapaxes(np.reshape(front, (k, columns)), 0, 1), shape_a) if wanted[0] else None
    if not wanted[1]:
        return grad_a, None
    grad_b = np.reshape(np.swapaxes(np.reshape(a, (rows, k)), 0, 1) @ g, (k, *others))
    return grad_a, np.moveaxis(grad_b, 0, -2) if len(shape_b) > 2 else grad_b


@op(label="x Wᵀ + b", inputs=lambda draw: draw.arrays("nk", "mk", "m"))
@example("mg.affine(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5])) → array([[11.5]])")
def affine(x, weight, bias, /):
    """A linear layer in one step: y = x Wᵀ + b (course, part A: z = W a + b with samples in rows here).

    x is (..., n_in), weight (n_out, n_in), bias (n_out,) or None; y is (..., n_out).
    ∂: g W for x, gᵀ x for the weight, g summed over the batch for the bias.
    """
    if np.shape(x)[-1:] != np.shape(weight)[1:]:
        raise ShapeError(
            f"affine: x is {np.shape(x)}, weight {np.shape(weight)}: the last axis of x must equal the last of weight, "
            "which is (features out, features in)"
        )
    if bias is not None and np.shape(bias) != np.shape(weight)[:1]:
        raise ShapeError(
            f"affine: weight is {np.shape(weight)}, bias {np.shape(bias)}: one number for each row is wanted"
        )
    y = np.matmul(x, np.swapaxes(weight, 0, 1))
    if bias is not None:
        y += bias
    return y


@affine.rule
def _(g, y, x, weight, bias, wanted):
    batch, width, count = math.prod(np.shape(x)[:-1]), np.shape(x)[-1], np.shape(g)[-1]
    rows = np.reshape(g, (batch, count))
    grad_x = g @ weight if wanted[0] else None
    grad_weight = np.swapaxes(rows, 0, 1) @ np.reshape(x, (batch, width)) if wanted[1] else None
    grad_bias = np.reshape(np.sum(rows, axis=None if np.size(bias) == 1 else 0), np.shape(bias)) if wanted[2] else None
    return grad_x, grad_weight, grad_bias


@affine.forward_rule
def _(tangents, y, x, weight, bias):
    tangent_x, tangent_weight, tangent_bias = tangents
    parts = [] if tangent_x is None else [tangent_x @ np.swapaxes(weight, 0, 1)]
    parts += [] if tangent_weight is None else [x @ np.swapaxes(tangent_weight, 0, 1)]
    parts += [] if tangent_bias is None else [tangent_bias]
    return np.broadcast_to(reduce(np.add, parts), np.shape(y))


# ---- products by NumPy's other names --------------------------------------------------------------------


@composed(numpy=np.inner, inputs=lambda draw: (
    draw.arrays(*draw.choice([("", "2"), ("k", "k"), ("2k", "3k"), ("2k", "12k")]))
))  # fmt: skip
@example("mg.inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])) → np.float64(11.0)")
def inner(a, b, /):
    """Sums of products over the last axes of both; a plain product where one is 0-d."""
    return np.multiply(a, b) if np.ndim(a) == 0 or np.ndim(b) == 0 else number(tensordot(a, b, axes=(-1, -1)))


@composed(numpy=[np.outer, np.linalg.outer], inputs=lambda draw: (
    draw.arrays(*draw.choice([("n", "m"), ("0", "m"), ("n", "0")]))
))  # fmt: skip
@example("mg.outer(np.array([1.0, 2.0]), np.array([3.0, 4.0])).tolist() → [[3.0, 4.0], [6.0, 8.0]]")
def outer(a, b):
    """Every product of an entry of a and one of b, both flattened: y = a bᵀ."""
    return np.reshape(a, (np.size(a), 1)) * np.reshape(b, (1, np.size(b)))


@composed(numpy=np.vdot, inputs=lambda draw: draw.arrays("*", "*"))
@example("mg.vdot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])) → np.float64(11.0)")
def vdot(a, b, /):
    """The sum of the products of all entries, both arrays flattened."""
    return dot(np.reshape(a, (-1,)), np.reshape(b, (-1,)))


@composed(numpy=[np.vecdot, np.linalg.vecdot], inputs=lambda draw: draw.arrays("*k", "~k"))
@example("mg.vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0])) → array([21., 43.])")
def vecdot(x1, x2, /, *, axis=-1):
    """Inner products of the vectors along an axis, broadcast over the others."""
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
    a, b, axes = draw.choice(
        [
            ("2k", "kn", 1), ("2k", "3n", 0), ("2kn", "kn2", 2), ("k2n", "n1k", ([0, 2], [2, 0])), ("k2", "1k", (0, 1)),
            ("2k", "3k", (-1, -1)),
        ]
    )  # fmt: skip
    return draw.arrays(a, b, axes=axes)


@composed(numpy=[np.tensordot, np.linalg.tensordot], inputs=_draw_tensordot)
@example("mg.tensordot(np.ones((2, 3)), np.ones((3, 4)), axes=1).shape → (2, 4)")
def tensordot(a, b, axes=2):
    """Sums of products over some axes of both arrays.

    ``axes`` is a number (the last of a with the first of b) or two lists: the axes of a, and those of b.
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
    free_a, free_b = (tuple(i for i in range(len(s)) if i not in of) for s, of in ((shape_a, of_a), (shape_b, of_b)))
    rest_a, rest_b = tuple(shape_a[i] for i in free_a), tuple(shape_b[i] for i in free_b)
    count = math.prod(shape_a[i] for i in of_a)
    matrix_a = np.reshape(np.transpose(a, free_a + of_a), (math.prod(rest_a), count))
    matrix_b = np.reshape(np.transpose(b, of_b + free_b), (count, math.prod(rest_b)))
    return np.reshape(matmul(matrix_a, matrix_b), rest_a + rest_b)


@composed(numpy=np.kron, inputs=lambda draw: draw.arrays("*", draw.choice(["", "n", "nm", "nmk"])))
@example("mg.kron(np.array([1.0, 10.0]), np.array([1.0, 2.0])) → array([ 1.,  2., 10., 20.])")
def kron(a, b):
    """Kronecker product: the array of blocks aᵢⱼ b."""
    ndim = max(np.ndim(a), np.ndim(b))
    shape_a, shape_b = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    blocks = np.reshape(a, [x for n in shape_a for x in (n, 1)]) * np.reshape(b, [x for n in shape_b for x in (1, n)])
    return np.reshape(blocks, tuple(n * m for n, m in zip(shape_a, shape_b)))


@composed(numpy=[np.cross, np.linalg.cross], inputs=lambda draw: draw.arrays("*3", "~3"))
@example("mg.cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])) → array([0., 0., 1.])")
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Vector product of vectors of three along an axis: perpendicular to both, as long as their area."""
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
@example("mg.linalg.multi_dot([np.ones((2, 3)), np.ones((3, 1)), np.ones((1, 2))]).shape → (2, 2)")
def multi_dot(arrays):
    """The product of a list of matrices, in the order of multiplications that costs least.

    The first and the last may be vectors.
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
    for i, j in sorted(itertools.combinations(range(n), 2), key=lambda pair: pair[1] - pair[0]):
        cost[i, j], cut[i, j] = min(
            (cost[i, k] + cost[k + 1, j] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)
        )
    return _product(arrays, cut, 0, n - 1)


def _product(arrays, cut, i, j):
    """The product of the arrays i to j, cut in two after the given ones."""
    if i == j:
        return arrays[i]
    return matmul(_product(arrays, cut, i, cut[i, j]), _product(arrays, cut, cut[i, j] + 1, j))

"""How PyTorch's calls of its operations are written with minigrad: one adapter for each name in PyTorch's ``op_db``.

An adapter takes what PyTorch's operation takes, with tensors of minigrad's, and gives what it gives (of several results
those that are floating). Where minigrad has no such call it raises `NoCounterpart` with the reason.
"""

import itertools
import math

import numpy as np

import minigrad as mg
from minigrad.ops.norms import length

F = mg.nn.functional


class NoCounterpart(Exception):  # noqa: N818 (no error, an answer)
    """This call of PyTorch's has none among NumPy's or minigrad's."""


def given(condition, reason):
    """Raise where a call cannot be written."""
    if not condition:
        raise NoCounterpart(reason)


def axes_of(dim):
    """PyTorch's ``dim`` as NumPy's ``axis``: an empty tuple reduces everything there, and nothing here."""
    return (tuple(dim) or None) if isinstance(dim, (list, tuple)) else dim


def by_axis(function):
    """A reduction ``function(x, dim, keepdim)``."""
    return lambda x, dim=None, keepdim=False, **more: function(x, axis=axes_of(dim), keepdims=keepdim)


def scaled(combine):
    return lambda a, b, alpha=1: combine(a, b * alpha if alpha != 1 else b)


def divided(a, b, rounding_mode=None):
    y = {None: mg.divide, "floor": mg.floor_divide}.get(rounding_mode, lambda a, b: mg.trunc(mg.divide(a, b)))
    return y(a, b)


def listed(function):
    """A function of a list that PyTorch also calls with its entries one by one."""
    return lambda *arrays: function(list(arrays[0]) if isinstance(arrays[0], (list, tuple)) else list(arrays))


def joined(function):
    return lambda arrays, dim=0: function(list(arrays), axis=dim)


# ---- reductions ----


def masked(function, **more):
    """A reduction of the entries that a mask names."""

    def call(x, unbiased=None, *, mask=None, dim=None, keepdim=False, correction=1):
        if function in (mg.var, mg.std):
            more["ddof"] = 1 if correction is None else correction if unbiased is None else int(unbiased)
        axis = axes_of(dim)
        mask = True if mask is None else np.broadcast_to(mask, x.shape)
        count = np.sum(np.broadcast_to(mask, x.shape), axis=axis)
        given(np.all(count > max(more.get("ddof", 0), 0)), "of nothing PyTorch's is a fill value")
        return function(x, axis=axis, keepdims=keepdim, where=mask, **more)

    return call


def extreme(reduce, pairwise):
    def call(x, other=None, keepdim=False, dim=None):
        if other is not None and np.ndim(other) | hasattr(other, "_data"):
            return pairwise(x, other)
        axis = dim if other is None else other
        if axis is None:
            return reduce(x)
        indices = np.argmax(x, axis=axis) if reduce is mg.max else np.argmin(x, axis=axis)
        if x.ndim == 0:
            return reduce(x)
        y = mg.take_along_axis(x, np.expand_dims(indices, axis), axis=axis)  # PyTorch's gradient goes to its index
        return y if keepdim else np.squeeze(y, axis)

    return call


def spread(function):
    def call(x, dim=None, unbiased=None, keepdim=False, correction=1, **more):
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        ddof = correction if unbiased is None else int(unbiased)
        ddof = 1 if ddof is None else ddof
        return function(x, axis=axes_of(dim), ddof=ddof, keepdims=keepdim)

    return call


def mean_beside(x, dim=None, keepdim=False, **more):
    """The mean that PyTorch gives beside a spread."""
    return by_axis(mg.mean)(x, None if isinstance(dim, bool) else dim, keepdim)


def median(x, dim=None, keepdim=False):
    n = x.size if dim is None else (x.shape[dim] if x.ndim else 1)
    given(n % 2, "of an even number PyTorch's median is the lower of the two in the middle, NumPy's their mean")
    return mg.median(x, axis=dim, keepdims=keepdim)


def quantile(x, q, dim=None, keepdim=False, interpolation="linear"):
    return mg.quantile(x, q, axis=dim, keepdims=keepdim, method=interpolation)


def sort(x, dim=-1, descending=False, stable=False):
    given(x.ndim or dim in (0, -1), "no such axis")
    if x.ndim == 0:
        return x
    if descending:  # stable: equal entries keep their order
        order = np.flip(x.shape[dim] - 1 - np.argsort(np.flip(x.data, dim), axis=dim, kind="stable"), dim)
        return mg.take_along_axis(x, order, axis=dim)
    return mg.sort(x, axis=dim)


def argsort(x, dim=-1, descending=False, stable=False):
    if x.ndim == 0:
        return np.array(0)
    given(stable or x.size == np.unique(x).size, "the order of equal entries is open")
    return np.argsort(-np.asarray(x) if descending else x, axis=dim, kind="stable")


def norm(x, p="fro", dim=None, keepdim=False, **more):
    return matrix_or_vector_norm(x, p, dim, keepdim) if p in ("nuc", "fro") else vector_norm(x, p, dim, keepdim)


def matrix_or_vector_norm(x, p, dim, keepdim):
    if p == "fro":  # here PyTorch's is the Euclidean norm, over any axes
        return length(x, axis=axes_of(dim), keepdims=keepdim)
    return matrix_norm(x, p, (-2, -1) if dim is None else dim, keepdim)


def vector_norm(x, ord=2, dim=None, keepdim=False, **more):
    return mg.linalg.vector_norm(x, ord=ord, axis=axes_of(dim), keepdims=keepdim)


def matrix_norm(x, ord="fro", dim=(-2, -1), keepdim=False, **more):
    return mg.linalg.norm(x, ord=ord, axis=tuple(dim), keepdims=keepdim)


def linalg_norm(x, ord=None, dim=None, keepdim=False, **more):
    dim = tuple(dim) if isinstance(dim, (list, tuple)) else dim
    if isinstance(dim, tuple) and len(dim) == 1:
        dim = dim[0]
    return mg.linalg.norm(x, ord=ord, axis=dim, keepdims=keepdim)


# ---- shapes ----


def shape_of(*shape):
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else tuple(shape)


def flatten(x, start_dim=0, end_dim=-1):
    if x.ndim == 0:
        return mg.reshape(x, (1,))
    first, last = start_dim % x.ndim, end_dim % x.ndim
    return mg.reshape(x, (*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


def unflatten(x, dim, sizes):
    dim %= x.ndim
    return mg.reshape(x, (*x.shape[:dim], *sizes, *x.shape[dim + 1 :]))


def expand(x, *shape):
    shape = shape_of(*shape)
    lengths = (1,) * (len(shape) - x.ndim) + x.shape
    return mg.broadcast_to(x, tuple(m if n == -1 else n for n, m in zip(shape, lengths, strict=True)))


def squeeze(x, dim=None):
    if dim is None:
        return mg.squeeze(x)
    dims = dim if isinstance(dim, (list, tuple)) else (dim,)
    if x.ndim == 0:
        return mg.squeeze(x)
    return mg.squeeze(x, axis=tuple(d for d in dims if x.shape[d] == 1))  # PyTorch leaves longer axes alone


def repeated(x, *repeats):
    given(len(shape_of(*repeats)) >= x.ndim, "fewer numbers than axes")
    return mg.tile(x, shape_of(*repeats))


def repeat_interleave(x, repeats, dim=None, **more):
    return mg.repeat(x, repeats, axis=dim)


def split(x, size, dim=0):
    n = x.shape[dim]
    sizes = list(size) if isinstance(size, (list, tuple)) else [size] * math.ceil(n / size)
    return mg.array_split(x, list(itertools.accumulate(sizes))[:-1], axis=dim)


def chunk(x, chunks, dim=0):
    return split(x, math.ceil(x.shape[dim] / chunks), dim)


def meshgrid(*arrays, indexing="ij"):
    return mg.meshgrid(*(arrays[0] if isinstance(arrays[0], (list, tuple)) else arrays), indexing=indexing)


def windows(x, dim, size, step):
    if x.ndim == 0:
        return mg.reshape(x, (1,))[: size if size <= 1 else None]
    dim %= x.ndim
    key = (slice(None),) * dim + (slice(None, None, step),)
    return mg.sliding_window_view(x, size, axis=dim)[key]


def pad(x, widths, mode="constant", value=0.0):
    names = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    value = 0.0 if value is None else value
    pairs = [tuple(widths[i : i + 2]) for i in range(0, len(widths), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    for axis, (before, after) in enumerate(pairs):  # negative widths cut
        given(mode == "constant" or min(before, after) >= 0, "NumPy pads by no negative number")
        key = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
        x = x[(slice(None),) * axis + (key,)]
    pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    extra = {"constant_values": value} if mode == "constant" else {}
    return mg.pad(x, tuple(pairs), mode=names[mode], **extra)


# ---- indices ----


def along(x, dim, index):
    """A key for the entries that ``index`` numbers along an axis, as PyTorch's gather and scatter have it."""
    grid = list(np.indices(index.shape))
    grid[dim] = index
    return tuple(grid)


def gather(x, dim, index, **more):
    given(index.ndim == max(x.ndim, 1) or x.ndim == 0, "an empty index of other axes")
    if x.ndim == 0:
        return mg.reshape(x, (1,))[index]
    return x[along(x, dim, index)]


def scatter_add(x, dim, index, src):
    if x.ndim == 0:
        return mg.add(x, src)
    key = along(x, dim, index)
    return mg.at(x, key).add(src[tuple(slice(n) for n in index.shape)])


def scatter(x, dim, index, src, **more):
    given(not more.get("reduce"), "a product is mg.at(x, key).multiply")
    if x.ndim == 0:
        return mg.at(mg.reshape(x, (1,)), index.reshape(-1)).set(np.reshape(src, (-1,))).reshape(())
    key = along(x, dim, index)
    places = np.ravel_multi_index(key, x.shape) if index.size else np.zeros(0)
    given(np.unique(places).size == places.size, "which of several values stays is open")
    return mg.at(x, key).set(src[tuple(slice(n) for n in index.shape)] if np.ndim(src) else src)


def index_select(x, dim, index):
    return mg.take(x, index, axis=dim) if x.ndim else x


def at_index(x, dim, index):
    given(x.ndim, "a 0-d array has no axis")
    return mg.at(x, (slice(None),) * (dim % x.ndim) + (index,))


def index_add(x, dim, index, source, alpha=1):
    return at_index(x, dim, index).add(source * alpha)


def index_copy(x, dim, index, source):
    given(np.unique(index).size == np.size(index), "which of several values stays is open")
    return at_index(x, dim, index).set(source)


def index_fill(x, dim, index, value):
    return at_index(x, dim, np.unique(index)).set(value)


def index_put(x, key, values, accumulate=False):
    return mg.at(x, tuple(key)).add(values) if accumulate else mg.at(x, tuple(key)).set(values)


def select_along(x, dim, key):
    return x[(slice(None),) * (dim % x.ndim) + (key,)]


def narrow(x, dim, start, length):
    start = int(start) % max(x.shape[dim], 1) if int(start) < 0 else int(start)
    return select_along(x, dim, slice(start, start + length))


def take_along(x, indices, dim=None):
    if dim is None:
        return mg.take(x, np.ravel(indices))
    shape = list(np.broadcast_shapes(*((*s[:dim], 1, *s[dim + 1 :]) for s in (x.shape, np.shape(indices)))))
    data, index = list(shape), list(shape)
    data[dim], index[dim] = x.shape[dim], np.shape(indices)[dim]
    return mg.take_along_axis(mg.broadcast_to(x, tuple(data)), np.broadcast_to(indices, index), axis=dim)


def masked_select(x, mask):
    x, mask = mg.broadcast_arrays(x, np.asarray(mask))
    return x[np.asarray(getattr(mask, "data", mask)).astype(bool)]


def masked_scatter(x, mask, source):
    mask = np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
    x = mg.broadcast_to(x, mask.shape)
    return mg.at(x, mask).set(mg.ravel(source)[: int(mask.sum())])


# ---- calculus ----


def gradient(x, *, dim=None, spacing=None, edge_order=1):
    axes = dim
    if spacing is None:
        spacing = ()
    elif not isinstance(spacing, (list, tuple)):
        spacing = (spacing,)
    y = mg.gradient(x, *spacing, axis=axes, edge_order=edge_order)
    return y


def diff(x, n=1, dim=-1, prepend=None, append=None):
    given(x.ndim, "a 0-d array has no axis")
    n = min(n, x.shape[dim] + sum(0 if e is None else e.shape[dim] for e in (prepend, append)))
    return mg.diff(x, n, dim, prepend, append)


def trapezoid(y, x=None, dx=1.0, dim=-1):
    return mg.trapezoid(y, x=x, dx=dx, axis=dim)


def running(function):
    return lambda x, dim, dtype=None: function(x, axis=dim) if x.ndim else mg.positive(x)


def linspace(start, stop, steps, **more):
    return mg.linspace(*(getattr(x, "astype", lambda kind, x=x: x)(np.float64) for x in (start, stop)), steps)


def searchsorted(edges, values, right=False, side=None, sorter=None, **more):
    given(edges.ndim == 1, "NumPy's boundaries are one vector")
    return np.searchsorted(edges, values, side=side or ("right" if right else "left"), sorter=sorter)


# ---- linear algebra ----


def symmetric(a):
    """PyTorch's tests hand over the symmetric part too, by a wrapper around the operation."""
    return a + mg.swapaxes(a, -1, -2)


def cholesky(a, upper=False):
    return mg.linalg.cholesky(symmetric(a), upper=upper)


def eigh(a, UPLO="L"):
    return mg.linalg.eigh(symmetric(a), UPLO)


def eigvalsh(a, UPLO="L"):
    return mg.linalg.eigvalsh(symmetric(a), UPLO)


def pinv(a, *more, rcond=None, atol=None, rtol=None, hermitian=False):
    if more and hasattr(more[0], "_data"):  # the variant "singular": a product of two factors
        return mg.linalg.pinv(a @ mg.swapaxes(more[0], -1, -2))
    given(atol is None, "NumPy has no absolute bound")
    options = {} if rtol is None else {"rtol": np.asarray(getattr(rtol, "data", rtol))}
    return mg.linalg.pinv(symmetric(a) if hermitian else a, hermitian=hermitian, **options)


def solve(a, b, left=True):
    given(left, "NumPy solves A x = b alone")
    if b.ndim != 1 and b.shape == a.shape[:-1]:  # PyTorch's stack of vectors
        return mg.squeeze(mg.linalg.solve(a, mg.expand_dims(b, -1)), -1)
    return mg.linalg.solve(a, b)


def svd(a, full_matrices=True, **more):
    given(not full_matrices or a.shape[-1] == a.shape[-2], "the extra vectors have no derivative")
    return mg.linalg.svd(a, full_matrices=full_matrices)


def torch_svd(a, some=True, compute_uv=True):
    given(compute_uv, "PyTorch gives zeros for the vectors")
    return svd(a, full_matrices=not some)  # the test takes PyTorch's V transposed


def qr(a, mode="reduced"):
    return mg.linalg.qr(a, mode)


def torch_qr(a, some=True):
    return mg.linalg.qr(a, "reduced" if some else "complete")


def lstsq(a, b, rcond=None, driver=None):
    given(a.ndim == 2, "NumPy's is of one matrix")
    return mg.linalg.lstsq(a, b, rcond)


def tensorsolve(a, b, dims=None):
    return mg.linalg.tensorsolve(a, b, axes=dims)


def tensordot(a, b, dims=2):
    return mg.tensordot(a, b, axes=dims)


def cross(a, b, dim=-1):
    return mg.cross(*mg.broadcast_arrays(a, b), axis=dim)


def einsum(equation, *operands):
    operands = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return mg.einsum(equation, *operands)


def torch_einsum(operands, equation):
    return einsum(equation, operands)


def diagonal(x, offset=0, dim1=0, dim2=1):
    return mg.diagonal(x, offset, dim1, dim2)


# ---- networks ----


def with_batch(count):
    """A function of images that PyTorch also takes without a batch."""

    def decorated(function):
        def call(x, *arguments, **options):
            if x.ndim == count + 1:
                return mg.squeeze(function(mg.expand_dims(x, 0), *arguments, **options), 0)
            return function(x, *arguments, **options)

        return call

    return decorated


def conv(count):
    function = getattr(F, f"conv{count}d")

    @with_batch(count)
    def call(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return function(x, weight, bias, stride, padding, dilation, groups)

    return call


def conv_transpose(count):
    function = getattr(F, f"conv_transpose{count}d")

    @with_batch(count)
    def call(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        return function(x, weight, bias, stride, padding, output_padding, groups, dilation)

    return call


def number_or_all(value, count):
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def max_pool(count):
    function = getattr(F, f"max_pool{count}d")

    @with_batch(count)
    def call(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, **more):
        given(dilation in (1, (1,) * count), "pooling has no dilation")
        given(not ceil_mode, "pooling leaves incomplete windows out")
        return function(x, *(number_or_all(v, count) for v in (kernel_size, stride or None, padding)))

    return call


def avg_pool(count):
    function = getattr(F, f"avg_pool{count}d")

    @with_batch(count)
    def call(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
        given(not ceil_mode, "pooling leaves incomplete windows out")
        given(divisor_override is None, "the divisor is the number of entries")
        stride = None if stride in ((), None) else stride
        given(count_include_pad or padding in (0, (0,), (0,) * count), "zeros of the padding count")
        return function(x, *(number_or_all(v, count) for v in (kernel_size, stride, padding)))

    return call


def affine_of(x, weight, bias):
    return np.ones(x.shape[1]) if weight is None else weight, np.zeros(x.shape[1]) if bias is None else bias


def batch_norm(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    given(x.ndim > 1, "x is (N, C, …)")
    weight, bias = affine_of(x, weight, bias)
    axis = (0, *range(2, x.ndim))
    if training:
        return F.batch_norm(x, weight, bias, axis=axis, eps=eps)
    return F.normalize(x, mean, var, weight, bias, axis=axis, eps=eps)


def instance_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, eps=1e-5, **more
):
    given(use_input_stats, "minigrad's keeps no running statistics")
    return F.instance_norm(x, *affine_of(x, weight, bias), eps=eps)


def group_norm(x, groups, weight=None, bias=None, eps=1e-5):
    return F.group_norm(x, groups, *affine_of(x, weight, bias), eps=eps)


def layer_norm(x, shape, weight=None, bias=None, eps=1e-5):
    weight = np.ones(tuple(shape)) if weight is None else weight
    bias = np.zeros(tuple(shape)) if bias is None else bias
    return F.layer_norm(x, weight, bias, eps=eps)


def cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0, **more):
    given(x.ndim == 2, "logits are (batch, classes)")
    given(weight is None and label_smoothing == 0.0, "classes have one weight, and labels are not smoothed")
    given(reduction == "mean", "the cost is the mean")
    given(target.dtype.kind == "f" or not np.any(np.asarray(target) == ignore_index), "no class is left out")
    return mg.nn.softmax_cross_entropy(x, target)


def binary_cross_entropy(x, target, weight=None, pos_weight=None, reduction="mean"):
    given(weight is None and pos_weight is None, "entries have one weight")
    given(reduction == "mean", "the cost is the mean")
    return mg.nn.sigmoid_cross_entropy(x, target)


def embedding(weight, indices, **more):
    given(not any(v for k, v in more.items() if k != "norm_type"), "no row is held, and none is rescaled")
    return F.embedding(indices, weight)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    def pair(value):
        return (value, value) if isinstance(value, int) else tuple(value)

    before = x.ndim == 4
    x = x if before else mg.expand_dims(x, 0)
    given(min(pair(padding)) >= 0, "no negative padding")
    x = mg.pad(x, ((0, 0), (0, 0), *((p, p) for p in pair(padding))))
    y = mg.unfold(x, kernel=pair(kernel_size), stride=pair(stride), dilation=pair(dilation))
    y = mg.reshape(y, (y.shape[0], math.prod(y.shape[1:4]), math.prod(y.shape[4:])))
    return y if before else y[0]


def dropout(x, p=0.5, training=True, inplace=False):
    given(not training or p == 0.0, "which entries are dropped is another draw; p = 1 keeps nothing")
    return F.dropout(x, 1.0 - (p if training else 0.0), rng=0)


#: Names that both have for the same call.
SAME = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg2rad", "exp", "exp2",
    "expm1", "floor", "log", "log10", "log1p", "log2", "positive", "rad2deg", "reciprocal", "sigmoid", "sign", "sin",
    "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "nan_to_num", "fliplr", "flipud", "ravel", "msort",
    "true_divide", "floor_divide", "fmod", "remainder", "pow", "float_power", "maximum", "minimum", "fmax", "fmin",
    "copysign", "hypot", "logaddexp", "logaddexp2", "heaviside", "matmul", "dot", "vdot", "inner", "outer", "kron",
]  # fmt: skip

#: Name in PyTorch's op_db → the same call with minigrad's names.
CALLS = {name: getattr(mg, name) for name in SAME} | {
    # elementwise
    "neg": mg.negative, "sgn": mg.sign, "round": lambda x, decimals=0: mg.round(x, decimals), "real": np.real,
    "conj": np.conjugate, "clone": np.copy, "nn.functional.relu": mg.relu,
    "rsub": lambda a, b, alpha=1: b - a * alpha,
    "nn.functional.leaky_relu": lambda x, negative_slope=0.01: mg.leaky_relu(x, negative_slope),
    "add": scaled(mg.add), "sub": scaled(mg.subtract), "mul": mg.multiply, "div": divided, "atan2": mg.arctan2,
    "__radd__": lambda a, b: b + a, "__rsub__": lambda a, b: b - a, "__rmul__": lambda a, b: b * a,
    "__rdiv__": lambda a, b: b / a, "__rmod__": lambda a, b: mg.remainder(b, a), "__rpow__": lambda a, b: b**a,
    "__rmatmul__": lambda a, b: b @ a, "mm": mg.matmul, "bmm": mg.matmul, "mv": mg.matmul,
    "where": lambda a, condition, b: mg.where(condition, a, b),
    "clamp": lambda x, min=None, max=None: mg.clip(x, min, max), "clamp_min": lambda x, low: mg.clip(x, low, None),
    "clamp_max": lambda x, high: mg.clip(x, None, high), "eq": mg.equal, "ne": mg.not_equal, "lt": mg.less,
    "le": mg.less_equal, "gt": mg.greater, "ge": mg.greater_equal, "isclose": np.isclose, "isfinite": np.isfinite,
    "isinf": np.isinf, "isnan": np.isnan, "signbit": np.signbit, "isneginf": np.isneginf, "isposinf": np.isposinf,
    "isreal": np.isreal, "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor,
    "logical_not": np.logical_not,
    # reductions
    "sum": by_axis(mg.sum), "mean": by_axis(mg.mean), "nansum": by_axis(mg.nansum), "nanmean": by_axis(mg.nanmean),
    "amax": by_axis(mg.max), "amin": by_axis(mg.min), "all": by_axis(mg.all), "any": by_axis(mg.any),
    "prod": lambda x, dim=None, keepdim=False, **more: mg.prod(x, axis=dim, keepdims=keepdim),
    "max": extreme(mg.max, mg.maximum), "min": extreme(mg.min, mg.minimum), "std": spread(mg.std),
    "var": spread(mg.var), "argmax": by_axis(mg.argmax), "argmin": by_axis(mg.argmin), "median": median,
    "quantile": quantile, "count_nonzero": lambda x, dim=None: np.count_nonzero(x, axis=None if dim == () else dim),
    "sort": sort, "argsort": argsort, "logsumexp": by_axis(mg.logsumexp), "norm": norm, "cumsum": running(mg.cumsum),
    "cumprod": running(mg.cumprod), "diff": diff, "gradient": gradient, "trapezoid": trapezoid, "trapz": trapezoid,
    "linspace": linspace, "searchsorted": searchsorted, "masked.sum": masked(mg.sum), "masked.mean": masked(mg.mean),
    "masked.prod": masked(mg.prod), "masked.amax": masked(mg.max, initial=-math.inf),
    "masked.amin": masked(mg.min, initial=math.inf), "masked.var": masked(mg.var), "masked.std": masked(mg.std),
    "aminmax": lambda x, dim=None, keepdim=False: [by_axis(f)(x, dim, keepdim) for f in (mg.min, mg.max)],
    "var_mean": lambda x, *a, **o: [spread(mg.var)(x, *a, **o), mean_beside(x, *a, **o)],
    "std_mean": lambda x, *a, **o: [spread(mg.std)(x, *a, **o), mean_beside(x, *a, **o)],
    # shapes
    "reshape": lambda x, *shape: mg.reshape(x, shape_of(*shape)),
    "view": lambda x, *shape: mg.reshape(x, shape_of(*shape)),
    "reshape_as": lambda x, other: mg.reshape(x, other.shape),
    "view_as": lambda x, other: mg.reshape(x, other.shape), "flatten": flatten, "unflatten": unflatten,
    "permute": lambda x, dims: mg.transpose(x, tuple(dims)),
    "transpose": lambda x, a, b: mg.swapaxes(x, a, b) if x.ndim else x, "T": lambda x: x.T, "t": mg.transpose,
    "mT": lambda x: mg.matrix_transpose(x), "mH": lambda x: mg.matrix_transpose(x), "H": mg.transpose,
    "movedim": lambda x, a, b: mg.moveaxis(x, a, b), "squeeze": squeeze,
    "unsqueeze": lambda x, dim: mg.expand_dims(x, dim), "expand": expand,
    "expand_as": lambda x, y: expand(x, *y.shape), "broadcast_to": lambda x, shape: mg.broadcast_to(x, tuple(shape)),
    "broadcast_tensors": mg.broadcast_arrays,
    "atleast_1d": lambda *x: mg.atleast_1d(*(x[0] if isinstance(x[0], (list, tuple)) else x)),
    "atleast_2d": lambda *x: mg.atleast_2d(*(x[0] if isinstance(x[0], (list, tuple)) else x)),
    "atleast_3d": lambda *x: mg.atleast_3d(*(x[0] if isinstance(x[0], (list, tuple)) else x)),
    "flip": lambda x, dims: mg.flip(x, tuple(dims)), "rot90": lambda x, k=1, dims=(0, 1): mg.rot90(x, k, dims),
    "roll": lambda x, shifts, dims=None: mg.roll(x, shifts, dims or None if dims == () else dims),
    "tile": lambda x, dims: mg.tile(x, dims), "repeat": repeated, "repeat_interleave": repeat_interleave,
    "cat": joined(mg.concatenate), "stack": joined(mg.stack), "hstack": listed(mg.hstack),
    "vstack": listed(mg.vstack), "dstack": listed(mg.dstack), "column_stack": listed(mg.column_stack),
    "split": split, "split_with_sizes": split, "unsafe_split": split, "unsafe_chunk": chunk, "chunk": chunk,
    "tensor_split": lambda x, cuts, dim=0: mg.array_split(x, cuts, axis=dim), "hsplit": mg.hsplit,
    "vsplit": mg.vsplit, "dsplit": mg.dsplit, "unbind": lambda x, dim=0: list(mg.moveaxis(x, dim, 0)),
    "meshgrid": meshgrid, "diag": lambda x, k=0: mg.diag(x, k), "tril": lambda x, k=0: mg.tril(x, k),
    "triu": lambda x, k=0: mg.triu(x, k), "diagonal": diagonal,
    "linalg.diagonal": lambda x, offset=0, dim1=-2, dim2=-1: diagonal(x, offset, dim1, dim2),
    "diagflat": lambda x, offset=0: mg.diagflat(x, offset), "trace": mg.trace, "unfold": windows,
    "nn.functional.pad": pad, "constant_pad_nd": lambda x, w, v=0.0: pad(x, w, value=v),
    # indices
    "__getitem__": lambda x, key: x[key], "gather": gather, "scatter_add": scatter_add, "scatter": scatter,
    "index_select": index_select, "index_add": index_add, "index_copy": index_copy, "index_fill": index_fill,
    "index_put": index_put, "take": mg.take, "take_along_dim": take_along, "select": select_along, "narrow": narrow,
    "slice": lambda x, dim=0, start=None, end=None, step=1: select_along(x, dim, slice(start, end, step)),
    "masked_fill": lambda x, mask, value: mg.where(mask, value, x), "masked_select": masked_select,
    "masked_scatter": masked_scatter,
    # linear algebra
    "einsum": torch_einsum, "tensordot": tensordot, "cross": cross, "linalg.cross": cross,
    "linalg.multi_dot": lambda arrays: mg.linalg.multi_dot(list(arrays)),
    "linalg.vecdot": lambda a, b, dim=-1: mg.vecdot(a, b, axis=dim), "linalg.matrix_power": mg.linalg.matrix_power,
    "linalg.det": mg.linalg.det, "linalg.slogdet": mg.linalg.slogdet, "linalg.inv": mg.linalg.inv,
    "linalg.solve": solve, "linalg.pinv": pinv, "pinverse": lambda a, rcond=None: mg.linalg.pinv(a, rcond),
    "linalg.norm": linalg_norm, "linalg.vector_norm": vector_norm, "linalg.matrix_norm": matrix_norm,
    "linalg.cond": mg.linalg.cond, "linalg.cholesky": cholesky, "cholesky": cholesky, "linalg.eigh": eigh,
    "linalg.eigvalsh": eigvalsh, "linalg.eig": mg.linalg.eig, "linalg.eigvals": mg.linalg.eigvals, "linalg.svd": svd,
    "svd": torch_svd, "linalg.svdvals": mg.linalg.svdvals, "linalg.qr": qr, "qr": torch_qr, "linalg.lstsq": lstsq,
    "linalg.tensorinv": lambda a, ind=2: mg.linalg.tensorinv(a, ind), "linalg.tensorsolve": tensorsolve,
    # networks
    "softmax": lambda x, dim, **more: mg.softmax(x, axis=dim) if x.ndim else x * 0 + 1.0,
    "log_softmax": lambda x, dim, **more: mg.log_softmax(x, axis=dim) if x.ndim else x * 0,
    "nn.functional.linear": lambda x, weight, bias=None: mg.affine(x, weight, bias),
    "nn.functional.embedding": embedding, **{f"nn.functional.conv{n}d": conv(n) for n in (1, 2, 3)},
    **{f"nn.functional.conv_transpose{n}d": conv_transpose(n) for n in (1, 2, 3)},
    **{f"nn.functional.max_pool{n}d": max_pool(n) for n in (1, 2, 3)},
    **{f"nn.functional.avg_pool{n}d": avg_pool(n) for n in (1, 2, 3)}, "nn.functional.batch_norm": batch_norm,
    "nn.functional.instance_norm": instance_norm, "nn.functional.group_norm": group_norm,
    "nn.functional.layer_norm": layer_norm, "nn.functional.cross_entropy": cross_entropy,
    "nn.functional.unfold": unfold, "nn.functional.dropout": dropout,
    "nn.functional.binary_cross_entropy_with_logits": binary_cross_entropy,
}  # fmt: skip

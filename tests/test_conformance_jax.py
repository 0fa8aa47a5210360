"""Every differentiable operation against JAX in float64: values and gradients to 1e-9, on at least 20 drawn inputs.

Where `jax.numpy` has a function of the same name that is the reference; else it is written out below.
"""

import itertools
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.core.trees import leaves_of
from minigrad.testing.operations import as_one
from minigrad.testing.strategies import examples_of

jax = pytest.importorskip("jax", reason="JAX is in the extra 'bench'")
jnp, lax = jax.numpy, jax.lax
jax.config.update("jax_enable_x64", True)
pytestmark = pytest.mark.full


@pytest.fixture(autouse=True)
def _forget_what_was_compiled():
    """JAX keeps what it compiled for every shape: gigabytes over a whole run."""
    yield
    jax.clear_caches()


DIFFERENTIABLE = [pytest.param(op, id=op.name) for op in mg.operations().values() if op.differentiable]


def sinc_derivative(x, order):
    f = jnp.sinc
    for _ in range(order):
        f = jax.grad(f)
    return jnp.vectorize(f)(x) if x.size else x


def quantile(a, q, axis=None, method="linear", keepdims=False):
    if method != "weibull":
        return jnp.quantile(a, jnp.asarray(q), axis=axis, method=method, keepdims=keepdims)
    axes = tuple(range(a.ndim)) if axis is None else tuple(i % a.ndim for i in (axis if np.ndim(axis) else (axis,)))
    rest = [i for i in range(a.ndim) if i not in axes]
    rows = jnp.sort(jnp.transpose(a, (*rest, *axes)).reshape(*(a.shape[i] for i in rest), -1), axis=-1)
    n = rows.shape[-1]
    place = np.clip((n + 1) * np.asarray(q) - 1, 0, n - 1)  # α = β = 0
    low = np.floor(place).astype(int)
    y = rows[..., low] * (1 - (place - low)) + rows[..., np.minimum(low + 1, n - 1)] * (place - low)
    y = jnp.moveaxis(y, range(len(rest), y.ndim), range(np.ndim(q)))
    return y.reshape(*np.shape(q), *(1 if i in axes else m for i, m in enumerate(a.shape))) if keepdims else y


def gradient(f, *spacings, axis=None, edge_order=1):
    """NumPy's formulas with f(x) itself in the middle (ours is written with the rises)."""
    axes = range(f.ndim) if axis is None else (axis,)
    spacings = spacings * len(axes) if len(spacings) == 1 else spacings or (1.0,) * len(axes)
    results = []
    for along, spacing in zip(axes, spacings, strict=True):
        x = jnp.moveaxis(f, along, -1)
        n = x.shape[-1]
        h = jnp.diff(spacing) if np.ndim(spacing) else jnp.full(n - 1, spacing)
        s, d = h[:-1], h[1:]
        inside = (s**2 * x[..., 2:] + (d**2 - s**2) * x[..., 1:-1] - d**2 * x[..., :-2]) / (s * d * (d + s))
        first, last = (x[..., 1] - x[..., 0]) / h[0], (x[..., -1] - x[..., -2]) / h[-1]
        if edge_order == 2:
            s, d = h[0], h[1]
            first = (
                -(2 * s + d) / (s * (s + d)) * x[..., 0] + (s + d) / (s * d) * x[..., 1] - s / (d * (s + d)) * x[..., 2]
            )
            s, d = h[-2], h[-1]
            last = (
                d / (s * (s + d)) * x[..., -3] - (d + s) / (s * d) * x[..., -2]
                + (2 * d + s) / (d * (s + d)) * x[..., -1]
            )  # fmt: skip
        results.append(jnp.moveaxis(jnp.concatenate([first[..., None], inside, last[..., None]], -1), -1, along))
    return results[0] if len(results) == 1 else tuple(results)


def batch_norm(x, gamma, beta, axis, eps):
    mean, variance = x.mean(axis, keepdims=True), x.var(axis, keepdims=True)
    return along(gamma, x, axis) * (x - mean) / jnp.sqrt(variance + eps) + along(beta, x, axis)


def normalize(x, mean, variance, gamma, beta, axis, eps):
    m, v, g, b = (along(p, x, axis) for p in (mean, variance, gamma, beta))
    return g * (x - m) / jnp.sqrt(v + eps) + b


def along(parameter, x, axis):
    return parameter.reshape([1 if i in axis else n for i, n in enumerate(x.shape)])


def softmax_cross_entropy(z, y):
    log_p = jax.nn.log_softmax(z, axis=-1)
    return -(
        jnp.take_along_axis(log_p, jnp.asarray(y)[:, None], 1).mean() if y.ndim == 1 else (y * log_p).sum(1).mean()
    )


def row(function):
    """The results of a decomposition in one row, as ours are recorded."""

    def packed(a, **options):
        return jnp.concatenate([jnp.real(x).reshape(*a.shape[:-2], -1) for x in function(a, **options)], axis=-1)

    return packed


def eig(a):
    """Real eigenvalues and vectors of length 1, through the inverse function theorem alone.

    JAX differentiates no vectors of a general matrix: two steps of Newton's method on (A − w) v = 0, vᵀv = 1,
    started at NumPy's answer, have the solution's derivative.
    """
    w, v = np.linalg.eig(np.asarray(jax.lax.stop_gradient(a)))
    n = w.shape[-1]

    def refined(a, w, v):
        for _ in range(2):
            matrix = jnp.block([[a - w * jnp.eye(n), -v[:, None]], [2 * v[None], jnp.zeros((1, 1))]])
            step = jnp.linalg.solve(matrix, jnp.append((a - w * jnp.eye(n)) @ v, v @ v - 1))
            v, w = v - step[:n], w - step[n]
        return w, v

    columns = jax.vmap(refined, in_axes=(None, 0, 1), out_axes=(0, 1))
    if a.ndim == 2:
        return columns(a, w, v)
    found = [columns(a[i], w[i], v[i]) for i in range(a.shape[0])]
    return tuple(map(jnp.stack, zip(*found, strict=True))) if found else (w, v)


def windows(x, window_shape, axis=None):
    numbers = np.arange(x.size).reshape(x.shape)
    return x.reshape(-1)[np.lib.stride_tricks.sliding_window_view(numbers, window_shape, axis)]


def partition(a, kth, axis):
    a, axis = (a.reshape(-1), 0) if axis is None else (a, axis)
    return jnp.take_along_axis(a, np.argpartition(np.asarray(jax.lax.stop_gradient(a)), kth, axis), axis)


def pad(array, pad_width, mode, constant_values=0):
    return jnp.pad(array, pad_width, mode=mode)


def mirrored(a, triangle="L"):
    """The symmetric matrix that has one triangle of a; JAX itself takes the mean of both."""
    strict = jnp.tril(a, -1) if triangle == "L" else jnp.triu(a, 1)
    return strict + strict.swapaxes(-1, -2) + a * jnp.eye(a.shape[-1])


def cofactors(a, *directions):
    """The derivative of the determinant by Leibniz's formula, along each direction in turn."""
    n = a.shape[-1]
    terms = [(np.linalg.det(np.eye(n)[list(p)]).round(), p) for p in itertools.permutations(range(n))]

    def determinants(a):
        return sum(sign * math.prod(a[..., i, j] for i, j in enumerate(p)) for sign, p in terms)

    f = jax.grad(lambda a: determinants(a).sum())
    for each in directions:
        f = partial(lambda f, m, a: jax.jvp(f, (a,), (m,))[1], f, each)
    return f(a)


def cholesky(a, upper):
    return jnp.linalg.cholesky(mirrored(a, "U" if upper else "L"), upper=upper)


def eigh(a, UPLO="L"):
    return jnp.linalg.eigh(mirrored(a, UPLO), UPLO, symmetrize_input=False)  # LAPACK takes other signs for "U"


def svd(a, full_matrices=False, compute_uv=True, hermitian=False):
    if hermitian:  # LAPACK takes other signs for the vectors of a general matrix
        w, v = eigh(a)
        order = jnp.argsort(-jnp.abs(w), axis=-1)
        w, u = jnp.take_along_axis(w, order, -1), jnp.take_along_axis(v, order[..., None, :], -1)
        vt = jnp.swapaxes(u * jnp.sign(w)[..., None, :], -1, -2)
        return (u, jnp.abs(w), vt) if compute_uv else jnp.abs(w)
    return jnp.linalg.svd(a, full_matrices=full_matrices, compute_uv=compute_uv)


def p_length(x, ord, axis, keepdims):
    return (jnp.abs(x) ** ord).sum(axis, keepdims=keepdims) ** (1 / ord)


def length(x, axis=None, keepdims=False):
    return jnp.sqrt((x * x).sum(axis, keepdims=keepdims))


def norm(x, ord=None, axis=None, keepdims=False):
    if ord == 0.5:
        return (jnp.abs(x) ** 0.5).sum(axis, keepdims=keepdims) ** 2
    return jnp.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def lstsq(a, b, rcond=None):
    x = jnp.linalg.pinv(a) @ b
    m, n = a.shape
    residuals = jnp.atleast_1d(((b - a @ x) ** 2).sum(0)) if m > n else jnp.zeros(0)
    return x, residuals, jnp.linalg.svd(a, compute_uv=False)


def standardize(x, axis, eps):
    return (x - x.mean(axis, keepdims=True)) / jnp.sqrt(x.var(axis, keepdims=True) + eps)


def unfold(x, kernel, stride, dilation):
    """The windows by XLA's own patches, one channel after the other."""
    n = len(kernel)
    flat = x.reshape(-1, 1, *x.shape[2:])
    patches = lax.conv_general_dilated_patches(flat, kernel, stride, "VALID", rhs_dilation=dilation)
    return patches.reshape(*x.shape[:2], *kernel, *patches.shape[-n:])


def fold(windows, lengths, stride, dilation):
    kernel = windows.shape[2 : 2 + len(lengths)]
    shape = (*windows.shape[:2], *lengths)
    return jax.linear_transpose(lambda x: unfold(x, kernel, stride, dilation), jnp.zeros(shape))(windows)[0]


def conv(x, weight, stride, padding, dilation, groups):
    return lax.conv_general_dilated(x, weight, stride, padding, rhs_dilation=dilation, feature_group_count=groups)


def conv_gradient(place):
    """The gradient of XLA's convolution by x or by the weight, as a function of both of its inputs."""

    def gradient(a, b, lengths=None, kernel=None, **how):
        groups = how["groups"]
        if place == 0:
            x = jnp.zeros((a.shape[0], b.shape[1] * groups, *lengths))
            return jax.linear_transpose(lambda x: conv(x, b, **how), x)(a)[0]
        weight = jnp.zeros((b.shape[1], a.shape[1] // groups, *kernel))
        return jax.linear_transpose(lambda w: conv(a, w, **how), weight)(b)[0]

    return gradient


def for_each_axis(value, n):
    return value if isinstance(value, tuple) else (value,) * n


def conv_nd(x, weight, bias=None, *, stride, padding, dilation, groups):
    n = x.ndim - 2
    pads = "SAME" if padding == "same" else [(p, p) for p in for_each_axis(padding, n)]
    y = conv(x, weight, for_each_axis(stride, n), pads, for_each_axis(dilation, n), groups)
    return y if bias is None else y + bias.reshape(-1, *(1,) * n)


def conv_transpose(x, weight, bias=None, *, stride, padding, output_padding, groups, dilation):
    """A convolution of x with stride − 1 zeros between its entries, with the filters turned around."""
    n, kernel = x.ndim - 2, weight.shape[2:]
    turned = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:]).swapaxes(1, 2)
    turned = jnp.flip(turned.reshape(-1, weight.shape[0] // groups, *kernel), range(2, 2 + n))
    dilation = for_each_axis(dilation, n)
    before = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, for_each_axis(padding, n))]
    y = lax.conv_general_dilated(
        x, turned, (1,) * n, [(p, p + output_padding) for p in before], lhs_dilation=for_each_axis(stride, n),
        rhs_dilation=dilation, feature_group_count=groups,
    )  # fmt: skip
    return y if bias is None else y + bias.reshape(-1, *(1,) * n)


def pool(start, combine):
    def pooled(x, size, stride=None, padding=0):
        n = x.ndim - 2
        window, steps = (1, 1) + (size,) * n, (1, 1) + (stride or size,) * n
        y = lax.reduce_window(x, start, combine, window, steps, [(0, 0)] * 2 + [(padding, padding)] * n)
        return y / size**n if start == 0.0 else y

    return pooled


def dropout(x, keep_prob, rng):
    return jnp.where(np.random.default_rng(rng).random(x.shape) < keep_prob, x / keep_prob, 0.0)


def gru(x, h, w, u, b=0.0, c=0.0):
    n = h.shape[1]
    a, r = x @ w.T + b, h @ u.T + c
    reset, update = jax.nn.sigmoid(a[:, :n] + r[:, :n]), jax.nn.sigmoid(a[:, n : 2 * n] + r[:, n : 2 * n])
    return (1 - update) * jnp.tanh(a[:, 2 * n :] + reset * r[:, 2 * n :]) + update * h


def lstm(x, h, c, w, u, b=0.0, d=0.0):
    i, f, g, o = jnp.split(x @ w.T + b + h @ u.T + d, 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


REFERENCES = {
    "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "leaky_relu": jax.nn.leaky_relu,
    "sec": lambda x: 1 / jnp.cos(x), "csc": lambda x: 1 / jnp.sin(x), "cot": lambda x: 1 / jnp.tan(x),
    "sech": lambda x: 1 / jnp.cosh(x), "csch": lambda x: 1 / jnp.sinh(x), "coth": lambda x: 1 / jnp.tanh(x),
    "arcsec": lambda x: jnp.arccos(1 / x), "arccsc": lambda x: jnp.arcsin(1 / x), "arccot": lambda x: jnp.arctan(1 / x),
    "sinc_derivative": sinc_derivative, "msort": lambda a, axis=0: jnp.sort(a, axis=axis), "partition": partition,
    "quantile": quantile, "gradient": gradient, "percentile": lambda a, q, **o: quantile(a, np.asarray(q) / 100, **o),
    "take": lambda a, i, axis, mode: jnp.take(a, i, axis=axis, mode="clip" if mode == "clip" else "wrap"),
    "getitem": lambda a, key: a[key], "scatter_add": lambda v, key, shape: jnp.zeros(shape).at[key].add(v),
    "set_at": lambda a, v, key: a.at[key].set(v.reshape(a[key].shape)), "add_at": lambda a, v, key: a.at[key].add(v),
    "multiply_at": lambda a, v, key: multiplied(a, v, key), "maximum_at": lambda a, v, key: a.at[key].max(v),
    "minimum_at": lambda a, v, key: a.at[key].min(v), "flatten": jnp.ravel, "sliding_window_view": windows,
    "repeat": lambda a, n, axis: jnp.repeat(a, jnp.asarray(n), axis=axis), "pad": pad,
    "affine": lambda x, w, b: x @ w.T + b, "astype": lambda x, dtype: x.astype(dtype),
    "contraction": lambda *a, inputs, output: jnp.einsum(f"{','.join(inputs)}->{output}", *a),
    "cofactors": cofactors, "log_determinant": lambda a: jnp.linalg.slogdet(a)[1],
    "eigh_row": row(eigh), "eig_row": row(eig),
    "eigh": eigh, "eigvalsh": lambda a, UPLO: eigh(a, UPLO)[0], "cholesky": cholesky, "p_length": p_length,
    "pinv": lambda a, hermitian: jnp.linalg.pinv(mirrored(a) if hermitian else a),
    "eig": eig, "eigvals": lambda a: eig(a)[0], "svd": svd, "qr_row": row(jnp.linalg.qr),
    "svd_row": row(svd), "norm": norm, "length": length,
    "lstsq": lstsq, "least_squares": lambda a, b, rcond: jnp.linalg.pinv(a) @ b,
    "logsumexp": jax.nn.logsumexp, "softmax": jax.nn.softmax, "log_softmax": jax.nn.log_softmax,
    "softmax_cross_entropy": softmax_cross_entropy, "batch_norm": batch_norm, "normalize": normalize,
    "sigmoid_cross_entropy": lambda z, y: (
        -(y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z)).mean()
    ),
    "standardize": standardize,
    "layer_norm": lambda x, g, b, eps: standardize(x, tuple(range(-g.ndim, 0)), eps) * g + b,
    "instance_norm": lambda x, g, b, eps: standardize(x, (2, 3), eps) * g[:, None, None] + b[:, None, None],
    "group_norm": lambda x, n, g, b, eps: (
        standardize(x.reshape(x.shape[0], n, -1), (2,), eps).reshape(x.shape) * g[:, None] + b[:, None]
    ),
    "unfold": unfold, "fold": fold, "convolution": conv, "convolution_transpose": conv_gradient(0),
    "convolution_weight": conv_gradient(1), "conv1d": conv_nd, "conv2d": conv_nd, "conv3d": conv_nd,
    "conv_transpose1d": conv_transpose, "conv_transpose2d": conv_transpose, "conv_transpose3d": conv_transpose,
    "max_pool1d": pool(-jnp.inf, lax.max), "max_pool2d": pool(-jnp.inf, lax.max), "max_pool3d": pool(-jnp.inf, lax.max),
    "avg_pool1d": pool(0.0, lax.add), "avg_pool2d": pool(0.0, lax.add), "avg_pool3d": pool(0.0, lax.add),
    "embedding": lambda i, w: jnp.eye(w.shape[0])[i] @ w, "dropout": dropout,
    "rnn_cell": lambda x, h, w, u, b=0, c=0: jnp.tanh(x @ w.T + b + h @ u.T + c), "gru_cell": gru, "lstm_cell": lstm,
}  # fmt: skip


def multiplied(a, values, key):
    """Products one after the other, since JAX's own refuses to differentiate repeated indices."""
    if np.ndim(key) == 0:
        return a.at[key].multiply(values)
    for k, v in zip(key, values, strict=True):
        a = a.at[k].multiply(v)
    return a


def reference_of(op):
    namesakes = (getattr(module, op.name, None) for module in (jnp, jnp.linalg, jax.nn))
    found = REFERENCES.get(op.name) or next(filter(None, namesakes), None)
    assert found is not None, f"{op.name}: write its reference by JAX into REFERENCES"
    return found


def on_jax(tree):
    """Arrays as JAX's; what is not an array stays."""
    return tuple(jnp.asarray(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in tree)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@settings(max_examples=max(20, settings().max_examples))
@given(data=st.data())
def test_values_and_gradients_agree_with_jax(op, data):
    example = data.draw(examples_of(op))
    weights = example.weights()
    reference = reference_of(op)

    def theirs(*points):
        arguments, options = example.arguments(points)
        listed = op.variadic and reference is not REFERENCES.get(op.name)
        arguments = arguments if listed or not op.variadic else arguments[0]
        value = reference(*arguments, **options)
        parts = [x for x in leaves_of(value) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.floating)]
        return jnp.concatenate([x.reshape(-1) for x in parts]) if isinstance(value, (tuple, list)) else value

    points = [jnp.asarray(x) for x in example.points]
    leaves = [mg.Tensor(x, requires_grad=True) for x in example.points]
    y = as_one(example(*leaves))
    z, pull_back = jax.vjp(theirs, *points)
    compare(getattr(y, "data", y), z, weights)
    if not isinstance(y, mg.Tensor) or not y.requires_grad:
        return
    y.backward(weights)
    for leaf, g in zip(leaves, pull_back(jnp.asarray(weights)), strict=True):
        compare(np.zeros(leaf.shape) if leaf.grad is None else leaf.grad, g, weights)


def compare(ours, theirs, weights):
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    missing = np.isnan(theirs) & (ours == 0)  # JAX passes NaN to an entry that is missing; ours is 0
    difference = np.where(missing | (np.isnan(ours) & np.isnan(theirs)), 0.0, ours - theirs)
    assert np.linalg.norm(difference) <= 1e-9 * (1 + np.linalg.norm(np.nan_to_num(theirs))), f"{ours} {theirs}"

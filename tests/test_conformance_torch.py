"""Values and gradients against PyTorch, float64 to 1e-10 and float32 to 1e-5 (every operation: see JAX's)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing.strategies import inputs_of

torch = pytest.importorskip("torch", reason="PyTorch is in the extra 'bench'")
pytestmark = pytest.mark.full


def axes_of(x, axis):
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def folded(function, neutral, combine):
    """A reduction of PyTorch's over a tuple of dims (none: nothing is folded), with mask and initial value."""

    def reduce(x, axis, keepdims, where=True, initial=None, dtype=None):
        x = x if where is True else torch.where(torch.as_tensor(where), x, neutral)
        dims = axes_of(x, axis)
        y = function(x, dim=dims, keepdim=keepdims) if dims else x + 0
        return y if initial is None else combine(y, torch.full_like(y, initial))

    return reduce


def product_over(x, dim, keepdim):
    for each in sorted((a % x.ndim for a in dim), reverse=True):
        x = x.prod(dim=each, keepdim=keepdim)
    return x


def taking_part(x, axis, where):
    """The mask, and how many entries it leaves along the axes."""
    mask = torch.ones_like(x) if where is True else torch.as_tensor(where).expand(x.shape).to(x.dtype)
    dims = axes_of(x, axis)
    return mask, dims, mask.sum(dim=dims, keepdim=True) if dims else mask


def mean(x, axis, keepdims, where=True, dtype=None):
    mask, dims, count = taking_part(x, axis, where)
    y = (x * mask).sum(dim=dims, keepdim=True) / count if dims else x * mask / count
    return y if keepdims or not dims else y.squeeze(dims)


def spread(x, axis, ddof=0, keepdims=False, where=True, **none):
    mask, dims, count = taking_part(x, axis, where)
    squares = mask * (x - mean(x, axis, True, where)) ** 2
    y = (squares.sum(dim=dims, keepdim=True) if dims else squares) / (count - ddof)
    return y if keepdims or not dims else y.squeeze(dims)


def batch_norm(x, gamma, beta, axis, eps):
    return torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def normalize(x, mean, variance, gamma, beta, axis, eps):
    return torch.nn.functional.batch_norm(x, mean, variance, gamma, beta, training=False, eps=eps)


def normalize_by_formula(x, mean, variance, gamma, beta, axis, eps):
    """PyTorch gives no gradient for running statistics, so its own formula stands in."""
    shape = [1 if i in axis else n for i, n in enumerate(x.shape)]
    m, v, g, b = (t.reshape(shape) for t in (mean, variance, gamma, beta))
    return g * (x - m) / torch.sqrt(v + eps) + b


def key_of(key):
    """An index as PyTorch takes it (it has no negative steps)."""
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(torch.as_tensor(p) if isinstance(p, np.ndarray) else p for p in parts)


def getitem(a, key):
    if isinstance(key, slice) and key.step is not None and key.step < 0:
        return torch.flip(a, (0,))
    return a[key_of(key)]


def put(a, values, key, accumulate):
    result = a.clone()
    if accumulate:
        result[key] = result[key] + values
    else:
        result[key] = values
    return result


def scatter_add(values, key, shape):
    return torch.zeros(shape, dtype=values.dtype).index_put((torch.as_tensor(key),), values, accumulate=True)


def squeeze(x, axis):
    return x.squeeze() if axis is None else x.squeeze(axis)


def expand_dims(x, axis):
    if isinstance(axis, tuple):
        return x[None, ..., None]
    return x.unsqueeze(axis)


def pad(x, pad_width, mode, constant_values=0):
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2))
    if mode != "constant":  # PyTorch repeats fewer axes than NumPy, so entries are taken by NumPy's own numbering
        numbers = np.arange(x.numel()).reshape(tuple(x.shape))
        return x.reshape(-1)[torch.as_tensor(np.pad(numbers, pad_width, mode=mode))]
    return torch.nn.functional.pad(x, [int(w) for pair in widths[::-1] for w in pair])


def dot(a, b):
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return torch.tensordot(a, b, dims=([-1], [-2 if b.ndim > 1 else 0]))


REFERENCES = {
    "add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply, "divide": torch.divide,
    "negative": torch.negative, "positive": torch.positive, "power": torch.pow, "square": torch.square,
    "sqrt": torch.sqrt, "exp": torch.exp, "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "leaky_relu": lambda x, negative_slope=0.01: torch.nn.functional.leaky_relu(x, negative_slope),
    "absolute": torch.abs, "sign": torch.sign, "maximum": torch.maximum, "minimum": torch.minimum,
    "where": torch.where, "clip": torch.clamp,
    "sum": folded(torch.sum, 0.0, torch.add), "max": folded(torch.amax, -torch.inf, torch.maximum),
    "min": folded(torch.amin, torch.inf, torch.minimum), "prod": folded(product_over, 1.0, torch.multiply),
    "mean": mean, "var": spread, "std": lambda x, **o: torch.sqrt(spread(x, **o)),
    "reshape": torch.reshape,
    "transpose": lambda x, axes: x.permute(axes if axes is not None else tuple(range(x.ndim))[::-1]),
    "swapaxes": lambda x, axis1, axis2: torch.swapaxes(x, axis1, axis2),
    "moveaxis": torch.moveaxis, "expand_dims": expand_dims, "squeeze": squeeze,
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape), "astype": lambda x, dtype: x.double(),
    "concatenate": lambda *x, axis: torch.cat(x, dim=axis),
    "stack": lambda *x, axis: torch.stack(x, dim=axis), "pad": pad,
    "getitem": getitem, "scatter_add": scatter_add,
    "set_at": lambda a, v, key: put(a, v, key, False), "add_at": lambda a, v, key: put(a, v, key, True),
    "matmul": torch.matmul, "dot": dot, "affine": torch.nn.functional.linear,
    "logsumexp": lambda x, axis, keepdims: (
        torch.logsumexp(x, dim=axes_of(x, axis), keepdim=keepdims) if axes_of(x, axis) else x + 0
    ),
    "softmax": lambda x, axis: torch.softmax(x, dim=axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, dim=axis),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
    "sigmoid_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    "batch_norm": batch_norm, "normalize": normalize_by_formula,
}  # fmt: skip

COMPARED = [pytest.param(mg.operations()[name], id=name) for name in REFERENCES]


def both(op, inputs, options, dtype, weights):
    """Value and gradients by minigrad and by PyTorch."""
    cast = [x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in inputs]
    wanted = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in cast]
    ours = [mg.Tensor(x, requires_grad=True) if w else x for x, w in zip(cast, wanted, strict=True)]
    theirs = [
        torch.tensor(x, requires_grad=w) if isinstance(x, np.ndarray) else x for x, w in zip(cast, wanted, strict=True)
    ]
    y = op(ours, **options) if op.variadic else op(*ours, **options)
    z = REFERENCES[op.name](*theirs, **options)
    g = np.asarray(np.random.default_rng(1).normal(size=y.shape) if weights is None else weights, dtype=y.dtype)
    y.backward(g)
    z.backward(torch.tensor(g))
    pairs = [(y.data, z.detach().numpy())]
    for a, b, w in zip(ours, theirs, wanted, strict=True):
        if w:
            pairs.append(
                (
                    np.zeros(a.shape) if a.grad is None else a.grad,
                    np.zeros(a.shape) if b.grad is None else b.grad.numpy(),
                )
            )
    return pairs


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
@pytest.mark.parametrize("op", COMPARED)
@given(data=st.data())
def test_values_and_gradients_agree_with_pytorch(op, dtype, tolerance, data):
    inputs, options = data.draw(inputs_of(op))
    for ours, theirs in both(op, inputs, options, dtype, None):
        assert ours.shape == theirs.shape
        scale = max(1.0, float(np.linalg.norm(theirs)))
        assert np.linalg.norm(np.asarray(ours, dtype=np.float64) - theirs) <= tolerance * scale


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
def test_a_whole_training_run_of_a_batch_norm_network_agrees_with_pytorch(dtype, tolerance):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 12)).astype(dtype), rng.integers(0, 4, size=40)
    model = mg.nn.MLP([12, 8, 4], batch_norm=True, rng=1, dtype=dtype)
    kind = torch.float64 if dtype is np.float64 else torch.float32
    other = torch.nn.Sequential(
        torch.nn.Linear(12, 8, bias=False), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 4)
    ).to(kind)
    with torch.no_grad():
        for p, q in zip(other.parameters(), model.parameters(), strict=True):
            p.copy_(torch.tensor(q.data))
    ours = mg.optim.Adam(model.parameters(), lr=1e-2, eps=1e-4)
    theirs = torch.optim.Adam(other.parameters(), lr=1e-2, eps=1e-4)
    for _ in range(10):
        ours.zero_grad()
        mg.softmax_cross_entropy(model(x), y).backward()
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(other(torch.tensor(x)), torch.tensor(y)).backward()
        for p, q in zip(model.parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=10 * tolerance, atol=10 * tolerance)
        ours.step()
        theirs.step()
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=100 * tolerance, atol=100 * tolerance)
    np.testing.assert_allclose(model[1].running_variance, other[1].running_var.numpy(), rtol=100 * tolerance)

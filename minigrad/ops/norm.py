"""Normalisations: fused operations with hand-derived rules (course, part F)."""

import math

import numpy as np

from ..registry import op


def _draw_batch_norm(draw):
    m, features = draw.integer(2, 4), draw.integer(1, 3)
    shape, axis = draw.choice([((m, features), (0,)), ((m, features, 2, 2), (0, 2, 3))])
    gamma, beta = draw.array((features,), low=0.5, high=2), draw.array((features,))
    return (draw.distinct(shape), gamma, beta), {"axis": axis, "eps": 1e-2}


def _along(parameter, x, axis):
    """A parameter over the axes that are kept, in a shape that broadcasts to x."""
    shape = np.shape(x)
    if shape[len(shape) - np.ndim(parameter) :] == np.shape(parameter) and axis == tuple(
        range(len(shape) - np.ndim(parameter))
    ):
        return parameter
    return np.reshape(parameter, tuple(1 if i in axis else n for i, n in enumerate(shape)))


@op(label="batch norm", inputs=_draw_batch_norm, saves=True)
def batch_norm(x, gamma, beta, /, axis=(0,), eps=1e-5):
    """Normalise by this batch's own statistics: y = γ(x − μ)/√(σ² + ε) + β (Ioffe and Szegedy 2015).

    Parameters
    ----------
    x : (batch, features) or (N, C, H, W)
    gamma, beta : (features,)
        Scale γ and shift β.
    axis
        The axes that μ = mean(x) and σ² = mean((x − μ)²) average over: (0,), or (0, 2, 3) for images.
    eps
        ε, added to the variance.

    With x̂ = (x − μ)/√(σ² + ε):  ∂β = Σg, ∂γ = Σ g x̂, ∂x = γ/√(σ² + ε) · (g − ∂β/m − x̂ ∂γ/m).

    >>> import numpy as np, minigrad as mg
    >>> mg.batch_norm(np.array([[1.0], [3.0]]), np.array([2.0]), np.array([5.0]), eps=0.0)
    array([[3.],
           [7.]])
    """
    m = math.prod(np.shape(x)[i] for i in axis)
    mean = np.mean(x, axis=axis, keepdims=True)
    centered = x - mean
    variance = np.sum(centered * centered, axis=axis, keepdims=True) / m
    inverse = 1 / np.sqrt(variance + eps)
    y = centered * (inverse * _along(gamma, x, axis))
    y += _along(beta, x, axis)
    return y, (centered, inverse, mean, variance)


@batch_norm.rule
def _(g, y, x, gamma, beta, axis, eps, saved, wanted):
    centered, inverse, _, _ = saved
    m = math.prod(np.shape(x)[i] for i in axis)
    by_beta = np.sum(g, axis=axis, keepdims=True)
    by_gamma = np.sum(g * centered, axis=axis, keepdims=True) * inverse
    by_x = None
    if wanted[0]:
        by_x = g - by_beta / m
        by_x -= centered * (inverse * by_gamma / m)
        by_x *= inverse * _along(gamma, x, axis)
    return by_x, np.reshape(by_gamma, np.shape(gamma)), np.reshape(by_beta, np.shape(beta))


def _draw_normalize(draw):
    (x, gamma, beta), options = _draw_batch_norm(draw)
    shape = np.shape(gamma)
    mean, variance = draw.array(shape), draw.array(shape, low=0.5, high=2)
    return (x, mean, variance, gamma, beta), options


@op(label="normalize", inputs=_draw_normalize)
def normalize(x, mean, variance, gamma, beta, /, axis=(0,), eps=1e-5):
    """Batch norm at test time, by given statistics: y = γ(x − μ)/√(σ² + ε) + β (course, part F).

    ``mean``, ``variance``, ``gamma``, ``beta`` are (features,); ``x`` and ``axis`` as in `batch_norm`.

    >>> import numpy as np, minigrad as mg
    >>> one = np.ones(1)
    >>> mg.normalize(np.array([[3.0]]), one, 4 * one, one, 0 * one, eps=0.0)
    array([[1.]])
    """
    scale = gamma / np.sqrt(variance + eps)
    return x * _along(scale, x, axis) + _along(beta - mean * scale, x, axis)


@normalize.rule
def _(g, y, x, mean, variance, gamma, beta, axis, eps):
    shape = np.shape(gamma)
    inverse = 1 / np.sqrt(variance + eps)
    scale = gamma * inverse
    by_beta = np.reshape(np.sum(g, axis=axis), shape)
    by_scale = np.reshape(np.sum(g * x, axis=axis), shape) - mean * by_beta
    return (
        g * _along(scale, x, axis),
        -scale * by_beta,
        by_scale * scale * -0.5 * inverse * inverse,
        by_scale * inverse,
        by_beta,
    )

"""Normalisations: fused operations with hand-derived rules (course, part F)."""

import math

import numpy as np

from ..core.errors import ShapeError
from ..core.registry import composed, op
from .arguments import check_number
from .reduce import kept


def _draw_batch_norm(draw):
    m, features = draw.integer(2, 4), draw.integer(1, 3)
    shape, axis = draw.choice([((m, features), (0,)), ((m, features, 2, 2), (0, 2, 3))])
    gamma, beta = draw.array((features,)), draw.array((features,))
    return (draw.distinct(shape), gamma, beta), {"axis": axis, "eps": 1e-2}


def _check_features(name, x, axis, eps, **parameters):
    """Raise unless every parameter has the lengths of the axes that are kept."""
    if type(eps) is not float:
        check_number(name, "eps", eps)
    shape = np.shape(x)
    if not isinstance(axis, tuple) or min(axis, default=0) < 0 or max(axis, default=-1) >= len(shape):
        raise ValueError(f"{name}: axis is {axis!r} for x {shape}; a tuple of its axes, counted from 0, is wanted")
    wanted = tuple([n for i, n in enumerate(shape) if i not in axis])
    for each, parameter in parameters.items():
        if np.shape(parameter) != wanted:
            raise ShapeError(
                f"{name}: x is {shape}, axis {axis}, {each} {np.shape(parameter)}: {each} must have the lengths of the "
                f"axes kept, {wanted}"
            )


def _along(parameter, x, axis):
    """A parameter over the axes that are kept, in a shape that broadcasts to x."""
    leading = axis == tuple(range(np.ndim(x) - np.ndim(parameter)))
    return parameter if leading else kept(parameter, x, axis, False)


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
    _check_features("batch_norm", x, axis, eps, gamma=gamma, beta=beta)
    m = math.prod(np.shape(x)[i] for i in axis)
    mean = np.mean(x, axis=axis, keepdims=True)
    centered = x - mean
    variance = np.sum(centered * centered, axis=axis, keepdims=True) / m
    inverse = 1 / np.sqrt(variance + eps)
    y = centered * (inverse * _along(gamma, x, axis)) + _along(beta, x, axis)
    return y, (centered, inverse, mean, variance)


@batch_norm.rule
def _(g, y, x, gamma, beta, axis, eps, saved, wanted):
    centered, inverse, _, _ = saved
    m = math.prod(np.shape(x)[i] for i in axis)
    grad_beta = np.sum(g, axis=axis, keepdims=True)
    grad_gamma = np.sum(g * centered, axis=axis, keepdims=True) * inverse
    grad_x = None
    if wanted[0]:
        grad_x = (g - grad_beta / m - centered * (inverse * grad_gamma / m)) * (inverse * _along(gamma, x, axis))
    return grad_x, np.reshape(grad_gamma, np.shape(gamma)), np.reshape(grad_beta, np.shape(beta))


def _draw_normalize(draw):
    (x, gamma, beta), options = _draw_batch_norm(draw)
    shape = np.shape(gamma)
    mean, variance = draw.array(shape), draw.array(shape, low=0.0, high=2)
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
    _check_features("normalize", x, axis, eps, mean=mean, variance=variance, gamma=gamma, beta=beta)
    scale = gamma / np.sqrt(variance + eps)
    return x * _along(scale, x, axis) + _along(beta - mean * scale, x, axis)


@normalize.rule
def _(g, y, x, mean, variance, gamma, beta, axis, eps):
    shape = np.shape(gamma)
    inverse = 1 / np.sqrt(variance + eps)
    scale = gamma * inverse
    grad_beta = np.reshape(np.sum(g, axis=axis), shape)
    grad_scale = np.reshape(np.sum(g * x, axis=axis), shape) - mean * grad_beta
    return (
        g * _along(scale, x, axis),
        -scale * grad_beta,
        grad_scale * scale * -0.5 * inverse * inverse,
        grad_scale * inverse,
        grad_beta,
    )


# ---- normalising each sample by itself ------------------------------------------------------------------


@op(
    inputs=lambda draw: (
        (draw.distinct((draw.integer(1, 2), draw.integer(2, 3), draw.integer(1, 2))),),
        {"axis": draw.choice([(1,), (1, 2), (0, 1)]), "eps": 1e-2},
    ),
    saves=True,
    internal=True,
)
def standardize(x, /, axis, eps=1e-5):
    """Mean 0 and variance 1 over some axes: x̂ = (x − μ)/√(σ² + ε), the core of the normalisations of samples.

    ∂x = (g − mean g − x̂ · mean(g x̂))/√(σ² + ε), with the means over the same axes.

    >>> import numpy as np, minigrad as mg
    >>> standardize(np.array([[1.0, 3.0]]), axis=(1,), eps=0.0)
    array([[-1.,  1.]])
    """
    check_number("standardize", "eps", eps)
    centered = x - np.mean(x, axis=axis, keepdims=True)
    inverse = 1 / np.sqrt(np.mean(centered * centered, axis=axis, keepdims=True) + eps)
    return centered * inverse, (inverse,)


@standardize.rule
def _(g, y, x, axis, eps, saved):
    (inverse,) = saved
    by_size = np.mean(g * y, axis=axis, keepdims=True)
    return (g - np.mean(g, axis=axis, keepdims=True) - y * by_size) * inverse


def _drawn(draw, shape, covered, *groups):
    return (draw.distinct(shape), *groups, draw.array(covered), draw.array(covered)), {"eps": 1e-2}


def _draw_layer_norm(draw):
    shape = (draw.integer(1, 2), draw.integer(2, 3), draw.integer(2, 3))
    return _drawn(draw, shape, draw.choice([shape[2:], shape[1:]]))


@composed(inputs=_draw_layer_norm)
def layer_norm(x, gamma, beta, eps=1e-5):
    """Each sample normalised over the trailing axes that gamma covers: y = γ x̂ + β (Ba et al. 2016; course, part F).

    >>> import numpy as np, minigrad as mg
    >>> mg.layer_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), eps=0.0)
    array([[-1.,  1.]])
    """
    ndim, covered = np.ndim(x), np.ndim(gamma)
    if np.shape(gamma) != np.shape(x)[ndim - covered :] or np.shape(beta) != np.shape(gamma) or not 0 < covered <= ndim:
        raise ShapeError(
            f"layer_norm: x is {np.shape(x)}, gamma {np.shape(gamma)}, beta {np.shape(beta)}: gamma and beta must have "
            "the last lengths of x"
        )
    return standardize(x, axis=tuple(range(ndim - covered, ndim)), eps=eps) * gamma + beta


def _by_channel(name, x, gamma, beta):
    """γ and β of (channels,) in a shape that broadcasts to x (N, C, …)."""
    if np.ndim(x) < 2 or np.shape(gamma) != np.shape(x)[1:2] or np.shape(beta) != np.shape(x)[1:2]:
        raise ShapeError(
            f"{name}: x is {np.shape(x)}, gamma {np.shape(gamma)}, beta {np.shape(beta)}: x must be (N, C, …), gamma "
            "and beta (C,)"
        )
    shape = (-1, *(1,) * (np.ndim(x) - 2))
    return np.reshape(gamma, shape), np.reshape(beta, shape)


def _draw_instance_norm(draw):
    shape = (draw.integer(1, 2), draw.integer(1, 2), 2, draw.integer(2, 3))
    return _drawn(draw, shape, shape[1:2])


@composed(inputs=_draw_instance_norm)
def instance_norm(x, gamma, beta, eps=1e-5):
    """Each channel of each image (N, C, H, W) normalised by itself: y = γ x̂ + β (Ulyanov et al. 2016; course, part F).

    >>> import numpy as np, minigrad as mg
    >>> mg.instance_norm(np.array([[[1.0, 3.0]]]), np.ones(1), np.zeros(1), eps=0.0)
    array([[[-1.,  1.]]])
    """
    scale, shift = _by_channel("instance_norm", x, gamma, beta)
    return standardize(x, axis=tuple(range(2, np.ndim(x))), eps=eps) * scale + shift


def _draw_group_norm(draw):
    groups = draw.integer(1, 2)
    return _drawn(draw, (draw.integer(1, 2), 2 * groups, draw.integer(1, 3)), (2 * groups,), groups)


@composed(inputs=_draw_group_norm, differentiated="x gamma beta")
def group_norm(x, groups, gamma, beta, eps=1e-5):
    """Groups of channels of each image (N, C, …) normalised together: y = γ x̂ + β (Wu and He 2018; course, part F).

    >>> import numpy as np, minigrad as mg
    >>> mg.group_norm(np.array([[[1.0], [3.0]]]), 1, np.ones(2), np.zeros(2), eps=0.0)[0, :, 0]
    array([-1.,  1.])
    """
    scale, shift = _by_channel("group_norm", x, gamma, beta)
    shape = np.shape(x)
    if groups < 1 or shape[1] % groups:
        raise ShapeError(f"group_norm: {shape[1]} channels don't divide into {groups} groups")
    apart = np.reshape(x, (shape[0], groups, math.prod(shape[1:]) // groups))
    return np.reshape(standardize(apart, axis=(2,), eps=eps), shape) * scale + shift

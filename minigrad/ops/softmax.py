"""The softmax family and its costs, each stable for any finite input (course, part G)."""

import numpy as np

from ..core.registry import op
from .activation import sigmoid
from .arguments import as_array, checked_axes
from .reduce import kept


def _draw_rows(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.array(shape),), {"axis": draw.axis(len(shape))}


def _draw_logsumexp(draw):
    shape = draw.shape(min_dims=1, max_dims=3)
    return (draw.array(shape),), {"axis": draw.axes(len(shape)), "keepdims": draw.boolean()}


@op(inputs=_draw_logsumexp)
def logsumexp(x, /, axis=None, keepdims=False):
    """log Σ eˣ over the given axes (None: all), shifted by the maximum so that nothing overflows.

    ∂y/∂x = softmax(x): computed as exp(x − y) it would lose the digits that y has lost.

    >>> import numpy as np, minigrad as mg
    >>> round(float(mg.logsumexp(np.array([1000.0, 1000.0]))) - 1000, 6)
    0.693147
    """
    x = _floating(x)
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    y = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True)) + largest
    return y if keepdims else np.squeeze(y, axis=axis)


def _floating(x):
    """Integers as float64, floats as they are."""
    x = as_array(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


@op(inputs=_draw_rows)
def softmax(x, /, axis=-1):
    """aᵢ = e^{zᵢ} / Σⱼ e^{zⱼ} along an axis, shifted by the maximum (course, part G).

    ∂: y · (g − Σ g y).

    >>> import numpy as np, minigrad as mg
    >>> mg.softmax(np.array([5.0, 2.0, -1.0, 3.0])).round(3)
    array([0.842, 0.042, 0.002, 0.114])
    """
    x = _floating(x)
    y = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    y /= np.sum(y, axis=axis, keepdims=True)
    return y


softmax.rule(lambda g, y, x, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True)))
logsumexp.rule(lambda g, y, x, axis, keepdims: kept(g, x, axis, keepdims) * softmax(x, axis=axis))


@op(inputs=_draw_rows)
def log_softmax(x, /, axis=-1):
    """log softmax(x) = x − logsumexp(x) along an axis, exact also where softmax underflows.

    ∂: g − softmax(x) Σ g.

    >>> import numpy as np, minigrad as mg
    >>> mg.log_softmax(np.array([1e4, 0.0]))
    array([     0., -10000.])
    """
    x = _floating(x)
    if 0 in np.shape(x):
        checked_axes("log_softmax", axis, np.ndim(x))
        return x + 0.0  # nothing, where log 0 would only warn
    y = x - np.max(x, axis=axis, keepdims=True)
    y -= np.log(np.sum(np.exp(y), axis=axis, keepdims=True))
    return y


log_softmax.rule(lambda g, y, x, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True))


def _draw_classes(draw):
    m, classes = draw.integer(1, 4), draw.integer(2, 4)
    if draw.boolean():
        return (draw.array((m, classes)), draw.indices(classes, size=m)), {}
    # rows of probabilities, or of weights that add up to something else
    return (draw.array((m, classes)), softmax(draw.array((m, classes))) * draw.choice([1.0, 0.5])), {}


@op(label="softmax\ncross-entropy", inputs=_draw_classes, saves=True)
def softmax_cross_entropy(logits, labels, /):
    """Softmax cost J = mean over the batch of −Σ y log softmax(z), fused and stable (course, part G).

    Parameters
    ----------
    logits : (batch, classes)
        The scores z, before the softmax.
    labels : (batch,) integers or (batch, classes)
        Class indices, or one row of probabilities (one-hot or soft) for each sample.

    Returns a 0-d cost.  ∂J/∂z = (softmax(z)·Σy − y)/batch, which is (ŷ − y)/batch for a distribution y.

    Raises
    ------
    ValueError, TypeError, IndexError
        If the shapes don't fit, the indices aren't integers, or an index is out of range.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> z = mg.Tensor([[5.0, 2.0, -1.0, 3.0]], requires_grad=True)
    >>> J = mg.softmax_cross_entropy(z, np.array([0]))
    >>> J.backward(); z.grad.round(3)
    array([[-0.158,  0.042,  0.002,  0.114]])
    """
    labels = as_array(labels)
    _check_shapes(logits, labels)
    m = np.shape(logits)[0]
    log_probability = log_softmax.forward(logits)
    if np.ndim(labels) == 1:
        cost = -np.sum(log_probability[np.arange(m), labels]) / m
    else:
        cost = -np.sum(labels * log_probability) / m
    return cost, (log_probability,)


def _check_shapes(logits, labels):
    """Raise if labels are neither class indices (m,) nor distributions (m, classes)."""
    shape, given = np.shape(logits), np.shape(labels)
    if len(shape) != 2:
        raise ValueError(f"softmax_cross_entropy: logits must be (batch, classes), got {shape}")
    if given not in (shape, shape[:1]):
        raise ValueError(
            f"softmax_cross_entropy: logits are {shape}, labels {given}: labels must be class indices of shape "
            f"{shape[:1]} or one row of probabilities each, of shape {shape}"
        )
    if len(given) == 1 and labels.dtype.kind not in "iu":
        raise TypeError(f"softmax_cross_entropy: class indices must be integers, got {labels.dtype}")


@softmax_cross_entropy.validate
def _(logits, labels):
    labels, classes = as_array(labels), np.shape(logits)[-1]
    if np.ndim(labels) == 1 and np.size(labels) and (np.min(labels) < 0 or np.max(labels) >= classes):
        bad = int(np.argmax((labels < 0) | (labels >= classes)))
        raise IndexError(
            f"softmax_cross_entropy: labels[{bad}] is {int(labels[bad])}, but there are {classes} classes "
            f"(0 to {classes - 1})"
        )


@softmax_cross_entropy.rule
def _(g, y, logits, labels, saved, wanted):
    (log_probability,) = saved
    m, classes = np.shape(logits)
    labels = as_array(labels)
    grad_logits = None
    g = g / m
    if wanted[0] and np.ndim(labels) == 1:
        grad_logits = np.exp(log_probability)
        grad_logits -= labels[:, None] == np.arange(classes)
        grad_logits *= g
    elif wanted[0]:
        grad_logits = g * (np.exp(log_probability) * np.sum(labels, axis=1, keepdims=True) - labels)
    return grad_logits, -g * log_probability if wanted[1] else None


def _draw_targets(draw):
    shape = draw.shape(min_dims=0, max_dims=2)
    return (draw.array(shape, avoid=(0.0,)), draw.array(shape, low=0.1, high=0.9)), {}


@op(label="sigmoid\ncross-entropy", inputs=_draw_targets)
def sigmoid_cross_entropy(logits, targets, /):
    """Logistic cost J = mean of −(y log a + (1 − y) log(1 − a)) with a = σ(z), fused (course, part A).

    Computed as max(z, 0) − z y + log(1 + e^{−|z|}), which no z overflows. ``logits`` z and ``targets`` y
    have one shape; y is in [0, 1].  ∂J/∂z = (σ(z) − y)/n, ∂J/∂y = −z/n.

    Raises
    ------
    ValueError
        If the shapes differ, or a target is outside [0, 1].

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> z = mg.Tensor([0.0, 2.0], requires_grad=True)
    >>> mg.sigmoid_cross_entropy(z, np.array([1.0, 0.0])).backward(); z.grad.round(3)
    array([-0.25,  0.44])
    """
    targets = as_array(targets)
    if np.shape(logits) != np.shape(targets):
        raise ValueError(
            f"sigmoid_cross_entropy: logits are {np.shape(logits)}, targets {np.shape(targets)}: "
            "one target for each logit is wanted; reshape one of them"
        )
    return np.mean(np.maximum(logits, 0.0) - logits * targets + np.log1p(np.exp(-np.absolute(logits))))


@sigmoid_cross_entropy.validate
def _(logits, targets):
    targets = as_array(targets)
    if np.any((targets < 0) | (targets > 1)):
        raise ValueError("sigmoid_cross_entropy: targets must lie in [0, 1]; labels −1/+1 become (y + 1)/2")


sigmoid_cross_entropy.rules_by_input(
    lambda g, y, logits, targets: g / max(np.size(logits), 1) * (sigmoid(logits) - targets),
    lambda g, y, logits, targets: g / max(np.size(logits), 1) * -logits,
)

"""Cost functions: each takes the model's output and the targets, and returns the batch's mean cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..core.errors import ShapeError

softmax_cross_entropy = ops.softmax_cross_entropy
sigmoid_cross_entropy = ops.sigmoid_cross_entropy


def quadratic(output: Any, target: Any) -> Any:
    """Quadratic cost, J = 1/(2m) Σ ‖a − y‖² over m samples (course, part G).

    ``output`` and ``target`` are (batch, …) and of one shape; ShapeError otherwise.

    >>> import minigrad as mg
    >>> mg.nn.quadratic(mg.Tensor([[1.0], [3.0]]), [[0.0], [0.0]]).item()
    2.5
    """
    _same_shape("quadratic", output, target)
    return ops.sum(ops.square(ops.subtract(output, target))) / (2 * max(len(output), 1))


def logistic(logits: Any, targets: Any) -> Any:
    """Logistic cost from logits z, J = mean of −(y log σ(z) + (1 − y) log(1 − σ(z))), y in [0, 1].

    The fused `minigrad.sigmoid_cross_entropy` under the notes' name (course, part A).

    >>> import minigrad as mg
    >>> round(mg.nn.logistic(mg.Tensor([0.0]), [1.0]).item(), 4)
    0.6931
    """
    return ops.sigmoid_cross_entropy(logits, targets)


def hinge(scores: Any, labels: Any) -> Any:
    """Hinge cost, J = mean of max(0, 1 − y s) for labels y of −1 or +1, of the scores' shape.

    Raises ValueError for any other label, ShapeError for another shape.

    >>> import minigrad as mg
    >>> mg.nn.hinge(mg.Tensor([0.5, -2.0]), [1.0, 1.0]).item()
    1.75
    """
    _same_shape("hinge", scores, labels)
    labels = np.asarray(labels)
    if not np.isin(labels, (-1, 1)).all():
        raise ValueError("hinge: labels must be −1 or +1; labels 0/1 become 2 y − 1")
    return ops.mean(ops.relu(1.0 - ops.multiply(scores, labels.astype(scores.dtype))))


def _same_shape(what: str, output: Any, target: Any) -> None:
    if np.shape(output) != np.shape(target):
        raise ShapeError(
            f"{what}: the output is {np.shape(output)}, the target {np.shape(target)}; they must have one shape, "
            "or NumPy would broadcast them and compare every sample with every other"
        )

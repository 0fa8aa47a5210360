"""How well a model does: accuracy, R², and which of them fits a cost and its targets."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from .losses import hinge, logistic, quadratic, sigmoid_cross_entropy, softmax_cross_entropy

Score = Callable[[np.ndarray, np.ndarray], float]


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of samples whose class has the largest output; targets are class indices (m,) or one-hot rows.

    >>> import numpy as np
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    classes = targets if targets.ndim < outputs.ndim else np.argmax(targets, axis=-1)
    return float(np.mean(np.argmax(outputs, axis=-1) == classes))


def binary_accuracy(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of outputs on the right side of 0; there is a target of 0 or 1, or −1 or 1, for each.

    >>> import numpy as np
    >>> binary_accuracy(np.array([0.3, -2.0]), np.array([1.0, 1.0]))
    0.5
    """
    return float(np.mean((outputs.reshape(targets.shape) > 0) == (targets > 0.5)))


def r_squared(outputs: np.ndarray, targets: np.ndarray) -> float:
    """R² = 1 − Σ(y − a)²/Σ(y − ȳ)² over all columns: 1 is perfect, 0 no better than the mean; nan for equal targets.

    >>> import numpy as np
    >>> r_squared(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    total = float(np.sum((targets - targets.mean(axis=0)) ** 2))
    left = float(np.sum((targets - outputs.reshape(targets.shape)) ** 2))
    return 1 - left / total if total else float("nan")


#: What histories and pictures call each.
TITLES: dict[Any, str] = {accuracy: "accuracy", binary_accuracy: "accuracy", r_squared: "R²"}

#: The score where there is one target for each output, by cost.
_BY_COST: dict[Any, Score] = {
    softmax_cross_entropy: accuracy, sigmoid_cross_entropy: binary_accuracy, logistic: binary_accuracy,
    hinge: binary_accuracy, quadratic: r_squared,
}  # fmt: skip


def score_of(cost: Any, outputs: np.ndarray, targets: np.ndarray) -> Score | None:
    """The score for a model trained with ``cost``, from its outputs and what they should be.

    Class indices and one-hot rows are scored by `accuracy` whatever the cost, other targets by their cost, and those of
    a cost that is not one of ours by `r_squared`. None where there is no telling: targets of 0 and 1 alone with a cost
    of one's own, whose outputs may be logits, probabilities or numbers.
    """
    classes = outputs.shape[-1] if outputs.ndim else 1
    if targets.shape == outputs.shape[:-1] and classes > 1 and np.isin(targets, range(classes)).all():
        return accuracy
    if targets.shape not in (outputs.shape, outputs.shape[:-1] if classes == 1 else ()):
        return None
    only_0_and_1 = bool(np.isin(targets, (0, 1)).all())
    if classes > 1 and only_0_and_1 and targets.ndim > 1 and (np.sum(targets, axis=-1) == 1).all():
        return accuracy
    if isinstance(cost, Hashable) and cost in _BY_COST:
        return _BY_COST[cost]
    return None if only_0_and_1 else r_squared

"""The fused operations written out in small ones: what a graph shows when the steps are to be seen.

Property tests compare each with its fused twin.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def softmax(z: Any, axis: int = -1) -> Any:
    """t = e^{z − max z}, a = t / Σ t (course, part G)."""
    t = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return t / np.sum(t, axis=axis, keepdims=True)


def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """J = −1/m Σ y log softmax(z), for labels as class indices (m,) or rows of probabilities."""
    m, classes = np.shape(logits)
    targets = np.eye(classes)[labels] if np.ndim(labels) == 1 else labels
    return -np.sum(targets * np.log(softmax(logits))) / m


def sigmoid_cross_entropy(logits: Any, targets: Any) -> Any:
    """a = 1/(1 + e⁻ᶻ), J = mean of −(y log a + (1 − y) log(1 − a)) (course, part A)."""
    a = 1 / (1 + np.exp(-logits))
    return np.mean(-(targets * np.log(a) + (1 - targets) * np.log(1 - a)))


def batch_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """μ = mean x, σ² = mean (x − μ)², x̂ = (x − μ)/√(σ² + ε), y = γ x̂ + β, over axis 0 (course, part F)."""
    centered = x - np.mean(x, axis=0)
    variance = np.mean(centered * centered, axis=0)
    return gamma * (centered / np.sqrt(variance + eps)) + beta

"""Functions of networks, parameters positional: the operations that layers call, gathered by name."""

from ..ops import (
    affine,
    batch_norm,
    leaky_relu,
    log_softmax,
    logsumexp,
    normalize,
    relu,
    sigmoid,
    softmax,
    tanh,
)  # fmt: skip

__all__ = [
    "affine", "batch_norm", "leaky_relu", "log_softmax", "logsumexp", "normalize", "relu", "sigmoid", "softmax",
    "tanh",
]  # fmt: skip

"""Networks: modules, layers, and cost functions."""

from . import composed, functional
from .layers import (
    ACTIVATIONS,
    MLP,
    Activation,
    BatchNorm,
    LeakyReLU,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Tanh,
)  # fmt: skip
from .losses import hinge, logistic, quadratic, sigmoid_cross_entropy, softmax_cross_entropy
from .module import Module

__all__ = [
    "ACTIVATIONS", "MLP", "Activation", "BatchNorm", "LeakyReLU", "Linear", "Module", "ReLU", "Sequential",
    "Sigmoid", "Softmax", "Tanh", "composed", "functional", "hinge", "logistic", "quadratic", "sigmoid_cross_entropy",
    "softmax_cross_entropy",
]  # fmt: skip

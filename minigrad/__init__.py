"""minigrad: a scalar and tensor reverse-mode autodiff engine on NumPy."""

from . import data, nn, optim, testing, train
from .errors import (
    AnomalyError, MinigradError, MutationError, NotDifferentiableError, RuleError, ShapeError, StaleGraphError,
)  # fmt: skip
from .graph import Graph, Node, detect_anomaly, enable_grad, graph, is_grad_enabled, no_grad, scope
from .ops import (
    abs, absolute, add, add_at, affine, astype, at, batch_norm, broadcast_to, clip, concatenate, divide, dot, equal, exp,
    expand_dims, expm1, getitem, greater, greater_equal, leaky_relu, less, less_equal, log, log1p, log_softmax,
    logsumexp, matmul, max, maximum, mean, min, minimum, moveaxis, multiply, negative, normalize, not_equal, pad,
    positive, power, prod, relu, reshape, scatter_add, set_at, sigmoid, sigmoid_cross_entropy, sign, softmax,
    softmax_cross_entropy, sqrt, square, squeeze, stack, std, subtract, sum, swapaxes, tanh, transpose, var, where,
)  # fmt: skip
from .registry import Op, op, operations, real
from .scalar import Scalar
from .tensor import Tensor

__version__ = "0.1.0"

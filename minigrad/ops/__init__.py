"""The operations, by family; `PUBLIC` is what ``minigrad`` offers by name, `METHODS` what nodes offer."""

from types import MappingProxyType

from ..registry import Op, operations
from .activation import leaky_relu, relu, sigmoid, tanh
from .comparison import equal, greater, greater_equal, less, less_equal, not_equal
from .elementwise import (
    absolute,
    add,
    clip,
    divide,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    positive,
    power,
    sign,
    sqrt,
    square,
    subtract,
    where,
)  # fmt: skip
from .index import add_at, at, getitem, scatter_add, set_at
from .linalg import affine, dot, matmul
from .norm import batch_norm, normalize
from .reduce import max, mean, min, prod, std, sum, var
from .shape import (
    astype,
    broadcast_to,
    concatenate,
    expand_dims,
    moveaxis,
    pad,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)  # fmt: skip
from .softmax import log_softmax, logsumexp, sigmoid_cross_entropy, softmax, softmax_cross_entropy

abs = absolute

#: Operations that a Tensor has as methods of the same name (a Scalar has the elementwise ones).
METHODS: MappingProxyType[str, Op] = MappingProxyType(
    {
        op.name: op
        for op in (
            absolute, astype, clip, dot, exp, expm1, leaky_relu, log, log1p, log_softmax, logsumexp, max, maximum, mean,
            min, minimum, prod, relu, sigmoid, sign, softmax, sqrt, square, squeeze, std, sum, swapaxes, tanh, var,
        )
    }
)  # fmt: skip

#: The built-in operations by family, for the table of operations.
FAMILIES = MappingProxyType(
    {
        title: tuple(op for op in operations().values() if op.__module__ == f"{__name__}.{file}")
        for file, title in {
            "elementwise": "Elementwise",
            "activation": "Activations",
            "comparison": "Comparisons",
            "reduce": "Reductions",
            "shape": "Shape and order",
            "index": "Indexing",
            "linalg": "Matrix products",
            "softmax": "Softmax family and costs",
            "norm": "Normalisations",
        }.items()
    }
)

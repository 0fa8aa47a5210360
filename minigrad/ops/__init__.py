"""The operations, by family; `PUBLIC` is what ``minigrad`` offers by name, `METHODS` what nodes offer."""

from types import MappingProxyType

from ..core.registry import Composed, Op, operations
from . import decomposition, linalg, norms
from .activation import leaky_relu, relu, sigmoid, tanh
from .calculus import (
    bincount,
    convolve,
    correlate,
    cumprod,
    cumsum,
    diff,
    gradient,
    interp,
    linspace,
    trapezoid,
)
from .choice import (
    absolute,
    ceil,
    clip,
    copysign,
    floor,
    fmax,
    fmin,
    heaviside,
    maximum,
    minimum,
    nan_to_num,
    rint,
    round,
    sign,
    trunc,
    where,
)
from .comparison import (
    all,
    any,
    argmax,
    argmin,
    argsort,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
)
from .convolution import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    convolution,
    convolution_transpose,
    convolution_weight,
    fold,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    unfold,
)
from .diagonal import diag, diagflat, diagonal, trace, tril, triu
from .einsum import contraction, einsum
from .elementwise import (
    add,
    cbrt,
    divide,
    divmod_,
    float_power,
    floor_divide,
    fmod,
    hypot,
    multiply,
    negative,
    positive,
    power,
    reciprocal,
    remainder,
    sqrt,
    square,
    subtract,
)
from .exponential import (
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
)
from .index import (
    add_at,
    at,
    choose,
    getitem,
    maximum_at,
    minimum_at,
    multiply_at,
    scatter_add,
    select,
    set_at,
    take,
    take_along_axis,
)
from .join import (
    append,
    array_split,
    column_stack,
    concatenate,
    dsplit,
    dstack,
    hsplit,
    hstack,
    pad,
    repeat,
    split,
    stack,
    tile,
    vsplit,
    vstack,
)
from .missing import nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar
from .network import dropout, embedding, gru_cell, lstm_cell, rnn_cell
from .normalization import batch_norm, group_norm, instance_norm, layer_norm, normalize, standardize
from .order import median, msort, partition, percentile, quantile, sort
from .product import (
    affine,
    cross,
    dot,
    inner,
    kron,
    matmul,
    multi_dot,
    outer,
    tensordot,
    vdot,
    vecdot,
)
from .reduce import (
    average,
    max,
    mean,
    min,
    prod,
    ptp,
    std,
    sum,
    var,
)
from .shape import (
    astype,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    flatten,
    flip,
    fliplr,
    flipud,
    matrix_transpose,
    meshgrid,
    moveaxis,
    ravel,
    reshape,
    roll,
    rollaxis,
    rot90,
    sliding_window_view,
    squeeze,
    swapaxes,
    transpose,
)
from .softmax import log_softmax, logsumexp, sigmoid_cross_entropy, softmax, softmax_cross_entropy
from .trigonometric import (
    arccos,
    arccosh,
    arccot,
    arccsc,
    arcsec,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    cot,
    coth,
    csc,
    csch,
    deg2rad,
    rad2deg,
    sec,
    sech,
    sin,
    sinc,
    sinc_derivative,
    sinh,
    tan,
)

# NumPy's second names
abs = fabs = absolute
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
amax, amin, around, fix, concat, permute_dims, pow = max, min, round, trunc, concatenate, transpose, power
degrees, radians, mod, true_divide, divmod = rad2deg, deg2rad, remainder, divide, divmod_

#: Operations that a Tensor has as methods of the same name (a Scalar has the elementwise ones).
METHODS: MappingProxyType[str, Op | Composed] = MappingProxyType(
    {
        op.name: op
        for op in (
            absolute, all, any, arccos, arcsin, arctan, argmax, argmin, argsort, astype, choose, clip, cos, cosh,
            cumprod, cumsum, diagonal, dot, exp, expm1, leaky_relu, log, log10, log1p, log2, log_softmax, logsumexp,
            max, maximum, mean, median, min, minimum, partition, prod, ptp, ravel, reciprocal, relu, repeat, round,
            sigmoid, sign, sin, sinh, softmax, sqrt, square, squeeze, std, sum, swapaxes, take, tan, tanh, trace,
            var,
        )
    }
)  # fmt: skip

#: The built-in operations by family, for the table of operations.
FAMILIES = MappingProxyType(
    {
        title: tuple(op for op in operations().values() if op.__module__ == f"{__name__}.{file}")
        for file, title in {
            "elementwise": "Arithmetic, powers and roots",
            "exponential": "Exponentials and logarithms",
            "trigonometric": "Trigonometric and hyperbolic functions",
            "choice": "Choices and rounding",
            "activation": "Activations",
            "comparison": "Comparisons and questions (plain answers)",
            "reduce": "Reductions",
            "missing": "Reductions without missing numbers",
            "order": "Order",
            "calculus": "Sums and differences along an axis",
            "shape": "Shape and order of axes",
            "join": "Joining, cutting and repeating",
            "index": "Indexing",
            "diagonal": "Diagonals and triangles",
            "product": "Products",
            "einsum": "Einstein's summation",
            "linalg": "Linear algebra (`mg.linalg`)",
            "decomposition": "Decompositions (`mg.linalg`)",
            "norms": "Norms (`mg.linalg`)",
            "softmax": "Softmax family and costs",
            "normalization": "Normalisations",
            "convolution": "Convolutions and pooling",
            "network": "Networks",
        }.items()
    }
)

"""Every operation on an array class that only speaks NEP 13 and NEP 18: its value, gradient and second derivative."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.trees import leaves_of, rebuilt
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import as_one, drawn_example
from minigrad.testing.subjects.subject import signed

from .strict_array import StrictArray, unwrapped, wrapped

#: What can't be computed on such an array, each with its reason; at most 20.
CANNOT: dict[str, str] = {}
#: What is being mended.
PENDING = """
    add_at array_split average avg_pool1d avg_pool2d avg_pool3d bincount choose cond conv1d conv2d conv3d
    conv_transpose1d conv_transpose2d conv_transpose3d convolution convolution_transpose convolution_weight
    convolve correlate cross cumprod det diag diagflat diagonal diff dsplit eig eig_row eigh eigh_row eigvals
    eigvalsh einsum embedding flip fliplr flipud fold getitem gradient gru_cell hsplit interp lstm_cell lstsq
    matrix_norm max_pool1d max_pool2d max_pool3d maximum_at median minimum_at msort multiply_at nanmax nanmin
    nanprod nanstd nanvar pad partition percentile prod qr qr_row quantile repeat rnn_cell rot90 scatter_add
    select set_at sigmoid_cross_entropy sliding_window_view softmax_cross_entropy sort split svd svd_row svdvals
    take take_along_axis trace trapezoid unfold vsplit
""".split()  # noqa: SIM905


def outcome(example, array):
    """Value, gradients and second derivatives of an example whose arrays are all of one class, ``array(x)``."""
    points = [mg.Tensor(array(x), requires_grad=True) for x in example.points]
    tree = list(example.arguments(points))
    leaves = [array(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in leaves_of(tree)]
    inputs, options = rebuilt(tree, leaves)
    value = as_one(example.op(*inputs, **options))
    if not isinstance(value, mg.Tensor):
        return [value]
    weights = [array(x) for x in signed([unwrapped(value.data), *example.points], 3)]
    cost = np.sum(value * weights[0])
    cost.backward()
    found = [value.data, *(x.grad for x in points)]
    for x in points:
        x.grad = None
    cost = np.sum(value * weights[0])
    cost.backward(create_graph=True)
    slopes = [np.sum(x.grad * w) for x, w in zip(points, weights[1:]) if x.grad is not None and x.grad.requires_grad]
    for x in points:
        x.grad = None
    if slopes:
        sum(slopes).backward()
    return [*found, *(x.grad for x in points)]


def check(op):
    for seed in range(5):
        example = drawn_example(op, RandomDraw(seed))
        with np.errstate(all="ignore"):
            expected, found = outcome(example, np.asarray), outcome(example, wrapped)
        for ours, theirs in zip(leaves_of(found), leaves_of(expected), strict=True):
            if isinstance(theirs, np.ndarray):
                assert type(ours) is StrictArray, f"{example} gives {type(ours)}"
            if theirs is None:
                assert ours is None
            else:
                np.testing.assert_allclose(unwrapped(ours), theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("op", mg.operations().values(), ids=lambda op: op.name)
def test_an_operation_computes_on_arrays_that_only_speak_numpys_protocols(op):
    if op.name in PENDING:
        try:
            check(op)
        except Exception as error:
            pytest.xfail(str(error))
    elif op.name in CANNOT:
        with pytest.raises(Exception):  # noqa: B017, PT011 (whatever it is: the list must not outlive its reasons)
            check(op)
    else:
        check(op)


def test_the_list_of_those_that_can_not_is_short_and_gives_reasons():
    assert len(CANNOT) <= 20
    assert all(name in mg.operations() and len(reason) > 10 for name, reason in CANNOT.items())

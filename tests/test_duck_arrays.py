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
    add_at array_split bincount choose cond convolve correlate cross cumprod det diag diagflat diagonal diff dsplit
    eig eig_row eigh eigh_row eigvals eigvalsh einsum flip fliplr flipud getitem gradient hsplit interp lstsq
    matrix_norm maximum_at median minimum_at msort multiply_at pad partition percentile qr qr_row quantile repeat
    rot90 scatter_add select set_at sliding_window_view sort split svd svd_row svdvals take take_along_axis trace
    trapezoid vsplit
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

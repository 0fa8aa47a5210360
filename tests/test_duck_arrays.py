"""Every operation on an array class that only speaks NEP 13 and NEP 18: its value, gradient and second derivative.

There are no exceptions.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.trees import leaves_of, rebuilt
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import as_one, drawn_example
from minigrad.testing.subjects.subject import signed

from .strict_array import StrictArray, unwrapped, wrapped


def value_of(example, points, array):
    """The value at these points, every other array made by ``array(x)``."""
    tree = list(example.arguments(points))
    leaves = [array(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in leaves_of(tree)]
    inputs, options = rebuilt(tree, leaves)
    return as_one(example.op(*inputs, **options))


def outcome(example, array):
    """Value (twice), gradients and second derivatives of an example whose arrays are all of one class, ``array(x)``."""
    points = [mg.Tensor(array(x), requires_grad=True) for x in example.points]
    direct, value = (value_of(example, each, array) for each in (map(array, example.points), points))
    if not isinstance(value, mg.Tensor):
        return [direct, value]
    weights = [array(x) for x in signed([unwrapped(value.data), *example.points], 3)]
    cost = np.sum(value * weights[0])
    cost.backward()
    found = [direct, value.data, *(x.grad for x in points)]
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


@pytest.mark.parametrize("op", mg.operations().values(), ids=lambda op: op.name)
def test_every_operation_computes_on_arrays_that_only_speak_numpys_protocols(op):
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

"""Scalar graphs out of the garbage collector's sight: what can come to hold a cycle is in it, and is freed."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg


def halved(x):
    (x**3).backward(create_graph=True)
    x.grad = x.grad * 0.5


def added_to(x):
    (x**3).backward(create_graph=True)
    x.grad += 1.0


def negative_in_a_scope(x):
    (x**3).backward(create_graph=True)
    with mg.scope("s"):
        x.grad = -x.grad


def backward_in_floats_onto_a_gradient_that_is_a_node(x):
    (x**3).backward(create_graph=True)
    (x * x).backward()


def backward_through_the_gradient(x):
    (x**3).backward(create_graph=True)
    x.grad.backward()


def a_cotangent_with_a_graph(x):
    (x**3).backward(x * x, create_graph=True)


def an_expression_as_gradient(x):
    x.grad = x * x + 1


def a_gradient_of_an_inner_node(x):
    y = (x * x).tanh()
    y.grad = y * 2.0


def two_that_hold_each_other(x):
    z = mg.Scalar(1.0)
    x.grad, z.grad = z * 2.0, mg.exp(x) + 1.0


def through_several_gradients(x):
    (x**3).backward(create_graph=True)
    y = (x * 2).exp()
    y.grad = x.grad * y
    x.grad = y.grad + y


WAYS = [
    halved, added_to, negative_in_a_scope, backward_in_floats_onto_a_gradient_that_is_a_node,
    backward_through_the_gradient, a_cotangent_with_a_graph, an_expression_as_gradient, a_gradient_of_an_inner_node,
    two_that_hold_each_other, through_several_gradients,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_graph_whose_gradients_refer_back_to_it_is_collected(way):
    x = mg.Scalar(2.0)
    way(x)
    witness = weakref.ref(x)
    del x
    gc.collect()
    assert witness() is None


def test_the_collector_still_does_not_look_at_ordinary_graphs_after_it():
    halved(mg.Scalar(2.0))
    x = mg.Scalar(0.5)
    y = mg.tanh(x * x) + x
    y.backward()
    assert not any(gc.is_tracked(vertex.node) for vertex in mg.graph(y).nodes if vertex.kind == "operation")
    assert (type(x.grad), x.grad) == (float, pytest.approx(1 + 2 * 0.5 * (1 - float(mg.tanh(0.25)) ** 2)))


def test_a_scalars_gradient_is_a_number_or_a_scalar():
    x = mg.Scalar(2.0)
    for start in (None, 0, np.float32(0.0), np.zeros(1), False):
        x.grad = start
        (x * x).backward()
        assert (type(x.grad), x.grad) == (float, 4.0)
    for wrong in ("0", [0.0], mg.Tensor(0.0), 1j):
        with pytest.raises(TypeError, match=r"Scalar\.grad: requires a"):
            x.grad = wrong
    assert x.grad == 4.0


def test_a_class_of_ones_own_cannot_be_made_of_scalar():
    with pytest.raises(TypeError, match="Scalar cannot be subclassed"):

        class Named(mg.Scalar):
            pass

"""`Scalar`: the course's numbers, graphs with shared nodes, IEEE answers, long chains, and memory."""

import gc
import math
import weakref

import numpy as np
import pytest

import minigrad as mg


def test_the_worked_graph_of_the_notes_gives_33_and_3_6_9():
    a, b, c = mg.Scalar(5.0), mg.Scalar(3.0), mg.Scalar(2.0)
    J = 3 * (a + b * c)
    J.backward()
    assert (J.data, a.grad, b.grad, c.grad) == (33.0, 3.0, 6.0, 9.0)


def test_every_node_keeps_its_gradient():
    x = mg.Scalar(2.0)
    square = x * x
    cube = square * x
    cube.backward()
    assert (cube.grad, square.grad, x.grad) == (1.0, 2.0, 12.0)


def test_gradients_add_up_over_several_backward_calls_and_inner_nodes_do_not_count_twice():
    x = mg.Scalar(3.0)
    y = (x * x).exp().log()
    y.backward()
    y.backward()
    assert x.grad == pytest.approx(12.0)


def test_a_diamond_sums_both_ways():
    x = mg.Scalar(0.7)
    a, b = x.tanh(), x.exp()
    (a * b + a / b).backward()
    t, e = math.tanh(0.7), math.exp(0.7)
    by_t, by_e = e + 1 / e, t - t / e**2
    assert x.grad == pytest.approx(by_t * (1 - t * t) + by_e * e, rel=1e-14)


def test_scalars_have_second_and_third_derivatives():
    x = mg.Scalar(1.5)
    derivatives = []
    y = x.tanh() * x**3
    for _ in range(3):
        x.grad = 0.0
        y.backward(create_graph=True)
        y = x.grad
        derivatives.append(y.data)
    mpmath = pytest.importorskip("mpmath", reason="an independent derivative needs mpmath (extra 'bench')")
    for order, value in enumerate(derivatives, start=1):
        assert value == pytest.approx(float(mpmath.diff(lambda v: mpmath.tanh(v) * v**3, 1.5, order)), rel=1e-10)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_floats_would_raise_scalars_answer_as_arrays_do():
    zero, one = mg.Scalar(0.0), mg.Scalar(1.0)
    assert (one / zero).data == math.inf
    assert mg.log(zero).data == -math.inf
    assert math.isnan(mg.log(-one).data)
    assert mg.exp(mg.Scalar(1e4)).data == math.inf
    assert math.isnan((mg.Scalar(-8.0) ** 0.5).data)
    root = mg.sqrt(zero)
    root.backward()
    assert zero.grad == math.inf


def test_a_chain_of_a_million_operations_goes_both_ways_and_frees_its_memory_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = mg.Scalar(1.0)
        y = x
        for _ in range(500_000):
            y = (y + 1e-6) * 0.999999
        middle = weakref.ref(y.inputs[0])
        y.backward()
        assert x.grad == pytest.approx(0.999999**500_000, rel=1e-9)
        del y
        assert middle() is None
    finally:
        gc.enable()


def test_going_backward_leaves_nothing_for_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        for make in (lambda: mg.Scalar(0.5), lambda: mg.Tensor([0.5, 1.0], requires_grad=True)):
            leaf = make()
            y = mg.sum((mg.tanh(leaf) * leaf + leaf) ** 2) if isinstance(leaf, mg.Tensor) else mg.tanh(leaf) * leaf
            y.backward()
            del y, leaf
            assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_collector_does_not_look_at_a_graph_that_can_hold_no_cycles():
    x = mg.Scalar(0.5)
    y = mg.tanh(x * x) + x
    assert not any(gc.is_tracked(v.node) for v in mg.graph(y).nodes if v.kind == "operation")


def test_cycles_through_gradients_that_are_nodes_are_collected():
    x = mg.Scalar(0.5)
    y = mg.tanh(x * x) + x
    y.backward(create_graph=True)
    witnesses = [weakref.ref(x), weakref.ref(y), weakref.ref(x.grad), weakref.ref(y.inputs[0])]
    del x, y
    gc.collect()
    assert [w() for w in witnesses] == [None] * 4


def test_changing_a_leaf_makes_older_graphs_stale():
    w = mg.Scalar(1.0, name="w")
    y = w * w
    w.data = 2.0
    with pytest.raises(mg.StaleGraphError, match="w"):
        y.backward()
    (w * w).backward()
    assert w.grad == 4.0


def test_an_inner_nodes_data_cannot_be_replaced():
    with pytest.raises(AttributeError, match="multiply"):
        (mg.Scalar(1.0) * 2).data = 5.0


def test_scalars_and_numpy_numbers_mix_and_arrays_and_tensors_do_not():
    x = mg.Scalar(2.0)
    assert (np.float64(3.0) * x).data == 6.0
    assert (x * np.float32(0.5)).data == 1.0
    assert np.exp(x).data == pytest.approx(math.exp(2.0))
    for other in (np.ones(3), mg.Tensor([1.0])):
        with pytest.raises(TypeError, match="Tensor"):
            x * other
        with pytest.raises(TypeError, match="Tensor"):
            other * x
    with pytest.raises(TypeError, match="real number"):
        mg.Scalar("five")


def test_no_grad_makes_leaves():
    x = mg.Scalar(2.0)
    with mg.no_grad():
        y = x * x
    assert y.is_leaf
    assert y.data == 4.0

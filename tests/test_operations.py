"""Every registered operation, by walking the registry: values, first and second derivatives, dtypes, purity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.registry import Op
from minigrad.testing import numerical_gradient, relative_error
from minigrad.testing.strategies import inputs_of

EVERY = [pytest.param(op, id=op.name) for op in mg.operations().values()]
DIFFERENTIABLE = [pytest.param(op, id=op.name) for op in mg.operations().values() if op.differentiable]


def call(op: Op, inputs, options):
    """The operation as a user calls it (a list first, where it takes a list)."""
    return op(inputs, **options) if op.variadic else op(*inputs, **options)


def wanted(op: Op, inputs) -> list[int]:
    """The inputs that have a gradient: floating arrays with a rule."""
    rules = op.rules or (True,) * len(inputs)
    return [i for i, x in enumerate(inputs) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and rules[i]]


def weights_for(op: Op, inputs, options) -> np.ndarray:
    """Fixed cotangents of mixed sign and size, so that no plain sum can hide a mistake."""
    return np.asarray(np.random.default_rng(3).normal(size=np.shape(call(op, inputs, options))) + 0.25)


def analytic(op: Op, inputs, options, weights, create_graph=False):
    """The leaves and the cost Σ weights · op(leaves)."""
    places = wanted(op, inputs)
    leaves = {i: mg.Tensor(inputs[i], requires_grad=True) for i in places}
    cost = np.sum(call(op, [leaves.get(i, x) for i, x in enumerate(inputs)], options) * weights)
    return list(leaves.values()), cost


def gradients_of(op, inputs, options, weights, create_graph=False):
    leaves, cost = analytic(op, inputs, options, weights)
    if cost.requires_grad:
        cost.backward(create_graph=create_graph)
    zero = (lambda x: mg.Tensor(np.zeros(x.shape))) if create_graph else (lambda x: np.zeros(x.shape))
    return leaves, [zero(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]


def replaced(inputs, places, points):
    return [points[places.index(i)] if i in places else x for i, x in enumerate(inputs)]


def assert_close(analytic_values, numeric_values, tolerance):
    for a, n in zip(analytic_values, numeric_values, strict=True):
        a = np.asarray(getattr(a, "data", a))
        assert a.shape == n.shape
        assert np.linalg.norm(a - n) <= tolerance * (1 + np.linalg.norm(n)), f"analytic {a}, numeric {n}"


def test_every_operation_says_how_to_draw_its_inputs_and_explains_itself():
    for op in mg.operations().values():
        assert op.inputs is not None, op.name
        assert len(op.__doc__ or "") > 20, op.name


def test_every_differentiable_operation_has_a_rule():
    for op in mg.operations().values():
        assert (op.rules is not None or op.joint is not None) == op.differentiable, op.name


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@given(data=st.data())
def test_the_first_derivative_agrees_with_differences(op, data):
    inputs, options = data.draw(inputs_of(op))
    weights = weights_for(op, inputs, options)
    _, gradients = gradients_of(op, inputs, options, weights)
    places = wanted(op, inputs)
    numeric = numerical_gradient(
        lambda *points: np.sum(call(op, replaced(inputs, places, points), options) * weights),
        *(inputs[i] for i in places),
    )
    assert_close(gradients, numeric, 1e-8)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@given(data=st.data())
def test_the_second_derivative_agrees_with_differences_of_the_first(op, data):
    inputs, options = data.draw(inputs_of(op))
    weights = weights_for(op, inputs, options)
    leaves, gradients = gradients_of(op, inputs, options, weights, create_graph=True)
    directions = [np.random.default_rng(5).normal(size=leaf.shape) for leaf in leaves]
    total = sum((np.sum(g * v) for g, v in zip(gradients, directions, strict=True)), start=mg.Tensor(0.0))
    for leaf in leaves:
        leaf.grad = None
    if total.requires_grad:
        total.backward()
    second = [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]
    places = wanted(op, inputs)

    def along_directions(*points):
        _, first = gradients_of(op, replaced(inputs, places, points), options, weights)
        return sum(np.sum(g * v) for g, v in zip(first, directions, strict=True))

    assert_close(second, numerical_gradient(along_directions, *(inputs[i] for i in places)), 1e-7)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@given(data=st.data())
def test_float32_stays_float32_and_agrees_with_float64(op, data):
    inputs, options = data.draw(inputs_of(op))
    if op.name == "astype":
        options = {"dtype": np.float32}
    weights = weights_for(op, inputs, options)
    _, exact = gradients_of(op, inputs, options, weights)
    single = [x.astype(np.float32) if isinstance(x, np.ndarray) and x.dtype == float else x for x in inputs]
    leaves, cost = analytic(op, single, options, weights.astype(np.float32))
    assert cost.dtype == np.float32
    if cost.requires_grad:
        cost.backward()
    for leaf, g in zip(leaves, exact, strict=True):
        single_gradient = np.zeros_like(leaf.data) if leaf.grad is None else leaf.grad
        assert single_gradient.dtype == np.float32
        assert np.linalg.norm(single_gradient - g) <= 2e-4 * (1 + np.linalg.norm(g))


@pytest.mark.parametrize("op", EVERY)
@given(data=st.data())
def test_inputs_are_left_as_they_were_and_read_only_ones_will_do(op, data):
    inputs, options = data.draw(inputs_of(op))
    for each in inputs:
        if isinstance(each, np.ndarray):
            each.flags.writeable = False
    weights = weights_for(op, inputs, options)
    weights.flags.writeable = False
    if not op.differentiable:
        return
    places = wanted(op, inputs)
    leaves = {i: mg.Tensor(inputs[i], requires_grad=True) for i in places}
    for leaf in leaves.values():
        leaf.data.flags.writeable = False
    y = call(op, [leaves.get(i, x) for i, x in enumerate(inputs)], options)
    y.data.flags.writeable = False
    if y.requires_grad:
        y.backward(weights)
        y.backward(weights)
        memory = [leaf.grad for leaf in leaves.values()] + [y.data, weights] + [leaf.data for leaf in leaves.values()]
        for i, one in enumerate(memory[: len(leaves)]):
            for other in memory[i + 1 :]:
                assert not np.shares_memory(one, other)


@pytest.mark.parametrize("op", [p for p in DIFFERENTIABLE if p.values[0].elementwise])
@given(data=st.data())
def test_a_scalar_gives_the_same_numbers_as_a_tensor(op, data):
    inputs, options = data.draw(inputs_of(op))
    numbers = [
        x if x is None or isinstance(x, float) else x.dtype.type(x.flat[0]) if x.size else x.dtype.type(1)
        for x in inputs
    ]
    places = wanted(op, inputs)
    scalars = {i: mg.Scalar(numbers[i]) for i in places}
    tensors = {i: mg.Tensor(numbers[i], requires_grad=True) for i in places}
    s = op(*(scalars.get(i, x) for i, x in enumerate(numbers)), **options)
    t = op(*(tensors.get(i, x) for i, x in enumerate(numbers)), **options)
    s.backward()
    t.backward()
    assert s.data == pytest.approx(t.item(), rel=1e-14, abs=1e-15)
    for i in places:
        assert scalars[i].grad == pytest.approx(tensors[i].grad.item(), rel=1e-13, abs=1e-15)


def test_the_mixed_second_derivative_of_a_power_is_right_where_the_exponent_is_zero():
    a, b = mg.Tensor(2.0, requires_grad=True), mg.Tensor(0.0, requires_grad=True)
    (a**b).backward(create_graph=True)
    by_a, a.grad, b.grad = a.grad, None, None
    assert by_a.item() == 0.0
    by_a.backward()
    assert b.grad == 0.5  # ∂/∂b (b aᵇ⁻¹) = aᵇ⁻¹ (1 + b log a)


def test_relative_error_is_the_courses():
    assert relative_error(np.array([1.0]), np.array([3.0])) == 0.5
    assert relative_error(np.zeros(2), np.zeros(2)) == 0.0

"""Every registered operation, by walking the registry: values, first and second derivatives, dtypes, purity."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.core.registry import Op
from minigrad.testing import GradientError, check_gradients, relative_error
from minigrad.testing.operations import Example
from minigrad.testing.strategies import examples_of, inputs_of

EVERY = [pytest.param(op, id=op.name) for op in mg.operations().values()]
DIFFERENTIABLE = [pytest.param(op, id=op.name) for op in mg.operations().values() if op.differentiable]
PRIMITIVE = [param for param in DIFFERENTIABLE if isinstance(param.values[0], Op)]


def gradients_at(example, points, weights):
    """The leaves, and the gradient by each of Σ weights · op(leaves)."""
    leaves = [mg.Tensor(x, requires_grad=True) for x in points]
    cost = np.sum(example(*leaves) * weights)
    if isinstance(cost, mg.Tensor) and cost.requires_grad:
        cost.backward()
    return leaves, [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]


def assert_right(example, **options):
    """Raise where a derivative is wrong; an example where differences can't tell is none."""
    try:
        check_gradients(example, *example.points, **options)
    except GradientError as error:
        assume(error.report.counts["wrong"] or not error.report.counts["inconclusive"])
        raise


def test_every_operation_says_how_to_draw_its_inputs_and_explains_itself():
    for op in mg.operations().values():
        assert op.inputs is not None, op.name
        assert len(op.__doc__ or "") > 20, op.name
        assert ">>>" in op.__doc__ or not op.differentiable, op.name


def test_every_differentiable_operation_has_a_rule():
    for op in mg.operations().values():
        if isinstance(op, Op):
            assert (op.vjp is not None) == op.differentiable, op.name


@pytest.mark.parametrize("op", EVERY)
@given(data=st.data())
def test_a_tensor_gives_the_values_and_the_dtype_that_an_array_gives(op, data):
    example = data.draw(examples_of(op))
    plain = example(*example.points)
    tensor = example(*(mg.Tensor(x, requires_grad=True) for x in example.points))
    assert np.shape(tensor) == np.shape(plain)
    assert tensor.dtype == np.asarray(plain).dtype
    # a composed function may take a shorter way for plain arrays (no vectors where only values are wanted)
    rounding = 0 if isinstance(op, Op) else 1e-13
    np.testing.assert_allclose(getattr(tensor, "data", tensor), plain, rtol=rounding, atol=rounding)


@pytest.mark.parametrize("op", [p for p in EVERY if p.values[0].numpy_functions])
@given(data=st.data())
def test_the_value_is_numpys(op, data):
    example = data.draw(examples_of(op))
    ours = example(*example.points)
    for function in op.numpy_functions:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*fix is deprecated", DeprecationWarning)  # NumPy 2.5
            theirs = example.by_numpy(function)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@settings(max_examples=settings().max_examples // 2 if settings().max_examples > 4 else 1)
@given(data=st.data())
def test_its_derivatives_are_right(op, data):
    """First and second, backward and forward, against differences; and everything that must hold exactly."""
    example = data.draw(examples_of(op))
    if example.points:
        assert_right(example, order=2, mode="both")


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@settings(max_examples=max(1, settings().max_examples // 5))
@given(data=st.data())
def test_at_kinks_and_ties_its_gradient_is_a_subgradient(op, data):
    example = data.draw(examples_of(op, kinks=True))
    assume(example.points and example.is_continuous())
    assert_right(example)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@given(data=st.data())
def test_float32_stays_float32_and_agrees_with_float64(op, data):
    example = data.draw(examples_of(op))
    weights = example.weights()
    points = [x.astype(np.float32) for x in example.points]
    leaves, gradients = gradients_at(example, points, weights.astype(np.float32))
    value = example(*leaves)
    by_options = op.name in ("astype", "float_power", "quantile", "percentile")  # the dtype that options ask for
    in_float32 = Example(op, *example.arguments(points))
    assert value.dtype == (in_float32.by_numpy(op.numpy_functions[0]).dtype if by_options else np.float32)
    _, exact = gradients_at(example, [x.astype(np.float64) for x in points], weights)
    for leaf, g, e in zip(leaves, gradients, exact, strict=True):
        assert leaf.grad is None or leaf.grad.dtype == np.float32
        assert np.linalg.norm(g - e) <= 2e-4 * (1 + np.linalg.norm(e))


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@given(data=st.data())
def test_non_contiguous_inputs_give_the_same(op, data):
    example = data.draw(examples_of(op))
    weights = example.weights()
    _, straight = gradients_at(example, example.points, weights)
    leaves = [mg.Tensor(x, requires_grad=True) for x in example.points]
    for leaf in leaves:
        if leaf.ndim:  # every other entry of an array twice as long, read from its end
            leaf._data = np.repeat(leaf.data[::-1], 2, axis=0)[::-2]
    y = np.sum(example(*leaves) * weights)
    if isinstance(y, mg.Tensor) and y.requires_grad:
        y.backward()
    for leaf, g in zip(leaves, straight, strict=True):
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        assert np.linalg.norm(found - g) <= 1e-12 * (1 + np.linalg.norm(g))


@pytest.mark.parametrize("op", [p for p in PRIMITIVE if p.values[0].elementwise])
@given(data=st.data())
def test_a_scalar_gives_the_same_numbers_as_a_tensor(op, data):
    inputs, options = data.draw(inputs_of(op))
    assume(all(np.size(x) for x in inputs))
    numbers = [x if x is None or isinstance(x, float) else x.dtype.type(x.flat[0]) for x in inputs]
    rules = op.rules or (True,) * len(inputs)
    places = [i for i, x in enumerate(inputs) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and rules[i]]
    scalars = {i: mg.Scalar(numbers[i]) for i in places}
    tensors = {i: mg.Tensor(numbers[i], requires_grad=True) for i in places}
    s = op(*(scalars.get(i, x) for i, x in enumerate(numbers)), **options)
    t = op(*(tensors.get(i, x) for i, x in enumerate(numbers)), **options)
    s.backward()
    t.backward()
    assert type(s.data) is float
    assert s.data == pytest.approx(t.item(), rel=1e-14, abs=1e-15)
    for i in places:
        assert type(scalars[i].grad) is float
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

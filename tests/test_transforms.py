"""`grad` and its relatives: known derivatives, modes that agree, nesting, containers, and refusals."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import numerical_gradient

X = np.array([0.5, -1.2, 2.0])
numbers = st.floats(-2, 2)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def layers(x):
    return mg.softmax(np.tanh(x) * 2)[:2]


@given(numbers, st.integers(0, 4))
def test_every_order_of_a_polynomial_is_exact(x, order):
    f = lambda x: x**5 - 2 * x**3 + x  # noqa: E731 (a function to differentiate)
    polynomial = np.polynomial.Polynomial([0, 1, 0, -2, 0, 1])
    for _ in range(order):
        f, polynomial = mg.grad(f), polynomial.deriv()
    assert float(f(x)) == pytest.approx(polynomial(x), rel=1e-9, abs=1e-9)


def test_the_derivative_of_an_inner_derivative_does_not_confuse_its_variables():
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert mg.grad(lambda x: mg.grad(lambda y: x**2 * y**3)(x))(2.0) == 3 * 4 * 2.0**3  # 3x²y² at y = x


def test_a_gradient_agrees_with_differences_and_with_the_hessian_and_its_products():
    (numeric,) = numerical_gradient(lambda x: float(rosenbrock(x)), X)
    np.testing.assert_allclose(mg.grad(rosenbrock)(X), numeric, rtol=1e-8)
    full = mg.hessian(rosenbrock)(X)
    np.testing.assert_allclose(full, full.T, rtol=1e-12)
    for i in range(3):
        (row,) = numerical_gradient(lambda x, i=i: float(mg.grad(rosenbrock)(x)[i]), X)
        np.testing.assert_allclose(full[i], row, rtol=1e-7, atol=1e-6)
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(mg.hvp(rosenbrock, X, v), full @ v, rtol=1e-10)


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=2, max_size=2))
def test_forward_and_backward_products_are_transposes_of_each_other(v, u):
    y, along = mg.jvp(layers, X, np.array(v))
    same, pull_back = mg.vjp(layers, X)
    np.testing.assert_array_equal(y, same)
    (pulled,) = pull_back(np.array(u))
    assert np.dot(u, along) == pytest.approx(np.dot(pulled, v), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(along, mg.jacobian(layers)(X) @ v, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("f", [layers, lambda x: np.stack([x, x**2, np.exp(x)]), np.tanh, lambda x: np.sum(x * x)])
def test_a_jacobian_has_the_values_and_shape_of_all_derivatives_in_either_mode(f):
    full = mg.jacobian(f)(X)
    shape = np.shape(f(X))
    assert full.shape == (*shape, 3)
    for index in np.ndindex(shape):
        (row,) = numerical_gradient(lambda x, index=index: float(f(x)[index]), X)
        np.testing.assert_allclose(full[index], row, rtol=1e-7, atol=1e-9)


class Parameters(NamedTuple):
    w: np.ndarray
    b: dict


def test_arguments_may_be_nested_and_the_gradient_has_their_form():
    p = Parameters(np.array([1.0, 2.0]), {"b": np.array(3.0), "more": [np.array([4.0]), 5.0]})

    def cost(p, x):
        return np.sum(p.w * x) ** 2 + p.b["b"] * p.b["more"][0][0] + p.b["more"][1] ** 2

    g = mg.grad(cost)(p, np.array([1.0, 1.0]))
    assert isinstance(g, Parameters)
    np.testing.assert_array_equal(g.w, [6.0, 6.0])
    assert (g.b["b"], g.b["more"][0], g.b["more"][1]) == (4.0, [3.0], 10.0)


def test_argnums_choose_what_to_differentiate_by():
    f = lambda a, b, c: a * b**2 + c  # noqa: E731
    assert mg.grad(f, argnums=1)(2.0, 3.0, 1.0) == 12.0
    assert mg.grad(f, argnums=(0, 2))(2.0, 3.0, 1.0) == (9.0, 1.0)
    assert mg.grad(f, argnums=-1)(2, 3, 1.0) == 1.0


def test_auxiliary_results_come_along():
    f = lambda x: (np.sum(x**2), {"kept": 7})  # noqa: E731
    gradient, extra = mg.grad(f, has_aux=True)(X)
    np.testing.assert_allclose(gradient, 2 * X)
    (value, same), _ = mg.value_and_grad(f, has_aux=True)(X)
    assert value == pytest.approx((X**2).sum())
    assert extra == same == {"kept": 7}


def test_results_are_plain_arrays_and_no_tensor_of_the_users_is_touched():
    w = mg.Tensor(X, requires_grad=True)
    result = mg.grad(lambda x: np.sum(x * w))(X)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, X)
    assert w.grad is None
    with mg.no_grad():
        np.testing.assert_array_equal(mg.grad(lambda x: np.sum(x * w))(X), X)


def test_what_does_not_depend_on_the_argument_has_gradient_zero():
    np.testing.assert_array_equal(mg.grad(lambda x: 3.0)(X), np.zeros(3))
    np.testing.assert_array_equal(mg.jvp(lambda x: np.ones(2), X, X)[1], np.zeros(2))
    np.testing.assert_array_equal(mg.hessian(lambda x: np.sum(x))(X), np.zeros((3, 3)))


def test_float32_stays_float32():
    assert mg.grad(lambda x: np.sum(np.tanh(x)))(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mg.grad(np.sum)(np.array([1, 2])), TypeError, "int64"),
        (lambda: mg.grad(np.tanh)(X), mg.ShapeError, r"\(3,\).*jacobian"),
        (lambda: mg.grad(lambda x: None)(X), TypeError, "NoneType"),
        (lambda: mg.grad(np.sum, argnums=1)(X), TypeError, "argnums=1.*1 arguments"),
        (lambda: mg.jvp(np.tanh, X, X[:2]), mg.ShapeError, r"\(2,\).*\(3,\)"),
        (lambda: mg.vjp(np.tanh, X)[1](X[:2]), mg.ShapeError, r"\(2,\).*\(3,\)"),
        (lambda: mg.hvp(rosenbrock, X, X[:2]), mg.ShapeError, r"\(2,\).*\(3,\)"),
        (lambda: mg.grad(lambda x: [np.sum(x)])(X), TypeError, "list; one number"),
    ],
)
def test_bad_calls_are_answered_with_what_is_wanted(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""`grad` and its relatives: known derivatives, modes that agree, nesting, containers, and refusals."""

import itertools
import math
from dataclasses import dataclass
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


@dataclass
class Layer:
    weight: np.ndarray
    bias: float
    name: None = None


def test_dataclasses_and_every_other_container_go_in_and_come_out():
    p = {"layers": [Layer(np.array([1.0, 2.0]), 3.0)], "scale": (np.array(2.0), None)}

    def f(p):
        layer, (scale, _) = p["layers"][0], p["scale"]
        return Layer(layer.weight * scale, np.sum(layer.weight) + layer.bias)

    g = mg.grad(lambda p: np.sum(f(p).weight) * f(p).bias)(p)
    assert isinstance(g["layers"][0], Layer)
    np.testing.assert_array_equal(g["layers"][0].weight, [2 * 6 + 6, 2 * 6 + 6])
    assert (g["layers"][0].bias, g["scale"][0], g["scale"][1]) == (6.0, 18.0, None)
    y, pull_back = mg.vjp(f, p)
    assert isinstance(y, Layer)
    (back,) = pull_back(Layer(np.array([1.0, 0.0]), 10.0))
    np.testing.assert_array_equal(back["layers"][0].weight, [12.0, 10.0])
    j = mg.jacobian(f)(p)
    np.testing.assert_array_equal(j.weight["layers"][0].weight, 2 * np.eye(2))
    np.testing.assert_array_equal(j.weight["scale"][0], [1.0, 2.0])
    assert j.bias["layers"][0].bias == 1.0
    along = mg.jvp(f, (p,), (p,))[1]
    np.testing.assert_array_equal(along.weight, [4.0, 8.0])
    assert along.bias == 6.0
    with pytest.raises(TypeError, match="has dtype <U"):
        mg.grad(lambda p: p.weight)(Layer(np.array(1.0), "a name"))


def test_linearize_gives_the_derivative_at_a_point_without_running_the_function_again():
    runs = []

    def f(x, y):
        runs.append(1)
        return np.sin(x) * y

    value, along = mg.linearize(f, X, X[::-1].copy())
    np.testing.assert_array_equal(value, np.sin(X) * X[::-1])
    v, w = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0, 3.0])
    expected = np.cos(X) * X[::-1] * v + np.sin(X) * w
    np.testing.assert_allclose(along(v, w), expected, rtol=1e-15)
    np.testing.assert_allclose(along(2 * v, 2 * w), 2 * expected, rtol=1e-15)
    assert len(runs) == 1
    with pytest.raises(mg.ShapeError, match=r"linearize.*\(2,\)"):
        along(v, w[:2])


def test_what_a_pull_back_or_a_linear_map_keeps_cannot_be_changed_from_outside():
    x = X.copy()
    _, pull_back = mg.vjp(np.square, x)
    _, along = mg.linearize(np.square, x)
    x[:] = 0.0
    np.testing.assert_array_equal(pull_back(np.ones(3))[0], 2 * X)
    np.testing.assert_array_equal(along(np.ones(3)), 2 * X)


def test_elementwise_grad_is_the_derivative_of_each_entry_to_any_order():
    f = np.tanh
    t = np.tanh(X)
    np.testing.assert_allclose(mg.elementwise_grad(f)(X), 1 - t**2, rtol=1e-14)
    np.testing.assert_allclose(mg.elementwise_grad(mg.elementwise_grad(f))(X), -2 * t * (1 - t**2), rtol=1e-13)
    third = mg.elementwise_grad(mg.elementwise_grad(mg.elementwise_grad(f)))
    np.testing.assert_allclose(third(X), (1 - t**2) * (6 * t**2 - 2), rtol=1e-12)
    np.testing.assert_array_equal(mg.elementwise_grad(np.multiply, 1)(X, X[::-1]), X)


@pytest.mark.parametrize("transform", [mg.grad, mg.jacobian])
def test_something_beside_the_value_comes_back_as_plain_data(transform):
    g, aux = transform(lambda x: (np.sum(x**2), {"x": x, "text": "t"}), has_aux=True)(X)
    np.testing.assert_array_equal(g, 2 * X)
    assert type(aux["x"]) is np.ndarray
    assert aux["text"] == "t"
    hessian, aux = mg.hessian(lambda x: (np.sum(x**2), x), has_aux=True)(X)
    np.testing.assert_array_equal(hessian, 2 * np.eye(3))
    value, _, aux = mg.vjp(lambda x: (x * 2, "a"), X, has_aux=True)
    assert (type(value), aux) == (np.ndarray, "a")
    assert mg.jvp(lambda x: (x * 2, "a"), X, X, has_aux=True)[2] == "a"
    with pytest.raises(TypeError, match=r"has_aux.*\(value, anything\)"):
        transform(np.sum, has_aux=True)(X)


def test_forward_and_backward_nest_in_every_order():
    v = np.array([1.0, -1.0, 2.0])
    exact = mg.hessian(rosenbrock)(X) @ v
    forward_over_backward = mg.jvp(mg.grad(rosenbrock), X, v)[1]
    backward_over_forward = mg.grad(lambda x: mg.jvp(rosenbrock, x, v)[1])(X)
    forward_over_forward = [mg.jvp(lambda x: mg.jvp(rosenbrock, x, v)[1], X, unit)[1] for unit in np.eye(3)]
    linear = mg.linearize(mg.grad(rosenbrock), X)[1](v)
    for each in (forward_over_backward, backward_over_forward, forward_over_forward, linear, mg.hvp(rosenbrock, X, v)):
        np.testing.assert_allclose(each, exact, rtol=1e-12)
    third = mg.jvp(lambda x: mg.jvp(lambda x: mg.jvp(np.exp, x, v)[1], x, v)[1], X, v)[1]
    np.testing.assert_allclose(third, np.exp(X) * v**3, rtol=1e-14)


def test_a_hessian_vector_product_takes_containers():
    p = {"a": X, "b": np.array(2.0)}
    f = lambda p: np.sum(p["a"] ** 2) * p["b"] ** 2  # noqa: E731
    product = mg.hessian_vector_product(f, p, {"a": np.ones(3), "b": np.array(1.0)})
    np.testing.assert_allclose(product["a"], 8 * np.ones(3) + 8 * X)
    np.testing.assert_allclose(product["b"], 8 * X.sum() + 2 * np.sum(X**2))


# ---- transforms of transforms --------------------------------------------------------------------------------

ONE = np.ones(())
#: How many times each differentiates a function of one number, and the function that it makes of it.
TRANSFORMS = {
    "grad": (1, mg.grad),
    "value_and_grad": (1, lambda f: lambda x: mg.value_and_grad(f)(x)[1]),
    "elementwise_grad": (1, mg.elementwise_grad),
    "vjp": (1, lambda f: lambda x: mg.vjp(f, x)[1](ONE)[0]),
    "jvp": (1, lambda f: lambda x: mg.jvp(f, x, ONE)[1]),
    "linearize": (1, lambda f: lambda x: mg.linearize(f, x)[1](ONE)),
    "jacobian": (1, mg.jacobian),
    "hessian": (2, mg.hessian),
    "hvp": (2, lambda f: lambda x: mg.hvp(f, x, ONE)),
    "checkpoint": (0, mg.checkpoint),
}


def nested(names, f):
    for name in names:
        f = TRANSFORMS[name][1](f)
    return f, sum(TRANSFORMS[name][0] for name in names)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_all_nestings_of_transforms_give_the_derivative_of_their_order(depth):
    a, b, x = 0.4, 1.3, 0.7
    for names in itertools.product(TRANSFORMS, repeat=depth):
        f, order = nested(names, lambda x: np.exp(a * x) * np.sin(b * x))
        exact = np.hypot(a, b) ** order * np.exp(a * x) * np.sin(b * x + order * np.arctan2(b, a))
        assert float(f(np.array(x))) == pytest.approx(exact, rel=1e-11, abs=1e-11), names


@pytest.mark.parametrize("outer", TRANSFORMS)
@pytest.mark.parametrize("inner", TRANSFORMS)
def test_an_inner_transform_may_use_what_the_outer_one_differentiates_by(outer, inner):
    # with f = e^(xy) differentiated n times by y, at y = 2: x^n e^(2x); then by x
    count = TRANSFORMS[inner][0]
    g, order = nested([outer], lambda x: nested([inner], lambda y: np.exp(x * y))[0](2.0 + 0.0 * x))
    exact = derivative_of_power_times_exponential(count, order, 0.3)
    assert float(g(np.array(0.3))) == pytest.approx(exact, rel=1e-11), (outer, inner)


def derivative_of_power_times_exponential(power, order, x):
    """The derivative of x^power e^(2x), by Leibniz' rule."""
    total = 0.0
    for k in range(min(order, power) + 1):
        total += math.comb(order, k) * math.perm(power, k) * x ** (power - k) * 2.0 ** (order - k)
    return total * math.exp(2 * x)


@pytest.mark.parametrize("made", ["linearize", "vjp"])
@pytest.mark.parametrize("used", TRANSFORMS)
def test_a_linear_map_made_outside_can_be_differentiated_inside(made, used):
    x, v = np.array([0.5, -1.2, 2.0]), 0.8
    if made == "linearize":
        _, along = mg.linearize(np.sin, x)
    else:
        _, pull_back = mg.vjp(np.sin, x)
        along = lambda v: pull_back(v)[0]  # noqa: E731
    direction = np.array([1.0, 2.0, -1.0])
    f, order = nested([used], lambda v: np.sum(along(v * direction) ** 3))
    exact = math.perm(3, order) * v ** (3 - order) * np.sum((np.cos(x) * direction) ** 3)
    assert float(f(np.array(v))) == pytest.approx(exact, rel=1e-12)
    assert type(along(direction)) is np.ndarray  # outside it gives arrays again


@pytest.mark.parametrize("outer", [n for n in TRANSFORMS if n not in ("hessian", "hvp")])
def test_products_with_the_jacobian_of_a_vector_function_are_differentiated_again(outer):
    v, u = np.array([1.0, -2.0, 0.5]), np.array([1.5, -0.5])
    along = np.array([0.3, 0.2, -1.0])
    step = lambda f: lambda t: f(X + t * along)  # noqa: E731
    for product in (
        lambda x: np.sum(mg.jvp(layers, x, v)[1] * u),
        lambda x: np.sum(mg.linearize(layers, x)[1](v) * u),
        lambda x: np.sum(mg.vjp(layers, x)[1](u)[0] * v),
        lambda x: np.sum(mg.jacobian(layers)(x) * np.outer(u, v)),
        lambda x: np.sum(mg.hvp(lambda x: np.sum(np.cumsum(layers(x)) ** 3), x, v) * v),
        lambda x: np.sum(mg.hessian(lambda x: np.sum(np.cumsum(layers(x)) ** 3))(x) * np.outer(v, v)),
    ):
        path = step(product)
        f, order = nested([outer], path)
        expected = product(X) if order == 0 else numerical_gradient(lambda t, path=path: float(path(t)), 0.0)[0]
        assert float(f(np.array(0.0))) == pytest.approx(float(expected), rel=1e-7), outer


def test_what_a_user_gives_as_a_tensor_that_wants_a_gradient_gets_it_through_a_transform():
    v = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    for f in (
        mg.linearize(np.sin, X)[1],
        lambda v: mg.vjp(np.sin, X)[1](v)[0],
        lambda v: mg.jvp(np.sin, X, v)[1],
    ):
        v.grad = None
        np.sum(f(v) ** 2).backward()
        np.testing.assert_allclose(v.grad, 2 * np.cos(X) ** 2 * v.data, rtol=1e-14)
    x = mg.Tensor(X, requires_grad=True)
    np.sum(mg.elementwise_grad(np.sin)(x)).backward()
    np.testing.assert_allclose(x.grad, -np.sin(X), rtol=1e-14)
    with mg.no_grad():
        assert type(mg.elementwise_grad(np.sin)(x)) is np.ndarray


@pytest.mark.parametrize("name", [n for n in TRANSFORMS if n != "checkpoint"])
def test_a_derivative_taken_under_no_grad_is_right_and_constant(name):
    def f(x):
        with mg.no_grad():
            slope = nested([name], lambda y: np.sin(2 * y) + 0.0 * x * y**3)[0](x)
        assert isinstance(slope, mg.Tensor)
        return x * slope

    order = TRANSFORMS[name][0]
    slope = 2**order * np.sin(2 * 0.7 + order * np.pi / 2)
    for outer in (mg.grad, lambda f: lambda x: mg.jvp(f, x, ONE)[1]):
        assert float(outer(f)(np.array(0.7))) == pytest.approx(slope, rel=1e-12)


# ---- checkpoint -------------------------------------------------------------------------------------------


def test_a_checkpoint_gives_the_same_gradients_and_keeps_no_inner_nodes():
    w = mg.Tensor(np.eye(3) * 0.5, requires_grad=True, name="w")

    def block(h):
        return np.tanh(h @ w + h)

    def gradients(step):
        w.grad = None
        x = mg.Tensor(X, requires_grad=True)
        h = x * 2.0
        for _ in range(4):
            h = step(h)
        y = np.sum(h**2)
        y.backward()
        return x.grad, w.grad, len(mg.graph(y).nodes)

    by_x, by_w, nodes = gradients(block)
    again_x, again_w, fewer = gradients(mg.checkpoint(block))
    np.testing.assert_allclose(again_x, by_x, rtol=1e-14)
    np.testing.assert_allclose(again_w, by_w, rtol=1e-14)
    assert fewer == nodes - 4 * 2  # of the three operations of a block one node is left


def test_a_checkpoint_is_computed_once_forward_and_once_backward_however_deep_it_lies():
    runs = []

    @mg.checkpoint
    def block(h):
        runs.append(1)
        return np.sin(h)

    h = x = mg.Tensor(X, requires_grad=True)
    for _ in range(5):
        h = block(h)
    np.sum(h).backward()
    assert len(runs) == 10
    expected = mg.elementwise_grad(lambda x: np.sin(np.sin(np.sin(np.sin(np.sin(x))))))(X)
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14)


def test_a_checkpoint_takes_and_gives_containers_and_works_to_second_order():
    f = mg.checkpoint(lambda p: {"s": np.sum(p["a"] ** 3), "t": p["a"] * p["b"]})
    cost = lambda p: f(p)["s"] + np.sum(f(p)["t"] ** 2)  # noqa: E731
    plain = lambda p: np.sum(p["a"] ** 3) + np.sum((p["a"] * p["b"]) ** 2)  # noqa: E731
    p = {"a": X, "b": np.array(3.0)}
    for ours, theirs in ((mg.grad(cost)(p), mg.grad(plain)(p)), (mg.hvp(cost, p, p), mg.hvp(plain, p, p))):
        np.testing.assert_allclose(ours["a"], theirs["a"], rtol=1e-13)
        np.testing.assert_allclose(ours["b"], theirs["b"], rtol=1e-13)
    assert mg.checkpoint(np.sin)(mg.Tensor(X)).op is None
    with pytest.raises(TypeError, match="checkpoint: the function gave float"):
        mg.checkpoint(lambda x: 1.0)(mg.Tensor(X, requires_grad=True))
    with mg.no_grad():
        assert mg.checkpoint(np.sin)(mg.Tensor(X, requires_grad=True)).op is None

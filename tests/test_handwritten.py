"""Gradients written by hand as students write them: dictionaries, caches, value and gradient at once."""

import dataclasses

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.trees import leaves_of
from minigrad.testing import GradientError, check_gradients, numerical_gradient, relative_error

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(4, 5)), np.array([[1, 0, 1, 1, 0]])
PARAMETERS = {
    "W1": RNG.normal(size=(3, 4)), "b1": RNG.normal(size=(3, 1)),
    "W2": RNG.normal(size=(1, 3)), "b2": RNG.normal(size=(1, 1)),
}  # fmt: skip


def forward_propagation(X, Y, parameters):
    """As in the course's notebook on gradient checking: the cost and a cache."""
    W1, b1, W2, b2 = (parameters[key] for key in ("W1", "b1", "W2", "b2"))
    A1 = np.tanh(np.dot(W1, X) + b1)
    A2 = 1 / (1 + np.exp(-(np.dot(W2, A1) + b2)))
    cost = -1.0 / X.shape[1] * np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    return cost, (A1, W1, A2, W2, "a cache holds anything", None)


def backward_propagation(X, Y, cache, mistake=1.0):
    m = X.shape[1]
    A1, _, A2, W2, _, _ = cache
    dZ2 = A2 - Y
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)
    return {
        "dZ2": dZ2, "dW2": np.dot(dZ2, A1.T) / m, "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
        "dZ1": dZ1, "dW1": mistake * np.dot(dZ1, X.T) / m, "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
    }  # fmt: skip


def gradients(parameters, mistake=1.0):
    return backward_propagation(X, Y, forward_propagation(X, Y, parameters)[1], mistake)


FORMS = {
    "cost and gradients": lambda mistake: (
        ((lambda p: forward_propagation(X, Y, p)[0]), lambda p: gradients(p, mistake)), (PARAMETERS,)
    ),
    "cost with its cache": lambda mistake: (
        ((lambda p: forward_propagation(X, Y, p)), lambda p: gradients(p, mistake)), (PARAMETERS,)
    ),
    "data and labels beside the parameters": lambda mistake: (
        (forward_propagation, lambda X, Y, p: backward_propagation(X, Y, forward_propagation(X, Y, p)[1], mistake)),
        (X, Y, PARAMETERS),
    ),
    "gradients already worked out": lambda mistake: (
        ((lambda p: forward_propagation(X, Y, p)), gradients(PARAMETERS, mistake)), (PARAMETERS,)
    ),
    "value and gradient at once": lambda mistake: (
        (lambda p: (forward_propagation(X, Y, p)[0], gradients(p, mistake))), (PARAMETERS,)
    ),
    "value, gradient and cache": lambda mistake: (
        (lambda p: (forward_propagation(X, Y, p)[0], gradients(p, mistake), forward_propagation(X, Y, p)[1])),
        (PARAMETERS,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_dictionaries_of_parameters_are_checked_however_the_homework_is_written(form):
    f, inputs = FORMS[form](1.0)
    report = check_gradients(f, *inputs)
    assert report.passed
    assert [label[-4:-2] for label in report.by_input] == ["W1", "b1", "W2", "b2"]
    f, inputs = FORMS[form](2.0)
    with pytest.raises(GradientError, match=r"\['W1'\]: twice too large") as found:
        check_gradients(f, *inputs)
    assert found.value.report.counts["wrong"] == PARAMETERS["W1"].size


def test_what_a_dictionary_of_gradients_does_not_mention_is_held_fixed_and_the_report_says_so():
    f, inputs = FORMS["data and labels beside the parameters"](1.0)
    text = str(check_gradients(f, *inputs, names=["X", "Y", "parameters"]))
    assert "X: held fixed (the dictionary of gradients has none for it)" in text
    assert "Y: held fixed (int64)" in text
    pair = lambda W, b: np.sum((W @ X + b) ** 2), lambda W, b: {"dW": 2 * (W @ X + b) @ X.T}
    report = check_gradients(pair, np.ones((2, 4)), np.ones((2, 1)))  # by the names of the function's arguments
    assert list(report.by_input) == ["input 0"]
    assert "input 1" in report.notes


def test_a_function_that_gives_its_value_and_its_gradient_is_checked_as_a_pair():
    def loss(w, labels=Y):  # as SciPy's jac=True and CS231n have it
        scores = np.zeros(w.shape)
        scores[:] = w  # into an array made beforehand
        return float(np.sum(scores**3)), 3 * w**2

    report = check_gradients(loss, np.array([0.5, -1.0]))
    assert report.passed
    assert "returns_gradient=False" in report.notes["the second value"]
    with pytest.raises(GradientError, match="the sign is wrong"):
        check_gradients(lambda w: (loss(w)[0], -loss(w)[1]), np.array([0.5, -1.0]))
    with pytest.raises(GradientError, match="input 1: half as large"):
        check_gradients(lambda a, b: (np.sum(a * b), b, a / 2), np.ones(3), np.arange(1.0, 4.0))
    assert check_gradients(mg.value_and_grad(lambda w: np.sum(w**3)), np.ones(3)).passed

    def of_one_input(w, x):  # the gradient by w alone
        found = np.zeros(w.shape)
        found += w * x
        return np.sum(found), x

    assert check_gradients(lambda w: of_one_input(w, np.arange(3.0)), np.ones(3)).passed
    with pytest.raises(TypeError) as failed:
        check_gradients(of_one_input, np.ones(3), np.arange(3.0))
    assert "close over the others" in failed.value.__notes__[0]
    # other values in the form of a gradient are values where that is said
    both = lambda w: (np.sum(w**2), np.tanh(w))  # noqa: E731
    assert check_gradients(both, np.ones(3), returns_gradient=False).passed
    with pytest.raises(GradientError, match="returns_gradient=False"):
        check_gradients(both, np.array([0.5, -1.0, 2.0]))
    with pytest.raises(TypeError, match=r"must give \(cost, gradient\)"):
        check_gradients(lambda w: np.sum(w**2), np.ones(3), returns_gradient=True)
    with pytest.raises(TypeError, match="one function of arrays"):
        check_gradients((loss, loss), np.ones(3), returns_gradient=True)


def test_a_function_that_minigrad_records_may_give_a_cache_too_and_it_is_not_checked():
    def cost(p):
        hidden = np.tanh(p["W"] @ X)
        return np.sum(hidden**2), {"mask": X > 0, "told": str(hidden.shape)}

    report = check_gradients(cost, {"W": np.ones((2, 4)) / 3}, order=2, mode="both")
    assert "only the first value, the cost" in report.notes["value"]
    assert check_gradients(lambda p: forward_propagation(X, Y, p), PARAMETERS).passed


def test_integers_masks_and_texts_are_held_fixed_wherever_they_stand():
    def cost(x, labels, mask, kind="sum"):
        assert kind == "sum"
        return np.sum(x[labels] * mask)

    report = check_gradients(cost, np.array([0.5, 1.5, 2.5]), np.array([0, 2]), np.array([True, False]), "sum")
    assert report.entries == 3
    assert list(report.notes.values()) == ["held fixed (int64)", "held fixed (bool)", "held fixed (str)"]
    pair = lambda x, y, n: float(np.sum(x * y) * n), lambda x, y, n: y * float(n)
    assert check_gradients(pair, np.ones(2), np.array([1, 2]), 3).entries == 2
    assert check_gradients((pair[0], lambda x, y, n: (pair[1](x, y, n), None, None)), np.ones(2), np.array([1, 2]), 3)
    assert check_gradients(lambda a, n: a**n, 1.5, 3).entries == 1  # Scalars
    assert check_gradients(lambda p: p["w"] * p["n"], {"w": np.ones(2), "n": 2, "name": "layer"}).entries == 2
    with pytest.raises(
        TypeError, match=r"nothing to differentiate with respect to: x is held fixed \(int\); write 1.0, not 1"
    ):
        check_gradients(lambda x: x, 1, names=["x"])


def test_parameters_in_lists_tuples_and_dataclasses_have_gradients_of_the_same_form():
    @dataclasses.dataclass
    class Layer:
        w: np.ndarray
        b: np.ndarray

    layer = Layer(np.ones((2, 3)), np.zeros(2))
    x = np.array([0.5, -1.0, 2.0])
    cost = lambda p: np.sum((p.w @ x + p.b) ** 2)  # noqa: E731

    def gradient(p):
        z = 2 * (p.w @ x + p.b)
        return Layer(np.outer(z, x), z)

    assert check_gradients((cost, gradient), layer).entries == 8
    assert check_gradients((cost, lambda p: {"dw": gradient(p).w, "db": gradient(p).b}), layer).entries == 8
    layers = [{"w": layer.w, "b": layer.b}]
    pair = lambda p: cost(Layer(**p[0])), lambda p: [dataclasses.asdict(gradient(Layer(**p[0])))]
    assert check_gradients(pair, layers).entries == 8
    pair = lambda p: cost(Layer(*p)), lambda p: (lambda g: (g.w, g.b))(gradient(Layer(*p)))
    assert check_gradients(pair, (layer.w, layer.b)).entries == 8


W, B = np.ones((2, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("gradient", "inputs", "error", "message"),
    [
        (lambda b: None, (B,), TypeError, "the gradient for input 0 is None; does the function return it"),
        (lambda b: {"db": b}, (B,), TypeError, "for input 0 is a dictionary with the keys 'db', an array is wanted"),
        (lambda b: "g", (B,), TypeError, "for input 0 is a str, an array of numbers is wanted"),
        (lambda b: 2 * b[None], (B,), ValueError, r"\(1, 3\) for input 0 of shape \(3,\): it kept dimensions"),
        (lambda b: (2 * b)[:, 0], (B[:, None],), ValueError, r"\(3,\) for .* \(3, 1\): it lost dimensions .*keepdims"),
        (lambda w: 2 * w.T, (W,), ValueError, "it is transposed"),
        (lambda w, b: (2 * w, None), (W, B), TypeError, "the gradient for input 1 is None"),
        (lambda w, b: 2 * w, (W, B), ValueError, "df gave a ndarray of shape .* for 2 inputs; .* close over it"),
        (lambda p: {"dW": p["W"]}, ({"W": W, "b": B},), ValueError, r"for input 0\['b'\] is missing.*neither 'db' nor"),
        (lambda p: p["W"], ({"W": W, "b": B},), TypeError, "a dictionary is wanted, with 'dW', 'db', … or the same"),
        (lambda p: [*p, 1.0], ([W, B],), ValueError, "2 arrays in a list, is a list of 3; it must have the same form"),
    ],
)  # fmt: skip
def test_a_gradient_of_the_wrong_form_is_told_in_its_own_words(gradient, inputs, error, message):
    total = lambda *given: sum(float(np.sum(x**2)) for x in leaves_of(given))  # noqa: E731
    with pytest.raises(error, match=message):
        check_gradients((total, gradient), *inputs)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (mg.nn.Linear(2, 2), r"input 0 is a module \(Linear\)"),
        (np.array([1.0, None]), "input 0 holds Python objects"),
        (np.array([1j]), "input 0 holds complex128; complex numbers are not differentiated"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "input 0 is a masked array"),
        (object(), "input 0 is object; give the arrays in it"),
        (np.array(["a"]), r"nothing to differentiate with respect to: input 0 is held fixed \(<U1\)"),
        ({"n": 1}, r"nothing to differentiate with respect to: input 0\['n'\] is held fixed \(int\)"),
    ],
)
def test_an_input_that_has_no_derivative_is_told_in_its_own_words(x, message):
    with pytest.raises(TypeError, match=message):
        check_gradients((lambda x: 1.0, lambda x: x), x)


def test_the_relative_error_of_dictionaries_is_that_of_all_their_arrays_as_one_vector():
    exact = gradients(PARAMETERS)
    vector = np.concatenate([exact["d" + key].ravel() for key in PARAMETERS])
    wrong = {**exact, "dW1": exact["dW1"] + 0.01}
    own = np.concatenate([wrong["d" + key].ravel() for key in PARAMETERS])
    parameters = {key: exact["d" + key] for key in reversed(PARAMETERS)}
    expected = np.linalg.norm(vector - own) / (np.linalg.norm(vector) + np.linalg.norm(own))
    assert relative_error(wrong, parameters) == pytest.approx(expected, rel=1e-12)
    assert relative_error(parameters, wrong) == pytest.approx(expected, rel=1e-12)
    assert relative_error(2 * W, numerical_gradient(lambda w: np.sum(w**2), W)) < 1e-12
    assert relative_error([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert relative_error(1.0, 3.0) == 0.5
    with pytest.raises(ValueError, match=r"relative_error: .*\(3,\) .*\(3, 1\) do not belong together"):
        relative_error(B, B[:, None])  # which NumPy would broadcast to nine differences
    with pytest.raises(ValueError, match="neither 'db' nor 'b', it has 'a'"):
        relative_error({"a": 1.0}, {"b": 1.0})
    with pytest.raises(TypeError, match="None"):
        relative_error(None, W)

"""`check_gradients` on functions of other frameworks: right ones pass, wrong ones are found, by one kind of report."""

import importlib

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError, check_gradients

X, W = np.array([[0.3, -0.7], [1.1, 0.4]]), np.array([0.5, -1.5])
WEIGHTS = np.array([1.0, -2.0])


def torch_case():
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra 'bench'")

    class Halved(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x * 1.0

        @staticmethod
        def backward(context, g):
            return g / 2

    right = lambda x, w: (torch.tanh(x @ w) * torch.tensor(WEIGHTS)).sum()  # noqa: E731
    return right, lambda x, w: right(Halved.apply(x), w), torch.tensor


def jax_case():
    jax = pytest.importorskip("jax", reason="JAX is in the extra 'bench'")

    @jax.custom_jvp
    def halved(x):
        return x * 1.0

    halved.defjvp(lambda primals, tangents: (primals[0] * 1.0, tangents[0] / 2))
    right = lambda x, w: (jax.numpy.tanh(x @ w) * WEIGHTS).sum()  # noqa: E731
    return right, lambda x, w: right(halved(x), w), jax.numpy.asarray


def autograd_case():
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is in the extra 'bench'")
    anp = importlib.import_module("autograd.numpy")
    halved = autograd.extend.primitive(lambda x: x * 1.0)
    autograd.extend.defvjp(halved, lambda y, x: lambda g: g / 2)
    right = lambda x, w: anp.sum(anp.tanh(anp.dot(x, w)) * WEIGHTS)  # noqa: E731
    return right, lambda x, w: right(halved(x), w), np.asarray


CASES = {"torch": torch_case, "jax": jax_case, "autograd": autograd_case}


@pytest.mark.parametrize("name", CASES)
def test_a_right_function_passes_and_a_wrong_one_is_found_with_the_same_report(name):
    right, wrong, tensor = CASES[name]()
    report = check_gradients(right, X, W, framework=name, names=["x", "w"])
    assert report.passed
    assert report.relative_error < 1e-9
    with pytest.raises(GradientError, match="x: half as large as it should be") as found:
        check_gradients(wrong, X, W, framework=name, names=["x", "w"])
    assert found.value.report.counts == {
        "right": 2, "right as a subgradient": 0, "wrong": 4, "inconclusive": 0
    }  # fmt: skip
    if name != "autograd":  # whose inputs are plain arrays
        assert check_gradients(right, tensor(X), tensor(W)).entries == 6


def test_mygrad_and_micrograd_functions_are_checked():
    mygrad = pytest.importorskip("mygrad", reason="MyGrad is in the extra 'bench'")
    right = lambda x, w: mygrad.sum(mygrad.tanh(mygrad.matmul(x, w)) * WEIGHTS)  # noqa: E731
    assert check_gradients(right, mygrad.tensor(X), mygrad.tensor(W)).passed
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is in the extra 'bench'")
    f = lambda a, b: (a * b + b**3).relu() * a  # noqa: E731
    assert check_gradients(f, engine.Value(2.0), engine.Value(1.5)).passed


def test_a_framework_that_is_unknown_missing_or_does_not_fit_is_told(monkeypatch):
    with pytest.raises(ValueError, match="framework='theano'; known are minigrad, callable, autograd, jax"):
        check_gradients(np.sum, X, framework="theano")
    with pytest.raises(TypeError, match=r"'callable' wants a pair"):
        check_gradients(np.sum, X, framework="callable")
    with pytest.raises(TypeError, match="checked as it is"):
        check_gradients((np.sum, np.ones_like), X, framework="torch")
    assert check_gradients((np.sum, np.ones_like), X, framework="callable").passed
    assert check_gradients(lambda x: mg.sum(x * x), X, framework="minigrad").passed

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match="pip install torch"):
        check_gradients(np.sum, X, framework="torch")

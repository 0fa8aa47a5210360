"""`check_gradients` on functions of other frameworks: right ones pass, wrong ones are found, by one kind of report.

Modules, nested containers, what is held fixed, and what a framework's own code changes behind one's back.
"""

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
    with pytest.raises(TypeError, match=r"'callable' requires a pair"):
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


# ---- modules of PyTorch ------------------------------------------------------------------------------------------


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra 'bench'")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny arrays on busy machines
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield torch
    torch.set_num_threads(threads)


def careless_linear(torch):
    """A layer whose weight gradient is twice too large, in float32 as PyTorch makes it."""

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(context, x, w):
            context.save_for_backward(x, w)
            return x @ w.T

        @staticmethod
        def backward(context, g):
            x, w = context.saved_tensors
            return g @ w, 2 * g.T @ x

    class Careless(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(2, 3))
            self.scale = torch.ones(2)  # neither a parameter nor a buffer

        def forward(self, x):
            return Product.apply(x, self.weight) * self.scale

    return Careless()


def test_a_module_of_pytorch_stands_for_its_parameters_in_float32_as_it_comes(torch):
    layer = torch.nn.Linear(3, 2)
    report = check_gradients(layer, torch.randn(4, 3))
    assert list(report.by_input) == ["input 0", "weight", "bias"]
    assert report.relative_error < 1e-12  # it was run in float64 …
    assert layer.weight.dtype == torch.float32  # … and is as it was
    assert check_gradients(layer, np.ones((4, 3))).entries == 20
    for module, x in (
        (torch.nn.LSTM(3, 2), torch.randn(4, 1, 3)),
        (torch.nn.Conv2d(1, 2, 2), torch.randn(1, 1, 3, 3)),
        (torch.nn.Embedding(4, 2), torch.tensor([0, 2, 2])),
    ):
        assert check_gradients(module, x).passed


@pytest.mark.parametrize(
    "how",
    [
        lambda torch, layer, x: (layer, x),
        lambda torch, layer, x: (lambda layer, x: layer(x).sum(), layer, x),
        lambda torch, layer, x: (lambda _, x: layer(x).sum(), layer, x),
        lambda torch, layer, x: (lambda *_: layer(x.double()).sum(), *layer.parameters()),
        lambda torch, layer, x: (lambda p: p["layer"](p["x"]), {"layer": layer, "x": x}),
    ],
    ids=["the function", "an input", "an input of a closure", "its parameters", "in a dictionary"],
)
def test_a_wrong_gradient_by_a_parameter_of_pytorch_is_found_however_it_is_given(torch, how):
    layer, x = careless_linear(torch), torch.randn(4, 3)
    before = layer.weight.detach().clone()
    with pytest.raises(GradientError, match="twice too large") as found:
        check_gradients(*how(torch, layer, x))
    assert found.value.report.counts["wrong"] == 6
    assert torch.equal(layer.weight, before)
    assert layer.weight.grad is None
    assert layer.scale.dtype == torch.float32


def test_what_will_not_run_in_float64_is_checked_as_it_is_and_the_report_says_so(torch):
    constant = torch.randn(3, 2)
    report = check_gradients(lambda x: (x @ constant).sum(), torch.randn(4, 3), tolerance=1e-2)
    assert "does not run in float64" in report.notes["precision"]
    assert check_gradients(lambda x: (x**2).sum(), torch.randn(3, dtype=torch.bfloat16)).passed
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        check_gradients(lambda x: (x @ constant).sum(), torch.randn(4, 4))


def test_running_statistics_random_numbers_and_gradients_of_pytorch_are_as_they_were(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.5), nn.Linear(5, 2))
    model[0].weight.requires_grad_(False)
    model[4].bias.grad = torch.ones(2)
    x, labels = torch.randn(8, 3), torch.randint(0, 2, (8,))
    state = {name: each.clone() for name, each in model.state_dict().items()}
    random = torch.random.get_rng_state()
    cost = lambda model, x, labels: torch.nn.functional.cross_entropy(model(x), labels)  # noqa: E731
    report = check_gradients(cost, model, x, labels, names=["model", "x", "labels"])
    assert report.notes["labels"] == "held fixed (int64)"
    assert "model.0.weight" not in report.by_input  # frozen
    assert {*report.by_input} >= {"model.0.bias", "model.1.weight", "model.4.bias", "x"}
    for name, each in model.state_dict().items():
        assert each.dtype == state[name].dtype
        assert torch.equal(each, state[name])
    assert torch.equal(torch.random.get_rng_state(), random)
    assert torch.equal(model[4].bias.grad, torch.ones(2))


def test_a_module_that_a_function_closes_over_is_put_back_and_the_report_says_what_was_not_checked(torch):
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5))
    state = {name: each.clone() for name, each in model.state_dict().items()}
    report = check_gradients(lambda x: model(x), torch.randn(8, 3))  # float32, run in float64
    assert report.relative_error < 1e-9
    assert "its parameters are not checked" in report.notes["Sequential"]
    assert all(torch.equal(each, state[name]) for name, each in model.state_dict().items())
    given = check_gradients(lambda *_: model(torch.ones(4, 3).double().cumsum(0)), *model.parameters())
    assert given.entries == 30
    assert "Sequential" not in given.notes
    assert "Sequential" not in check_gradients(lambda _, x: model(x), model, torch.randn(8, 3)).notes


def test_leaves_of_pytorch_are_changed_in_place_and_results_are_refused(torch):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    assert check_gradients(lambda *_: (w**2).sum(), w).relative_error < 1e-12
    assert w.tolist() == [1.0, -2.0]
    with pytest.raises(TypeError, match="the result of an operation; pass its"):
        check_gradients(lambda x: x.sum(), w * 2)
    with pytest.raises(TypeError, match="holds complex64"):
        check_gradients(lambda x: x.abs().sum(), torch.ones(2, dtype=torch.complex64))
    with pytest.raises(TypeError, match="the function gave NoneType"):
        check_gradients(lambda x: None, w)


# ---- containers, values of several parts, what is held fixed -----------------------------------------------------


def numpy_of(name):
    module = {"torch": "torch", "jax": "jax.numpy", "autograd": "autograd.numpy", "mygrad": "mygrad"}[name]
    return pytest.importorskip(module, reason="in the extra 'bench'")


@pytest.mark.parametrize("name", ["torch", "jax", "autograd", "mygrad"])
def test_nested_containers_and_labels_are_inputs_and_containers_are_values(name):
    lib = numpy_of(name)

    def scores(p, rows):
        hidden = lib.tanh(lib.matmul(p["layers"][0], p["x"]))
        return hidden[rows], {"square": lib.sum(hidden**2) * p["n"]}

    parameters = {"layers": [W * X], "x": X, "n": 2}
    report = check_gradients(scores, parameters, np.array([0, 0, 1]), framework=name, names=["p", "rows"])
    assert list(report.by_input) == ["p['layers'][0]", "p['x']"]
    assert report.relative_error < 1e-9
    assert {"p['n']", "rows"} <= {*report.notes}


@pytest.mark.parametrize("name", ["torch", "jax", "autograd", "mygrad"])
def test_an_input_without_influence_and_an_infinite_gradient_are_told_in_every_framework(name):
    lib = numpy_of(name)
    report = check_gradients(lambda x, unused: lib.sum(x * x), W, X, framework=name, names=["x", "unused"])
    assert report.notes == {"unused": "the value does not depend on it here: 0 = 0 says nothing of its gradient"}
    with np.errstate(all="ignore"), pytest.raises(GradientError, match="the numerical derivative is infinite too"):
        check_gradients(lambda x: lib.sum(lib.sqrt(x)), np.array([0.0, 1.0]), framework=name)


def test_scans_and_branches_of_jax_are_both_checked_the_former_compiled():
    jax = pytest.importorskip("jax", reason="JAX is in the extra 'bench'")
    runs = []

    def scanned(x):
        runs.append(1)
        return jax.lax.scan(lambda carry, _: (jax.numpy.tanh(carry) * x, None), x, None, length=20)[0]

    assert check_gradients(scanned, jax.numpy.linspace(0.3, 1.2, 4)).relative_error < 1e-9
    assert len(runs) < 16  # and not once for each of some fifty evaluations
    branching = lambda x: jax.numpy.sum(x**2) if x[0] > 0 else jax.numpy.sum(x)  # noqa: E731
    assert check_gradients(branching, jax.numpy.ones(3)).passed
    rng = np.random.default_rng(0)  # compiled, it would be drawn from once
    with pytest.raises(ValueError, match="at the same inputs; draw its random numbers"):
        check_gradients(lambda x: jax.numpy.sum(x * rng.normal(size=3)), jax.numpy.ones(3))
    key = jax.random.key(0)
    drawn = lambda x, key: x * jax.random.normal(key, (3,))  # noqa: E731
    assert check_gradients(drawn, jax.numpy.ones(3), key).notes == {"input 1": "held fixed (key<fry>)"}


def test_a_module_of_micrograd_stands_for_its_parameters():
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is in the extra 'bench'")
    network = importlib.import_module("micrograd.nn").MLP(2, [3, 1])
    before = [p.data for p in network.parameters()]
    report = check_gradients(lambda network, x: (network([x, x * x]) - 3) ** 2, network, engine.Value(2.0))
    assert report.entries == 1 + len(before) == 14
    assert [p.data for p in network.parameters()] == before
    assert check_gradients(lambda x, y: (x * y, y + 1), engine.Value(2), engine.Value(1.5)).passed
    assert check_gradients(lambda x: 3.0, engine.Value(2.0)).notes.keys() == {"input 0"}


# ---- a backward that writes into its argument --------------------------------------------------------------------


def test_a_backward_of_pytorch_that_changes_its_argument_is_named_and_makes_no_right_gradient_wrong(torch):
    class Greedy(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x * 2

        @staticmethod
        def backward(context, g):
            return g.mul_(2)

    x = torch.randn(3)
    for f in (Greedy.apply, lambda x: Greedy.apply(torch.sin(x)) * x):
        report = check_gradients(f, x)
        assert "a backward (GreedyBackward) writes into the gradient g" in report.notes["g"]
    with pytest.raises(GradientError, match=r"a backward \(GreedyBackward\) writes into"):
        check_gradients(lambda x: torch.sin(x) + Greedy.apply(torch.cos(x) + x) + x, x)  # where g has another user
    assert "g" not in check_gradients(torch.tanh, x).notes


def test_a_backward_of_mygrad_that_changes_its_argument_is_named_and_makes_no_right_gradient_wrong():
    mygrad = pytest.importorskip("mygrad", reason="MyGrad is in the extra 'bench'")

    class Greedy(importlib.import_module("mygrad.operation_base").Operation):
        def __call__(self, a):
            self.variables = (a,)
            return a.data * 3

        def backward_var(self, grad, index, **_):
            grad *= 3
            return grad

    report = check_gradients(lambda x: mygrad.Tensor._op(Greedy, x), mygrad.tensor([1.0, 2.0]))
    assert report.passed
    assert "a backward (Greedy) writes into the gradient g" in report.notes["g"]


def test_a_backward_of_autograd_that_changes_its_argument_is_noted():
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is in the extra 'bench'")
    greedy = autograd.extend.primitive(lambda x: x * 3.0)
    autograd.extend.defvjp(greedy, lambda y, x: lambda g: np.multiply(g, 3.0, out=g))
    report = check_gradients(greedy, np.array([1.0, 2.0]), framework="autograd")
    assert report.passed
    assert "a backward writes into the gradient g" in report.notes["g"]

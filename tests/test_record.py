"""`mg.record`: at other inputs a program gives the eager numbers, for every operation, and state is explicit."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.trees import leaves_of
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_example

#: What is refused with reason: the residuals of lstsq are empty or not, as the rank decides.
SHAPED_BY_NUMBERS = {"lstsq"}
#: Where eager calls on arrays give complex numbers, a program says that its numbers are real.
REAL_ONLY = {"eig", "eigvals"}

DRAWN = [op for op in mg.operations().values() if op.inputs is not None]


def other_points(example, seed):
    """Inputs of the same shapes: drawn again, or the same numbers in another order, so that comparisons come out
    otherwise."""
    rng = np.random.default_rng(seed)
    shapes = [x.shape for x in example.points]
    for more in range(20):
        again = drawn_example(example.op, RandomDraw([seed, more]))
        if [x.shape for x in again.points] == shapes:
            yield again.points
            break
    yield [rng.permutation(x.reshape(-1)).reshape(x.shape) if x.size > 1 else x + 1 / 32 for x in example.points]


def derivatives(example):
    """The example's value, gradient and second derivative as functions of its floating arrays."""
    numbers = tuple(range(len(example.points)))

    def cost(*points):
        y = example(*points)
        return np.sum(y * np.linspace(0.3, 1.7, max(1, int(np.size(y)))).reshape(np.shape(y)))

    def slope(*points):
        return sum(np.sum(g * g) for g in mg.grad(cost, numbers)(*points))

    return {"value": example, "gradient": mg.grad(cost, numbers), "second": mg.grad(slope, numbers)}


def eager(f, points):
    """What f gives, or None where it gives nothing (outside of its domain)."""
    try:
        return [np.asarray(x) for x in leaves_of(f(*points))]
    except (ArithmeticError, ValueError, TypeError):
        return None


@pytest.mark.parametrize("op", DRAWN, ids=lambda op: op.name)
def test_at_other_inputs_a_program_gives_the_eager_numbers(op):
    examples = [each for each in (drawn_example(op, RandomDraw(seed)) for seed in range(4)) if each.points][:2]
    assert examples
    compared = 0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for seed, example in enumerate(examples):
            functions = derivatives(example) if op.differentiable else {"value": example}
            for what, f in functions.items():
                if eager(f, example.points) is None:
                    continue
                try:
                    program = mg.record(f, *example.points)
                except mg.SymbolError:
                    if op.name not in SHAPED_BY_NUMBERS:
                        raise
                    continue
                for points in (example.points, *other_points(example, seed)):
                    wanted = eager(f, points)
                    if op.name in REAL_ONLY and np.any(np.imag(np.linalg.eigvals(points[0]))):
                        with pytest.raises(mg.NotDifferentiableError, match="complex eigenvalues"):
                            program(*points)
                    elif wanted is not None:
                        found = [np.asarray(x) for x in leaves_of(program(*points))]
                        assert [x.dtype for x in found] == [x.dtype for x in wanted]
                        for a, b in zip(found, wanted, strict=True):
                            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12, err_msg=what)
                        compared += 1
    assert compared or op.name in SHAPED_BY_NUMBERS


# ---- derivatives inside and outside -----------------------------------------------------------------------------


def cubes(x):
    return np.sum(np.sort(np.tanh(x)) ** 3 * np.arange(1.0, 4.0))


X, V = np.array([3.0, -1.0, 2.0]), np.array([1.0, -2.0, 0.5])


@pytest.mark.parametrize(
    "f",
    [
        mg.grad(cubes), mg.value_and_grad(cubes), mg.hessian(cubes), mg.jacobian(lambda x: x**2 * np.max(x)),
        mg.grad(lambda x: np.sum(mg.grad(cubes)(x) ** 2)), lambda x: mg.vjp(np.tanh, x)[1](V),
        lambda x: mg.jvp(cubes, x, V), lambda x: mg.hvp(cubes, x, V), lambda x: mg.linearize(np.tanh, x)[1](V),
        mg.grad(mg.checkpoint(cubes)),
    ],
)  # fmt: skip
def test_transforms_are_recorded(f):
    found = mg.record(f, np.zeros(3))(X)
    for a, b in zip(leaves_of(found), leaves_of(f(X)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


def test_a_program_is_recorded_in_another_and_gives_tensors_for_tensors():
    inner = mg.record(np.tanh, np.zeros(3))
    np.testing.assert_array_equal(mg.record(lambda x: inner(x) * 2, np.zeros(3))(X), np.tanh(X) * 2)
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(inner(x)))(X), 1 - np.tanh(X) ** 2)


def test_arguments_and_results_are_containers():
    def f(p, x):
        return {"y": p["w"] @ x, "b": (p["b"][0], None)}

    program = mg.record(f, {"w": np.eye(2), "b": [np.zeros(2)]}, np.ones(2))
    found = program({"b": [np.full(2, 7.0)], "w": 3 * np.eye(2)}, np.array([1.0, 2.0]))
    assert found["y"].tolist() == [3.0, 6.0]
    assert found["b"][0].tolist() == [7.0, 7.0]
    assert found["b"][1] is None
    with pytest.raises(TypeError, match=r"argument 0\['w'\] is missing"):
        program({"v": np.eye(2), "b": [np.zeros(2)]}, np.ones(2))


def test_written_out_and_recorded_again_it_is_the_same_program():
    f = mg.grad(lambda x: np.sum(mg.softmax(np.sort(x)) * np.array([1.0, np.inf, -0.0])) + x[0] / np.float32(0.1))
    program = mg.record(f, np.zeros(3))
    namespace = {}
    exec(program.to_python(), namespace)
    assert mg.record(namespace["program"], np.zeros(3)) == program
    assert mg.Program.from_json(program.to_json()) == program


def test_operations_that_save_are_written_out_with_what_they_save():
    f = mg.grad(lambda x: np.sum(mg.batch_norm(x, np.ones(2), np.zeros(2)) ** 3))
    program = mg.record(f, np.zeros((4, 2)))
    assert "mg.Program.results(mg.batch_norm" in program.to_python()
    namespace = {}
    exec(program.to_python(), namespace)
    assert mg.record(namespace["program"], np.zeros((4, 2))) == program
    x = np.arange(8.0).reshape(4, 2) ** 2
    np.testing.assert_allclose(mg.Program.from_json(program.to_json())(x), f(x), atol=1e-12)


@pytest.mark.full
def test_a_hundred_thousand_equations_are_traced_exported_and_run_without_recursion():
    def f(x):
        for _ in range(50_000):
            x = np.sin(x) * 1.0001
        return x

    program = mg.record(f, np.zeros(2))
    assert len(program.equations) == 100_000
    expected = f(X[:2])
    np.testing.assert_array_equal(program(X[:2]), expected)
    np.testing.assert_array_equal(mg.Program.from_json(program.to_json())(X[:2]), expected)
    namespace = {}
    exec(program.to_python(), namespace)
    np.testing.assert_array_equal(namespace["program"](X[:2]), expected)


def test_constants_are_copied_once():
    big = np.arange(1000.0)
    program = mg.record(lambda x: np.sum(big * x) + np.sum(big + x), np.zeros(1000))
    assert len(program.constants) == 1
    big[:] = 0
    assert program(np.ones(1000)) == 2 * 499500 + 1000


# ---- state ------------------------------------------------------------------------------------------------------


def two_models():
    return [mg.nn.MLP([3, 4, 2], batch_norm=True, rng=0) for _ in range(2)]


def test_running_averages_come_in_and_go_out():
    a, b = two_models()
    x = np.random.default_rng(0).normal(size=(6, 3))
    before = a.layers[1].running_mean.copy()
    program = mg.record(lambda x: a(x), np.zeros((6, 3)))
    np.testing.assert_array_equal(a.layers[1].running_mean, before)
    for _ in range(3):
        np.testing.assert_allclose(program(x), b(x).data)
        np.testing.assert_allclose(a.layers[1].running_mean, b.layers[1].running_mean)
        np.testing.assert_allclose(a.layers[1].running_variance, b.layers[1].running_variance)
        x = x * 2
    place = program.state_names.index("layers.1.running_mean")
    state = [np.full(v.shape, 0.5) for v in program.state]
    _, new = program.run([x], state)
    assert not np.array_equal(new[place], state[place])
    assert program.new_state[program.state_names.index("0.weight")] == program.state[0]


def test_a_training_loop_of_a_recorded_backward_is_the_eager_one():
    rng = np.random.default_rng(1)
    losses = []
    a, b = two_models()

    def backward(x, y, model=a):
        loss = mg.nn.softmax_cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        return loss

    optimizers = [mg.optim.Adam(model.parameters(), lr=0.1) for model in (a, b)]
    program = mg.record(backward, np.zeros((6, 3)), np.zeros(6, dtype=np.intp))
    assert all(each.grad is None for each in a.parameters())
    for _ in range(5):
        x, y = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)
        losses.append(program(x, y))
        np.testing.assert_allclose(losses[-1], backward(x, y, b).data, rtol=1e-10)
        for optimizer in optimizers:
            optimizer.step()
    assert len(set(map(float, losses))) == 5
    for p, q in zip(a.parameters(), b.parameters()):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-8)


def test_gradients_that_are_not_forgotten_add_up():
    w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    program = mg.record(lambda x: np.sum(w * x).backward(), np.zeros(2))
    program(np.array([1.0, 2.0]))
    program(np.array([10.0, 20.0]))
    assert w.grad.tolist() == [11.0, 22.0]
    w.data = np.zeros(2)


def test_random_numbers_are_drawn_anew_from_the_same_generator():
    ours, eagers = np.random.default_rng(7), np.random.default_rng(7)

    def f(generator):
        return mg.grad(lambda x: np.sum(mg.dropout(np.tanh(x), 0.5, generator) * mg.dropout(x, 0.7, generator)))

    program = mg.record(f(ours), np.zeros(50))
    x = np.linspace(-1, 1, 50)
    for _ in range(3):
        np.testing.assert_allclose(program(x), f(eagers)(x))
    assert [each.variable.shape for each in program.draws] == [(50,), (50,)]
    value, _ = program.run([x], draws=[np.zeros(50), np.ones(50)])
    np.testing.assert_array_equal(value, np.zeros(50))
    fixed = mg.record(lambda x: mg.dropout(x, 0.5, 3), np.zeros(50))
    np.testing.assert_array_equal(fixed(x), mg.dropout(x, 0.5, 3))


def test_state_that_is_no_array_is_refused():
    class Counting(mg.nn.Module):
        def __init__(self):
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    model, seen, generator = Counting(), [], np.random.default_rng(0)
    parameter = mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.Adam([parameter])
    with pytest.raises(mg.SymbolError, match="changed 'calls' of a Counting"):
        mg.record(lambda x: model(x), np.zeros(2))
    assert model.calls == 0
    with pytest.raises(mg.SymbolError, match="changed 0 of a list"):
        mg.record(lambda x: seen.append(x), np.zeros(2))
    assert seen == []
    with pytest.raises(mg.SymbolError, match="random numbers"):
        mg.record(lambda x: x + generator.normal(size=2), np.zeros(2))
    assert generator.normal() == np.random.default_rng(0).normal()
    with pytest.raises(mg.SymbolError, match=r"Adam\.step: .* not recorded"):
        mg.record(lambda x: optimizer.step(), np.zeros(2))
    with pytest.raises(mg.SymbolError, match="went backward to its argument"):
        mg.record(lambda x: np.sum(x * x).backward(), mg.Tensor([1.0], requires_grad=True))


def test_what_is_no_array_is_no_example_and_no_result():
    with pytest.raises(TypeError, match="example 1 is a str"):
        mg.record(lambda x, y: x, np.zeros(2), "a")
    with pytest.raises(TypeError, match="example 0 is a Scalar"):
        mg.record(lambda x: x, mg.Scalar(1.0))
    with pytest.raises(TypeError, match="the result is a str"):
        mg.record(lambda x: "a", np.zeros(2))
    with pytest.raises(TypeError, match="requires a function"):
        mg.record(3, np.zeros(2))


def test_values_are_checked_at_each_call_and_not_with_validate_off():
    program = mg.record(mg.sigmoid_cross_entropy, np.zeros(2), np.zeros(2))
    assert float(program(np.zeros(2), np.array([0.0, 1.0]))) == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match=r"targets|\[0, 1\]"):
        program(np.zeros(2), np.array([0.0, 7.0]))
    assert np.isfinite(program(np.zeros(2), np.array([0.0, 7.0]), validate=False))

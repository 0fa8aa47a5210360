"""Do the checks fail when they should? Wrong rules are planted and must be caught; right ones must pass."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import (
    GradientError,
    check_gradients,
    numerical_gradient,
    numerical_hessian,
    numerical_jacobian,
    numerical_jvp,
)

X = np.array([[0.5, -1.2, 2.0], [0.3, 0.9, -0.7]])


def squared(x):
    return float((x**2).sum())


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        ("sign", lambda x: -2 * x),
        ("a thousandth too large", lambda x: 2.002 * x),
        ("twice", lambda x: 4 * x),
        ("one entry left out", lambda x: 2 * x * (np.arange(6).reshape(2, 3) != 4)),
        ("only where x < 0", lambda x: np.where(x < 0, 2.1, 2) * x),
        ("constant", lambda x: np.ones_like(x)),
        ("nan", lambda x: x * np.nan),
    ],
)
def test_a_planted_mistake_is_caught_and_its_worst_entry_is_right(mistake, wrong):
    with pytest.raises(GradientError) as caught:
        check_gradients((squared, wrong), X, names=["weights"])
    report = caught.value.report
    assert not report
    worst = report.worst[0]
    difference = np.abs(np.nan_to_num(wrong(X), nan=np.inf) - 2 * X)
    assert difference[worst.index] == difference.max()
    assert "weights" in str(caught.value)
    assert worst.numeric == pytest.approx(2 * X[worst.index], rel=1e-8)


def test_a_right_pair_passes_with_the_verdict_right():
    report = check_gradients((squared, lambda x: 2 * x), X)
    assert report.passed
    assert report.verdict == "right"
    assert report.entries == 6


@pytest.mark.parametrize(("error", "verdict"), [(1e-9, "right"), (1e-5, "look closer"), (1e-2, "wrong")])
def test_the_verdicts_are_the_courses(error, verdict):
    report = check_gradients((squared, lambda x: 2 * x * (1 + 2 * error)), X, tolerance=1.0)
    assert report.verdict == verdict
    assert report.relative_error == pytest.approx(error, rel=0.2)


def test_a_wrong_rule_in_a_graph_is_caught():
    @mg.op(inputs=[mg.domain()])
    def careless(x, /):
        return np.tanh(x)

    try:
        careless.rule(lambda g, y, x: g * (1 - y))
        weights = np.random.default_rng(0).normal(size=X.shape)
        with pytest.raises(GradientError, match=r"input 0"):
            check_gradients(lambda x: np.sum(careless(x) * weights), X)
    finally:
        mg.forget("careless")


def test_a_network_is_checked_through_its_parameters_which_are_then_as_they_were():
    model = mg.nn.MLP([3, 4, 2], batch_norm=True, rng=0)
    x, y = np.random.default_rng(1).normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
    before = [p.data.copy() for p in model.parameters()]

    def cost(*_):
        squares = sum(np.sum(p**2) for p in model.parameters() if p.ndim == 2)
        return mg.softmax_cross_entropy(model(x), y) + 0.1 / (2 * len(x)) * squares  # with L2, as in the course

    report = check_gradients(cost, *model.parameters())
    assert report.relative_error < 1e-9
    assert list(report.by_input) == ["0.weight", "1.gamma", "1.beta", "3.weight", "3.bias"]
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)
        assert p.grad is None


def test_scalars_and_floats_are_checked_as_scalars():
    report = check_gradients(lambda a, b, c: 3 * (a + b * c), 5.0, 3.0, 2.0)
    assert report.relative_error < 1e-12


def test_the_courses_step_can_be_chosen():
    assert check_gradients(lambda x: np.sum(np.tanh(x)), X, eps=1e-7, tolerance=1e-6).relative_error < 1e-6


@pytest.mark.parametrize(
    ("f", "inputs", "error", "message"),
    [
        (lambda x: None, (X,), TypeError, "NoneType"),
        ((lambda x: x * 2, np.ones_like), (X,), ValueError, r"\(2, 3\).*one number.*projection="),
        (lambda x: "cost", (X,), TypeError, "gave str"),
        (lambda x: [], (X,), TypeError, "gave list"),
        (lambda x: np.sum(x) * np.nan, (X,), ValueError, "cost is nan"),
        (lambda x: np.sum(x), (np.array([1, 2]),), TypeError, "int64"),
        (lambda x: float(np.sum(x.numpy())), (X,), TypeError, "left the graph"),
        (lambda: 1.0, (), TypeError, "at least one input"),
        ((squared, lambda x: (x, x)), (X,), ValueError, "2 gradients for 1 inputs"),
        ((squared, lambda x: x[0]), (X,), ValueError, r"\(3,\).*\(2, 3\)"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_the_reason(f, inputs, error, message):
    with pytest.raises(error, match=message):
        check_gradients(f, *inputs)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_numerical_derivatives_of_known_functions(a, b):
    gradients = numerical_gradient(lambda x, y: np.exp(x) * np.sin(y), a, b)
    exact = np.exp(a) * np.sin(b), np.exp(a) * np.cos(b)
    np.testing.assert_allclose(gradients, exact, rtol=1e-8, atol=1e-9)


def test_next_to_a_kink_the_narrow_step_is_believed():
    (gradient,) = numerical_gradient(lambda x: np.maximum(x, 0).sum(), np.array([1e-3, -1e-3, 5e-4]))
    np.testing.assert_allclose(gradient, [1, 0, 1], atol=1e-8)


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (np.exp, 1.0, np.e), (np.log, 1e-3, 1e3), (np.square, 1e8, 2e8), (np.sin, 100.0, np.cos(100.0)),
        (np.sqrt, 1e-6, 500.0), (np.reciprocal, 1e-4, -1e8), (np.reciprocal, 1e-6, -1e12),
        (np.tanh, 3.0, 1 / np.cosh(3) ** 2),
        (lambda x: x**3, 1e-5, 3e-10), (np.exp, 300.0, np.exp(300.0)), (lambda x: np.floor(8 * x) + x, 0.3, 1.0),
        (np.absolute, 1e-3, 1.0), (lambda x: np.maximum(x, 0.0), 1e-5, 1.0), (lambda x: x * 0, 0.3, 0.0),
    ],
)  # fmt: skip
def test_a_numerical_derivative_is_exact_to_1e_10_where_a_fixed_step_fails_and_knows_its_error(f, x, exact):
    [value], [error] = numerical_gradient(f, x, with_error=True)
    assert abs(value - exact) <= 1e-10 * abs(exact)
    assert abs(value - exact) <= error + 1e-15 * abs(exact)


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (lambda x: 1e6 + np.sin(x), 1.0, np.cos(1.0)),  # ten digits are lost to the 10⁶
        (lambda x: np.float32(np.sin(np.float32(x))), 0.3, np.cos(0.3)),
        (lambda x: np.sin(1 / x), 1e-4, -1e8 * np.cos(1e4)),
    ],
)
def test_where_1e_10_cannot_be_reached_the_estimate_says_so(f, x, exact):
    [value], [error] = numerical_gradient(f, x, with_error=True)
    assert abs(value - exact) <= error
    assert error > 1e-10 * abs(exact)


@given(st.floats(-2, 2), st.floats(0.5, 2))
def test_numerical_jacobians_hessians_and_directional_derivatives_agree_with_minigrads(a, b):
    x = np.array([a, b, 1.0])
    f = lambda x: np.stack([np.sin(x[0]) * x[1], x[2] ** 2 * x[0]])  # noqa: E731
    cost = lambda x: np.sum(f(x) ** 2)  # noqa: E731
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(numerical_jacobian(f, x)[0], mg.jacobian(f)(x), atol=1e-11)
    np.testing.assert_allclose(numerical_jvp(f, [x], [v]), mg.jvp(f, x, v)[1], atol=1e-10)
    hessian, error = numerical_hessian(cost, x, with_error=True)
    np.testing.assert_allclose(hessian, mg.hessian(cost)(x), atol=1e-8)
    assert np.all(np.abs(hessian - mg.hessian(cost)(x)) <= error + 1e-12)


def test_the_courses_two_sided_difference_has_an_error_of_eps_squared():
    [wide], [narrow] = (numerical_gradient(lambda x: x**3, 1.0, eps=eps) for eps in (1e-2, 1e-3))
    assert wide - 3 == pytest.approx(1e-4)  # ε²
    assert narrow - 3 == pytest.approx(1e-6, rel=1e-6)


def test_a_function_that_is_nowhere_finite_or_gives_several_numbers_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        numerical_gradient(lambda x: x * np.nan, 1.0)
    with pytest.raises(TypeError, match=r"shape \(2,\), one number is wanted"):
        numerical_gradient(lambda x: x, np.ones(2))


def test_a_subgradient_between_the_slopes_of_both_sides_passes_at_a_kink_and_no_other_does():
    x = np.array([0.0, 1.0])
    report = check_gradients(lambda x: np.sum(mg.relu(x) * 3.0), x)
    assert report.counts["right as a subgradient"] == 1
    assert "1 right as a subgradient" in str(report)
    cost = lambda x: np.sum(np.maximum(x, 0.0) * 3.0)  # noqa: E731
    for slope, right in ((0.0, True), (1.5, True), (3.0, True), (3.1, False), (-0.1, False)):
        pair = (cost, lambda x, slope=slope: np.array([slope, 3.0]))
        if right:
            assert check_gradients(pair, x).passed
        else:
            with pytest.raises(GradientError, match="wrong"):
                check_gradients(pair, x)


def test_what_differences_cannot_tell_is_inconclusive_and_no_pass():
    rough = lambda x: np.float32(np.sum(np.sin(x.astype(np.float32))))  # noqa: E731
    with pytest.raises(GradientError, match="inconclusive") as found:
        check_gradients((rough, np.cos), np.array([0.3, 0.7]), tolerance=1e-9)
    assert found.value.report.counts["inconclusive"] == 2
    assert check_gradients((rough, np.cos), np.array([0.3, 0.7]), tolerance=1e-4).passed


def test_one_small_wrong_entry_among_large_right_ones_is_found():
    scale = np.array([1e6, 1e6, 1e-3])
    wrong = lambda x: 2 * scale * x * np.array([1, 1, 1.001])  # noqa: E731
    with pytest.raises(GradientError) as found:
        check_gradients((lambda x: np.sum(scale * x**2), wrong), np.array([1e-3, 1e-3, 1e3]))
    (entry,) = found.value.report.worst
    assert (entry.index, entry.verdict) == ((2,), "wrong")


def test_second_derivatives_and_the_forward_mode_are_checked_where_asked_for():
    f = lambda x, w: np.sum(np.tanh(x @ w) ** 2)  # noqa: E731
    inputs = np.array([[0.3, -0.2]]), np.array([[0.5], [1.5]])
    for mode in ("reverse", "forward", "both"):
        for order in (1, 2):
            assert check_gradients(f, *inputs, mode=mode, order=order).passed
    assert check_gradients(lambda x: np.sin(x) * x, np.ones((2, 2)), mode="forward").entries == 12  # arrays too
    with pytest.raises(ValueError, match="mode='sideways'"):
        check_gradients(f, *inputs, mode="sideways")
    with pytest.raises(TypeError, match="function of arrays"):
        check_gradients((squared, squared), X, order=2)


def test_a_rule_that_is_right_once_and_wrong_in_its_second_derivative_is_found():
    @mg.op(inputs=[mg.domain()])
    def detached(x, /):
        return np.sin(x)

    try:
        detached.rule(lambda g, y, x: g * np.cos(getattr(x, "_data", x)))  # right, but constant to whoever asks again
        f = lambda x: np.sum(detached(x) * np.array([1.0, -2.0]))  # noqa: E731
        x = np.array([0.3, 0.7])
        assert check_gradients(f, x, mode="both").passed
        with pytest.raises(GradientError, match="of ⟨∇f, v⟩"):
            check_gradients(f, x, order=2)
    finally:
        mg.forget("detached")


def test_a_wrong_forward_rule_is_found_by_the_forward_mode_and_as_no_transpose():
    @mg.op(inputs=[mg.domain()])
    def doubled(x, /):
        return 2 * x

    try:
        doubled.rule(lambda g, y, x: 2 * g)
        doubled.forward_rule(lambda tangents, y, x: 3 * tangents[0])
        x = np.array([0.3, 0.7])
        with pytest.raises(GradientError, match="⟨v, Ju⟩ = ⟨Jᵀv, u⟩: forward and backward differ") as found:
            check_gradients(lambda x: np.sum(doubled(x)), x)
        assert found.value.report.counts["wrong"] == 0
        with pytest.raises(GradientError, match="direction 0"):
            check_gradients(lambda x: np.sum(doubled(x)), x, mode="forward")
    finally:
        mg.forget("doubled")


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (lambda g, x: -g, "the sign is wrong"),
        (lambda g, x: 2 * g, "twice too large"),
        (lambda g, x: g / 2, "half as large"),
        (lambda g, x: g / 3, "3 times too small, a length of the data"),
        (lambda g, x: g * 3, "3 times too large, a length of the data"),
        (lambda g, x: g.T, "transposed"),
        (lambda g, x: g.ravel()[::-1].reshape(3, 3), "in reversed order"),
        (lambda g, x: g * 1.001, "1.001 times what it should be"),
        (lambda g, x: g + 0.25, "off by the same 0.25 everywhere"),
        (lambda g, x: g * 0, "0 everywhere"),
        (lambda g, x: np.where(x < 0, 2 * g, g), "wrong only where the input is negative, and twice too large there"),
        (lambda g, x: np.where(x == x.flat[0], 0, g), "wrong only at the first entry"),
        (lambda g, x: g * np.nan, "not finite"),
    ],
)
def test_the_pattern_of_a_mistake_is_named(mistake, text):
    x = np.random.default_rng(0).normal(size=(3, 3))
    pair = (lambda x: np.sum(np.sin(x) * x.T), lambda x: mistake(np.cos(x) * x.T + np.sin(x).T, x))
    with pytest.raises(GradientError, match=text):
        check_gradients(pair, x)


def test_a_mistake_at_ties_alone_is_named():
    x = np.array([1.0, 3.0, 1.0, 2.0])
    wrong = lambda x: np.where(x == 1.0, 0.5, 1.0) * 2 * x  # noqa: E731
    with pytest.raises(GradientError, match="wrong only at ties, and half as large"):
        check_gradients((lambda x: np.sum(x**2), wrong), x)


def test_a_random_function_and_one_that_changes_its_inputs_are_refused_with_the_reason():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"gave .*, then .* at the same inputs; draw its random numbers from a fixed"):
        check_gradients(lambda x: np.sum(mg.dropout(x, 0.5, rng)), X)
    assert check_gradients(lambda x: np.sum(mg.dropout(x, 0.5, rng=0) ** 2), X).passed

    def greedy(x):
        x *= 2
        return np.sum(x**2)

    with pytest.raises(ValueError, match="changes weights in place"):
        check_gradients((greedy, lambda x: 8 * x), X, names=["weights"])

    def greedy_tensor(x):
        x.data[0, 0] += 1.0
        return mg.sum(x**2)

    with pytest.raises(ValueError, match="changes input 0 in place"):
        check_gradients(greedy_tensor, X)


def test_the_fast_check_takes_few_evaluations_whatever_the_size_and_finds_one_wrong_entry():
    runs = []
    x = np.random.default_rng(1).normal(size=(100, 100))

    def cost(x):
        runs.append(1)
        return np.sum(np.tanh(x) ** 2)

    right = lambda x: 2 * np.tanh(x) / np.cosh(x) ** 2  # noqa: E731
    assert check_gradients((cost, right), x, fast=True).passed
    assert len(runs) <= 20

    def wrong(x):
        g = right(x)
        g[3, 7] *= 1.01
        return g

    with pytest.raises(GradientError, match="along a random direction"):
        check_gradients((cost, wrong), x, fast=True)
    model = mg.nn.MLP([10, 20, 3], rng=0)
    data, labels = x[:16, :10], np.arange(16) % 3
    assert check_gradients(lambda *_: mg.softmax_cross_entropy(model(data), labels), *model.parameters(), fast=True)


def test_thousands_of_entries_take_about_two_evaluations_each_and_one_wrong_by_a_thousandth_is_found():
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(40, 50)) / 5, rng.normal(size=(20, 50))
    runs = []

    def cost(w):
        runs.append(1)
        return np.mean(np.tanh(x @ w.T) ** 2)

    def right(w):
        h = np.tanh(x @ w.T)
        return (2 * h * (1 - h**2) / h.size).T @ x

    assert check_gradients((cost, right), w).counts["right"] == w.size
    assert len(runs) <= 2.2 * w.size
    assert check_gradients((cost, right), np.asfortranarray(w)).passed

    def wrong(w):
        g = right(w)
        smallest = np.unravel_index(np.argmin(np.abs(g)), g.shape)
        g[5, 7] *= 1.001
        g[smallest] *= 2
        return g

    with pytest.raises(GradientError) as found:
        check_gradients((cost, wrong), w)
    assert found.value.report.counts["wrong"] == 2
    assert found.value.report.worst[0].index == (5, 7)


# ---- what may be checked -----------------------------------------------------------------------------------------


def test_values_of_several_entries_are_contracted_with_numbers_of_mixed_sign():
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert check_gradients(mg.softmax, x).relative_error < 1e-10
    with pytest.raises(GradientError):  # a plain sum of it is 3, with the gradient 0, and would pass
        check_gradients(lambda x: mg.Tensor(mg.softmax(x).data) + 0 * x, x)
    assert check_gradients(lambda x: {"a": np.exp(x), "b": [np.sum(x), x[0]]}, x, mode="both", order=2)


def test_a_pair_of_several_values_is_checked_with_the_projection_it_was_given():
    weights = np.array([1.0, -2.0, 0.5])
    x = np.array([0.3, -0.2, 1.0])
    pair = np.sin, lambda x: weights * np.cos(x)
    assert check_gradients(pair, x, projection=weights).passed
    assert check_gradients(lambda x: np.sin(x), x, projection=weights).passed
    with pytest.raises(ValueError, match=r"projection= has the shapes \[\(2,\)\]"):
        check_gradients(pair, x, projection=np.ones(2))


def test_nested_containers_are_inputs_and_their_leaves_are_named_by_their_path():
    parameters = {"layers": [(np.ones((2, 3)), np.zeros(2)), None], "scale": 0.5}

    def cost(p, x):
        (w, b), _ = p["layers"]
        return np.tanh(x @ w.T + b) * p["scale"]

    report = check_gradients(cost, parameters, X, names=["p", "x"], order=2, mode="both")
    assert list(report.by_input)[:4] == ["p['layers'][0][0]", "p['layers'][0][1]", "p['scale']", "x"]
    assert report.verdict == "right"


class Dropping(mg.nn.Module):
    """Dropout that draws from a generator of its own."""

    def __init__(self):
        self.rng = np.random.default_rng(3)

    def forward(self, x):
        return mg.dropout(x, 0.5, self.rng)


def test_a_module_stands_for_its_parameters_and_is_left_as_it_was():
    dropping, norm = Dropping(), mg.nn.BatchNorm(4)
    model = mg.nn.Sequential(mg.nn.Linear(3, 4, rng=0), norm, mg.nn.Tanh(), dropping, mg.nn.Linear(4, 2, rng=1))
    x, labels = np.random.default_rng(1).normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0])
    before = [p.data.copy() for p in model.parameters()], norm.running_mean.copy(), dropping.rng.bit_generator.state

    def cost(model):
        decay = sum(np.sum(p**2) for p in model.parameters() if p.ndim == 2)
        return mg.softmax_cross_entropy(model(x), labels) + 0.1 * decay

    report = check_gradients(cost, model, order=2, mode="both")
    assert list(report.by_input)[:6] == ["0.weight", "0.bias", "1.gamma", "1.beta", "4.weight", "4.bias"]
    # the module may be the function itself, and its input is checked beside its parameters
    assert check_gradients(model, x).entries == x.size + sum(p.size for p in model.parameters())
    np.testing.assert_equal([p.data for p in model.parameters()], before[0])
    np.testing.assert_array_equal(norm.running_mean, before[1])
    assert dropping.rng.bit_generator.state == before[2]
    rng = np.random.default_rng(0)  # a generator that nobody can put back
    with pytest.raises(ValueError, match="an attribute of a module"):
        check_gradients(lambda model: np.sum(mg.dropout(model(x), 0.5, rng)), model)


def test_a_gradient_that_was_not_summed_over_the_axis_it_was_broadcast_along_is_told():
    pair = lambda x, b: np.sum((x + b) ** 2), lambda x, b: (2 * (x + b), 2 * (x + b))
    with pytest.raises(ValueError, match=r"\(2, 3\) for b of shape \(3,\): it is not summed over the broadcast axis 0"):
        check_gradients(pair, X, np.ones(3), names=["x", "b"])


# ---- what must hold exactly --------------------------------------------------------------------------------------

BUFFER = np.empty(3)


def into_the_buffer(g, y, x):
    np.multiply(getattr(g, "_data", g), 2.0, out=BUFFER)
    return BUFFER


def writing(g, y, x):
    g *= 2
    return g


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (lambda g, y, x: 2.0 * g * (1 + 1e-8 * g), "linear in g"),
        (into_the_buffer, "used twice in one graph"),
        (writing, "works with read-only inputs and g"),
    ],
)
def test_what_differences_do_not_see_is_held_exactly(rule, what):
    @mg.op(inputs=[mg.domain()])
    def twice(x, /):
        return x * 2.0

    try:
        twice.rule(rule)
        with pytest.raises(GradientError) as found:
            check_gradients(twice, np.array([1.0, -1.0, 0.5]))
        assert found.value.report.exact[what] != "holds"
        assert what in str(found.value)
    finally:
        mg.forget("twice")


def test_a_rule_that_answers_differently_each_time_is_found():
    rng = np.random.default_rng(0)

    @mg.op(inputs=[mg.domain()])
    def noisy(x, /):
        return x * 2.0

    try:
        noisy.rule(lambda g, y, x: 2.0 * g * (1 + 1e-8 * rng.normal()))
        with pytest.raises(GradientError, match="the same answer twice: off by"):
            check_gradients(noisy, np.ones(3))
    finally:
        mg.forget("noisy")


# ---- subgradients in all directions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "right"),
    [((0.5, 0.5), True), ((1.0, 0.0), True), ((0.3, 0.7), True), ((1.0, 1.0), False), ((0.0, 0.0), False)],
)
def test_entries_that_are_subgradients_one_by_one_but_not_together_are_wrong(claim, right):
    pair = (lambda x: np.maximum(x[0], x[1]), lambda x: np.array(claim))
    x = np.array([1.0, 1.0])
    if right:
        assert check_gradients(pair, x).passed
    else:
        with pytest.raises(GradientError, match="wrong"):
            check_gradients(pair, x)


def test_where_many_are_tied_the_gradient_of_any_piece_is_right():
    for f in (np.median, np.sort, np.max, lambda x: np.partition(x, 1)):
        assert check_gradients(f, np.array([1.0, 1.0, 1.0])).passed


def test_at_a_jump_there_is_no_slope_to_be_right():
    step = lambda x: float(np.sum(np.sign(x)))  # noqa: E731
    assert check_gradients((step, np.zeros_like), np.zeros(2)).counts["right as a subgradient"] == 2
    with pytest.raises(GradientError):
        check_gradients((step, lambda x: np.full(2, 5.0)), np.zeros(2))


# ---- the report ---------------------------------------------------------------------------------------------------


def test_a_report_is_text_a_page_and_data():
    with pytest.raises(GradientError) as found:
        check_gradients((squared, lambda x: 2 * x * np.where(x < 0, 1.5, 1.0)), X, names=["<w>"])
    report = found.value.report
    page = report._repr_html_()
    assert page.count("<rect") == X.size
    assert page.count('fill="#D55E00"') == 2
    assert "&lt;w&gt;" in page
    assert "<w>" not in page
    data = json.loads(json.dumps(report.data()))
    assert data["counts"]["wrong"] == 2
    assert data["inputs"]["<w>"]["verdict"][0] == ["right", "wrong", "right"]
    right = check_gradients((squared, lambda x: 2 * x), X)
    assert right.digits > 9
    assert right.comparisons["input 0"].digits.shape == X.shape
    assert "holds exactly: the same answer twice" in right._repr_html_()
    large = check_gradients(lambda x: x**2, np.ones((100, 60)))
    assert large._repr_html_().count("<rect") == 34 * 30  # cells of several entries

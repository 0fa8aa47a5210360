"""Is right called right, and wrong wrong, where differences have a hard time: at kinks, on waves, in few digits?"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError, check_gradients
from minigrad.testing.check import culprit
from minigrad.testing.check.precision import hidden_rounding
from minigrad.testing.subjects.subject import Recorded


def report_of(f, *inputs, **options):
    """The report, passed or not."""
    try:
        return check_gradients(f, *inputs, **options)
    except GradientError as error:
        return error.report


# ---- right networks ----------------------------------------------------------------------------------------------


def drawn_network(seed, dtype, samples=None):
    """A cost of a random network by its parameters, computed in a dtype, and the parameters."""
    rng = np.random.default_rng(seed)
    kind = ["relu", "leaky", "pool", "batch norm"][seed % 4]
    n = samples or int(2 ** rng.integers(4, 10))
    classes, depth, width = int(rng.integers(2, 5)), int(rng.integers(1, 3)), int(rng.integers(3, 9))
    shapes = []
    if kind == "pool":
        data = rng.normal(size=(n, 1, 4, 4)).astype(dtype)
        size = width
        shapes += [(width, 1, 3, 3), (width,)]
    else:
        size = int(rng.integers(2, 11))
        data = rng.normal(size=(n, size)).astype(dtype)
        for _ in range(depth):
            shapes += [(width, size), (width,)]
            size = width
    shapes += [(classes, size), (classes,)]
    parameters = [rng.normal(size=s) / np.sqrt(np.prod(s[1:])) for s in shapes]
    labels = rng.integers(0, classes, n)

    def cost(*given):
        p = [each.astype(dtype) for each in given]
        if kind == "pool":
            h = np.reshape(mg.relu(mg.max_pool2d(mg.conv2d(data, p[0], p[1]), 2)), (n, -1))
        else:
            h = data
            for w, b in zip(p[:-2:2], p[1:-2:2], strict=True):
                h = mg.affine(h, w, b)
                if kind == "batch norm":
                    h = mg.batch_norm(h, np.ones(width, dtype=dtype), np.zeros(width, dtype=dtype))
                h = mg.leaky_relu(h, 0.01) if kind == "leaky" else mg.relu(h)
        return mg.softmax_cross_entropy(mg.affine(h, p[-2], p[-1]), labels)

    return cost, parameters


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_right_networks_with_hundreds_of_samples_are_not_accused(dtype):
    """Two hundred of each were tried; these are as many as a suite has time for."""
    reports = [report_of(cost, *p) for cost, p in (drawn_network(seed, dtype) for seed in range(16))]
    assert sum(report.counts["wrong"] for report in reports) == 0
    assert sum(not report.passed for report in reports) <= (1 if dtype is np.float32 else 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("mistake", [lambda g: 2 * g, lambda g: -g, lambda g: g * 0])
def test_wrong_gradients_of_such_networks_are_caught(dtype, mistake):
    for seed in range(4):
        cost, parameters = drawn_network(seed, dtype, samples=256)

        def wrong(*p, cost=cost):
            first, *others = mg.grad(cost, argnums=tuple(range(len(p))))(*p)
            return mistake(first), *others

        assert not report_of((lambda *p, cost=cost: cost(*p), wrong), *parameters).passed


def test_a_layer_of_512_samples_takes_fewer_evaluations_than_a_hundred_an_entry():
    runs = []
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(512, 10)), rng.integers(0, 2, 512)

    def cost(w1, b1, w2, b2):
        runs.append(1)
        return mg.softmax_cross_entropy(mg.affine(mg.relu(mg.affine(x, w1, b1)), w2, b2), labels)

    shapes = (8, 10), (8,), (2, 8), (2,)
    assert check_gradients(cost, *(rng.normal(size=s) / 3 for s in shapes)).passed
    assert len(runs) <= 100 * 106


# ---- where a second derivative jumps -----------------------------------------------------------------------------

POINTS_OF_A_JUMPING_CURVATURE = {
    "relu²": (lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * np.maximum(x, 0), 0.0),
    "1 + relu²": (lambda x: 1 + np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * np.maximum(x, 0), 0.0),
    "squared hinge": (lambda x: np.mean(np.maximum(0, 1 - x) ** 2), lambda x: -2 * np.maximum(0, 1 - x) / x.size, 1.0),
    "Huber": (
        lambda x: np.sum(np.where(np.abs(x) <= 1.35, x**2 / 2, 1.35 * (np.abs(x) - 0.675))),
        lambda x: np.clip(x, -1.35, 1.35), 1.35,
    ),
    "smooth L1": (
        lambda x: np.sum(np.where(np.abs(x) < 0.1, 5 * x**2, np.abs(x) - 0.05)),
        lambda x: np.clip(10 * x, -1, 1), -0.1,
    ),
    "x|x|": (lambda x: np.sum(x * np.abs(x)), lambda x: 2 * np.abs(x), 0.0),
    "ELU": (lambda x: np.sum(np.where(x > 0, x, np.expm1(x))), lambda x: np.where(x > 0, 1, np.exp(x)), 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", POINTS_OF_A_JUMPING_CURVATURE)
@pytest.mark.parametrize("beside", [0.0, 1e-12, 1e-9, -1e-8, 1e-7, -1e-7, 1e-5])
def test_where_a_second_derivative_jumps_the_slope_of_both_sides_is_right(name, beside):
    f, slope, at = POINTS_OF_A_JUMPING_CURVATURE[name]
    x = np.array([at, at + 0.7]) + beside
    assert check_gradients((f, slope), x).counts["right"] == 2
    for wrong in (lambda x: slope(x) + 1e-3, lambda x: slope(x) + 2 * (x - at)):
        assert report_of((f, wrong), x).counts["wrong"] >= 1


def test_splines_are_right_at_their_knots():
    interpolate = pytest.importorskip("scipy.interpolate", reason="pip install scipy")
    knots, values = np.arange(5.0), np.array([0.0, 1.0, 0.5, 2.0, 2.5])
    for spline in (interpolate.PchipInterpolator(knots, values), interpolate.CubicSpline(knots, values)):
        for beside in (0.0, 1e-9, -1e-7, 1e-5):
            x = np.array([1.0, 2.0, 3.0, 0.5]) + beside
            assert check_gradients((lambda x, s=spline: np.sum(s(x)), spline.derivative()), x).counts["right"] == 4


def test_second_and_forward_derivatives_at_such_points():
    x = np.array([0.0, 0.5, -0.5])
    elu = lambda x: np.sum(np.where(x.data > 0, x, np.expm1(x)))  # noqa: E731
    for f in (lambda x: np.sum(mg.relu(x) ** 2), lambda x: np.sum(x * np.abs(x)), elu):
        assert check_gradients(f, x, mode="both", order=2).passed


# ---- what differences cannot see ---------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [5.0, 1.0, -3.0, 100.0])
@pytest.mark.parametrize("at", [0.0, 0.3])
def test_slopes_that_an_offset_hides_are_inconclusive(claim, at):
    report = report_of((lambda x: np.sum(x) + 1e16, lambda x: claim + 0 * x), np.array([at, 0.7]))
    assert report.counts["inconclusive"] == 2


@pytest.mark.parametrize("factor", [-1.0, 0.0, 1.5, 2.0, 9.0])
def test_no_wrong_slope_passes_in_float16(factor):
    f = lambda x: np.sum(np.sin(x.astype(np.float16)))  # noqa: E731
    assert not report_of((f, lambda x: factor * np.cos(x)), np.array([0.3, 0.7])).passed
    assert report_of((f, np.cos), np.array([0.3, 0.7])).counts["wrong"] == 0


@pytest.mark.parametrize("at", [0.0, 0.3, 1.0])
def test_the_mean_slope_of_a_fine_wave_is_not_its_slope(at):
    f = lambda x: np.sum(np.sin(1e6 * x) * 1e-3 + x)  # noqa: E731
    assert not report_of((f, np.ones_like), np.array([at])).passed
    assert check_gradients((f, lambda x: 1 + 1e3 * np.cos(1e6 * x)), np.array([at])).passed


@pytest.mark.parametrize("at", [0.0, 1e-9, 1e-8])
def test_what_is_steep_and_flat_around_is_no_jump(at):
    f = lambda x: np.sum(np.tanh(1e8 * x))  # noqa: E731
    assert not report_of((f, np.zeros_like), np.array([at])).passed
    assert check_gradients((f, lambda x: 1e8 / np.cosh(1e8 * x) ** 2), np.array([at])).passed


def test_what_is_0_is_right_where_it_is_seen_to_be():
    for f, x in ((lambda x: np.sum(mg.softmax(x)), [0.3, 0.7]), (lambda x: np.sum(np.cos(x)), [0.0]),
                 (lambda x: np.sum(mg.relu(x)), [-1.0, -2.0]), (lambda x: np.sum((x - 1) ** 2), [1.0])):  # fmt: skip
        assert check_gradients(f, np.array(x)).counts["right"] == len(x)


# ---- few digits --------------------------------------------------------------------------------------------------


def test_smooth_functions_in_float32_are_right_or_wrong():
    rng = np.random.default_rng(0)
    w = rng.normal(size=(3, 4)).astype(np.float32)
    for f in (np.sin, np.tanh, mg.softmax, lambda x: x @ w, lambda x: mg.layer_norm(x, w[0, :3], w[1, :3]),
              lambda x: np.mean(x**2), lambda x: mg.log_softmax(x) ** 2, mg.sigmoid):  # fmt: skip
        in_float32 = lambda x, f=f: f(x.astype(np.float32))  # noqa: E731
        assert check_gradients(in_float32, rng.normal(size=(5, 3))).passed
        wrong = lambda x, f=f: 2 * f(x.astype(np.float32)) - mg.Tensor(np.array(f(x.astype(np.float32)).data))  # noqa: E731
        assert report_of(wrong, rng.normal(size=(5, 3))).counts["wrong"] > 0


def test_a_kink_in_float32_has_the_slopes_of_both_sides():
    for claim, right in ((0.0, True), (0.5, True), (1.0, True), (2.0, False), (-1.0, False)):
        f = lambda x: np.sum(np.maximum(x.astype(np.float32), 0))  # noqa: E731
        report = report_of((f, lambda x, claim=claim: np.array([claim, 1.0])), np.array([0.0, 1.0]))
        assert report.passed == right


HIDDEN = {
    "at the input": (lambda x: float(np.sum(np.sin(x.astype(np.float32)))), np.cos),
    "in the middle of many samples": (
        lambda w: float(np.mean(np.tanh((np.outer(SAMPLES, w)).astype(np.float32)).astype(np.float64) ** 2)),
        lambda w: np.mean(2 * np.tanh(np.outer(SAMPLES, w)) / np.cosh(np.outer(SAMPLES, w)) ** 2 * SAMPLES[:, None], 0)
        / len(w),
    ),
}  # fmt: skip
SAMPLES = np.random.default_rng(0).normal(size=300)


@pytest.mark.parametrize("where", HIDDEN)
def test_hidden_float32_is_named_and_judged_by_its_own_digits(where):
    f, slope = HIDDEN[where]
    x = np.array([0.3, -0.7, 1.1, 0.45])
    report = check_gradients((f, slope), x)
    assert report.counts["wrong"] == 0
    assert "computes in float32 inside" in report.notes["precision"]
    for wrong in (lambda x: 2 * slope(x), lambda x: 0 * x):
        assert report_of((f, wrong), x).counts["wrong"] == 4
    assert check_gradients((f, slope), x, fast=True).passed


@pytest.mark.parametrize(
    "f",
    [
        np.sin, lambda x: np.abs(x) + 3, lambda x: np.sin(1e6 * x) * 1e-3 + x, lambda x: np.tanh(1e8 * x),
        lambda x: np.maximum(x, 0), lambda x: np.floor(8 * x) + x, lambda x: x * 0 + 1, lambda x: 1e8 + np.sin(x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0.0, 0.25, 1e-8])
def test_float64_is_not_taken_for_less(f, at):
    subject = Recorded(lambda x: np.sum(f(x)), [np.array([at, at + 0.1])], None, scalars=False)
    subject.settle()
    assert hidden_rounding(subject) is None


# ---- who is to blame ---------------------------------------------------------------------------------------------


def test_the_engine_is_blamed_only_where_it_is_wrong_beside_the_point_too(monkeypatch):
    x = mg.Tensor([0.0, 1.0], requires_grad=True)
    program = mg.Program.of(np.sum(mg.relu(x) * 2.0))
    monkeypatch.setattr(culprit, "rule_holds", lambda *_: True)
    wrong_here = lambda graph: bool(np.any(graph.leaves[0] == 0))  # noqa: E731
    monkeypatch.setattr(culprit, "gradient_fails", wrong_here)
    assert "right at points nearby" in culprit._found(program).text
    monkeypatch.setattr(culprit, "gradient_fails", lambda graph: True)
    assert "chains them wrongly" in culprit._found(program).text


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_norm_whose_output_is_within_rounding_of_a_kink_is_no_mistake(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(8, 2)) * (1e3 if seed % 2 else 1.0)
    x[-1] = x[:-1].mean(axis=0)  # the mean itself: normalised to 0, or to a few roundings
    w = rng.normal(size=x.shape)
    f = lambda x, g, b: np.sum(mg.relu(mg.batch_norm(x, g, b)) * w)  # noqa: E731
    assert report_of(f, x, np.ones(2), np.zeros(2)).counts["wrong"] == 0

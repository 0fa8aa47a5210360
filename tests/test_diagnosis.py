"""What is said of a wrong gradient: patterns are named where they are there, and nowhere else."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError, check_gradients

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))


def cost(x):
    return float(np.sum(np.sin(x) * np.arange(1.0, 13.0).reshape(4, 3)) + np.sum(x**2))


def right(x):
    return np.cos(x) * np.arange(1.0, 13.0).reshape(4, 3) + 2 * x


def told(pair, *inputs, **options):
    with pytest.raises(GradientError) as found:
        check_gradients(pair, *inputs, **options)
    return found.value.report


BOX = np.pad(np.ones((2, 2)), ((1, 1), (0, 1)))  # ones in [1:3, 0:2]
SECOND_ROW = (np.arange(4) == 1)[:, None]


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        (lambda g, x: g - 2 * x, "2 times the input too small: the derivative of weight decay was forgotten"),
        (lambda g, x: g + 0.3 * x, "0.3 times the input too large: weight decay that is not in the cost, or counted"),
        (lambda g, x: g * 4 / 3, "4/3 of what it should be, 4 and 3 being lengths of the data"),
        (lambda g, x: g / 12, r"1/(3·4) of what it should be, 3 and 4 being lengths"),
        (lambda g, x: g * np.sqrt(2 / 3), "√(2/3) of what it should be, 3 being a length of the data: n in place of"),
        (lambda g, x: np.where(SECOND_ROW, 3 * g, g), "wrong only in [1, :], and 3 times too large"),
        (lambda g, x: g * BOX + g, "wrong only in [1:3, 0:2], and twice too large there"),
        (lambda g, x: g + RNG.normal(size=(4, 3)) * BOX, "wrong only in [1:3, 0:2]"),
        (lambda g, x: g * (1 + 3e-6), "too large by a share of 3e-06"),
        (lambda g, x: g * 1.7, "1.7 times what it should be"),
    ],
)  # fmt: skip
def test_the_pattern_of_a_mistake_is_named(mistake, text):
    [found] = told((cost, lambda x: mistake(right(x), x)), X).diagnoses.values()
    assert text in found
    assert not found.startswith("1 times")


def test_a_length_of_the_output_alone_is_known_too():
    weights = RNG.normal(size=(7, 3))
    pair = lambda w: np.tanh(weights @ w), lambda w: (weights.T @ (1 - np.tanh(weights @ w) ** 2)) / 7
    [found] = told(pair, np.array([0.3, -0.5, 1.0]), projection=np.ones(7)).diagnoses.values()
    assert found.startswith("7 times too small, a length of the data")


def test_a_rule_that_leaves_out_the_gradient_from_above_is_told():
    @mg.op(inputs=[mg.domain()])
    def forgetful(x, /):
        return np.sin(x)

    try:
        forgetful.rule(lambda g, y, x: np.cos(x))
        [found] = told(forgetful, X).diagnoses.values()
        assert found.startswith("g is not multiplied in")
    finally:
        mg.forget("forgetful")
    weights = np.array([0.5, -2.0, 1.0, 3.0])
    rows = lambda x: np.sum(x**2, axis=1), lambda x: 2 * x
    [found] = told(rows, X, projection=weights).diagnoses.values()
    assert found.startswith("g is not multiplied in")


def test_random_wrong_gradients_get_no_diagnosis():
    for trial in range(60):
        rng = np.random.default_rng(trial)
        shapes = [tuple(rng.integers(1, 5, size=rng.integers(0, 3))) for _ in range(2)]
        a, b = (rng.normal(size=shape) for shape in shapes)
        f = lambda a, b: float(np.sum(np.sin(a)) + np.sum(b**2) / 7 + np.sum(a) * np.sum(b))  # noqa: E731
        wrong = [rng.normal(size=shape) for shape in shapes]
        assert told((f, tuple(wrong)), a, b).diagnoses == {}
        exact = np.cos(a) + b.sum(), 2 * b / 7 + a.sum()
        # of entries that are wrong here and there at most the place is told
        part = tuple(np.where(rng.random(x.shape) < 0.5, x, g) for x, g in zip(wrong, exact))
        if all(np.array_equal(x, g) for x, g in zip(part, exact)):
            continue
        texts = told((f, part), a, b).diagnoses.values()
        assert all(text.startswith("wrong only") and " and " not in text for text in texts)


def test_a_report_that_failed_never_calls_itself_right():
    scale = np.array([1e9, 1.0])
    report = told((lambda x: float(scale @ x), lambda x: np.array([1e9, 1.5])), np.ones(2))
    assert report.relative_error < 1e-7
    assert (report.verdict, report.passed) == ("wrong", False)
    assert "FAILED" in str(report)
    assert "(right;" not in str(report)


# ---- gradients that are not finite -------------------------------------------------------------------------------

INF = np.array([np.inf, 2.0, 2.0])


@pytest.mark.parametrize(
    "claimed", [INF, INF * [-1, 1, 1], INF * np.nan, np.full(3, np.inf)], ids=["inf", "-inf", "nan", "all inf"]
)
@pytest.mark.parametrize("options", [{}, {"fast": True}, {"eps": 1e-5}, {"tolerance": 1e3}], ids=str)
def test_an_infinite_gradient_fails_in_every_mode(claimed, options):
    report = told((lambda x: float(np.sum(x**2)), lambda x: claimed), np.ones(3), **options)
    assert report.counts["wrong"] >= 1
    assert report.verdict == "wrong"
    assert "not finite" in report.diagnoses["input 0"]
    if not options and np.isfinite(claimed[1]):
        assert report.counts["right"] == 2  # what is finite is compared all the same


def test_one_infinite_entry_among_hundreds_fails():
    x = np.ones(300)
    wrong = lambda x: np.where(np.arange(300) == 7, np.inf, 2 * x)  # noqa: E731
    assert told((lambda x: float(np.sum(x**2)), wrong), x).counts == {
        "right": 299, "right as a subgradient": 0, "wrong": 1, "inconclusive": 0
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("f", [np.cbrt, np.sqrt], ids=["cbrt", "sqrt"])
@pytest.mark.parametrize("options", [{}, {"order": 2, "mode": "both"}, {"mode": "forward"}, {"eps": 1e-5}], ids=str)
def test_where_the_derivative_is_infinite_the_report_says_so_and_accuses_no_rule(f, options):
    report = told(lambda x: np.sum(f(x)), np.array([0.0, 1.0]), **options)
    assert report.counts["wrong"] >= 1
    assert report.culprit is None
    if options.get("mode") != "forward":
        assert "the numerical derivative is infinite too" in report.diagnoses["input 0"]
        assert report.comparisons["input 0"].numeric[0] == np.inf
        assert report.comparisons["input 0"].verdict[1] == "right"


def test_a_finite_claim_where_the_slope_is_infinite_is_no_pass_and_the_report_says_why():
    safe = lambda x: np.where(x == 0, 0.0, 1 / (3 * np.cbrt(np.where(x == 0, 1, x)) ** 2))  # noqa: E731
    report = told((lambda x: float(np.sum(np.cbrt(x))), safe), np.array([0.0, 1.0]))
    assert report.notes["input 0"] == "the numerical derivative is infinite at [0]: the function has none there"
    assert report.comparisons["input 0"].verdict.tolist() == ["inconclusive", "right"]


def test_an_input_that_the_value_does_not_depend_on_is_told():
    for mode in ("reverse", "forward", "both"):
        report = check_gradients(lambda x, unused: np.sum(x**2), X, np.ones(2), names=["x", "unused"], mode=mode)
        assert report.notes == {"unused": "the value does not depend on it here: 0 = 0 says nothing of its gradient"}
        assert "unused: the value does not depend on it" in str(report)
        assert "unused: the value does not depend on it" in report._repr_html_()
    flat = check_gradients(lambda x: np.sum(x**2), np.zeros(3))  # 0 at this point alone
    assert flat.notes == {}
    pair = (lambda x, y: float(np.sum(x**2))), lambda x, y: (2 * x, 0 * y)
    assert list(check_gradients(pair, X, X).notes) == ["input 1"]

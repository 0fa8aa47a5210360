"""The pytest plugin: the decorator, the fixture, both options, and the page of what was checked."""

import time
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError, gradient_property

pytest_plugins = "pytester"

SUITE = """
import numpy as np, minigrad as mg
from hypothesis import strategies as st

@mg.op(inputs=[mg.domain()])
def right_once(x, /):
    return np.sin(x)

right_once.rule(lambda g, y, x: g * np.cos(getattr(x, "_data", x)))  # its second derivative is lost

@mg.testing.gradient_property(x=mg.domain(-3, 3), w=mg.domain(0.5, 2))
def test_a_property(x, w):
    "Told by pytest."
    return np.tanh(x / w)

def test_with_the_fixture(check_gradients):
    assert check_gradients(lambda x: x**2, np.ones(3))

def test_second_order(check_gradients):
    check_gradients(lambda x: right_once(x), np.array([0.3, 0.7]))
"""


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """The tests that pytest runs for us find this minigrad."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))


@pytest.fixture
def run(pytester):
    pytester.makepyfile(test_mine=SUITE)
    return lambda *arguments: pytester.runpytest_subprocess(
        "-p", "pytest_minigrad", "-p", "no:cacheprovider", *arguments
    )


def test_properties_and_the_fixture_run_as_tests(run):
    run().assert_outcomes(passed=3)


@pytest.mark.full
def test_the_order_may_be_raised_for_a_whole_run(run):
    result = run("--gradcheck-order=2")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*input 0 of ⟨∇f, v⟩*"])


@pytest.mark.full
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_page_summarises_every_gradient_checked(run, pytester, workers):
    result = run("--gradcheck-order=2", "--gradcheck-report=out.html", *workers)
    result.stdout.fnmatch_lines(["*gradient checks, see out.html"])
    page = (pytester.path / "out.html").read_text(encoding="utf-8")
    assert "1 failed" in page
    for test in ("test_a_property", "test_with_the_fixture", "test_second_order"):
        assert f"test_mine.py::{test}" in page


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere/out.html", "there is no folder*"),
        (".", "can't be written (Is a directory)*"),
        ("", "can't be written*"),
    ],
)
def test_a_page_that_cannot_be_written_is_told_before_the_run(run, path, reason):
    result = run(f"--gradcheck-report={path}")
    result.stderr.fnmatch_lines([f"*--gradcheck-report={path}: {reason}"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "passed" not in result.stdout.str()


def test_the_page_is_written_where_the_run_began_and_an_older_one_is_kept_until_then(pytester):
    (pytester.path / "old.html").write_text("old")
    pytester.makepyfile(
        test_mine="""
        import os

        def test_that_moves(tmp_path):
            assert open("old.html").read() == "old"
            os.chdir(tmp_path)
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_minigrad", "--gradcheck-report=old.html")
    result.assert_outcomes(passed=1)
    assert "Gradients checked" in (pytester.path / "old.html").read_text(encoding="utf-8")


def test_a_slow_function_is_no_failure_of_its_property():
    from hypothesis import settings

    def slow(x):
        time.sleep(0.05)
        return np.sum(x**2)

    name = settings.get_current_profile_name()
    settings.register_profile("with a deadline", deadline=1)
    settings.load_profile("with a deadline")
    try:
        gradient_property((2,), max_examples=2)(slow)()
    finally:
        settings.load_profile(name)


def test_gradient_property_checks_functions_of_other_frameworks():
    autograd = pytest.importorskip("autograd", reason="HIPS autograd is in the extra 'bench'")
    anp = autograd.numpy

    @gradient_property(mg.domain(-2, 2), (3,), framework="autograd", max_examples=10)
    def right(x, w):
        return anp.sum(anp.tanh(x)) * w

    right()
    halved = autograd.extend.primitive(lambda x: x * 1.0)
    autograd.extend.defvjp(halved, lambda y, x: lambda g: g / 2)
    with pytest.raises(GradientError, match="half as large"):
        gradient_property((3,), framework="autograd", max_examples=10)(lambda x: anp.sum(halved(x) ** 2))()


@pytest.mark.full
def test_a_wrong_property_fails_with_small_inputs_and_its_picture_is_drawn(pytester):
    pytester.makepyfile(
        test_wrong="""
        import numpy as np, minigrad as mg

        @mg.op(inputs=[mg.domain()])
        def careless(x, /):
            return np.tanh(x)

        careless.rule(lambda g, y, x: g * (1 - y))

        @mg.testing.gradient_property(x=mg.domain())
        def test_careless(x):
            return careless(x) * 2
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_minigrad")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*the rule of 'careless' is wrong",
            "*drawn in *wrong_gradient.svg",
            "*test_wrong.careless(x0)",
        ]
    )


def test_gradient_property_takes_domains_shapes_strategies_and_operations():
    from hypothesis import strategies as st

    seen = []

    @gradient_property(mg.domain(0.5, 2), (2, 3), st.just(np.array(1.5)), max_examples=5, mode="both")
    def scaled(x, matrix, factor):
        """What it is."""
        seen.append((np.shape(x), np.shape(matrix), np.shape(factor)))
        return np.sum(np.log(x)) * matrix * factor

    scaled()
    assert {shapes[1:] for shapes in seen} == {((2, 3), ())}
    assert (scaled.__name__, scaled.__doc__) == ("scaled", "What it is.")
    gradient_property(mg.matmul, order=2, max_examples=5)()
    gradient_property(mg.vstack, max_examples=5)()
    with pytest.raises(TypeError, match=r"takes x; got 0 inputs and y"):
        gradient_property(y=mg.domain())(lambda x: x)
    with pytest.raises(TypeError, match=r"x=3; expected a domain such as mg.domain"):
        gradient_property(x=3)(lambda x: x)


def test_gradient_property_finds_a_mistake_at_0_and_at_ties_alone():
    @mg.op(inputs=[mg.domain()])
    def nearly(x, /):
        return np.sin(x)

    try:
        nearly.rule(lambda g, y, x: g * np.cos(x) * np.where(np.equal(x, 0), 1.1, 1.0))
        with pytest.raises(GradientError, match=r"1\.1"):
            gradient_property(nearly, max_examples=200)()
        nearly.rule(lambda g, y, x: g * np.cos(x) * (1.1 if len({*np.ravel(x).tolist()}) < np.size(x) else 1.0))
        with pytest.raises(GradientError):
            gradient_property(nearly, max_examples=200)()
    finally:
        mg.forget("nearly")


def test_a_foreign_test_run_does_not_import_minigrad_or_numpy(pytester):
    """What every project of the environment pays: this file alone."""
    pytester.makepyfile("def test_none():\n    import sys\n    assert not {'minigrad', 'numpy'} & {*sys.modules}")
    pytester.runpytest_subprocess("-p", "pytest_minigrad", "-p", "no:cacheprovider").assert_outcomes(passed=1)

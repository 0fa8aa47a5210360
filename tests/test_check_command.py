"""`minigrad check FILE.py:function`: what it finds, prints, writes and refuses."""

import numpy as np
import pytest

from minigrad.cli import main

HOMEWORK = """
import numpy as np

LABELS = np.array([1.0, 0.0])

def cost(w=np.array([0.5, -1.0]), b=0.25):
    a = 1 / (1 + np.exp(-(w + b)))
    return -np.sum(LABELS * np.log(a) + (1 - LABELS) * np.log(1 - a))

def by_hand(w, b):
    a = 1 / (1 + np.exp(-(w + b)))
    return a - LABELS, np.asarray(np.sum(a - LABELS))

def careless(w, b):
    right, shift = by_hand(w, b)
    return -right, shift

def annotated(x: np.ndarray, scale: float):
    return np.sum(np.tanh(x) * scale)

def bare(x):
    return np.sum(x**2)

def vector(x=np.ones(2)):
    return x * 2

def twice(x):
    return np.full(2, 2.0)
"""


@pytest.fixture
def homework(tmp_path):
    path = tmp_path / "homework.py"
    path.write_text(HOMEWORK)
    return path


def test_a_right_gradient_is_printed_with_exit_code_0(homework, capsys):
    assert main(["check", f"{homework}:cost"]) == 0
    printed = capsys.readouterr().out
    assert "homework.py:cost at w (2,), b 0.25" in printed
    assert "gradient check: passed" in printed
    assert main(["check", f"{homework}:cost", "--derivative", "by_hand"]) == 0
    assert main(["check", f"{homework}:annotated", "--order", "2", "--mode", "both"]) == 0


def test_a_wrong_gradient_is_named_with_exit_code_1_and_written_as_a_page(homework, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["check", f"{homework}:cost", "--derivative", "careless", "--html", str(page)]) == 1
    printed = capsys.readouterr().out
    assert "w: the sign is wrong" in printed
    assert "gradient check: FAILED" in printed
    assert "the sign is wrong" in page.read_text(encoding="utf-8")


def test_inputs_may_be_given_as_numbers_lists_and_files(homework, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.ones((2, 3)))
    for value, shape in ((str(tmp_path / "x.npy"), "(2, 3)"), ("[[1, 2], [3, 4]]", "(2, 2)"), ("1.5", "1.5")):
        assert main(["check", f"{homework}:bare", "--input", value]) == 0
        assert f"at x {shape}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.py:f"], "nowhere.py: there is no such file"),
        (["{}"], "wants FILE.py:function"),
        (["{}:missing"], "has no function 'missing'; it has cost, by_hand, careless, annotated, bare, vector, twice"),
        (["{}:bare"], "no example for its argument 'x'"),
        (["{}:bare", "--input", "one"], "--input one: wants a number"),
        (["{}:bare", "--input", "no.npy"], "no.npy"),
        (["{}:bare", "--input", "1", "--input", "2"], "--input was given 2 times, but bare takes 1"),
        (["{}:vector", "--derivative", "twice"], "projection="),
        (["{}:cost", "--framework", "theano"], "framework='theano'"),
    ],
)
def test_what_cannot_be_checked_is_one_line_and_exit_code_2(homework, capsys, arguments, message):
    arguments = [a.replace("{}", str(homework)) for a in arguments]
    assert main(["check", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_file_that_fails_is_told_with_its_own_error(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0")
    assert main(["check", f"{path}:f"]) == 2
    assert "running it failed: ZeroDivisionError" in capsys.readouterr().err

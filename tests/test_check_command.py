"""`minigrad check FILE.py:function`: what it finds, prints, writes and refuses."""

import subprocess
import sys

import numpy as np
import pytest

from minigrad.commands.cli import main

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
        (["{}"], "expected FILE.py:function"),
        (["{}:missing"], "has no function 'missing'; it has cost, by_hand, careless, annotated, bare, vector, twice"),
        (["{}:bare"], "no example for its argument 'x'"),
        (["{}:bare", "--input", "one"], "--input one: expected a number"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import sys; sys.exit(0)", "it calls sys.exit(0) when it is run; put that under if __name__"),
        ("raise SystemExit", "it calls sys.exit() when it is run"),
        ("import sys\ndef f(x=1.0):\n    sys.exit(0)", "it called sys.exit(0), so nothing was checked"),
        ("import sys\ndef f(x=1.0):\n    sys.exit('enough')", "it called sys.exit('enough'), so nothing was checked"),
    ],
)
def test_a_file_that_ends_python_is_no_pass(tmp_path, capsys, text, message):
    path = tmp_path / "ending.py"
    path.write_text(text)
    assert main(["check", f"{path}:f"]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_reader_that_has_read_enough_sees_no_traceback(homework):
    command = [sys.executable, "-c", "import sys; from minigrad.commands.cli import main; sys.exit(main())"]
    process = subprocess.Popen(
        [*command, "check", f"{homework}:cost", "--derivative", "careless"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()  # as head does, before anything is printed
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1  # the verdict all the same


def test_functions_of_pytorch_are_checked_with_the_defaults_in_their_file(tmp_path, capsys):
    pytest.importorskip("torch", reason="PyTorch is in the extra 'bench'")
    path = tmp_path / "ported.py"
    path.write_text(
        """
import torch

torch.manual_seed(0)
layer = torch.nn.Linear(3, 2)

class Halved(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x * 1.0

    @staticmethod
    def backward(context, g):
        return g / 2

def cost(w=torch.tensor([0.5, -1.0]), labels=torch.tensor([1, 0]), reduction="mean", scale=torch.ones(2)):
    assert reduction == "mean"
    return torch.nn.functional.cross_entropy((w * scale)[None], labels[:1], reduction=reduction)

def of_layer(layer=layer, x=torch.ones(4, 3)):
    return layer(x)

def annotated(x: torch.Tensor):
    return torch.tanh(x)

def wrong(x=torch.ones(3, requires_grad=True)):
    return Halved.apply(x)
"""
    )
    assert main(["check", f"{path}:cost"]) == 0
    printed = capsys.readouterr().out
    assert "cost at w (2,), labels (2,), scale (2,)" in printed
    assert "labels: held fixed (int64)" in printed
    assert main(["check", f"{path}:of_layer"]) == 0
    assert "layer.weight" in capsys.readouterr().out
    assert main(["check", f"{path}:layer", "--input", "[[1, 2, 3]]"]) == 0
    assert "weight" in capsys.readouterr().out
    assert main(["check", f"{path}:annotated"]) == 0
    assert main(["check", f"{path}:wrong"]) == 1
    assert "half as large as it should be" in capsys.readouterr().out


def test_homework_of_dictionaries_is_checked_from_its_file_and_imports_what_is_beside_it(tmp_path, capsys):
    (tmp_path / "beside_it.py").write_text("def sigmoid(z):\n    import numpy as np\n    return 1 / (1 + np.exp(-z))\n")
    path = tmp_path / "week5.py"
    path.write_text(
        """
from __future__ import annotations
from dataclasses import dataclass
import numpy as np

@dataclass
class Shapes:  # dataclasses look for their module
    rows: int = 2

X = np.array([[1.0, -2.0, 0.5]])
PARAMETERS = {"W": np.array([[0.3], [-0.7]]), "b": np.zeros((2, 1)), "layers": 1}

def cost(parameters=PARAMETERS):
    from beside_it import sigmoid
    A = sigmoid(parameters["W"] @ X + parameters["b"])
    return np.sum(A**2), {"A": A}

def gradient(parameters, factor=1):
    A = cost(parameters)[1]["A"]
    dZ = 2 * A * A * (1 - A)
    return {"dZ": dZ, "dW": factor * dZ @ X.T, "db": np.sum(dZ, axis=1, keepdims=True)}

def careless(parameters):
    return gradient(parameters, 2)

def both(parameters=PARAMETERS):
    return cost(parameters)[0], careless(parameters)
"""
    )
    assert main(["check", f"{path}:cost"]) == 0
    assert main(["check", f"{path}:cost", "--derivative", "gradient"]) == 0
    capsys.readouterr()
    assert main(["check", f"{path}:cost", "--derivative", "careless"]) == 1
    printed = capsys.readouterr().out
    assert "cost at parameters 3 arrays" in printed
    assert "['W']: twice too large" in printed
    assert main(["check", f"{path}:both"]) == 1

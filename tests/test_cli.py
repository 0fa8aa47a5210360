"""`minigrad demo`: what it writes and prints, and how it answers bad input."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import viz
from minigrad.commands.cli import main
from minigrad.data import load_digits

ROOT = str(Path(__file__).parent.parent)
WRITTEN = {
    "confusion.png", "confusion.svg", "gradient_check.txt", "gradient_flow.png", "gradient_flow.svg", "index.html",
    "scalar_graph.png", "scalar_graph.svg", "training_curves.png", "training_curves.svg", "training_step.png",
    "training_step.svg",
}  # fmt: skip


def test_the_demo_reads_the_digits_and_shows_everything_on_one_page(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "new" / "out")]) == 0
    printed = capsys.readouterr().out
    assert "J = 33, dJ/da = 3, dJ/db = 6, dJ/dc = 9" in printed
    accuracy = re.search(r"^dev accuracy: (0\.\d{4}|1\.0000)$", printed, re.MULTILINE)
    assert accuracy
    assert float(accuracy[1]) >= 0.965
    folder = tmp_path / "new" / "out"
    assert {path.name for path in folder.iterdir()} == WRITTEN
    page = (folder / "index.html").read_text()
    assert page.count("<svg ") == 5
    assert "gradient check: passed" in page
    for text in ("dJ/da = 3", "dJ/db = 6", "dJ/dc = 9", "dJ/du = 3", "dJ/dJ = 1"):
        assert text in page
    assert "no gradients" not in page
    assert not re.search(r"<(script|link|img)|src=|@import", page), "the page must need nothing else"


@pytest.mark.full
def test_the_demo_is_the_same_for_the_same_seed(tmp_path, capsys):
    for name in ("a", "b"):
        assert main(["demo", "--out", str(tmp_path / name), "--seed", "3"]) == 0
    for name in WRITTEN:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_folder_that_cannot_be_made_is_one_line_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["demo", "--out", str(tmp_path / "file" / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "can't be made" in error
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_hole_in_the_digits_file_is_one_line_and_leaves_older_results_whole(tmp_path, capsys):
    x, y = load_digits()
    x[5, 7] = np.nan
    np.savetxt(tmp_path / "digits.csv", np.column_stack([x, y]), delimiter=",")
    (tmp_path / "index.html").write_text("older")
    assert main(["demo", "--out", str(tmp_path), "--digits", str(tmp_path / "digits.csv")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "row 6, column 8 holds 'nan'" in error
    assert (tmp_path / "index.html").read_text() == "older"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--digits", "nowhere.csv"], "nowhere.csv"),
        (["--seed", "-1"], "--seed -1"),
    ],
)
def test_other_bad_input_is_one_line_too(tmp_path, capsys, arguments, message):
    assert main(["demo", "--out", str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["cut.csv.gz", "plain.csv.gz", "binary.csv"])
def test_a_damaged_digits_file_is_one_line_that_names_file_and_row(tmp_path, capsys, name):
    rows = b"".join(b"%d," % i * 64 + b"3\n" for i in range(200))
    packed = gzip.compress(rows, mtime=0)
    content = {"cut.csv.gz": packed[:-40], "plain.csv.gz": rows, "binary.csv": b"\x89PNG\r\n\x1a\n"}[name]
    (tmp_path / name).write_bytes(content)
    assert main(["demo", "--out", str(tmp_path / "out"), "--digits", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(rf"{re.escape(name)}: .*after row \d+", error)


@pytest.mark.parametrize("content", ["", "cut", "text", "pickled"])
def test_a_damaged_array_file_is_one_line_that_names_it(tmp_path, capsys, content):
    (tmp_path / "f.py").write_text("import numpy as np\n\ndef cost(x):\n    return np.sum(x * x)\n")
    file = tmp_path / "x.npy"
    np.save(file, np.array([{}]) if content == "pickled" else np.ones(3), allow_pickle=True)
    whole = file.read_bytes()
    file.write_bytes({"": b"", "cut": whole[:-3], "text": b"1 2 3\n", "pickled": whole}[content])
    assert main(["check", f"{tmp_path / 'f.py'}:cost", "--input", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"--input {file}: is no whole .npy file of numbers" in error


@pytest.mark.parametrize("number", ["-1e-3", "-5", "-.5", "-1E+2"])
def test_a_negative_number_is_an_input_and_no_option(tmp_path, capsys, number):
    (tmp_path / "f.py").write_text("def cost(x, y):\n    return x * x * y\n")
    target = f"{tmp_path / 'f.py'}:cost"
    for given in (["--input", number, "--input", "2"], ["--input=2", "--input", number]):
        assert main(["check", target, *given]) == 0
        assert f" {float(number):.6g}" in capsys.readouterr().out
    assert main(["check", target, "--input", "1" + "0" * 400]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", ["check", "demo"])
def test_ctrl_c_is_one_line_and_exit_code_130(tmp_path, capsys, monkeypatch, command):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    (tmp_path / "f.py").write_text("def cost(x=1.0):\n    raise KeyboardInterrupt\n")
    monkeypatch.setattr(mg.train, "fit", interrupted)
    arguments = {"check": [f"{tmp_path / 'f.py'}:cost"], "demo": ["--out", str(tmp_path / "out")]}[command]
    assert main([command, *arguments]) == 130
    assert capsys.readouterr().err == f"minigrad {command}: interrupted\n"


def test_a_missing_layout_program_is_one_line(tmp_path, capsys, monkeypatch):
    def missing(*_, **__):
        raise viz.LayoutError("no layout program: run pip install graphviz-pure, or install Graphviz's dot")

    monkeypatch.setattr(viz.layout, "program", missing)
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("minigrad demo: no layout program")


def test_python_m_minigrad_is_the_command(tmp_path):
    (tmp_path / "f.py").write_text("def cost(x=2.0):\n    return x * x\n")

    def run(*arguments):
        command, environment = [sys.executable, "-m", "minigrad", *arguments], os.environ | {"PYTHONPATH": ROOT}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)

    checked = run("check", "f.py:cost")
    assert checked.returncode == 0
    assert "passed" in checked.stdout
    assert run("--version").stdout == f"minigrad {mg.__version__}\n"
    refused = run("check", "nowhere.py:cost")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "usage: minigrad" in run().stderr


def test_unknown_options_exit_with_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--colour"])
    assert stopped.value.code == 2

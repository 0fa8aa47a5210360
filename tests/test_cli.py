"""`minigrad demo`: what it writes and prints, and how it answers bad input."""

import re

import numpy as np
import pytest

from minigrad.cli import main
from minigrad.data import load_digits

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


def test_unknown_options_exit_with_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--colour"])
    assert stopped.value.code == 2

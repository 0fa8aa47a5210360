"""README and the house rules: the table is the registry's, the code runs, imports point one way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
import viz
from minigrad.commands.reference import COMMAND, renewed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["README.md", "docs/operations.md"])
def test_the_tables_of_operations_are_what_the_registry_says(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert renewed(text) == text, f"out of date: run {COMMAND}"


def test_every_operation_but_the_internal_is_in_both_tables():
    reference = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for op in mg.operations().values():
        assert (f"`{op.name}`" in README) is not op.internal, op.name
        assert (f"| `{op.name}(" in reference) is not op.internal, op.name


def test_readmes_python_runs_as_it_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "readme"}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), names)
    try:
        assert (names["a"].grad, names["b"].grad, names["c"].grad) == (3.0, 6.0, 9.0)
        assert (tmp_path / "j.svg").exists()
        assert names["history"].dev_accuracy[-1] > 0.95
        assert names["cube"](2.0) == 8.0
    finally:
        mg.forget("cube")


def test_every_name_in_the_documents_is_there_in_a_fresh_process():
    documents = [README, *(file.read_text(encoding="utf-8") for file in (ROOT / "tutorials").glob("*/*.py"))]
    names = sorted(
        {name for text in documents for name in re.findall(r"\b(?:mg|viz)(?:\.[A-Za-z_]\w*)+", text)} - {"mg.NAME"}
    )
    assert "mg.testing.mutation.run" in names
    program = f"import minigrad as mg, viz\nfor name in {names!r}: eval(name)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def test_readmes_pictures_exist():
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file()


def test_minigrad_never_imports_viz_but_in_its_commands():
    for file in (ROOT / "minigrad").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            if any(name.split(".")[0] == "viz" for name in names):
                assert file.name in ("cli.py", "check.py", "culprit.py")  # each inside a function


def test_viz_reads_nothing_of_minigrad_but_the_graph_view_and_optional_packages():
    for file in (ROOT / "viz").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minigrad"):
                assert node.module.removeprefix("minigrad.core.") in ("graph", "node", "errors", "packages")


def test_every_public_name_has_a_docstring():
    for module in (mg, mg.nn, mg.optim, mg.data, mg.train, mg.testing, viz):
        for name in getattr(module, "__all__", None) or vars(module):
            value = getattr(module, name)
            ours = (getattr(value, "__module__", None) or "").startswith(("minigrad", "viz"))
            if not name.startswith("_") and callable(value) and ours:
                assert (value.__doc__ or "").strip(), f"{module.__name__}.{name}"

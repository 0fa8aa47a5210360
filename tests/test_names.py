"""The front door: what `dir` shows is what a user types, and an operation is named once, where it is defined."""

import importlib
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import minigrad as mg
from minigrad.core.operation import Operation

ROOT = Path(__file__).parent.parent
#: What the package consists of beside operations, and a user does not type.
HOUSE = {"core", "commands", "ops", "transforms", "values", "np", "TYPE_CHECKING", "annotations"}


def test_dir_is_all_and_all_is_there():
    assert {*dir(mg)} == {*mg.__all__, "__version__"}
    assert all(hasattr(mg, name) for name in mg.__all__)
    assert len({*mg.__all__}) == len(mg.__all__)


def test_no_module_is_offered_by_accident():
    modules = {name for name in dir(mg) if isinstance(getattr(mg, name), types.ModuleType)}
    assert modules == {"data", "linalg", "nn", "optim", "testing", "train"}
    assert not HOUSE & {*dir(mg)}


@pytest.mark.parametrize("module", [mg.linalg, mg.nn.functional], ids=lambda module: module.__name__)
def test_modules_of_operations_hold_nothing_else(module):
    names = [name for name in dir(module) if name[0].isalpha()]
    assert names
    for name in names:
        assert isinstance(getattr(module, name), Operation), name


def test_every_operation_goes_by_its_name():
    public = [op for op in mg.operations().values() if not op.internal]
    assert len(public) > 200
    for op in public:
        assert op in (getattr(mg, op.name, None), getattr(mg.linalg, op.name, None)), op.name


def test_internal_operations_are_no_names_of_the_users():
    internal = [op for op in mg.operations().values() if op.internal]
    assert internal
    for op in internal:
        for module in (mg, mg.linalg, mg.nn.functional, mg.nn):
            assert getattr(module, op.name, None) is not op, f"{module.__name__}.{op.name}"


def test_second_names_are_the_same_operation():
    assert mg.abs is mg.fabs is mg.absolute
    assert mg.pow is mg.power
    assert mg.divmod is mg.operations()["divmod"]


def test_functions_of_networks_are_in_functional():
    for file in ("activation", "convolution", "network", "normalization", "softmax"):
        module = importlib.import_module(f"minigrad.ops.{file}")
        assert module.__all__
        for name in module.__all__:
            assert getattr(mg.nn.functional, name) is getattr(module, name)


@pytest.mark.parametrize("cls", [mg.Tensor, mg.Scalar], ids=lambda cls: cls.__name__)
def test_a_method_is_the_operation_of_its_name(cls):
    methods = [name for name in mg.operations() if inspect.isfunction(getattr(cls, name, None))]
    assert len(methods) > 20
    for name in methods:
        assert getattr(cls, name).__name__ == name
        assert getattr(cls, name).__doc__


def test_an_operation_is_added_in_one_place(tmp_path):
    """CONTRIBUTING's, in its family's file: it has its name, its row in the tables, and its checks."""
    added = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    added = added.replace("softplus", "softplus_too")  # whoever follows it to the letter has one already
    for file in (ROOT / "minigrad").rglob("*.py"):
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        copy.write_text(text + added * (copy.name == "activation.py"), encoding="utf-8")
    (tmp_path / "user.py").write_text(
        """import doctest, sys
import minigrad as mg
from minigrad.commands.reference import families_table, operations_table
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_example

assert mg.__file__.startswith(sys.argv[1])
assert "softplus_too" in dir(mg) and mg.nn.functional.softplus_too is mg.softplus_too
assert "`softplus_too`" in families_table() and "| `softplus_too(x)` | Softplus, elementwise" in operations_table()
assert drawn_example(mg.softplus_too, RandomDraw(0)).points
[test] = doctest.DocTestFinder().find(mg.softplus_too.forward, "softplus_too", mg.ops.activation, {})
assert test.examples and not doctest.DocTestRunner().run(test).failed
mg.testing.check_gradients(mg.softplus_too, mg.Tensor([1.0, -2.0], requires_grad=True), order=2, mode="both")
"""
    )
    done = subprocess.run([sys.executable, "user.py", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert not done.returncode, done.stderr

"""What type checkers see: README's code passes mypy --strict and pyright, and operations give Tensors."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from minigrad.core.operation import Operation

ROOT = Path(__file__).parent.parent
README = "\n\n".join(re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL))

#: What must be accepted: every line says what it is.
RIGHT = '''
from typing import assert_type
import numpy as np
import minigrad as mg

t = mg.Tensor(np.ones((2, 3)), requires_grad=True)
s, a = mg.Scalar(2.0), np.ones((2, 3))

assert_type(mg.tanh(t), mg.Tensor)
assert_type(mg.sum(t, axis=0), mg.Tensor)
assert_type(mg.add(a, t), mg.Tensor)
assert_type(mg.vstack([t, t]), mg.Tensor)
assert_type(mg.where(a, t, 0.0), mg.Tensor)
assert_type(mg.linalg.inv(t), mg.Tensor)
assert_type(mg.nn.functional.conv2d(t, t), mg.Tensor)
assert_type(t.sum(axis=0).exp() ** 2, mg.Tensor)
assert_type(1.0 - -t @ t.T, mg.Tensor)
assert_type(t[0].reshape(3, 1), mg.Tensor)
assert_type(mg.tanh(s), mg.Scalar)
assert_type(mg.maximum(0.0, s), mg.Scalar)
assert_type((2 / s + 1).relu(), mg.Scalar)
softmax: np.ndarray = mg.softmax(a)
exp: float = mg.exp(1.0)
places: np.ndarray = mg.argmax(t)
mask: np.ndarray = t > 0
first, second = mg.split(t, 2)
values, vectors = mg.linalg.eigh(t)
np.mean((a @ t.T - 1) ** 2).backward()
np.mean(t).backward()
np.sum(np.sin(t) ** 2).backward()
np.stack([t, t]).sum().backward()
changed: mg.Tensor = mg.at(t, 0).set(1.0)
with mg.no_grad():
    t -= 0.1
for row in t:
    assert_type(row * 2, mg.Tensor)
model = mg.nn.Sequential(mg.nn.Linear(3, 2), mg.nn.ReLU())
optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
mg.nn.softmax_cross_entropy(model.train()(a), np.array([0, 1])).backward()
optimizer.step()
print(mg.value_and_grad(lambda x: np.sum(x**2))(a), mg.testing.mutation.run, mg.testing.strategies.arrays)


@mg.op
def halved(x: mg.Tensor, /) -> mg.Tensor:
    """x/2."""
    return x / 2


assert_type(halved(t), mg.Tensor)
'''

#: What must be refused, each line by itself.
WRONG = """import minigrad as mg
mg.nonsense
mg.Tensor([1.0]).nonsense
mg.tanh(mg.Tensor([1.0])).nonsense
mg.Tensor([1.0]).sum().nonsense
(mg.Tensor([1.0]) + 1.0).nonsense
mg.Scalar(1.0).tanh().nonsense
mg.nn.functional.nonsense
"""

#: Every operation by its name, which one that only a running program could see would not pass.
NAMES = "\n".join(
    (
        "import minigrad as mg",
        "from minigrad.core.operation import Operation",
        "operations: list[Operation] = [",
        *(
            f"    {module.__name__.replace('minigrad', 'mg')}.{name},"
            for module in (mg, mg.linalg, mg.nn.functional)
            for name in dir(module)
            if isinstance(getattr(module, name), Operation)
        ),
        "]",
    )
)
FILES = {"readme": README, "right": RIGHT, "wrong": WRONG, "names": NAMES}


def refused(text):
    """The errors' files and lines, with what was said."""
    found = re.findall(r"(\w+)\.py:(\d+):(?:\d+:)?(?:\d+ -)? ?error: (.*)", text)
    return {(file, int(line)): f"{file}.py:{line}: {said}" for file, line, said in found}


def assert_only_what_is_wrong_is_refused(errors):
    assert [said for (file, _), said in errors.items() if file in FILES and file != "wrong"] == []
    assert {line for file, line in errors if file == "wrong"} == {*range(2, len(WRONG.splitlines()) + 1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.full
def test_mypy_strict_takes_readmes_code_and_every_name_and_refuses_what_is_wrong(folder):
    pytest.importorskip("mypy", reason="mypy is in the extra 'test'")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--cache-dir={ROOT / '.mypy_cache' / 'strict'}",
    ]
    done = subprocess.run(
        [*command, *(f"{name}.py" for name in FILES)],
        cwd=folder, env=os.environ | {"MYPYPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert_only_what_is_wrong_is_refused(refused(done.stdout))


def test_pyright_takes_and_refuses_the_same(folder):
    pyright = shutil.which("basedpyright") or shutil.which("pyright")
    if pyright is None:
        pytest.skip("neither pyright nor basedpyright is installed; the first fetches itself from the network")
    (folder / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "standard", "extraPaths": [str(ROOT)], "pythonVersion": "3.11"})
    )
    done = subprocess.run([pyright, "."], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert_only_what_is_wrong_is_refused(refused(done.stdout))

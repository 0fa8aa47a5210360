"""Every tutorial runs to its end, as a script and as a notebook, so its claims hold and its pictures show."""

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TUTORIALS = sorted((ROOT / "tutorials").glob("*/*.py"))
MISSING = [name for name in ("jupytext", "nbconvert", "ipykernel") if importlib.util.find_spec(name) is None]
PICTURES = {"computation_graph": 2, "from_gradients_to_hessians": 1, "is_my_gradient_right": 1}


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_true(tutorial, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(tutorial), run_name="__main__")


@pytest.mark.full
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (extra docs)")
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_a_notebook_that_shows_its_pictures(tutorial, tmp_path):
    def jupyter(tool, *arguments):
        environment = os.environ | {
            "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_CONFIG_DIR": str(tmp_path),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", tool, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert not done.returncode, done.stderr

    jupyter("jupytext", "--to", "ipynb", "--output", "tutorial.ipynb", str(tutorial))
    jupyter("nbconvert", "--to", "notebook", "--execute", "--output", "done.ipynb", "tutorial.ipynb")
    cells = json.loads((tmp_path / "done.ipynb").read_text(encoding="utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert not [text for text in prose if "import " in text or '"""' in text]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    shown = [kind for output in outputs for kind in output.get("data", {}) if kind.startswith("image/")]
    assert len(shown) == PICTURES[tutorial.stem]

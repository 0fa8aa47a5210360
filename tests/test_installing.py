"""The wheel of this project, offline, in a fresh environment that has NumPy and nothing else."""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.full

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"[\w-]+")


class Environment:
    """A virtual environment: its folder, and programs run in it without the variables of this one."""

    def __init__(self, folder):
        venv.create(folder, with_pip=True)
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = str(self.scripts / "python")
        self.packages = Path(self.run("import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())

    def run(self, program):
        done = self.call(self.python, "-I", "-c", program)
        assert not done.returncode, done.stderr
        return done

    def call(self, *command):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
        return subprocess.run(command, capture_output=True, text=True, env=clean, cwd=self.scripts)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build as backend; print(backend.build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, folder], cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def bare(tmp_path_factory, wheel):
    """The wheel and NumPy, installed without an index."""
    environment = Environment(tmp_path_factory.mktemp("bare"))
    done = environment.call(
        environment.python, "-m", "pip", "install", "--isolated", "--no-index", "--no-deps", "--quiet", str(wheel)
    )
    assert not done.returncode, done.stderr
    for name in {file.parts[0] for file in distribution("numpy").files if file.parts[0].startswith("numpy")}:
        (environment.packages / name).symlink_to(Path(np.__file__).parent.parent / name)
    return environment


def test_nothing_but_numpy_is_there(bare):
    found = {each.name for each in bare.packages.iterdir() if each.suffix != ".dist-info"} - {"__pycache__"}
    assert found - {"numpy.libs", "_distutils_hack", "distutils-precedence.pth", "pkg_resources", "setuptools"} == {
        "minigrad", "pytest_minigrad.py", "viz", "numpy", "pip",
    }  # fmt: skip


def test_a_gradient_is_checked_with_numpy_alone(bare):
    done = bare.run("""
import minigrad as mg, numpy as np
assert mg.data and mg.train and mg.nn and mg.optim and mg.testing.mutation
model = mg.nn.MLP([3, 4, 1], batch_norm=True, rng=0)
x = np.random.default_rng(0).normal(size=(6, 3))
assert mg.testing.check_gradients(lambda x: np.sum(model(x) ** 2), x).passed
print(mg.testing.check_gradients(lambda x: np.sum(np.tanh(x) ** 2), np.array([0.5, -1.0]), mode="both", order=2))
""")
    assert done.stdout.startswith("gradient check: passed")


def test_a_network_is_trained_with_numpy_alone(bare):
    bare.run("""
import minigrad as mg, numpy as np
x = np.random.default_rng(0).normal(size=(100, 2))
model = mg.nn.MLP([2, 8, 2], rng=0)
y = (x[:, 0] > 0).astype(int)
optimizer = mg.optim.Adam(model.parameters(), lr=0.05)
mg.train.fit(model, mg.nn.softmax_cross_entropy, optimizer, x, y, epochs=2, rng=0, progress=False)
""")


def test_every_module_is_imported_with_numpy_alone_but_those_that_are_made_for_another_package(bare):
    done = bare.run("""
import importlib, json, pkgutil, sys
import minigrad, viz
failed = {}
for package in (minigrad, viz):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                failed[module.name] = error.name
print(json.dumps(failed))
""")
    assert json.loads(done.stdout) == {
        "minigrad.testing.strategies": "hypothesis",
        "viz.pdf": "matplotlib",
    }  # fmt: skip


MISSING = {
    "mg.train.fit(model, mg.nn.softmax_cross_entropy, mg.optim.Adam(model.parameters()), x, y)": "tqdm",
    "mg.graph(loss).to_networkx()": "networkx",
    "viz.draw(loss)": "graphviz",
    "viz.gradient_flow(model)": "matplotlib",
    "viz.confusion_matrix([0, 1], [0, 1])": "matplotlib",
    "viz.diagram.Diagram('digraph {}', 0, 0).render('pdf')": "matplotlib",
    "mg.data.load_digits()": "scikit-learn",
    "mg.testing.gradient_property(x=mg.domain())(np.tanh)": "hypothesis",
    "mg.testing.gradient_property(mg.tanh)": "hypothesis",
    "mg.testing.strategies": "hypothesis",
    "from minigrad.testing import strategies": "hypothesis",
    "from minigrad.testing.strategies import arrays": "hypothesis",
    "mg.testing.check_gradients(np.tanh, x, framework='torch')": "torch",
}


@pytest.fixture(scope="module")
def messages(bare):
    """What each program says, all run in one process."""
    done = bare.run(f"""
import json
import numpy as np, minigrad as mg, viz
x, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1])
model = mg.nn.Linear(2, 2, rng=0)
loss = mg.nn.softmax_cross_entropy(model(x), y)
loss.backward()
said = {{}}
for program in {list(MISSING)!r}:
    try:
        exec(program)
    except ImportError as error:
        said[program] = str(error)
print(json.dumps(said))
""")
    return json.loads(done.stdout)


@pytest.mark.parametrize(("program", "package"), MISSING.items())
def test_a_missing_package_is_named_where_it_is_used(messages, program, package):
    assert re.search(rf"\bneeds {package}: pip install {package}$", messages[program])


def test_what_is_installed_is_not_imported_before_it_is_used():
    packages = {"networkx", "graphviz", "matplotlib", "tqdm", "sklearn", "hypothesis", "pytest"}
    program = f"import sys, minigrad, viz; print(*{packages!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stdout + done.stderr


def test_a_wrong_gradient_is_traced_to_its_operation_where_nothing_can_be_drawn(bare):
    done = bare.run("""
import minigrad as mg, numpy as np
@mg.op(inputs=[mg.domain(-3, 3)])
def cube(x, /):
    return x * x * x
@cube.rule
def _(g, y, x):
    return g * 2 * x * x
try:
    mg.testing.check_gradients(lambda x: np.sum(cube(x)), np.array([1.0, 2.0]))
except mg.testing.GradientError as error:
    print(error)
""")
    assert "the rule of 'cube' is wrong (not drawn: viz.draw needs graphviz: pip install graphviz)" in done.stdout


def test_the_commands_answer_in_one_line_what_is_missing(bare, tmp_path):
    homework = tmp_path / "homework.py"
    homework.write_text("import numpy as np\ndef cost(w=np.array([1.0, 2.0])):\n    return np.sum(w ** 3)\n")
    page = tmp_path / "report.html"
    checked = bare.call(str(bare.scripts / "minigrad"), "check", f"{homework}:cost", "--html", str(page))
    assert checked.returncode == 0, checked.stderr
    assert "passed" in page.read_text(encoding="utf-8")
    assert "gradient check: passed" in checked.stdout
    demo = bare.call(str(bare.scripts / "minigrad"), "demo", "--out", str(tmp_path / "out"))
    assert demo.returncode == 2
    assert demo.stderr == "minigrad demo: load_digits needs scikit-learn: pip install scikit-learn\n"


def test_a_plain_install_brings_what_the_demo_needs_and_every_extra_has_code_behind_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    assert {NAME.match(each)[0] for each in project["dependencies"]} == {
        "numpy", "networkx", "graphviz", "graphviz-pure", "matplotlib", "tqdm",
    }  # fmt: skip
    sources = [file for folder in ("minigrad", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    code = "".join(file.read_text(encoding="utf-8") for file in sources if file != Path(__file__))
    code += (ROOT / ".ci/run").read_text(encoding="utf-8") + text.partition("[project]")[0]
    used_as = {"scikit-learn": "sklearn", "pytest-xdist": "pytest -q -n"}
    for extra, packages in project["optional-dependencies"].items():
        for package in (NAME.match(each)[0] for each in packages):
            assert used_as.get(package, package) in code, f"extra {extra}: nothing here uses {package}"


def test_nobody_is_told_to_install_a_strangers_package():
    files = [file for folder in ("minigrad", "viz", "tests", "benchmarks", "tutorials", "docs", ".ci")
             for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".md", "")]  # fmt: skip
    for file in [*files, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        if file.is_file():
            found = re.search(r"pip install\s+['\"]?(minigrad|viz)\b", file.read_text(encoding="utf-8"))
            assert not found, f"{file.relative_to(ROOT)}: {found[0]!r} names a stranger's package"


def test_the_classifiers_name_the_pythons_that_ci_tries():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [each.rpartition(" ")[2] for each in project["classifiers"] if "Python :: 3." in each]
    newer = re.search(r"^for minor in ([\d ]+);", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert named == [project["requires-python"].removeprefix(">="), *(f"3.{minor}" for minor in newer.split())]

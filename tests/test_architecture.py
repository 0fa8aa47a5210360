"""The folders show the architecture: imports point one way, no file is its own cause."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg

PACKAGE = Path(mg.__file__).parent
#: Folders (and public files) of minigrad; each imports only from those before it.
ORDER = ("core", "ops", "linalg", "values", "nn", "transforms", "optim", "data", "train", "testing", "commands")
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(file: Path, *, when_run: bool = False) -> set[str]:
    """The modules of minigrad that a file imports; with ``when_run`` not those inside functions or for types alone."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    if when_run:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)) or (
                isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            ):
                skipped.update(ast.walk(node))
    found: set[str] = set()
    parts = module_of(file).split(".") + ([""] if file.name == "__init__.py" else [])
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in skipped:
            base = ".".join([*parts[: -node.level], *([node.module] if node.module else [])]) if node.level else ""
            base = base or node.module or ""
            if base.split(".")[0] == "minigrad":
                for each in node.names:
                    full = f"{base}.{each.name}"
                    path = PACKAGE.parent.joinpath(*full.split("."))
                    found.add(full if path.with_suffix(".py").exists() or path.is_dir() else base)
    return found


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(PACKAGE)) for file in FILES])
def test_imports_point_down_the_list_of_folders(file):
    parts = module_of(file).split(".")
    if len(parts) < 2 or parts[1] == "__main__":
        return assert_is_the_front_door(file)
    place = ORDER.index(parts[1])
    for each in imported_by(file):
        assert each == "minigrad" or ORDER.index(each.split(".")[1]) <= place, f"{module_of(file)} imports {each}"
    return None


def assert_is_the_front_door(file):
    assert file.parent == PACKAGE


def test_no_modules_import_each_other_in_a_circle():
    edges = {module_of(file): imported_by(file, when_run=True) for file in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " imports ".join([*path[path.index(module) :], module])
        if module not in done:
            for each in edges.get(module, ()):
                if each != module and not module.startswith(f"{each}."):  # a package may name its parts
                    visit(each, (*path, module))
            done.add(module)

    for module in edges:
        visit(module, ())


@pytest.mark.full
@pytest.mark.parametrize("folder", [name for name in ORDER if (PACKAGE / name).is_dir()])
def test_each_folder_can_be_imported_first_in_a_process(folder):
    subprocess.run([sys.executable, "-c", f"import minigrad.{folder}"], check=True)

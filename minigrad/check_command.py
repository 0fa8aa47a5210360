"""``minigrad check FILE.py:function``: is the gradient of a function in a file right?"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .errors import UserError
from .testing import GradientError, GradientReport, check_gradients


def run_check(
    target: str,
    given: Sequence[str] = (),
    *,
    derivative: str | None = None,
    order: int = 1,
    mode: str = "reverse",
    framework: str | None = None,
    html: str | None = None,
) -> int:
    """Check it, print the report, and give the exit code: 0 where it is right, 1 where it is not.

    Raises UserError for what whoever typed the command can put right.
    """
    path, _, name = target.rpartition(":")
    if not path or not name:
        raise UserError(f"{target}: wants FILE.py:function, such as homework.py:cost")
    module = _loaded(Path(path))
    function = _function(module, path, name)
    names, inputs = _inputs(function, name, given)
    checked: Any = (function, _function(module, path, derivative)) if derivative else function
    try:
        report: GradientReport = check_gradients(
            checked, *inputs, names=names, order=order, mode=mode, framework=framework
        )
    except GradientError as error:
        report = error.report
    except Exception as error:
        raise UserError(f"{target}: {type(error).__name__}: {error}") from error
    print(f"{target} at {', '.join(f'{n} {_described(x)}' for n, x in zip(names, inputs))}")
    print(report)
    if html is not None:
        _write_page(html, target, report)
    return 0 if report.passed else 1


def _loaded(path: Path) -> ModuleType:
    """The file, run as a module; its own folder is where it imports from."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: is not a file of Python (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{path}: running it failed: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)
    return module


def _function(module: ModuleType, path: str, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if callable(function):
        return function
    own = [k for k, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    raise UserError(f"{path}: has no function {name!r}; it has {', '.join(own) or 'none'}")


def _inputs(function: Callable[..., Any], name: str, given: Sequence[str]) -> tuple[list[str], list[Any]]:
    """The names and values of the inputs: what was given, else the defaults, else numbers by the annotations."""
    parameters = list(inspect.signature(function, eval_str=True).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(given) > len(positional):
        raise UserError(f"--input was given {len(given)} times, but {name} takes {len(positional)} arguments")
    rng = np.random.default_rng(0)
    names, inputs = [], []
    for i, parameter in enumerate(positional):
        if i < len(given):
            value = _read(given[i])
        elif parameter.default is not parameter.empty:
            value = parameter.default
            if not isinstance(getattr(value, "dtype", value), (float, np.dtype)) and not isinstance(
                value, (list, tuple)
            ):
                break  # an option of the function, and those behind it
        elif parameter.annotation is float:
            value = float(rng.normal())
        elif getattr(parameter.annotation, "__name__", "") in ("ndarray", "Tensor", "NDArray"):
            value = rng.normal(size=3)
        else:
            raise UserError(
                f"{name}: no example for its argument {parameter.name!r}; give it a default, annotate it as float or "
                "np.ndarray, or say --input for each argument in order"
            )
        names.append(parameter.name)
        inputs.append(np.asarray(value, dtype=np.float64) if isinstance(value, (list, tuple)) else value)
    if not inputs:
        raise UserError(f"{name}: takes no argument to differentiate by")
    return names, inputs


def _read(text: str) -> Any:
    """A number, nested lists of numbers, or a file of `numpy.save`."""
    if text.endswith(".npy"):
        try:
            return np.load(text, allow_pickle=False)
        except FileNotFoundError:
            raise UserError(f"--input {text}: there is no such file") from None
        except Exception as error:  # NumPy answers damaged files with half a dozen kinds
            raise UserError(f"--input {text}: is no whole .npy file of numbers ({error})") from None
    try:
        array = np.asarray(ast.literal_eval(text), dtype=np.float64)
    except (ValueError, SyntaxError, TypeError, OverflowError, RecursionError, MemoryError):
        raise UserError(
            f"--input {text:.60}: wants a number, a list of numbers such as [[1, 2], [3, 4]], or FILE.npy"
        ) from None
    return array if array.ndim else np.asarray(array)


def _described(x: Any) -> str:
    array = np.asarray(getattr(x, "_data", x))
    return f"{array.shape}" if array.ndim else f"{float(array):.6g}"


def _write_page(path: str, target: str, report: GradientReport) -> None:
    import viz  # the core never draws

    try:
        viz.page(
            Path(path),
            f"Gradient check of {target}",
            [
                viz.Section(
                    "Report",
                    "Every entry, against numerical derivatives that know their own error.",
                    element=report,
                )
            ],
            lead="Right." if report.passed else "Not right.",
        )
    except OSError as error:
        raise UserError(f"--html {path}: can't be written ({error.strerror})") from None
    print(f"wrote {path}")

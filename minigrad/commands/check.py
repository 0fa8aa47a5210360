"""``minigrad check FILE.py:function``: is the gradient of a function in a file right?"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..core.errors import UserError
from ..core.trees import leaves_of
from ..testing import GradientError, GradientReport, check_gradients
from ..testing.subjects.frameworks import as_array


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
    """Check it, print the report, and return the exit code: 0 where it is right, 1 where it is not.

    Raises UserError for mistakes that the user of the command can correct.
    """
    path, _, name = target.rpartition(":")
    if not path or not name:
        raise UserError(f"{target}: expected FILE.py:function, such as homework.py:cost")
    with _importing_beside(Path(path)):
        module = _loaded(Path(path))
        function = _function(module, path, name)
        names, inputs, call = _inputs(function, name, given)
        checked: Any = call(function)
        if derivative is not None:
            checked = checked, call(_function(module, path, derivative))
        try:
            report: GradientReport = check_gradients(
                checked, *inputs, names=names, order=order, mode=mode, framework=framework
            )
        except GradientError as error:
            report = error.report
        except SystemExit as error:
            raise UserError(f"{target}: it called sys.exit({_code(error)}), so nothing was checked") from error
        except Exception as error:
            raise UserError(f"{target}: {type(error).__name__}: {error}") from error
    _show(f"{target} at {', '.join(f'{n} {_described(x)}' for n, x in zip(names, inputs))}\n{report}")
    if html is not None:
        _write_page(html, target, report)
    return 0 if report.passed else 1


def _show(text: str) -> None:
    """Print; a reader that has seen enough (``| head``) does not change the verdict."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing left to fail when Python ends


def _code(error: SystemExit) -> str:
    return "" if error.code is None else repr(error.code)


@contextmanager
def _importing_beside(path: Path) -> Iterator[None]:
    """The file's own folder is where it imports from, as when Python runs it, inside its functions too."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _loaded(path: Path) -> ModuleType:
    """The file, run as a module."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    name = path.stem if path.stem not in sys.modules else f"{path.stem} (checked)"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: is not a file of Python (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where its dataclasses look for themselves
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        raise UserError(
            f"{path}: it calls sys.exit({_code(error)}) when it is run; put that under if __name__ == '__main__'"
        ) from error
    except Exception as error:
        raise UserError(f"{path}: running it failed: {type(error).__name__}: {error}") from error
    finally:
        del sys.modules[name]
    return module


def _function(module: ModuleType, path: str, name: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if callable(function):
        return function
    own = [k for k, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    raise UserError(f"{path}: has no function {name!r}; it has {', '.join(own) or 'none'}")


def _inputs(
    function: Callable[..., Any], name: str, given: Sequence[str]
) -> tuple[list[str], list[Any], Callable[[Any], Any]]:
    """The names and values of the inputs: what was given, else the defaults, else numbers by the annotations.

    And how to make a function of these inputs alone: options between them keep their defaults.
    """
    parameters = _parameters(function)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for rest in (p for p in parameters if p.kind is p.VAR_POSITIONAL):
        more = range(len(given) - len(positional))
        positional += [inspect.Parameter(f"{rest.name}_{i}", inspect.Parameter.POSITIONAL_ONLY) for i in more]
    if len(given) > len(positional):
        raise UserError(f"--input was given {len(given)} times, but {name} takes {len(positional)} arguments")
    rng = np.random.default_rng(0)
    arguments: list[Any] = []
    kept: list[int] = []
    for i, parameter in enumerate(positional):
        arguments.append(_read(given[i]) if i < len(given) else _example(parameter, name, rng))
        if i < len(given) or _is_data(arguments[-1]):
            kept.append(i)
    if not kept:
        raise UserError(f"{name}: takes no argument to differentiate with respect to")

    def of_inputs_alone(f: Any) -> Any:
        if kept == list(range(len(kept))):
            return f  # the options come last and keep their defaults

        def called(*inputs: Any) -> Any:
            filled = list(arguments)
            for i, x in zip(kept, inputs):
                filled[i] = x
            return f(*filled)

        return called

    return [positional[i].name for i in kept], [arguments[i] for i in kept], of_inputs_alone


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function, eval_str=True).parameters.values())
    except Exception:  # annotations that only a type checker can read
        return list(inspect.signature(function).parameters.values())


def _example(parameter: inspect.Parameter, name: str, rng: np.random.Generator) -> Any:
    """An argument's default, or numbers by its annotation."""
    annotation = parameter.annotation
    if parameter.default is not parameter.empty:
        return _as_one_array(parameter.default)
    if annotation is float:
        return float(rng.normal())
    if getattr(annotation, "__name__", "") in ("ndarray", "Tensor", "NDArray", "Array"):
        numbers = rng.normal(size=3)
        torch = sys.modules.get("torch")
        return torch.tensor(numbers) if torch is not None and annotation is torch.Tensor else numbers
    raise UserError(
        f"{name}: no example for its argument {parameter.name!r}; give it a default, annotate it as float or "
        "np.ndarray, or say --input for each argument in order"
    )


def _as_one_array(value: Any) -> Any:
    """Nested lists of numbers as an array; a list of arrays stays what it is."""
    if isinstance(value, (list, tuple)) and not any(hasattr(leaf, "dtype") for leaf in leaves_of(value)):
        try:
            return np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            return value
    return value


def _is_data(x: Any) -> bool:
    """Whether an argument is data, and not an option: it holds an array, a tensor or a module, or is a float."""
    return any(
        isinstance(leaf, float) or hasattr(leaf, "dtype") or callable(getattr(leaf, "parameters", None))
        for leaf in leaves_of(x)
    )


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
            f"--input {text:.60}: expected a number, a list of numbers such as [[1, 2], [3, 4]], or FILE.npy"
        ) from None
    return array if array.ndim else np.asarray(array)


def _described(x: Any) -> str:
    if callable(getattr(x, "parameters", None)):
        return type(x).__name__
    if isinstance(x, (dict, list, tuple)):
        return f"{len(leaves_of(x))} arrays"
    array = as_array(x)
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
                    "Every entry, against numerical derivatives that estimate their own error.",
                    element=report,
                )
            ],
            lead="Right." if report.passed else "Not right.",
        )
    except OSError as error:
        raise UserError(f"--html {path}: can't be written ({error.strerror})") from None
    _show(f"wrote {path}")

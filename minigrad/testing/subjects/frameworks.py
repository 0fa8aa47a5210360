"""Functions written in other frameworks, run on NumPy arrays: their values, and their gradients for cotangents.

Nothing is imported until a framework is asked for. PyTorch, whose modules keep state, has a file of its own.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...core.trees import leaves_of, paths_of, rebuilt

#: A function of a framework's own arrays that gives a list of them.
Run = Callable[..., list[Any]]


def framework_of(f: Any, leaves: Sequence[Any]) -> str:
    """The framework that the inputs, or a module given as the function, are of; "minigrad" for arrays and floats."""
    torch = sys.modules.get("torch")  # without it nothing can be one of its objects
    for x in (f, *leaves):
        root = type(x).__module__.partition(".")[0]
        if torch is not None and isinstance(x, (torch.Tensor, torch.nn.Module)):
            return "torch"
        if root in ("mygrad", "micrograd") and x is not f:
            return root
        if root in ("jax", "jaxlib") and x is not f:
            return "jax"
    return "minigrad"


def adapter_of(framework: str) -> Adapter:
    """A framework's adapter; ValueError for an unknown one, ImportError, with what to install, for a missing one."""
    if framework not in _ADAPTERS:
        raise ValueError(
            f"check_gradients: framework={framework!r}; known are minigrad, callable, {', '.join(sorted(_ADAPTERS))}"
        )
    try:
        return _ADAPTERS[framework]()
    except ImportError as error:
        raise ImportError(
            f"check_gradients: framework={framework!r} needs {framework}: pip install {framework}"
        ) from error


def as_array(x: Any) -> np.ndarray:
    """An input of any framework as a NumPy array."""
    root = type(x).__module__.partition(".")[0]
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        x = x.detach().cpu()
        return np.asarray((x.double() if x.is_floating_point() else x).numpy())
    if root == "micrograd":
        return np.asarray(x.data, dtype=np.float64)  # of numbers; Value(0) is none that is held fixed
    if root == "mygrad":
        return np.asarray(x.data)
    if root in ("jax", "jaxlib", "ml_dtypes") and str(x.dtype) in ("bfloat16", "float16"):
        return np.asarray(x, dtype=np.float32)
    return np.asarray(getattr(x, "_data", x))


class Adapter:
    """How one framework's functions run on arrays; ``notes`` say what was seen of them beside numbers."""

    def __init__(self) -> None:
        self.notes: dict[str, str] = {}

    def parameters(self, x: Any) -> list[tuple[str, Any]] | None:
        """The leaves, by name, that an input stands for and that are changed in place; None for a plain input."""
        return None

    def uses(self, f: Any, given: Sequence[Any]) -> None:
        """Told of the function, and of what it is checked by, before it runs."""

    def parts(self, tree: Any, label: str) -> list[tuple[str, Any]]:
        """The leaves of a nested container with their paths."""
        return paths_of(tree, label)

    def rebuilt(self, trees: list[Any], leaves: Sequence[Any]) -> list[Any]:
        """The containers with other leaves."""
        return list(rebuilt(trees, leaves))

    def outputs(self, value: Any) -> list[Any]:
        """The leaves of what a function gave."""
        return leaves_of(value)

    def constant(self, x: Any) -> Any:
        """An input that is held fixed, in the framework's own form."""
        return x

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        """The framework's arrays that hold the points, for leaves as they were given; all is as it was afterwards."""
        raise NotImplementedError
        yield []

    def values(self, run: Run, leaves: Sequence[Any]) -> list[Any]:
        """The function's outputs as NumPy arrays."""
        return [as_array(y) for y in run(*leaves)]

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        """The gradients of Σ ⟨output, cotangent⟩ by the leaves; None for one that it does not depend on."""
        raise NotImplementedError

    def leave_its_precision(self, error: Exception, given: Sequence[Any]) -> bool:
        """Whether this error came of the dtype that the function was run in, and another is used from now on."""
        return False

    def changed(self, kept: np.ndarray, cotangent: Any, who: str = "") -> None:
        """Note a backward that changed the cotangent it was given."""
        if not np.array_equal(kept, np.asarray(cotangent)):
            self.wrote_into_g(who)

    def wrote_into_g(self, who: str = "") -> None:
        """Note a backward that writes into its argument."""
        self.notes["g"] = (
            f"a backward{f' ({who})' if who else ''} writes into the gradient g that it is given; what else uses the "
            "same g, as in f(x) + x, will be wrong"
        )


class _Jax(Adapter):
    def __init__(self) -> None:
        super().__init__()
        self.jax = jax = importlib.import_module("jax")
        has_it = hasattr(jax, "enable_x64")
        self._in_float64 = (jax if has_it else importlib.import_module("jax.experimental")).enable_x64
        self._compiled: Any = None
        self._calls = 0

    def parts(self, tree: Any, label: str) -> list[tuple[str, Any]]:
        found = self.jax.tree_util.tree_flatten_with_path(tree)[0]
        return [(label + self.jax.tree_util.keystr(path), leaf) for path, leaf in found]

    def rebuilt(self, trees: list[Any], leaves: Sequence[Any]) -> list[Any]:
        return list(self.jax.tree_util.tree_unflatten(self.jax.tree_util.tree_structure(trees), leaves))

    def outputs(self, value: Any) -> list[Any]:
        return list(self.jax.tree_util.tree_leaves(value))

    def constant(self, x: Any) -> Any:
        return self.jax.numpy.asarray(x) if isinstance(x, np.ndarray) and x.dtype.kind in "biu" else x

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        with self._in_float64(True):
            yield [self.jax.numpy.asarray(x) for x in points]

    def values(self, run: Run, leaves: Sequence[Any]) -> list[Any]:
        """As they are for the first few runs, which would show random numbers drawn outside of JAX; then compiled."""
        self._calls += 1
        if self._calls > 3 and self._compiled is not False:
            self._compiled = self._compiled or self.jax.jit(run)
            try:
                return [np.asarray(y) for y in self._compiled(*leaves)]
            except (self.jax.errors.JAXTypeError, self.jax.errors.JAXIndexError, TypeError, ValueError):
                self._compiled = False  # it branches on values, or turns them into NumPy's
        return [np.asarray(y) for y in run(*leaves)]

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        floats = [self.jax.numpy.issubdtype(self.jax.numpy.result_type(y), np.floating) for y in run(*leaves)]

        def differentiable(*leaves: Any) -> list[Any]:
            return [self.jax.numpy.asarray(y) for y, good in zip(run(*leaves), floats) if good]

        found, pull_back = self.jax.vjp(differentiable, *leaves)
        given = [c for c, good in zip(cotangents, floats) if good]
        return list(pull_back([self.jax.numpy.asarray(c, dtype=y.dtype) for c, y in zip(given, found)]))


class _Autograd(Adapter):
    def __init__(self) -> None:
        super().__init__()
        self.autograd = importlib.import_module("autograd")
        self.numpy = importlib.import_module("autograd.numpy")

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        yield list(points)

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        def contracted(*leaves: Any) -> Any:
            found = run(*leaves)
            return found[0] if len(found) == 1 else sum(self.numpy.sum(y * c) for y, c in zip(found, cotangents))

        gradients = []
        for i in range(len(leaves)):
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", "Output seems independent of input", UserWarning
                )  # the report says so
                pull_back, y = self.autograd.make_vjp(contracted, i)(*leaves)
            kept = cotangents[0] if len(cotangents) == 1 else np.ones(())
            given = kept.copy() if np.ndim(y) else float(kept)
            gradients.append(pull_back(given))
            self.changed(kept, given)
        return gradients


class _Mygrad(Adapter):
    def __init__(self) -> None:
        super().__init__()
        self.mygrad = importlib.import_module("mygrad")

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        yield [self.mygrad.tensor(x) for x in points]

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        found = [(y, c) for y, c in zip(run(*leaves), cotangents) if isinstance(y, self.mygrad.Tensor)]
        if len(found) == 1:
            [(y, kept)] = found
            given, who = kept.copy(), type(y.creator).__name__
            y.backward(given)
            self.changed(kept, given, who)
        elif found:
            sum(self.mygrad.sum(y * c) for y, c in found).backward()
        return [leaf.grad for leaf in leaves]


class _Micrograd(Adapter):
    def __init__(self) -> None:
        super().__init__()
        self.engine = importlib.import_module("micrograd.engine")
        self._in_place: list[Any] = []

    def parameters(self, x: Any) -> list[tuple[str, Any]] | None:
        if not callable(getattr(x, "parameters", None)):
            return None
        found = list(x.parameters())
        self._in_place += found
        return [(f"parameters()[{i}]", p) for i, p in enumerate(found)]

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        kept = [(p, p.data, p.grad) for p in self._in_place]
        leaves = []
        for x, point in zip(given, points):
            if any(x is p for p in self._in_place):
                x.data, x.grad = float(point), 0
                leaves.append(x)
            else:
                leaves.append(self.engine.Value(float(point)))
        try:
            yield leaves
        finally:
            for p, data, gradient in kept:
                p.data, p.grad = data, gradient

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        total: Any = sum(y * float(c) for y, c in zip(run(*leaves), cotangents))
        if isinstance(total, self.engine.Value):  # a plain number depends on nothing
            total.backward()
        return [np.asarray(leaf.grad, dtype=np.float64) for leaf in leaves]


def _torch() -> Adapter:
    from .torch_functions import Torch  # PyTorch is imported there

    return Torch()


_ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "torch": _torch, "jax": _Jax, "autograd": _Autograd, "mygrad": _Mygrad, "micrograd": _Micrograd,
}  # fmt: skip

"""Functions written in other frameworks as NumPy functions: the value, and the gradient for a cotangent.

Nothing is imported until a framework is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Functions = tuple[Callable[..., Any], Callable[..., Any]]


def framework_of(inputs: Sequence[Any]) -> str:
    """The framework that the inputs are of: "minigrad" for arrays, floats, Tensors and Scalars."""
    for x in inputs:
        root = type(x).__module__.partition(".")[0]
        if root in ("torch", "mygrad", "micrograd"):
            return root
        if root in ("jax", "jaxlib"):
            return "jax"
    return "minigrad"


def as_functions(f: Callable[..., Any], framework: str) -> Functions:
    """``value(*points)`` and ``derivative(cotangent, *points)``, the gradients of Σ value · cotangent, on arrays.

    Raises ValueError for an unknown framework and ImportError, with what to install, for one that is missing.
    """
    if framework not in _ADAPTERS:
        raise ValueError(
            f"check_gradients: framework={framework!r}; known are minigrad, callable, {', '.join(sorted(_ADAPTERS))}"
        )
    try:
        return _ADAPTERS[framework](f)
    except ImportError as error:
        raise ImportError(
            f"check_gradients: framework={framework!r} needs {framework}: pip install {framework}"
        ) from error


def as_array(x: Any) -> np.ndarray:
    """An input of any framework as a NumPy array."""
    detach = getattr(x, "detach", None)
    if type(x).__module__.partition(".")[0] == "torch" and detach is not None:
        return detach().cpu().numpy()
    if type(x).__module__.partition(".")[0] in ("mygrad", "micrograd"):
        return np.asarray(x.data)
    return np.asarray(getattr(x, "_data", x))


def _torch(f: Callable[..., Any]) -> Functions:
    torch = importlib.import_module("torch")

    def value(*points: np.ndarray) -> Any:
        with torch.no_grad():
            return np.asarray(f(*(torch.tensor(x) for x in points)))

    def derivative(cotangent: np.ndarray, *points: np.ndarray) -> list[np.ndarray]:
        leaves = [torch.tensor(x, requires_grad=True) for x in points]
        y = f(*leaves)
        gradients = torch.autograd.grad(y, leaves, torch.as_tensor(cotangent, dtype=y.dtype), allow_unused=True)
        return [np.zeros_like(x) if g is None else g.numpy() for g, x in zip(gradients, points)]

    return value, derivative


def _jax(f: Callable[..., Any]) -> Functions:
    jax = importlib.import_module("jax")
    in_float64 = (
        jax.enable_x64 if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental").enable_x64
    )

    def value(*points: np.ndarray) -> Any:
        with in_float64(True):
            return np.asarray(f(*map(jax.numpy.asarray, points)))

    def derivative(cotangent: np.ndarray, *points: np.ndarray) -> list[np.ndarray]:
        with in_float64(True):
            y, pull_back = jax.vjp(f, *map(jax.numpy.asarray, points))
            return [np.asarray(g) for g in pull_back(jax.numpy.asarray(cotangent, dtype=y.dtype))]

    return value, derivative


def _autograd(f: Callable[..., Any]) -> Functions:
    autograd = importlib.import_module("autograd")

    def derivative(cotangent: np.ndarray, *points: np.ndarray) -> list[np.ndarray]:
        pulled = [autograd.make_vjp(f, i)(*points) for i in range(len(points))]
        return [pull_back(cotangent if np.ndim(y) else float(cotangent)) for pull_back, y in pulled]

    return f, derivative


def _mygrad(f: Callable[..., Any]) -> Functions:
    mygrad = importlib.import_module("mygrad")

    def derivative(cotangent: np.ndarray, *points: np.ndarray) -> list[np.ndarray]:
        leaves = [mygrad.tensor(x) for x in points]
        f(*leaves).backward(cotangent)
        return [np.zeros_like(x) if leaf.grad is None else np.asarray(leaf.grad) for leaf, x in zip(leaves, points)]

    return lambda *points: np.asarray(f(*(mygrad.tensor(x) for x in points)).data), derivative


def _micrograd(f: Callable[..., Any]) -> Functions:
    engine = importlib.import_module("micrograd.engine")

    def derivative(cotangent: np.ndarray, *points: np.ndarray) -> list[np.ndarray]:
        leaves = [engine.Value(float(x)) for x in points]
        f(*leaves).backward()
        return [float(cotangent) * np.asarray(leaf.grad, dtype=np.float64) for leaf in leaves]

    return lambda *points: f(*(engine.Value(float(x)) for x in points)).data, derivative


_ADAPTERS: dict[str, Callable[[Callable[..., Any]], Functions]] = {
    "torch": _torch, "jax": _jax, "autograd": _autograd, "mygrad": _mygrad, "micrograd": _micrograd,
}  # fmt: skip

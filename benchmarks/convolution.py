"""A 2-d convolution, forward and backward by input, weight and bias: (32, 3, 32, 32), 16 filters of 5×5, float32."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .measure import Goal

GOALS = [Goal("PyTorch", 3.0)]
SCALE, UNIT = 1e3, "ms"


def data() -> list[np.ndarray]:
    """x, weight, bias, and the gradient of the value."""
    rng = np.random.default_rng(0)
    shapes = (32, 3, 32, 32), (16, 3, 5, 5), (16,), (32, 16, 28, 28)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def _minigrad() -> Callable[..., Any]:
    import minigrad as mg

    def run(x: np.ndarray, w: np.ndarray, b: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
        leaves = [mg.Tensor(each, requires_grad=True) for each in (x, w, b)]
        y = mg.conv2d(*leaves)
        y.backward(g)
        return [y.data, *(leaf.grad for leaf in leaves)]

    return run


def _torch() -> Callable[..., Any]:
    torch = importlib.import_module("torch")

    def run(x: np.ndarray, w: np.ndarray, b: np.ndarray, g: np.ndarray) -> list[Any]:
        leaves = [torch.tensor(each, requires_grad=True) for each in (x, w, b)]
        y = torch.nn.functional.conv2d(*leaves)
        y.backward(torch.from_numpy(g))
        return [y.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]

    return run


def by_definition(x: np.ndarray, w: np.ndarray, b: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """Sums over the windows in float64, as the definition has them."""
    x, w, b, g = (each.astype(np.float64) for each in (x, w, b, g))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    y = np.einsum("nchwij,ocij->nohw", windows, w, optimize=True) + b[:, None, None]
    by_x = np.zeros_like(x)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            part = np.einsum("nohw,oc->nchw", g, w[:, :, i, j], optimize=True)
            by_x[:, :, i : i + g.shape[2], j : j + g.shape[3]] += part
    return [y, by_x, np.einsum("nchwij,nohw->ocij", windows, g, optimize=True), g.sum(axis=(0, 2, 3))]


#: Each gives a function of x, weight, bias and g that gives the value and the gradients.
IMPLEMENTATIONS: dict[str, Callable[[], Callable[..., Any]]] = {"minigrad": _minigrad, "PyTorch": _torch}


def program(name: str) -> Callable[[], Any]:
    """One forward and backward pass, checked against the definition."""
    run, values = IMPLEMENTATIONS[name](), data()
    for ours, wanted in zip(run(*values), by_definition(*values), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-3, atol=2e-2, err_msg=name)
    return lambda: run(*values)

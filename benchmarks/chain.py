"""900 small operations on 100 numbers in float64: 300 times tanh, times w, plus b; forward and backward."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .measure import Goal

GOALS = [Goal("PyTorch", 0.6), Goal("NumPy by hand", 2.5)]
SCALE, UNIT = 1e6 / 900, "µs an op"
TIMES = 300


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, w and b, each of 100 numbers."""
    x, w, b = np.random.default_rng(0).normal(size=(3, 100))
    return x, w, b


def by_hand(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Forward and backward written out."""
    h, kept = x, []
    for _ in range(TIMES):
        t = np.tanh(h)
        h = t * w + b
        kept.append(t)
    g, by_w, by_b = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for t in reversed(kept):
        by_b += g
        by_w += g * t
        g = g * w
        g = g * (1 - t * t)
    return [g, by_w, by_b]


def _minigrad(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    import minigrad as mg  # here, so that its peers run without it

    leaves = [mg.Tensor(v, requires_grad=True) for v in (x, w, b)]
    h, tw, tb = leaves
    for _ in range(TIMES):
        h = h.tanh()
        h = h * tw
        h = h + tb
    h.sum().backward()
    return [leaf.grad for leaf in leaves]


def _mygrad(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[Any]:
    import mygrad

    leaves = [mygrad.tensor(v) for v in (x, w, b)]
    h, tw, tb = leaves
    for _ in range(TIMES):
        h = mygrad.tanh(h)
        h = h * tw
        h = h + tb
    h.sum().backward()
    return [leaf.grad for leaf in leaves]


def _torch(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[Any]:
    import torch

    leaves = [torch.tensor(v, requires_grad=True) for v in (x, w, b)]
    h, tw, tb = leaves
    for _ in range(TIMES):
        h = torch.tanh(h)
        h = h * tw
        h = h + tb
    h.sum().backward()
    return [leaf.grad.numpy() for leaf in leaves]


def _autograd() -> Callable[..., Any]:
    import autograd
    import autograd.numpy as anp

    def cost(arguments: Any) -> Any:
        h, w, b = arguments
        for _ in range(TIMES):
            h = anp.tanh(h)
            h = h * w
            h = h + b
        return anp.sum(h)

    gradient = autograd.grad(cost)
    return lambda x, w, b: list(gradient((x, w, b)))


def _jax() -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def cost(h: Any, w: Any, b: Any) -> Any:
        for _ in range(TIMES):
            h = jnp.tanh(h) * w + b
        return jnp.sum(h)

    gradient = jax.jit(jax.grad(cost, argnums=(0, 1, 2)))
    return lambda x, w, b: [np.asarray(g) for g in gradient(x, w, b)]


#: Each gives a function of x, w, b that gives their gradients; ImportError if its package is missing.
IMPLEMENTATIONS: dict[str, Callable[[], Callable[..., Any]]] = {
    "minigrad": lambda: _minigrad,
    "NumPy by hand": lambda: by_hand,
    "PyTorch": lambda: importlib.import_module("torch") and _torch,
    "MyGrad": lambda: importlib.import_module("mygrad") and _mygrad,
    "HIPS autograd": _autograd,
    "jax.jit": _jax,
}


def program(name: str) -> Callable[[], Any]:
    """One forward and backward pass, its gradients checked against those by hand."""
    run, values = IMPLEMENTATIONS[name](), data()
    for g, wanted in zip(run(*values), by_hand(*values), strict=True):
        np.testing.assert_allclose(g, wanted, rtol=1e-6, atol=1e-9, err_msg=name)
    return lambda: run(*values)

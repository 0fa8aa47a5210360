"""900 small operations on 100 numbers in float64, forward and backward: of tensors, or of a tensor and constants."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .measure import Goal

GOALS = [Goal("PyTorch", 0.6), Goal("NumPy by hand", 2.5)]
CONSTANTS_GOALS = [Goal("NumPy by hand", 2.6)]
SCALE, UNIT = 1e6 / 900, "µs an op"


def of_tensors(tanh: Callable[..., Any], h: Any, w: Any, b: Any) -> Any:
    """300 times tanh, times w, plus b."""
    for _ in range(300):
        h = tanh(h)
        h = h * w
        h = h + b
    return h


def of_constants(tanh: Callable[..., Any], h: Any) -> Any:
    """450 times a number, plus a number."""
    for _ in range(450):
        h = h * 1.01 + 0.001
    return h


def tensors_by_hand(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Forward and backward of `of_tensors` written out."""
    h, kept = x, []
    for _ in range(300):
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


def constants_by_hand(x: np.ndarray) -> list[np.ndarray]:
    """Forward and backward of `of_constants` written out."""
    h, g = x, np.ones_like(x)
    for _ in range(450):
        h = h * 1.01 + 0.001
    for _ in range(450):
        g = g * 1.01
    return [g]


#: Each chain with its derivative by hand, and how many arrays it takes.
CHAINS: dict[str, tuple[Callable[..., Any], Callable[..., Any], int]] = {
    "tensors": (of_tensors, tensors_by_hand, 3),
    "constants": (of_constants, constants_by_hand, 1),
}


def _minigrad(chain: Callable[..., Any]) -> Callable[..., Any]:
    import minigrad as mg  # here, so that its peers run without it

    def run(*values: np.ndarray) -> list[Any]:
        leaves = [mg.Tensor(v, requires_grad=True) for v in values]
        chain(mg.Tensor.tanh, *leaves).sum().backward()
        return [leaf.grad for leaf in leaves]

    return run


def _mygrad(chain: Callable[..., Any]) -> Callable[..., Any]:
    import mygrad

    def run(*values: np.ndarray) -> list[Any]:
        leaves = [mygrad.tensor(v) for v in values]
        chain(mygrad.tanh, *leaves).sum().backward()
        return [leaf.grad for leaf in leaves]

    return run


def _torch(chain: Callable[..., Any]) -> Callable[..., Any]:
    torch = importlib.import_module("torch")

    def run(*values: np.ndarray) -> list[Any]:
        leaves = [torch.tensor(v, requires_grad=True) for v in values]
        chain(torch.tanh, *leaves).sum().backward()
        return [leaf.grad.numpy() for leaf in leaves]

    return run


def _autograd(chain: Callable[..., Any]) -> Callable[..., Any]:
    import autograd
    import autograd.numpy as anp

    gradient = autograd.grad(lambda values: anp.sum(chain(anp.tanh, *values)))
    return lambda *values: list(gradient(values))


def _jax(chain: Callable[..., Any]) -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(lambda values: jnp.sum(chain(jnp.tanh, *values))))
    return lambda *values: [np.asarray(g) for g in gradient(values)]


def _by_hand(chain: Callable[..., Any]) -> Callable[..., Any]:
    return next(by_hand for each, by_hand, _ in CHAINS.values() if each is chain)


#: Each gives a function of the arrays that gives their gradients; ImportError if its package is missing.
IMPLEMENTATIONS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "minigrad": _minigrad,
    "NumPy by hand": _by_hand,
    "PyTorch": _torch,
    "MyGrad": _mygrad,
    "HIPS autograd": _autograd,
    "jax.jit": _jax,
}


def program(name: str, which: str = "tensors") -> Callable[[], Any]:
    """One forward and backward pass, its gradients checked against those by hand."""
    chain, by_hand, count = CHAINS[which]
    run, values = IMPLEMENTATIONS[name](chain), np.random.default_rng(0).normal(size=(3, 100))[:count]
    for g, wanted in zip(run(*values), by_hand(*values), strict=True):
        np.testing.assert_allclose(g, wanted, rtol=1e-6, atol=1e-9, err_msg=name)
    return lambda: run(*values)

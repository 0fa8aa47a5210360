"""Derivatives by transforms: the forward derivative of a network's cost, and the Hessian of 1,000 variables."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .measure import Goal

SCALE, UNIT = 1e3, "ms"
JVP_GOALS = [Goal("the function alone", 3.0)]
HESSIAN_GOALS: list[Goal] = []


# ---- jvp: an MLP 784-256-128-10 with tanh and softmax cross-entropy, batch 64, by all of its parameters -------------


def jvp_data() -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Parameters, a direction for each, samples and labels."""
    rng = np.random.default_rng(0)
    shapes = (256, 784), (256,), (128, 256), (128,), (10, 128), (10,)
    parameters = tuple(rng.normal(size=s) / np.sqrt(s[-1]) for s in shapes)
    directions = tuple(rng.normal(size=s) for s in shapes)
    return parameters, directions, rng.normal(size=(64, 784)), rng.integers(0, 10, size=64)


def _network(x: np.ndarray, labels: np.ndarray) -> Callable[..., Any]:
    import minigrad as mg

    def cost(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
        h = mg.tanh(mg.affine(mg.tanh(mg.affine(x, w1, b1)), w2, b2))
        return mg.softmax_cross_entropy(mg.affine(h, w3, b3), labels)

    return cost


def _alone() -> Any:
    """The function on plain arrays; its value in place of a derivative."""
    parameters, _, x, labels = jvp_data()
    cost = _network(x, labels)
    return lambda: cost(*parameters)


def _minigrad_jvp() -> Any:
    import minigrad as mg

    parameters, directions, x, labels = jvp_data()
    cost = _network(x, labels)
    return lambda: mg.jvp(cost, parameters, directions)[1]


def _transposed_twice() -> Any:
    """The derivative, by the pulled-back gradient, of ⟨gradient, directions⟩: two passes backward, no forward rules."""
    import minigrad as mg

    parameters, directions, x, labels = jvp_data()
    cost = _network(x, labels)

    def along() -> Any:
        def pulled(u: Any) -> Any:
            _, pull_back = mg.vjp(cost, *(mg.Tensor(p) for p in parameters))
            return sum(mg.sum(g * v) for g, v in zip(pull_back(u), directions, strict=True))

        return mg.grad(pulled)(np.array(1.0))

    return along


def _torch_jvp() -> Any:
    torch = importlib.import_module("torch")
    parameters, directions, x, labels = (
        tuple(map(torch.tensor, part)) if isinstance(part, tuple) else torch.tensor(part) for part in jvp_data()
    )
    linear, loss = torch.nn.functional.linear, torch.nn.functional.cross_entropy

    def cost(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
        return loss(linear(torch.tanh(linear(torch.tanh(linear(x, w1, b1)), w2, b2)), w3, b3), labels)

    return lambda: torch.func.jvp(cost, parameters, directions)[1].numpy()


JVP: dict[str, Callable[[], Any]] = {
    "minigrad": _minigrad_jvp,
    "the function alone": _alone,
    "minigrad, transposed twice": _transposed_twice,
    "torch.func.jvp": _torch_jvp,
}


def jvp_program(name: str) -> Callable[[], Any]:
    """One forward derivative, checked against a difference."""
    run = JVP[name]()
    parameters, directions, x, labels = jvp_data()
    cost, h = _network(x, labels), 1e-5
    ends = [cost(*(p + s * h * v for p, v in zip(parameters, directions, strict=True))) for s in (1, -1)]
    if name != "the function alone":
        np.testing.assert_allclose(run(), (ends[0] - ends[1]) / (2 * h), rtol=1e-5, err_msg=name)
    return run


# ---- the Hessian of a chain of 1,000 variables ----------------------------------------------------------------------

VARIABLES = 1000


def rosenbrock(x: Any) -> Any:
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², whose Hessian has three diagonals."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def hessian_by_hand(x: np.ndarray) -> np.ndarray:
    """The three diagonals, worked out."""
    main = np.zeros_like(x)
    main[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    main[1:] += 200
    return np.diag(main) + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)


def _minigrad_hessian() -> Any:
    import minigrad as mg

    return mg.hessian(rosenbrock)


def _torch_hessian() -> Any:
    torch = importlib.import_module("torch")
    return lambda x: torch.autograd.functional.hessian(rosenbrock, torch.tensor(x)).numpy()


def _autograd_hessian() -> Any:
    autograd = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")
    return autograd.hessian(lambda x: anp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


HESSIAN: dict[str, Callable[[], Any]] = {
    "minigrad": _minigrad_hessian,
    "torch.autograd.functional.hessian": _torch_hessian,
    "HIPS autograd": _autograd_hessian,
}


def hessian_program(name: str) -> Callable[[], Any]:
    """One Hessian, checked against the one worked out by hand."""
    run, x = HESSIAN[name](), np.random.default_rng(0).normal(size=VARIABLES)
    np.testing.assert_allclose(run(x), hessian_by_hand(x), rtol=1e-9, atol=1e-9, err_msg=name)
    return lambda: run(x)

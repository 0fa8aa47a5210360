"""One training step of 784-256-128-10 with batch norm, ReLU, softmax cross-entropy and Adam, in float32."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .measure import Goal

SIZES = (784, 256, 128, 10)
SCALE, UNIT = 1e3, "ms"
GOALS = {64: [Goal("NumPy by hand", 0.7), Goal("PyTorch", 1.3)], 512: [Goal("PyTorch", 1.2)]}
LR, BETA1, BETA2, EPS, NORM_EPS = 1e-3, 0.9, 0.999, 1e-8, 1e-5


def data(batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Random pictures and labels."""
    rng = np.random.default_rng(0)
    return rng.random((batch, SIZES[0]), dtype=np.float32), rng.integers(0, SIZES[-1], size=batch)


def initial() -> list[np.ndarray]:
    """W1, γ1, β1, W2, γ2, β2, W3, b3, the same for all."""
    rng = np.random.default_rng(1)
    parameters: list[np.ndarray] = []
    for i, (n_in, n_out) in enumerate(pairwise(SIZES)):
        parameters.append(rng.normal(scale=np.sqrt(2 / n_in), size=(n_out, n_in)).astype(np.float32))
        if i < len(SIZES) - 2:
            parameters += [np.ones(n_out, np.float32), np.zeros(n_out, np.float32)]
    return [*parameters, np.zeros(SIZES[-1], np.float32)]


class ByHand:
    """NumPy with every derivative written out, and Adam a parameter at a time."""

    def __init__(self, batch: int) -> None:
        self.x, self.y = data(batch)
        self.p = initial()
        self.v = [np.zeros_like(p) for p in self.p]
        self.s = [np.zeros_like(p) for p in self.p]
        self.t = 0

    def gradients(self) -> tuple[float, list[np.ndarray]]:
        """The cost and its gradient by every parameter."""
        h, caches, m = self.x, [], len(self.x)
        for i in (0, 3):
            w, gamma, beta = self.p[i : i + 3]
            z = h @ w.T
            mean = z.mean(axis=0)
            variance = z.var(axis=0)
            inverse = 1 / np.sqrt(variance + NORM_EPS)
            hat = (z - mean) * inverse
            out = gamma * hat + beta
            caches.append((h, hat, inverse, out))
            h = np.maximum(out, 0)
        logits = h @ self.p[6].T + self.p[7]
        shifted = logits - logits.max(axis=1, keepdims=True)
        logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        cost = -logp[np.arange(m), self.y].mean()
        g = np.exp(logp)
        g[np.arange(m), self.y] -= 1
        g /= m
        result: list[Any] = [None] * 6 + [g.T @ h, g.sum(axis=0)]
        g = g @ self.p[6]
        for i in (3, 0):
            h, hat, inverse, out = caches.pop()
            w, gamma = self.p[i], self.p[i + 1]
            g = g * (out > 0)
            by_gamma, by_beta = (g * hat).sum(axis=0), g.sum(axis=0)
            g = gamma * inverse * (g - by_beta / m - hat * (by_gamma / m))
            result[i : i + 3] = [g.T @ h, by_gamma, by_beta]
            if i:
                g = g @ w
        return float(cost), result

    def step(self) -> float:
        """One step of Adam."""
        cost, gradients = self.gradients()
        self.t += 1
        for i, g in enumerate(gradients):
            self.v[i] = BETA1 * self.v[i] + (1 - BETA1) * g
            self.s[i] = BETA2 * self.s[i] + (1 - BETA2) * g * g
            v = self.v[i] / (1 - BETA1**self.t)
            s = self.s[i] / (1 - BETA2**self.t)
            self.p[i] -= LR * v / (np.sqrt(s) + EPS)
        return cost


class Products:
    """The matrix products of the step alone: what no engine can go below."""

    def __init__(self, batch: int) -> None:
        self.x, _ = data(batch)
        self.w = [initial()[i] for i in (0, 3, 6)]

    def step(self) -> None:
        """Forward and backward products."""
        hs = [self.x]
        for w in self.w:
            hs.append(hs[-1] @ w.T)
        g = hs[-1]
        for i in (2, 1, 0):
            g.T @ hs[i]
            if i:
                g = g @ self.w[i]


class Minigrad:
    """What a user writes."""

    def __init__(self, batch: int) -> None:
        import minigrad as mg  # here, so that its peers run without it

        self.cost = mg.nn.softmax_cross_entropy
        self.x, self.y = data(batch)
        self.model = mg.nn.MLP(SIZES, batch_norm=True, rng=0, dtype=np.float32)
        for parameter, value in zip(self.model.parameters(), initial(), strict=True):
            parameter.data = value.copy()
        self.optimizer = mg.optim.Adam(self.model.parameters(), lr=LR)

    def gradients(self) -> tuple[float, list[np.ndarray]]:
        """The cost and its gradient by every parameter."""
        self.optimizer.zero_grad()
        loss = self.cost(self.model(self.x), self.y)
        loss.backward()
        return loss.item(), [p.grad for p in self.model.parameters()]

    def step(self) -> float:
        """One step of Adam."""
        cost, _ = self.gradients()
        self.optimizer.step()
        return cost


class Torch:
    """PyTorch's layers and its Adam."""

    def __init__(self, batch: int) -> None:
        import torch
        from torch import nn

        x, y = data(batch)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.model = nn.Sequential(
            nn.Linear(784, 256, bias=False), nn.BatchNorm1d(256), nn.ReLU(), nn.Linear(256, 128, bias=False),
            nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), initial(), strict=True):
                parameter.copy_(torch.from_numpy(value))
        self.cost = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LR)

    def gradients(self) -> tuple[float, list[Any]]:
        """The cost and its gradient by every parameter."""
        self.optimizer.zero_grad()
        loss = self.cost(self.model(self.x), self.y)
        loss.backward()
        return loss.item(), [p.grad.numpy() for p in self.model.parameters()]

    def step(self) -> float:
        """One step of Adam."""
        cost, _ = self.gradients()
        self.optimizer.step()
        return cost


def _cost(np_: Any, p: Any, x: Any, y: Any, pick: Any) -> Any:
    """The cost in the functions of a NumPy-like namespace, for those peers that differentiate functions."""
    h = x
    for i in (0, 3):
        z = np_.matmul(h, p[i].T)
        centered = z - np_.mean(z, axis=0)
        hat = centered / np_.sqrt(np_.mean(centered * centered, axis=0) + np.float32(NORM_EPS))
        h = np_.maximum(p[i + 1] * hat + p[i + 2], 0)
    logits = np_.matmul(h, p[6].T) + p[7]
    shifted = logits - np_.max(logits, axis=1, keepdims=True)
    logp = shifted - np_.log(np_.sum(np_.exp(shifted), axis=1, keepdims=True))
    return -np_.mean(pick(logp, y))


def _adam(np_: Any, p: list[Any], g: list[Any], v: list[Any], s: list[Any], t: Any) -> tuple[list[Any], ...]:
    """Adam without changing anything in place."""
    v = [BETA1 * a + (1 - BETA1) * b for a, b in zip(v, g, strict=True)]
    s = [BETA2 * a + (1 - BETA2) * b * b for a, b in zip(s, g, strict=True)]
    c1, c2 = 1 - BETA1**t, 1 - BETA2**t
    p = [a - LR * (b / c1) / (np_.sqrt(c / c2) + EPS) for a, b, c in zip(p, v, s, strict=True)]
    return p, v, s


class Jax:
    """jax.jit over the whole step."""

    def __init__(self, batch: int) -> None:
        import jax
        import jax.numpy as jnp

        x, y = data(batch)
        rows = jnp.arange(batch)
        self.state = [[jnp.asarray(p) for p in initial()]]
        self.state += [[jnp.zeros_like(p) for p in self.state[0]] for _ in range(2)]
        self.t, self.block = 0, jax.block_until_ready
        x, y = jnp.asarray(x), jnp.asarray(y)

        def cost(p: Any) -> Any:
            return _cost(jnp, p, x, y, lambda logp, labels: logp[rows, labels])

        both = jax.value_and_grad(cost)
        self.both = jax.jit(both)

        def step(p: Any, v: Any, s: Any, t: Any) -> Any:
            value, g = both(p)
            return value, _adam(jnp, p, g, v, s, t)

        self.compiled = jax.jit(step)

    def gradients(self) -> tuple[float, list[Any]]:
        """The cost and its gradient by every parameter."""
        value, g = self.both(self.state[0])
        return float(value), [np.asarray(each) for each in g]

    def step(self) -> float:
        """One step of Adam."""
        self.t += 1
        value, state = self.compiled(*self.state, np.float32(self.t))
        self.state = self.block(list(state))
        return float(value)


class Autograd:
    """HIPS autograd, with Adam in NumPy."""

    def __init__(self, batch: int) -> None:
        import autograd
        import autograd.numpy as anp

        x, y = data(batch)
        rows = np.arange(batch)
        self.p, self.t = initial(), 0
        self.v, self.s = ([np.zeros_like(p) for p in self.p] for _ in range(2))
        self.both = autograd.value_and_grad(lambda p: _cost(anp, p, x, y, lambda logp, labels: logp[rows, labels]))

    def gradients(self) -> tuple[float, list[Any]]:
        """The cost and its gradient by every parameter."""
        value, g = self.both(self.p)
        return float(value), g

    def step(self) -> float:
        """One step of Adam."""
        value, g = self.gradients()
        self.t += 1
        self.p, self.v, self.s = _adam(np, self.p, g, self.v, self.s, self.t)
        return value


class MyGrad:
    """MyGrad, with Adam in NumPy."""

    def __init__(self, batch: int) -> None:
        import mygrad

        self.mygrad = mygrad
        self.x, self.y = data(batch)
        self.rows = np.arange(batch)
        self.p, self.t = initial(), 0
        self.v, self.s = ([np.zeros_like(p) for p in self.p] for _ in range(2))

    def gradients(self) -> tuple[float, list[Any]]:
        """The cost and its gradient by every parameter."""
        leaves = [self.mygrad.tensor(p) for p in self.p]
        value = _cost(self.mygrad, leaves, self.x, self.y, lambda logp, labels: logp[self.rows, labels])
        value.backward()
        return value.item(), [leaf.grad for leaf in leaves]

    def step(self) -> float:
        """One step of Adam."""
        value, g = self.gradients()
        self.t += 1
        self.p, self.v, self.s = _adam(np, self.p, g, self.v, self.s, self.t)
        return value


PRODUCTS = "the matrix products alone"
IMPLEMENTATIONS: dict[str, Any] = {
    "minigrad": Minigrad, "NumPy by hand": ByHand, "PyTorch": Torch, "jax.jit": Jax, "HIPS autograd": Autograd,
    "MyGrad": MyGrad, PRODUCTS: Products,
}  # fmt: skip


def check(name: str, batch: int) -> None:
    """Hold an implementation's cost and gradients to those by hand; AssertionError names it."""
    cost, exact = ByHand(batch).gradients()
    value, gradients = IMPLEMENTATIONS[name](batch).gradients()
    np.testing.assert_allclose(value, cost, rtol=1e-4, err_msg=name)
    for g, wanted in zip(gradients, exact, strict=True):
        np.testing.assert_allclose(g, wanted, rtol=2e-2, atol=2e-5, err_msg=name)


def program(name: str, batch: int) -> Callable[[], Any]:
    """One step of an implementation, its gradients checked first; ImportError if it is missing."""
    if name != PRODUCTS:
        check(name, 16)
    return IMPLEMENTATIONS[name](batch).step

"""Layers: linear, batch norm, activations, and the containers that chain them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import ShapeError
from ..core.registry import Op
from ..values.tensor import Tensor
from .module import Module

Seed = np.random.Generator | int | None


class Linear(Module):
    """y = x Wᵀ + b (course, part A).

    Parameters
    ----------
    n_in, n_out
        Features in and out. ``weight`` is (n_out, n_in), as in the notes and in PyTorch; ``bias`` (n_out,).
    bias
        False leaves the bias out, as before a batch norm, where it is redundant.
    rng
        Where the weights are drawn from: He's Var(W) = 2/n_in (He et al. 2015); biases start at 0.
    dtype
        Of weight and bias.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> layer = mg.nn.Linear(3, 2, rng=0)
    >>> layer(np.ones((4, 3))).shape, layer.weight.shape
    ((4, 2), (2, 3))
    """

    def __init__(self, n_in: int, n_out: int, *, bias: bool = True, rng: Seed = None, dtype: Any = np.float64) -> None:
        scale = np.sqrt(2 / n_in) if n_in else 0.0
        weight = np.random.default_rng(rng).normal(scale=scale, size=(n_out, n_in))
        self.weight = Tensor(weight, requires_grad=True, dtype=dtype, name="weight")
        self.bias = Tensor(np.zeros(n_out), requires_grad=True, dtype=dtype, name="bias") if bias else None

    def forward(self, x: Any) -> Tensor:
        """x (batch, n_in) to (batch, n_out)."""
        return ops.affine(x, self.weight, self.bias)

    def _summary(self) -> str:
        n_out, n_in = self.weight.shape
        return f"{n_in}, {n_out}" + ("" if self.bias is not None else ", bias=False")


class BatchNorm(Module):
    """Batch normalisation (Ioffe and Szegedy 2015; course, part F): y = γ(x − μ)/√(σ² + ε) + β.

    While training, μ and σ² are the batch's own, and exponentially weighted averages of them are kept;
    after ``eval()`` the averages are used. γ and β are learned.

    Parameters
    ----------
    features
        The length of axis 1 of x, which is (batch, features) or (N, C, H, W).
    eps
        ε, added to the variance.
    momentum
        The weight of the newest batch in the running averages (PyTorch's meaning: the notes' 1 − β).

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> norm = mg.nn.BatchNorm(2)
    >>> norm(np.array([[0.0, 10.0], [2.0, 30.0]])).numpy().round(2)
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    def __init__(self, features: int, *, eps: float = 1e-5, momentum: float = 0.1, dtype: Any = np.float64) -> None:
        self.gamma = Tensor(np.ones(features), requires_grad=True, dtype=dtype, name="gamma")
        self.beta = Tensor(np.zeros(features), requires_grad=True, dtype=dtype, name="beta")
        self.running_mean = np.zeros(features, dtype=dtype)
        self.running_variance = np.ones(features, dtype=dtype)
        self.eps, self.momentum = eps, momentum

    def forward(self, x: Any) -> Tensor:
        """x (batch, features) or (N, C, H, W) to the same shape."""
        shape = np.shape(x)
        features = self.gamma.shape[0]
        if len(shape) < 2 or shape[1] != features:
            raise ShapeError(f"BatchNorm: x is {shape}; axis 1 must hold the {features} features")
        axis = (0, *range(2, len(shape)))
        if not self.training:
            return ops.normalize(
                x, self.running_mean, self.running_variance, self.gamma, self.beta, axis=axis, eps=self.eps
            )
        count = int(np.prod([shape[i] for i in axis]))
        if count < 2:
            raise ValueError(
                f"BatchNorm: a batch of {count} has no variance to normalise by; use larger batches, or eval()"
            )
        y = ops.batch_norm(x, self.gamma, self.beta, axis=axis, eps=self.eps)
        _, _, mean, variance = y.saved
        keep = 1 - self.momentum
        self.running_mean = keep * self.running_mean + self.momentum * mean.reshape(-1)
        unbiased = variance.reshape(-1) * (count / (count - 1))
        self.running_variance = keep * self.running_variance + self.momentum * unbiased
        return y

    def _summary(self) -> str:
        return str(self.gamma.shape[0])


class Activation(Module):
    """An elementwise operation as a layer: ``Activation(mg.tanh)``, or one of the named ones below."""

    operation: Op

    def __init__(self, operation: Op | None = None, **options: Any) -> None:
        if operation is not None:
            self.operation = operation
        self.options = options

    def forward(self, x: Any) -> Tensor:
        """x of any shape to the same shape."""
        return self.operation(x, **self.options)


class ReLU(Activation):
    """max(x, 0); see `minigrad.relu`."""

    operation = ops.relu


class LeakyReLU(Activation):
    """x or negative_slope · x; see `minigrad.leaky_relu`."""

    operation = ops.leaky_relu

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__(negative_slope=negative_slope)


class Sigmoid(Activation):
    """1/(1 + e⁻ˣ); see `minigrad.sigmoid`."""

    operation = ops.sigmoid


class Tanh(Activation):
    """Hyperbolic tangent; see `minigrad.tanh`."""

    operation = ops.tanh


class Softmax(Activation):
    """softmax over the last axis; see `minigrad.softmax`."""

    operation = ops.softmax


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU, "leaky_relu": LeakyReLU, "sigmoid": Sigmoid, "tanh": Tanh, "softmax": Softmax,
}  # fmt: skip


class Sequential(Module):
    """Modules one after another.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> model = mg.nn.Sequential(mg.nn.Linear(4, 3, rng=0), mg.nn.ReLU(), mg.nn.Linear(3, 2, rng=1))
    >>> model(np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(self, *layers: Module) -> None:
        for i, each in enumerate(layers):
            if not isinstance(each, Module):
                raise TypeError(f"Sequential: argument {i} is {type(each).__name__}, not a Module")
        self.layers = list(layers)
        for i, each in enumerate(layers):
            if each.name is None:
                each.name = f"{i} {type(each).__name__}"
        for path, parameter in self.named_parameters():
            parameter.name = path.removeprefix("layers.")

    def forward(self, x: Any) -> Any:
        """What the last layer makes of what the others made of x."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]

    def __len__(self) -> int:
        return len(self.layers)


class MLP(Sequential):
    """Fully connected layers with an activation (and, if wanted, batch norm before it) between them.

    Parameters
    ----------
    sizes
        The number of features at each stage, the input's first: ``[64, 32, 10]`` has one hidden layer.
    activation
        "relu", "leaky_relu", "sigmoid" or "tanh", after every layer but the last.
    batch_norm
        Normalise before each activation; the linear layer's redundant bias is then left out.
    rng
        A seed or generator for all weights.

    Examples
    --------
    >>> import minigrad as mg
    >>> model = mg.nn.MLP([64, 32, 10], batch_norm=True, rng=0)
    >>> [name for name, _ in model.named_parameters()][:3]
    ['layers.0.weight', 'layers.1.gamma', 'layers.1.beta']
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        batch_norm: bool = False,
        rng: Seed = None,
        dtype: Any = np.float64,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes {list(sizes)} must name at least the features in and out")
        if activation not in ACTIVATIONS:
            raise ValueError(f"MLP: unknown activation {activation!r}; choose one of {', '.join(ACTIVATIONS)}")
        generator = np.random.default_rng(rng)
        layers: list[Module] = []
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            last = i == len(sizes) - 2
            layers.append(Linear(n_in, n_out, bias=last or not batch_norm, rng=generator, dtype=dtype))
            if not last:
                if batch_norm:
                    layers.append(BatchNorm(n_out, dtype=dtype))
                layers.append(ACTIVATIONS[activation]())
        super().__init__(*layers)

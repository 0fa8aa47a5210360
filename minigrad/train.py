"""The fit loop, and the history it keeps: cost, accuracy, and each parameter's gradient statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .data import Seed, batches
from .graph import no_grad
from .nn.module import Module
from .optim import Optimizer
from .packages import imported


@dataclass(frozen=True)
class GradientStatistics:
    """One parameter's gradient, averaged over an epoch's batches: ‖g‖, mean |g|, standard deviation, max |g|."""

    norm: float
    mean: float
    std: float
    maximum: float


@dataclass
class History:
    """What happened while fitting.

    ``cost`` has one number for every mini-batch; the others one for every epoch, and the dev ones are
    empty without a dev set. ``gradients`` holds `GradientStatistics` for every epoch by parameter name.
    """

    cost: list[float] = field(default_factory=list)
    train_cost: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    dev_cost: list[float] = field(default_factory=list)
    dev_accuracy: list[float] = field(default_factory=list)
    gradients: dict[str, list[GradientStatistics]] = field(default_factory=dict)
    batches_per_epoch: int = 0


def predict(model: Module, x: np.ndarray) -> np.ndarray:
    """The class with the highest score for each sample, at test time and without a graph."""
    with _Evaluating(model), no_grad():
        return np.argmax(model(x), axis=-1)


def evaluate(model: Module, cost: Callable[..., Any], x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The cost and the accuracy on a data set, at test time and without a graph."""
    with _Evaluating(model), no_grad():
        output = model(x)
        return cost(output, y).item(), float(np.mean(np.argmax(output, axis=-1) == y))


class _Evaluating:
    """The model in evaluation mode inside, and as it was afterwards."""

    def __init__(self, model: Module) -> None:
        self.model = model

    def __enter__(self) -> None:
        self.modes = [(each, each.training) for each in self.model.modules()]
        self.model.eval()

    def __exit__(self, *_: object) -> None:
        for module, mode in self.modes:
            module.training = mode


def fit(
    model: Module,
    cost: Callable[..., Any],
    optimizer: Optimizer,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int = 10,
    batch_size: int = 64,
    dev: tuple[np.ndarray, np.ndarray] | None = None,
    rng: Seed = None,
    progress: bool = True,
) -> History:
    """Train a classifier by mini-batches, reshuffled for each epoch (course, part D).

    Parameters
    ----------
    model
        Gives (batch, classes) scores for (batch, features).
    cost
        ``cost(scores, labels)``, such as `minigrad.nn.softmax_cross_entropy`.
    optimizer
        Over the model's parameters.
    x, y
        Training samples (m, features) and their class indices (m,).
    epochs, batch_size
        How often to go through the data, and in what pieces; a last piece of one sample joins no batch
        norm and is left out.
    dev
        A pair (x, y) to measure cost and accuracy on after every epoch.
    rng
        A seed or generator for the order of the samples.
    progress
        Whether to show a progress bar on standard error.

    Raises
    ------
    ValueError
        If the data hold NaN or Inf, or x and y differ in length.
    FloatingPointError
        If the cost stops being finite; the model then holds the last parameters.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> x = np.random.default_rng(0).normal(size=(100, 2)); y = (x[:, 0] > 0).astype(int)
    >>> model = mg.nn.MLP([2, 8, 2], rng=0)
    >>> history = mg.train.fit(model, mg.nn.softmax_cross_entropy, mg.optim.Adam(model.parameters(), lr=0.05),
    ...                        x, y, epochs=20, rng=0, progress=False)
    >>> history.train_accuracy[-1] > 0.95
    True
    """
    for name, data in (("x", x), *((("dev x", dev[0]),) if dev else ())):
        if not np.isfinite(data).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(data))[0])
            raise ValueError(f"fit: {name}{list(place)} is {data[place]}; clean the data before training")
    generator = np.random.default_rng(rng)
    history = History(batches_per_epoch=-(-len(x) // batch_size))
    model.train()
    with _progress_bar(epochs * history.batches_per_epoch, progress) as bar:
        for _ in range(epochs):
            sums: dict[str, np.ndarray] = {}
            for x_batch, y_batch in batches(x, y, batch_size, rng=generator):
                bar.update()
                if len(x_batch) == 1 < len(x):
                    continue
                value = _step(model, cost, optimizer, x_batch, y_batch)
                history.cost.append(value)
                for name, parameter in model.named_parameters():
                    if parameter.grad is not None:
                        sums[name] = sums.get(name, 0) + _statistics(parameter.grad)
            _record_epoch(history, model, cost, (x, y), dev, sums)
            shown = {"cost": f"{history.train_cost[-1]:.4f}"}
            if dev:
                shown["dev accuracy"] = f"{history.dev_accuracy[-1]:.4f}"
            bar.set_postfix(shown)
    return history


class _NoBar:
    """In place of tqdm's bar where none is wanted."""

    def __enter__(self) -> _NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self) -> None:
        """Another batch is done."""

    def set_postfix(self, shown: dict[str, str]) -> None:
        """What to show behind the bar."""


def _progress_bar(batches: int, shown: bool) -> Any:
    if not shown:
        return _NoBar()
    tqdm = imported("tqdm", "the progress bar of fit (progress=False goes without)")
    return tqdm.tqdm(total=batches, unit="batch", desc="training")


def _step(model: Module, cost: Callable[..., Any], optimizer: Optimizer, x: np.ndarray, y: np.ndarray) -> float:
    """One mini-batch: forward, backward, update; gives the cost."""
    optimizer.zero_grad()
    loss = cost(model(x), y)
    value = loss.item()
    if not np.isfinite(value):
        raise FloatingPointError(
            f"fit: the cost became {value}; lower the learning rate, or find where with mg.detect_anomaly()"
        )
    loss.backward()
    optimizer.step()
    return value


def _statistics(g: np.ndarray) -> np.ndarray:
    size = np.abs(g)
    return np.array([np.linalg.norm(g), size.mean(), g.std(), size.max()])


def _record_epoch(history: History, model: Module, cost: Any, train: Any, dev: Any, sums: dict[str, Any]) -> None:
    train_cost, train_accuracy = evaluate(model, cost, *train)
    history.train_cost.append(train_cost)
    history.train_accuracy.append(train_accuracy)
    if dev:
        dev_cost, dev_accuracy = evaluate(model, cost, *dev)
        history.dev_cost.append(dev_cost)
        history.dev_accuracy.append(dev_accuracy)
    for name, total in sums.items():
        history.gradients.setdefault(name, []).append(GradientStatistics(*(total / history.batches_per_epoch)))

"""The fit loop, and the history it keeps: cost, score, and each parameter's gradient statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.contexts import no_grad
from ..core.node import describe
from ..core.packages import imported
from ..data import Seed, batches, finite_array, real_array
from ..nn.layers import BatchNorm
from ..nn.module import Module
from ..nn.scores import TITLES, Score, score_of
from ..optim.optimizers import Optimizer
from ..values.tensor import Tensor


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

    ``cost`` has one number for every mini-batch that was trained on; the others one for every epoch, and the
    dev ones are empty without a dev set. ``score`` says what ``train_score`` and ``dev_score`` are: "accuracy",
    "R²", the name of a function given to `fit`, or None, and then they are empty. ``gradients`` holds
    `GradientStatistics` for every epoch by parameter name.
    """

    cost: list[float] = field(default_factory=list)
    train_cost: list[float] = field(default_factory=list)
    train_score: list[float] = field(default_factory=list)
    dev_cost: list[float] = field(default_factory=list)
    dev_score: list[float] = field(default_factory=list)
    gradients: dict[str, list[GradientStatistics]] = field(default_factory=dict)
    batches_per_epoch: int = 0
    score: str | None = None

    @property
    def train_accuracy(self) -> list[float]:
        """The accuracy on the training set after every epoch; empty where something else was scored."""
        return self.train_score if self.score == "accuracy" else []

    @property
    def dev_accuracy(self) -> list[float]:
        """The accuracy on the dev set after every epoch; empty where something else was scored."""
        return self.dev_score if self.score == "accuracy" else []


def outputs_of(model: Module, x: Any) -> np.ndarray:
    """What the model gives for each sample, at test time and without a graph."""
    with _Evaluating(model), no_grad():
        return _values(model(real_array("predict", "x", x)))


def predict(model: Module, x: Any) -> np.ndarray:
    """The class with the highest score for each sample, at test time and without a graph.

    Raises ValueError if the model gives a single column, which holds no classes to choose from.
    """
    outputs = outputs_of(model, x)
    if outputs.ndim < min(2, np.ndim(x)) or outputs.shape[-1] == 1:
        raise ValueError(
            f"predict: the model gives {outputs.shape}, one number a sample and no scores of classes; "
            "use mg.train.outputs_of(model, x), and compare logits with 0 or probabilities with 0.5"
        )
    return np.argmax(outputs, axis=-1)


def evaluate(
    model: Module, cost: Callable[..., Any], x: Any, y: Any, *, score: Score | None = None
) -> tuple[float, float | None]:
    """The cost and the score on a data set, at test time and without a graph.

    The score is the accuracy for a classifier and R² for a regression, as `fit` chooses it; None where there is no
    telling and none is given.
    """
    x, y = real_array("evaluate", "x", x), real_array("evaluate", "y", y)
    outputs, value = _measured(model, cost, x, y)
    score = score or score_of(cost, outputs, y)
    return value, None if score is None else float(score(outputs, y))


def _measured(model: Module, cost: Callable[..., Any], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """The outputs and the cost on a data set, at test time and without a graph."""
    with _Evaluating(model), no_grad():
        output = model(x)
        return _values(output), cost(output, y).item()


def _values(output: Any) -> np.ndarray:
    return np.asarray(getattr(output, "_data", output))


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
    score: Score | None = None,
    rng: Seed = None,
    progress: bool = True,
) -> History:
    """Train a model by mini-batches, reshuffled for each epoch (course, part D).

    Parameters
    ----------
    model
        Gives (batch, …) outputs for (batch, …) samples.
    cost
        ``cost(outputs, targets)``, such as `minigrad.nn.softmax_cross_entropy`.
    optimizer
        Over the model's parameters, or some of them.
    x, y
        Training samples (m, features) and their targets: class indices (m,), or what the cost takes.
    epochs, batch_size
        How often to go through the data, and in what pieces; a last piece of one sample has no variance for a
        batch norm, and a model with one leaves it out.
    dev
        A pair (x, y) to measure cost and score on after every epoch.
    score
        ``score(outputs, targets)``, what to measure beside the cost, on arrays. By default the accuracy for class
        indices, one-hot rows and costs of two classes, and R² for a regression.
    rng
        A seed or generator for the order of the samples.
    progress
        Whether to show a progress bar on standard error.

    Raises
    ------
    ValueError
        If the data hold NaN or Inf, x and y differ in length, or the optimizer holds other parameters than the model.
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
    if not isinstance(model, Module) or not hasattr(optimizer, "zero_grad") or not callable(cost):
        given = ", ".join(type(each).__name__ for each in (model, cost, optimizer))
        raise TypeError(f"fit: requires a Module, a cost function and an optimizer, in this order, got {given}")
    if epochs < 0 or batch_size < 1:
        raise ValueError(f"fit: epochs is {epochs} and batch_size {batch_size}; they must be at least 0 and 1")
    x, y = _data_set("", x, y)
    if dev is not None:
        if not isinstance(dev, (tuple, list)) or len(dev) != 2:
            raise TypeError(f"fit: dev is {type(dev).__name__}, but must be a pair (x, y)")
        dev = _data_set("dev ", *dev)
    if isinstance(optimizer, Optimizer):
        _check_parameters(model, cost, optimizer)
    generator = np.random.default_rng(rng)
    leaves_one_out = 1 < batch_size < len(x) and len(x) % batch_size == 1
    leaves_one_out &= any(isinstance(each, BatchNorm) for each in model.modules())
    parameters = list(model.named_parameters())
    history = History(batches_per_epoch=-(-len(x) // batch_size) - leaves_one_out)
    model.train()
    with _progress_bar(epochs * history.batches_per_epoch, progress) as bar:
        for _ in range(epochs):
            sums: dict[str, list[np.ndarray]] = {}
            for x_batch, y_batch in batches(x, y, batch_size, rng=generator):
                if leaves_one_out and len(x_batch) == 1:
                    continue
                value = _step(model, cost, optimizer, x_batch, y_batch)
                history.cost.append(value)
                for name, parameter in parameters:
                    if parameter.grad is not None and parameter.grad.size:
                        sums.setdefault(name, []).append(_statistics(parameter.grad))
                bar.update()
            shown = _record_epoch(history, model, cost, (x, y), dev, score)
            for name, each in sums.items():
                history.gradients.setdefault(name, []).append(GradientStatistics(*np.mean(each, axis=0).tolist()))
            bar.set_postfix(shown)
    return history


def _data_set(which: str, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Samples and targets as arrays, if they can be trained on."""
    x, y = finite_array("fit", f"{which}x", x), finite_array("fit", f"{which}y", y)
    if not x.ndim or not y.ndim or not len(x):
        raise ValueError(f"fit: {which}x is {x.shape} and {which}y {y.shape}; they must hold at least one sample")
    if len(x) != len(y):
        raise ValueError(f"fit: {which}x has {len(x)} samples, {which}y has {len(y)}")
    return x, y


def _check_parameters(model: Module, cost: Any, optimizer: Optimizer) -> None:
    """Refuse an optimizer that was made for other parameters than the model's: it would train nothing."""
    own = {parameter: name for name, parameter in model.named_parameters()}
    known = {*own, *(cost.parameters() if isinstance(cost, Module) else ())}
    strange = [parameter for parameter in optimizer.state if parameter not in known]
    missing = [name for parameter, name in own.items() if parameter not in optimizer.state]
    if strange and missing:
        raise ValueError(
            f"fit: the optimizer holds {describe(strange[0])}, which is not a parameter of this model, and lacks its "
            f"{missing[0]!r}; make the optimizer of this model's parameters, after its last layer was set: "
            f"{type(optimizer).__name__}(model.parameters(), …)"
        )


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
    """One mini-batch: forward, backward, update; returns the cost."""
    optimizer.zero_grad()
    loss = cost(model(x), y)
    if not isinstance(loss, Tensor):
        raise TypeError(
            f"fit: the cost gave {type(loss).__name__}, but must give a Tensor to go backward from; compute it of what "
            "the model gave, not of its .data or .numpy()"
        )
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


def _record_epoch(
    history: History, model: Module, cost: Any, train: Any, dev: Any, score: Score | None
) -> dict[str, str]:
    """Measure cost and score on both data sets; gives what the progress bar shows."""
    outputs, value = _measured(model, cost, *train)
    history.train_cost.append(value)
    shown = {"cost": f"{value:.4f}"}
    score = score or score_of(cost, outputs, train[1])
    history.score = None if score is None else TITLES.get(score) or getattr(score, "__name__", "score")
    if score is not None:
        history.train_score.append(float(score(outputs, train[1])))
    if dev is not None:
        outputs, value = _measured(model, cost, *dev)
        history.dev_cost.append(value)
        if score is not None:
            history.dev_score.append(float(score(outputs, dev[1])))
            shown[f"dev {history.score}"] = f"{history.dev_score[-1]:.4f}"
    return shown

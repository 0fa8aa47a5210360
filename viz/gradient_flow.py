"""`gradient_flow`: how large the gradient is in each layer, where vanishing and exploding show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .picture import Picture, new_figure
from .theme import OKABE_ITO


def gradient_flow(source: Any, *, log: bool = True, title: str = "Gradient flow") -> Picture:
    """The size of each parameter's gradient, in network order (course, part B).

    Parameters
    ----------
    source
        After a backward pass: a module, a list of named tensors, or a mapping from name to gradient array.
        Or a `minigrad.train.History`: then one line for each parameter over the epochs.
    log
        A logarithmic scale, on which an exploding or vanishing gradient is a straight line.

    Raises
    ------
    ValueError
        If there are no gradients to show.

    Examples
    --------
    >>> import numpy as np, viz
    >>> viz.gradient_flow({"layer 1": np.full(4, 1e-3), "layer 2": np.ones(4)})
    <Picture: .save('picture.svg') writes it (svg, png, pdf)>
    """
    if isinstance(getattr(source, "gradients", None), Mapping):
        return _over_epochs(source.gradients, log, title)
    gradients = _named_gradients(source)
    if not gradients:
        raise ValueError("gradient_flow: nothing has a gradient; call backward() first")
    names = list(gradients)
    sizes = [np.abs(g).ravel() for g in gradients.values()]
    norms = [float(np.linalg.norm(g)) for g in sizes]
    means = [float(g.mean()) for g in sizes]
    largest = [float(g.max()) for g in sizes]
    many = len(names) > 30
    with new_figure(9, 4.2) as (figure, axes):
        places = np.arange(len(names))
        look: dict[str, Any] = {"markersize": 3 if many else 6, "linewidth": 1.8}
        axes.plot(places, norms, color=OKABE_ITO[0], marker="o", label="norm ‖g‖", **look)
        axes.plot(places, largest, color=OKABE_ITO[5], marker="^", ls="--", label="largest |g|", **look)
        axes.plot(places, means, color=OKABE_ITO[2], marker="s", ls=":", label="mean |g|", **look)
        _scale(axes, log, [*norms, *means])
        if many:
            axes.set_xlabel(f"parameters in network order, {names[0]} to {names[-1]}")
        else:
            axes.set_xticks(places, names, rotation=35, ha="right", rotation_mode="anchor")
        axes.set(ylabel="gradient")
        axes.set_title(title)
        figure.legend(loc="outside right upper")
        return Picture(figure)


def _named_gradients(source: Any) -> dict[str, np.ndarray]:
    """Name and gradient of all that has one."""
    if isinstance(source, Mapping):
        pairs: Iterable[tuple[str, Any]] = source.items()
    elif hasattr(source, "named_parameters"):
        pairs = ((name.removeprefix("layers."), p.grad) for name, p in source.named_parameters())
    else:
        pairs = ((p.name or f"parameter {i}", p.grad) for i, p in enumerate(source))
    return {name: np.asarray(getattr(g, "data", g)) for name, g in pairs if g is not None and np.size(g)}


def _over_epochs(gradients: Mapping[str, Any], log: bool, title: str) -> Picture:
    if not gradients:
        raise ValueError("gradient_flow: the history has no gradients; fit the model first")
    with new_figure(9, 4.2) as (figure, axes):
        styles = ("-", "--", ":", "-.")
        values: list[float] = []
        for i, (name, statistics) in enumerate(gradients.items()):
            norms = [each.norm for each in statistics]
            values += norms
            epochs = np.arange(1, len(norms) + 1)
            color = OKABE_ITO[i % len(OKABE_ITO)]
            axes.plot(epochs, norms, color=color, ls=styles[i // 2 % 4], label=name.removeprefix("layers."))
        _scale(axes, log, values)
        axes.set(xlabel="epoch", ylabel="norm of the gradient, mean over batches")
        axes.set_title(title)
        figure.legend(loc="outside right upper", title="parameter")
        return Picture(figure)


def _scale(axes: Any, log: bool, values: list[float]) -> None:
    positive = [v for v in values if v > 0 and np.isfinite(v)]
    if log and positive:
        axes.set_yscale("log")
        if min(positive) > max(positive) / 100:  # less than two decades: give the lines some room
            axes.set_ylim(min(positive) / 5, max(positive) * 5)

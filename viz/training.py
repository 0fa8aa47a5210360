"""Pictures of training: learning curves, and which classes are mistaken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .picture import Picture, new_figure
from .theme import OKABE_ITO


def training_curves(history: Any, *, title: str = "Training") -> Picture:
    """Cost and score (accuracy, R²) against epochs, the noisy mini-batch cost behind them (course, part C).

    ``history`` is what `minigrad.train.fit` gives; where it has no score, the cost stands alone. Raises ValueError
    if it is empty.
    """
    if not history.cost:
        raise ValueError("training_curves: the history is empty; fit the model first")
    epochs = np.arange(1, len(history.train_cost) + 1)
    panels = 2 if history.train_score else 1
    with new_figure(5 * panels, 4, ncols=panels, squeeze=False) as (figure, [[left, *others]]):
        figure.suptitle(title, x=0.01, ha="left", fontsize=14)
        steps = np.arange(1, len(history.cost) + 1) / (len(history.cost) / max(len(epochs), 1))
        left.plot(steps, history.cost, color="#C9C9C9", linewidth=0.8, label="each mini-batch")
        marks: dict[str, Any] = {"markevery": max(1, len(epochs) // 10), "markersize": 5}
        left.plot(epochs, history.train_cost, color=OKABE_ITO[0], marker="o", label="training set", **marks)
        if history.dev_cost:
            left.plot(epochs, history.dev_cost, color=OKABE_ITO[5], ls="--", marker="s", label="dev set", **marks)
        left.set(xlabel="epoch", ylabel="cost", yscale="log" if min(history.cost) > 0 else "linear", title="Cost")
        left.legend()
        for right in others:
            right.plot(epochs, history.train_score, color=OKABE_ITO[0], marker="o", label="training set", **marks)
            if history.dev_score:
                right.plot(epochs, history.dev_score, color=OKABE_ITO[5], ls="--", marker="s", label="dev set", **marks)
            name = history.score
            right.set(xlabel="epoch", ylabel=name, title=name[:1].upper() + name[1:])
            right.legend(loc="lower right")
        return Picture(figure)


def confusion_matrix(
    true: Any, predicted: Any, labels: Sequence[Any] | None = None, *, title: str = "Confusion"
) -> Picture:
    """How often each true class (rows) was predicted as each class (columns).

    ``true`` and ``predicted`` are (samples,) class indices. Raises ValueError if they differ in length,
    are empty, or go beyond ``labels``.
    """
    true, predicted = np.asarray(true), np.asarray(predicted)
    if true.shape != predicted.shape or true.ndim != 1 or not true.size:
        raise ValueError(
            f"confusion_matrix: true is {true.shape}, predicted {predicted.shape}; expected two of (samples,)"
        )
    classes = int(max(true.max(), predicted.max())) + 1
    if labels is not None and len(labels) < classes:
        raise ValueError(f"confusion_matrix: {len(labels)} labels for {classes} classes")
    classes = classes if labels is None else len(labels)
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (true, predicted), 1)
    names = [str(x) for x in (labels if labels is not None else range(classes))]
    side = max(3.6, 0.5 * classes + 1.4)
    with new_figure(side, side) as (figure, axes):
        axes.grid(False)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for i, j in np.ndindex(counts.shape):
            if counts[i, j]:
                right = i == j
                axes.text(
                    j, i, counts[i, j], ha="center", va="center", fontsize=10, fontweight="normal" if right else "bold",
                    color="white" if share[i, j] > 0.5 else "#1A1A1A" if right else "#9A3B00",
                )  # fmt: skip
        axes.set_xticks(range(classes), names)
        axes.set_yticks(range(classes), names)
        correct = np.trace(counts) / counts.sum()
        axes.set(xlabel="predicted", ylabel="true")
        axes.set_title(f"{title}: {correct:.1%} of {counts.sum()} right")
        return Picture(figure)

"""`gradient_flow`: how large the gradient is in each layer, where vanishing and exploding show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.core.packages import imported

from .picture import Picture, new_figure
from .theme import LIGHT, OKABE_ITO

#: How each measure of a gradient looks, whatever its colour.
_MEASURES: dict[str, dict[str, Any]] = {
    "norm ‖g‖": {"marker": "o", "ls": "-", "linewidth": 1.8},
    "largest |g|": {"marker": "^", "ls": "--", "linewidth": 1.1},
    "mean |g|": {"marker": "s", "ls": ":", "linewidth": 1.1},
}
#: What has no place on the scale: its mark, at which edge of the picture it stands, and what the legend says.
_OFF_SCALE: dict[str, tuple[str, float, str]] = {
    "0": ("v", 0.03, "all of it is 0"),
    "none": ("_", 0.03, "no gradient"),
    "nan": ("x", 0.97, "holds nan"),
    "inf": ("P", 0.97, "holds inf"),
}


def gradient_flow(source: Any, *, log: bool = True, title: str = "Gradient flow") -> Picture:
    """The size of each parameter's gradient, in network order (course, part B).

    Parameters of one kind (weights, biases) make a line of their own. A gradient that has no place on the scale is
    marked: at the lower edge where it is 0 or there is none, at the upper edge where it holds nan or inf.

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
    if all(g is None for g in gradients.values()):
        raise ValueError("gradient_flow: nothing has a gradient; call backward() first")
    names = list(gradients)
    sizes = np.array([_sizes(g) for g in gradients.values()])  # (parameters, measures)
    many = len(names) > 30
    with new_figure(9, 4.2) as (figure, axes):
        handles = []
        log = _scale(axes, log, sizes[:, [0, 2]])
        kinds = _kinds(names)
        for color, (kind, places) in zip(_colors(len(kinds)), kinds.items()):
            for (measure, look), values in zip(_MEASURES.items(), sizes[places].T):
                label = f"{measure} of {kind}" if len(kinds) > 1 else measure
                axes.plot(places, _on_scale(values, log), color=color, label=label, markersize=3 if many else 6, **look)
            if len(kinds) > 1:
                handles.append(_line(color=color, linewidth=5, label=kind))
        grey = LIGHT.edge if len(kinds) > 1 else OKABE_ITO[0]
        handles += [_line(color=grey, label=measure, **look) for measure, look in _MEASURES.items()]
        handles += _mark(axes, range(len(names)), list(sizes[:, 0]), log, LIGHT.mark, 4 if many else 8)
        axes.set_xlim(-0.5, len(names) - 0.5)
        if many:
            axes.set_xlabel(f"parameters in network order, {names[0]} to {names[-1]}")
        else:
            axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
        axes.set(ylabel="gradient")
        axes.set_title(title)
        figure.legend(handles=handles, loc="outside right upper")
        return Picture(figure)


def _named_gradients(source: Any) -> dict[str, np.ndarray | None]:
    """Name and gradient of every parameter that has entries; None where backward did not come by."""
    if isinstance(source, Mapping):
        pairs: Iterable[tuple[str, Any]] = source.items()
    elif hasattr(source, "named_parameters"):
        pairs = ((name.removeprefix("layers."), p.grad) for name, p in source.named_parameters() if p.size)
    else:
        pairs = ((p.name or f"parameter {i}", p.grad) for i, p in enumerate(source))
    found: dict[str, np.ndarray | None] = {}
    for name, g in pairs:
        array = None if g is None else np.asarray(getattr(g, "_data", g), dtype=float)
        if array is None or array.size:
            same = sum(each.partition(" #")[0] == name for each in found)
            found[f"{name} #{same + 1}" if same else str(name)] = array
    return found


def _sizes(g: np.ndarray | None) -> tuple[float, float, float]:
    """‖g‖, max |g| and mean |g|; −1 for no gradient. Squares of 1e-200 or 1e200 neither vanish nor overflow."""
    if g is None:
        return (-1.0, np.nan, np.nan)
    size = np.abs(g)
    largest = float(size.max())
    unit = largest if 0 < largest < np.inf else 1.0
    return unit * float(np.linalg.norm(size / unit)), largest, float((size / unit).mean() * unit)


def _kinds(names: Sequence[str]) -> dict[str, list[int]]:
    """The places of the parameters of each kind: what the last part of a name says but for its number."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        stem = name
        while stem and not stem[-1].isalpha():
            stem = stem[:-1]
        found.setdefault(stem.rpartition(".")[2] or "parameters", []).append(place)
    return found if max(map(len, found.values())) > 1 else {"parameters": list(range(len(names)))}


def _colors(count: int) -> list[str]:
    """Colours that can be told apart on white; they start again after seven."""
    dark = (OKABE_ITO[0], OKABE_ITO[5], *OKABE_ITO[1:5], OKABE_ITO[7])
    return [dark[i % len(dark)] for i in range(count)]


def _over_epochs(gradients: Mapping[str, Any], log: bool, title: str) -> Picture:
    if not gradients:
        raise ValueError("gradient_flow: the history has no gradients; fit the model first")
    with new_figure(9, 4.2) as (figure, axes):
        styles = ("-", "--", ":", "-.")
        norms = {name: [float(each.norm) for each in statistics] for name, statistics in gradients.items()}
        log = _scale(axes, log, [x for values in norms.values() for x in values])
        marks: dict[str, Any] = {}
        for i, (color, (name, values)) in enumerate(zip(_colors(len(norms)), norms.items())):
            epochs = np.arange(1, len(values) + 1)
            look: dict[str, Any] = {"ls": styles[i // 2 % 4], "marker": "." if len(values) <= 40 else None}
            axes.plot(epochs, _on_scale(values, log), color=color, label=name.removeprefix("layers."), **look)
            marks |= {str(each.get_label()): each for each in _mark(axes, epochs, values, log, color, 5)}
        for each in marks.values():
            each.set_color(LIGHT.edge)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", ylabel="norm of the gradient, mean over batches")
        axes.set_title(title)
        figure.legend(
            handles=[*(line for line in axes.get_lines() if not line.get_label().startswith("_")), *marks.values()],
            loc="outside right upper", title="parameter",
        )  # fmt: skip
        return Picture(figure)


def _scale(axes: Any, log: bool, values: Any) -> bool:
    """Choose the scale; gives whether it is logarithmic, which it is not where nothing is larger than 0."""
    values = np.asarray(values, dtype=float)
    positive = values[(values > 0) & np.isfinite(values)]
    if not (log and positive.size):
        return False
    axes.set_yscale("log")
    if positive.min() > positive.max() / 100:  # less than two decades: give the lines some room
        axes.set_ylim(positive.min() / 5, positive.max() * 5)
    return True


def _on_scale(values: Any, log: bool) -> np.ndarray:
    """The values that have a place on the scale, nan for the others, where the line is broken."""
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values) & ((values > 0) | ((values == 0) & (not log))), values, np.nan)


def _line(**look: Any) -> Any:
    """A line for the legend alone."""
    return imported("matplotlib.lines", "viz.gradient_flow").Line2D([], [], **look)


def _mark(axes: Any, places: Any, values: Sequence[float], log: bool, color: str, size: float) -> list[Any]:
    """Mark what has no place on the scale at the edge of the picture; gives what the legend is to say of the marks."""
    sizes = np.asarray(values, dtype=float)
    is_kind = {"0": (sizes == 0) & log, "none": sizes < 0, "nan": np.isnan(sizes), "inf": sizes == np.inf}
    handles = []
    for kind, (marker, height, text) in _OFF_SCALE.items():
        found = [place for place, each in zip(places, is_kind[kind]) if each]
        if found:
            look: dict[str, Any] = {"marker": marker, "ls": "", "markersize": size, "markeredgewidth": 1.6}
            heights = [height] * len(found)
            at_edge = axes.get_xaxis_transform()
            axes.plot(found, heights, color=color, label=f"_{kind}", transform=at_edge, clip_on=False, **look)
            handles.append(_line(color=color, label=text, **look))
    return handles

"""Optimizers: what turns gradients into steps. Each updates its parameters in place, a cache-sized piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..core.draws import recorder
from ..core.errors import ShapeError, SymbolError
from ..core.node import describe
from ..values.tensor import Tensor

#: Entries updated at a time: the few arrays that an update touches then stay in the processor's cache.
_PIECE = 32768


class Optimizer:
    """The base of all optimizers: groups of parameters, their options, and each parameter's state.

    Parameters
    ----------
    params
        A list of leaf tensors with ``requires_grad=True``, or of groups: dicts with ``"params"`` and any
        options that differ for them, such as ``{"params": biases, "lr": 0.1}``.
    options
        The options of groups that do not give their own.

    An option is read and set as an attribute: ``optimizer.lr = 0.1`` sets it in every group, and
    ``optimizer.groups[1]["lr"] = 0.1`` in one.
    """

    groups: list[dict[str, Any]]
    _options: tuple[str, ...] = ()
    #: How many arrays of the parameter's shape an update remembers.
    slots = 0

    def __init__(self, params: Iterable[Any], **options: Any) -> None:
        params = self._listed(params)
        if not params:
            raise ValueError(f"{type(self).__name__}: got no parameters")
        groups = params if isinstance(params[0], Mapping) else [{"params": params}]
        self.groups = []
        self.state: dict[Tensor, list[np.ndarray]] = {}
        self.steps = 0
        for each in groups:
            if not isinstance(each, Mapping) or "params" not in each:
                raise TypeError(f"{type(self).__name__}: a group is a dict with 'params', got {each!r:.60}")
            unknown = set(each) - set(options) - {"params"}
            if unknown:
                raise TypeError(f"{type(self).__name__}: unknown option {sorted(unknown)[0]!r} in a group")
            group = options | dict(each) | {"params": self._listed(each["params"])}
            self._check_options(group)
            self.groups.append(group)
            for parameter in group["params"]:
                self._add(parameter)
        self._options = tuple(options)

    def __getattr__(self, name: str) -> Any:
        if name not in self._options:
            known = f"; its options are {', '.join(self._options)}" if self._options else ""
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{known}")
        values = [group[name] for group in self.groups]
        if any(value != values[0] for value in values):
            raise AttributeError(
                f"{type(self).__name__}.{name}: the groups differ ({', '.join(map(str, values))}); "
                f"read groups[i][{name!r}]"
            )
        return values[0]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._options:
            if self._options and type(self).__module__ == __name__:
                getattr(self, name)  # what ours do not have, such as learning_rate, would change nothing: an error
            object.__setattr__(self, name, value)
            return
        self._check_options({name: value})
        for group in self.groups:
            group[name] = value

    def _listed(self, params: Any) -> list[Any]:
        if not isinstance(params, Iterable) or isinstance(params, (Tensor, Mapping)):
            hint = {Tensor: "pass [w]", dict: "pass list(params.values())"}.get(type(params), "pass model.parameters()")
            raise TypeError(f"{type(self).__name__}: requires a list of tensors, got {type(params).__name__}; {hint}")
        return list(params)

    def _add(self, parameter: Any) -> None:
        kind = type(self).__name__
        if not isinstance(parameter, Tensor):
            raise TypeError(f"{kind}: requires tensors, got {type(parameter).__name__}; pass model.parameters()")
        if not (parameter.is_leaf and parameter.requires_grad):
            raise ValueError(f"{kind}: {describe(parameter)} is not a leaf with requires_grad=True")
        if parameter in self.state:
            raise ValueError(f"{kind}: {describe(parameter)} was given twice")
        self.state[parameter] = [np.zeros_like(parameter._data, order="C") for _ in range(self.slots)]

    def _check_options(self, group: Mapping[str, Any]) -> None:
        for name, value in group.items():
            if name not in _RANGES:
                continue
            low, high = _RANGES[name]
            if not isinstance(value, (int, float, np.number)):
                raise TypeError(f"{type(self).__name__}: {name} is {value!r:.60}, but must be a number")
            if not low <= value < high:
                raise ValueError(f"{type(self).__name__}: {name} is {value}, but must be in [{low}, {high})")

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.state:
            parameter.grad = None

    def step(self) -> None:
        """Update every parameter that has a gradient; graphs built before become stale."""
        if recorder.get() is not None:
            raise SymbolError(
                f"{type(self).__name__}.step: a step changes its arrays in place and is not recorded; record what "
                "gives the gradients, and call step() after the program"
            )
        self.steps += 1
        for group in self.groups:
            update = self.updater(group)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step_one(parameter, update)

    def _step_one(self, parameter: Tensor, update: Any) -> None:
        gradient = parameter.grad
        if isinstance(gradient, Tensor):
            gradient = gradient._data
        if gradient.shape != parameter.shape:
            raise ShapeError(f"{type(self).__name__}: {describe(parameter)} has a gradient of shape {gradient.shape}")
        if not (parameter._data.flags.c_contiguous and parameter._data.flags.writeable):
            parameter._data = parameter._data.copy(order="C")
        flat = [each.reshape(-1) for each in (parameter._data, gradient, *self.state[parameter])]
        size = flat[0].size
        scratch = np.empty(min(size, _PIECE), dtype=flat[0].dtype)
        for start in range(0, size, _PIECE):
            pieces = [each[start : start + _PIECE] for each in flat] if size > _PIECE else flat
            update(*pieces, scratch=scratch[: pieces[0].size])
        parameter.mark_changed()

    def updater(self, group: Mapping[str, Any]) -> Any:
        """The function ``update(w, g, *state, scratch)`` that does this step in place, for one group."""
        raise NotImplementedError


_RANGES = {
    "lr": (0.0, np.inf), "momentum": (0.0, 1.0), "beta": (0.0, 1.0), "beta1": (0.0, 1.0), "beta2": (0.0, 1.0),
    "eps": (0.0, np.inf),
}  # fmt: skip


class GradientDescent(Optimizer):
    """w ← w − α g, or with momentum μ the heavy ball: v ← μ v + g, w ← w − α v (Polyak 1964; course, part D).

    Examples
    --------
    The course's cost w² − 10w + 25, in float32 from 0:

    >>> import numpy as np, minigrad as mg
    >>> w = mg.Tensor(0.0, requires_grad=True, dtype=np.float32)
    >>> optimizer = mg.optim.GradientDescent([w], lr=0.01)
    >>> (w**2 - 10 * w + 25).backward(); optimizer.step(); w.data
    array(0.09999999, dtype=float32)
    """

    def __init__(self, params: Iterable[Any], lr: float, momentum: float = 0.0) -> None:
        self.slots = 1
        super().__init__(params, lr=lr, momentum=momentum)

    def updater(self, group: Mapping[str, Any]) -> Any:
        """See `Optimizer.updater`."""
        lr, momentum = float(group["lr"]), float(group["momentum"])

        def update(w: np.ndarray, g: np.ndarray, v: np.ndarray, *, scratch: np.ndarray) -> None:
            if momentum:
                v *= momentum
                v += g
                g = v
            np.multiply(g, lr, out=scratch)
            w -= scratch

        return update


class RMSprop(Optimizer):
    """s ← β s + (1 − β) g², w ← w − α g/(√s + ε) (Tieleman and Hinton 2012; course, part D).

    Examples
    --------
    >>> import minigrad as mg
    >>> w = mg.Tensor([4.0], requires_grad=True)
    >>> optimizer = mg.optim.RMSprop([w], lr=0.1, beta=0.75)
    >>> (w * w).sum().backward(); optimizer.step(); w.data.round(6)
    array([3.8])
    """

    slots = 1

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, beta: float = 0.9, eps: float = 1e-8) -> None:
        super().__init__(params, lr=lr, beta=beta, eps=eps)

    def updater(self, group: Mapping[str, Any]) -> Any:
        """See `Optimizer.updater`."""
        lr, beta, eps = float(group["lr"]), float(group["beta"]), float(group["eps"])

        def update(w: np.ndarray, g: np.ndarray, s: np.ndarray, *, scratch: np.ndarray) -> None:
            s *= beta
            np.multiply(g, g, out=scratch)
            scratch *= 1 - beta
            s += scratch
            np.sqrt(s, out=scratch)
            scratch += eps
            np.divide(g, scratch, out=scratch)
            scratch *= lr
            w -= scratch

        return update


class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for their start from 0 (Kingma and Ba 2015; course, part D).

    v ← β₁ v + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − α · v/(1 − β₁ᵗ) / (√(s/(1 − β₂ᵗ)) + ε).

    Examples
    --------
    The first step has length α whatever the gradient's size:

    >>> import minigrad as mg
    >>> w = mg.Tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = mg.optim.Adam([w], lr=0.1)
    >>> (w * [1e-3, 1e3]).sum().backward(); optimizer.step(); w.data.round(4)
    array([0.9, 0.9])
    """

    slots = 2

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    def updater(self, group: Mapping[str, Any]) -> Any:
        """See `Optimizer.updater`."""
        beta1, beta2 = float(group["beta1"]), float(group["beta2"])
        # What is kept is v/(1 − β₁) and s/(1 − β₂): v ← β₁ v + g needs one pass over the arrays less than
        # v ← β₁ v + (1 − β₁) g. With √(s/c₂) + ε = (√s + ε √c₂)/√c₂ all constants go into ε and α.
        root = float(np.sqrt((1 - beta2**self.steps) / (1 - beta2)))
        eps = float(group["eps"]) * root
        lr = float(group["lr"]) * root * (1 - beta1) / (1 - beta1**self.steps)

        def update(w: np.ndarray, g: np.ndarray, v: np.ndarray, s: np.ndarray, *, scratch: np.ndarray) -> None:
            v *= beta1
            v += g
            s *= beta2
            np.multiply(g, g, out=scratch)
            s += scratch
            np.sqrt(s, out=scratch)
            scratch += eps
            np.divide(v, scratch, out=scratch)
            scratch *= lr
            w -= scratch

        return update

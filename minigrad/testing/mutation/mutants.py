"""Rules broken on purpose: the kinds of breaks, and every mutant of an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ...core.operation import Op
from ...core.rules import Vjp, compiled_vjp
from .dropped_terms import without_terms


def _entries(like: Any) -> np.ndarray:
    """The number of every entry."""
    return np.arange(np.size(like)).reshape(np.shape(like))


def plain(x: Any) -> np.ndarray:
    """The numbers of a tensor or an array."""
    return np.asarray(getattr(x, "_data", x))


def _spoiled(d: Any, g: Any, where: np.ndarray) -> Any:
    """A gradient that is wrong in some entries, by an amount that is linear in g and seldom 0."""
    try:
        mask = np.broadcast_to(where, np.shape(d))
    except ValueError:  # the gradient of an input that was broadcast may be of either shape
        return d
    return d + 0.5 * np.sum(g) * mask if mask.any() else d


def _ties(x: np.ndarray) -> np.ndarray:
    values, counts = np.unique(x, return_counts=True)
    return np.isin(x, values[counts > 1])


def is_square(d: Any) -> bool:
    """Whether the last two axes make square matrices of more than one entry."""
    return np.ndim(d) >= 2 and np.shape(d)[-1] == np.shape(d)[-2] > 1


def _emptying(d: Any, g: Any, x: np.ndarray) -> Any:
    """A rule that overwrites its arguments when it is done with them."""
    d = np.array(d) if type(d) is np.ndarray else d
    held = getattr(g, "_data", g)
    if isinstance(held, np.ndarray):
        held *= 0.5
    return d


class _Buffer:
    """A rule that answers in the same memory every time."""

    def __init__(self) -> None:
        self._kept: dict[Any, np.ndarray] = {}

    def __call__(self, d: Any, g: Any, x: np.ndarray) -> Any:
        if type(d) is not np.ndarray:
            return d
        kept = self._kept.setdefault((d.shape, d.dtype), np.empty_like(d))
        kept[...] = d
        return kept


#: What each kind of break makes of a gradient d by an input x, where g is the gradient of the value.
BREAKS: dict[str, Callable[[Any, Any, np.ndarray], Any]] = {
    "sign": lambda d, g, x: -d,
    "a thousandth too large": lambda d, g, x: 1.001 * d,
    "first entry 0": lambda d, g, x: d * (_entries(d) != 0),
    "reversed": lambda d, g, x: np.reshape(np.reshape(d, (-1,))[::-1], np.shape(d)),
    "transposed": lambda d, g, x: np.swapaxes(d, -1, -2) if is_square(d) else d,
    "wrong where x < 0": lambda d, g, x: _spoiled(d, g, x < 0),
    "wrong where x > 1": lambda d, g, x: _spoiled(d, g, x > 1),
    "wrong at x = 0": lambda d, g, x: _spoiled(d, g, x == 0),
    "wrong at ties": lambda d, g, x: _spoiled(d, g, _ties(x)),
}
#: Breaks that are not of the gradient's numbers alone.
FURTHER = ("swapped inputs", "g changed in place", "one buffer for all", "stale value", "dropped term", "forward rule")
KINDS = (*BREAKS, *FURTHER)


@dataclass(eq=False)
class Mutant:
    """One operation with one rule broken while it is used as a context; as it was again afterwards.

    ``kind`` is one of `KINDS`, ``detail`` says which input's gradient, or which term, was broken.

    >>> import numpy as np, minigrad as mg
    >>> mutant = next(mutants_of(mg.tanh))
    >>> mutant
    <mutant tanh: sign (x)>
    >>> with mutant:
    ...     print(mg.grad(mg.tanh)(0.0))
    -1.0
    >>> print(mg.grad(mg.tanh)(0.0))
    1.0
    """

    op: Op
    kind: str
    detail: str
    vjp: Any = field(repr=False)  #: what the operation's derivative is in the meantime
    tangent_rule: Any = field(default=None, repr=False)  #: and its forward derivative, where that is broken
    #: While it is a list: what the right derivative would have answered to each call, and what was answered.
    answers: list[tuple[Sequence[Any], Sequence[Any]]] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<mutant {self.op.name}: {self.kind} ({self.detail})>"

    def __enter__(self) -> Mutant:
        op = self.op
        self._kept = op.rules, op.joint, op.vjp, op.tangent_rule, op.trusted
        if op.rules is None:
            op.set_rules(None, self._joint)
        else:
            op.set_rules(tuple(rule and partial(self._rule, i) for i, rule in enumerate(op.rules)), None)
        op.tangent_rule, op.trusted = self.tangent_rule or op.tangent_rule, False
        return self

    def __exit__(self, *_: object) -> None:
        rules, joint, _, self.op.tangent_rule, self.op.trusted = self._kept
        self.op.set_rules(rules, joint)

    def _joint(self, g: Any, y: Any, *inputs: Any, wanted: Any, saved: Any = None, **options: Any) -> Sequence[Any]:
        """The broken rule of all inputs."""
        if self.answers is None:
            return self.vjp(g, y, inputs, options, wanted, saved)
        right = self._kept[2](g, y, inputs, options, wanted, saved)
        right = [None if d is None else np.array(plain(d)) for d in right]
        self.answers.append((right, ()))  # in case that it raises
        found = self.vjp(g, y, inputs, options, wanted, saved)
        self.answers[-1] = right, found
        return found

    def _rule(self, i: int, g: Any, y: Any, *inputs: Any, saved: Any = None, **options: Any) -> Any:
        """The broken rule of one input."""
        wanted = [j == i for j in range(len(inputs))]
        return self._joint(g, y, *inputs, wanted=wanted, saved=saved, **options)[i]


def mutants_of(op: Op) -> Iterator[Mutant]:
    """Every mutant of an operation with a derivative rule of its own."""
    if op.vjp is None:
        return
    names = op.input_names
    places = [i for i, name in enumerate(names) if name in op.differentiated]
    for kind, change in BREAKS.items():
        for i in places:
            yield Mutant(op, kind, names[i], _changed(op, i, change))
    for i in places:
        others = [j for j in places if j != i]
        if others:
            detail = f"{names[i]} given that of {names[others[0]]}"
            yield Mutant(op, "swapped inputs", detail, _swapped(op, i, others[0]))
    for i in places:
        yield Mutant(op, "g changed in place", names[i], _changed(op, i, _emptying))
        yield Mutant(op, "one buffer for all", names[i], _changed(op, i, _Buffer()))
    for i in places:
        yield Mutant(op, "stale value", names[i], _stale(op, i))
    for i, rule in enumerate(op.rules or (op.joint,)):
        where = "all inputs" if op.rules is None else names[i]
        for text, function in without_terms(rule):
            rules = op.rules and (*op.rules[:i], function, *op.rules[i + 1 :])
            yield Mutant(op, "dropped term", f"{where}: {text}", compiled_vjp(op, rules, function))
    if op.tangent_rule is not None:
        yield Mutant(op, "forward rule", "sign", op.vjp, _negated(op.tangent_rule))


def _changed(op: Op, i: int, change: Callable[[Any, Any, np.ndarray], Any]) -> Vjp:
    """The gradient of one input (with ``*inputs`` of each) changed after it was computed."""

    def vjp(g: Any, y: Any, inputs: Sequence[Any], *rest: Any) -> Any:
        found = list(right(g, y, inputs, *rest))
        for j in range(len(found)) if op.variadic else [i]:
            if found[j] is not None:
                found[j] = change(found[j], g, plain(inputs[j]))
        return found

    right = op.vjp
    return vjp


def _swapped(op: Op, i: int, j: int) -> Vjp:
    """One input given the gradient of another, where the shapes agree."""

    def vjp(g: Any, y: Any, inputs: Sequence[Any], options: Any, wanted: Sequence[bool], saved: Any) -> Any:
        found = list(right(g, y, inputs, options, wanted, saved))
        if found[i] is not None:
            other = right(g, y, inputs, options, [k == j for k in range(len(inputs))], saved)[j]
            found[i] = other if other is not None and np.shape(other) == np.shape(found[i]) else found[i]
        return found

    right = op.vjp
    return vjp


def _stale(op: Op, i: int) -> Vjp:
    """A rule that goes on using the value and inputs of the first call with arrays of these shapes."""
    kept: dict[Any, tuple[Any, Any, Any]] = {}

    def vjp(g: Any, y: Any, inputs: Sequence[Any], options: Any, wanted: Sequence[bool], saved: Any) -> Any:
        old = kept.setdefault((tuple(map(np.shape, (y, *inputs))), str(options)), (y, inputs, saved))
        found = right(g, y, inputs, options, wanted, saved)
        stale = right(g, *old[:2], options, wanted, old[2])
        return [s if op.variadic or j == i else d for j, (d, s) in enumerate(zip(found, stale))]

    right = op.vjp
    return vjp


def _negated(rule: Callable[..., Any]) -> Callable[..., Any]:
    def negated(*arguments: Any, **options: Any) -> Any:
        tangent = rule(*arguments, **options)
        return None if tangent is None else -tangent

    return negated

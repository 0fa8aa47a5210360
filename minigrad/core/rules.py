"""The forms of a derivative rule: as it was written, compiled to one, and bound to another namespace than NumPy's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import RuleError
from .floats import FLOATS

Function = Callable[..., Any]
Rules = tuple[Function | None, ...] | None
Vjp = Callable[..., Sequence[Any]]


class Bound(NamedTuple):
    """An operation's functions in another namespace than NumPy's."""

    namespace: Any
    forward: Function
    rules: Rules
    vjp: Vjp | None


def compiled_vjp(op: Any, rules: Rules, joint: Function | None) -> Vjp | None:
    """One function ``vjp(g, y, inputs, options, wanted, saved)`` of whichever form of rule there is."""
    saves = op.saves
    if rules is not None:

        def by_input(
            g: Any, y: Any, inputs: Sequence[Any], options: Mapping[str, Any], wanted: Sequence[bool], saved: Any = None
        ) -> Sequence[Any]:
            if saves:
                options = {**options, "saved": saved}
            return [rule(g, y, *inputs, **options) if rule and want else None for rule, want in zip(rules, wanted)]

        return by_input
    if joint is None:
        return None
    takes_wanted = "wanted" in inspect.signature(joint).parameters

    def of_all(
        g: Any, y: Any, inputs: Sequence[Any], options: Mapping[str, Any], wanted: Sequence[bool], saved: Any = None
    ) -> Sequence[Any]:
        if saves:
            options = {**options, "saved": saved}
        if takes_wanted:
            options = {**options, "wanted": tuple(wanted)}
        found = joint(g, y, *inputs, **options)
        if not isinstance(found, (tuple, list)) or len(found) != len(inputs):
            raise RuleError(f"{op.name}: its rule must return {len(inputs)} gradients, one for each input")
        return [each if want else None for each, want in zip(found, wanted)]

    return of_all


class FloatRules:
    """Stands where an operation's rules for floats will stand, and makes them when one is read.

    So it does not matter how a node was made, and backward's loop asks nothing.
    """

    __slots__ = ("op",)

    def __init__(self, op: Any) -> None:
        self.op = op

    def __getitem__(self, position: int) -> Function:
        return self._made()[position]

    def __iter__(self) -> Iterator[Function]:
        return iter(self._made())

    def _made(self) -> tuple[Function, ...]:
        rules = self.op.bind(FLOATS).rules
        if rules is None:
            raise RuleError(f"{self.op.name}: has no rule for each input on Python floats; use mg.Tensor")
        self.op.float_rules = tuple(rule or _no_gradient for rule in rules)
        return self.op.float_rules


def _no_gradient(g: float, y: float, *inputs: float) -> float:
    return 0.0

"""Mutation tests: break every derivative rule in many ways, and see whether the tests notice.

A suite of tests that passes says little unless it would fail for a wrong rule. `run` breaks each rule in the registry,
one break at a time, and asks the suite. A mutant that the suite does not notice is a survivor: a mistake of this kind
would go unseen. Some breaks change nothing, a mistake at x = 0 of an operation that is not defined there, say; they are
listed as equivalent, each with its reason.

``python -m minigrad.testing.mutation`` prints the matrix for the operations named behind it, or for all.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...core import registry
from ...core.registry import Op
from ..check.compare import verdicts_of
from ..check.exact import exact_checks
from ..check.numerical import numerical_gradient
from ..check.subgradients import allow_subgradients
from ..draws import RandomDraw
from ..operations import Example, drawn_example
from ..report.report import IS_RIGHT, IS_WRONG, RIGHT
from ..subjects.subject import Recorded
from .dropped_terms import without_terms

Rule = Callable[..., Any]

# ---- mutants ---------------------------------------------------------------------------------------------------


def _entries(like: Any) -> np.ndarray:
    """The number of every entry."""
    return np.arange(np.size(like)).reshape(np.shape(like))


def _plain(x: Any) -> np.ndarray:
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


def _square(d: Any) -> bool:
    return np.ndim(d) >= 2 and np.shape(d)[-1] == np.shape(d)[-2] > 1


#: What each kind of break makes of a gradient d by an input x, where g is the gradient of the value.
BREAKS: dict[str, Callable[[Any, Any, np.ndarray], Any]] = {
    "sign": lambda d, g, x: -d,
    "a thousandth too large": lambda d, g, x: 1.001 * d,
    "first entry 0": lambda d, g, x: d * (_entries(d) != 0),
    "reversed": lambda d, g, x: np.reshape(np.reshape(d, (-1,))[::-1], np.shape(d)),
    "transposed": lambda d, g, x: np.swapaxes(d, -1, -2) if _square(d) else d,
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
    broken: Mapping[str, Any] = field(repr=False)  #: what the operation's attributes are in the meantime
    #: Whether the broken rule has ever answered otherwise than the right one would have.
    changed: bool = False

    def __repr__(self) -> str:
        return f"<mutant {self.op.name}: {self.kind} ({self.detail})>"

    def __enter__(self) -> Mutant:
        op = self.op
        self._kept = {name: getattr(op, name) for name in ("rules", "joint", "tangent_rule", "trusted")}
        self._set(self._kept | dict(self.broken) | {"trusted": False})
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self._kept)

    def _set(self, state: Mapping[str, Any]) -> None:
        self.op.set_rules(state["rules"], state["joint"])
        self.op.tangent_rule, self.op.trusted = state["tangent_rule"], state["trusted"]


def mutants_of(op: Op) -> Iterator[Mutant]:
    """Every mutant of an operation with a derivative rule of its own."""
    if op.rules is None and op.joint is None:
        return
    places = [i for i, _ in enumerate(op.input_names) if op.rules is None or op.rules[i] is not None]
    for kind, change in BREAKS.items():
        for i in places:
            yield _mutant(op, kind, op.input_names[i], i, change)
    for i in places:
        others = [j for j in places if j != i]
        if others:
            yield _swapped(op, i, others[0])
    for i in places:
        yield _mutant(op, "g changed in place", op.input_names[i], i, _emptying)
        yield _mutant(op, "one buffer for all", op.input_names[i], i, _Buffer())
    for i in places:
        yield _stale(op, i)
    for number, rule in _rules(op):
        for text, function in without_terms(rule):
            where = "all inputs" if number is None else op.input_names[number]
            mutant = Mutant(op, "dropped term", f"{where}: {text}", {})
            mutant.broken = _with_rule(op, number, _watched(mutant, rule, function))
            yield mutant
    if op.tangent_rule is not None:
        right = op.tangent_rule
        mutant = Mutant(op, "forward rule", "sign", {})
        mutant.broken = {"tangent_rule": _watched(mutant, right, lambda *x, **o: _negated(right(*x, **o)))}
        yield mutant


def _negated(tangent: Any) -> Any:
    return None if tangent is None else -tangent


def _rules(op: Op) -> list[tuple[int | None, Rule]]:
    """The rules with the input that each is for; a joint one is for None."""
    if op.rules is None:
        return [(None, op.joint)] if op.joint else []
    return [(i, rule) for i, rule in enumerate(op.rules) if rule is not None]


def _with_rule(op: Op, i: int | None, rule: Rule) -> dict[str, Any]:
    if i is None or op.rules is None:
        return {"joint": rule}
    return {"rules": (*op.rules[:i], rule, *op.rules[i + 1 :])}


def _differs(a: Any, b: Any) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) != len(b) or any(_differs(x, y) for x, y in zip(a, b))
    if a is None or b is None:
        return a is not b
    return not np.array_equal(_plain(a), _plain(b), equal_nan=True)


def _watched(mutant: Mutant, right: Rule, wrong: Rule) -> Rule:
    """The wrong rule, noting whether it differs from the right one."""

    def rule(*arguments: Any, **options: Any) -> Any:
        try:
            found = wrong(*arguments, **options)
        except Exception:
            mutant.changed = True
            raise
        mutant.changed = mutant.changed or _differs(found, right(*arguments, **options))
        return found

    return rule


def _mutant(op: Op, kind: str, name: str, i: int, change: Callable[[Any, Any, np.ndarray], Any]) -> Mutant:
    """The gradient of one input (with ``*inputs`` of each) changed after it was computed."""
    mutant = Mutant(op, kind, name, {})

    def changed(j: int, gradient: Callable[[int], Any], g: Any, inputs: Sequence[Any]) -> Any:
        d = gradient(j)
        if d is None:
            return None
        before = np.array(_plain(d))
        found = change(d, g, _plain(inputs[j]))
        mutant.changed = mutant.changed or kind in FURTHER or _differs(found, before)
        return found

    mutant.broken = _with_gradient(op, i, changed)
    return mutant


def _with_gradient(op: Op, i: int, changed: Callable[[int, Callable[[int], Any], Any, Sequence[Any]], Any]) -> dict:
    """The operation's rules where that for one input gives ``changed(i, gradient, g, inputs)``.

    ``gradient(j)`` is what the right rule gives for input j.
    """
    right, rules = op.joint, op.rules
    if rules is None:
        assert right is not None

        def joint(g: Any, y: Any, *inputs: Any, **options: Any) -> Any:
            found = list(right(g, y, *inputs, **options))
            for j in range(len(found)) if op.variadic else [i]:
                found[j] = changed(j, found.__getitem__, g, inputs)
            return found

        return {"joint": joint}

    def rule(g: Any, y: Any, *inputs: Any, **options: Any) -> Any:
        return changed(i, lambda j: rules[j](g, y, *inputs, **options), g, inputs)  # type: ignore[misc]

    return _with_rule(op, i, rule)


def _emptying(d: Any, g: Any, x: np.ndarray) -> Any:
    """A rule that overwrites its arguments when it is done with them."""
    d = np.array(_plain(d)) if type(d) is np.ndarray else d
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


def _swapped(op: Op, i: int, j: int) -> Mutant:
    """One input given the gradient of another, where the shapes agree."""
    mutant = Mutant(op, "swapped inputs", f"{op.input_names[i]} given that of {op.input_names[j]}", {})

    def chosen(i: int, gradient: Callable[[int], Any], g: Any, inputs: Sequence[Any]) -> Any:
        own, other = gradient(i), gradient(j)
        found = other if other is not None and own is not None and np.shape(other) == np.shape(own) else own
        mutant.changed = mutant.changed or (found is not own and _differs(found, own))
        return found

    mutant.broken = _with_gradient(op, i, chosen)
    return mutant


def _stale(op: Op, i: int) -> Mutant:
    """A rule that goes on using the value and inputs of the first call with arrays of these shapes."""
    mutant = Mutant(op, "stale value", op.input_names[i], {})
    kept: dict[Any, tuple[Any, Any]] = {}
    right = op.joint if op.rules is None else op.rules[i]
    assert right is not None

    def rule(g: Any, y: Any, *inputs: Any, **options: Any) -> Any:
        key = tuple(np.shape(x) for x in (y, *inputs)), str({k: v for k, v in options.items() if k != "saved"})
        old, saved = kept.setdefault(key, ((y, *inputs), options.get("saved")))
        known = {**options, "saved": saved} if "saved" in options else options
        found, wanted = right(g, *old, **known), right(g, y, *inputs, **options)
        mutant.changed = mutant.changed or _differs(found, wanted)
        return found

    mutant.broken = _with_rule(op, None if op.rules is None else i, rule)
    return mutant


# ---- the suite that comes with minigrad ------------------------------------------------------------------------


class _Examined:
    """An example, whose numerical derivative, which no rule changes, is taken once."""

    def __init__(self, example: Example) -> None:
        self.subject = Recorded(example, example.points, None, scalars=False)
        self.subject.settle()
        self.numeric, self.errors = numerical_gradient(self.subject.number, *self.subject.copies(), with_error=True)
        #: Whether every entry is right and not only a subgradient; to look for that takes long.
        self.smooth = all(np.all(verdict == IS_RIGHT) for verdict in self._verdicts(self.subject.claim()))

    def _verdicts(self, claimed: Sequence[np.ndarray]) -> list[np.ndarray]:
        subject = self.subject
        return verdicts_of(claimed, self.numeric, self.errors, RIGHT, subject.magnitude, subject.points)

    def wrong(self) -> bool:
        """Whether any entry of the gradient is wrong now."""
        claimed = self.subject.claim()
        verdicts = self._verdicts(claimed)
        if not self.smooth and any(np.any(verdict == IS_WRONG) for verdict in verdicts):
            allow_subgradients(self.subject, claimed, verdicts)
        return any(np.any(verdict == IS_WRONG) for verdict in verdicts)

    def inexact(self) -> list[str]:
        """Which exact checks fail now."""
        return [name for name, found in exact_checks(self.subject, self.subject.claim()).items() if found != "holds"]


class PropertySuite:
    """The suite that checks an operation's rules against differences and against what must hold exactly.

    Calling it with an operation raises AssertionError where its rule is found wrong. It draws ``examples`` calls as the
    operation says, every third of them at kinks and ties if its value is continuous there, takes the numerical
    derivatives of each once, however many rules are then tried, and runs all of `check_gradients`' exact checks.
    """

    def __init__(self, examples: int = 60, seed: int = 0) -> None:
        self.examples, self.seed = examples, seed
        self._drawn: dict[str, list[_Examined | None]] = {}

    def __call__(self, op: Op) -> None:
        """Raise AssertionError if the operation's rule is wrong."""
        for number in range(self.examples):
            examined = self.example(op, number)
            if examined is None:
                continue
            if examined.wrong():
                raise AssertionError(f"{op.name}: wrong at {examined.subject.f}")
        for number in range(0, self.examples, 6):
            examined = self.example(op, number)
            inexact = examined.inexact() if examined is not None else []
            if inexact:
                raise AssertionError(f"{op.name}: not {', '.join(inexact)} at {examined and examined.subject.f}")

    def example(self, op: Op, number: int) -> _Examined | None:
        """One of the examples; drawn, and its derivatives taken, when it is first asked for."""
        drawn = self._drawn.setdefault(op.name, [])
        while len(drawn) <= number:
            drawn.append(_examined(op, (self.seed, len(drawn)), kinks=len(drawn) % 3 == 2))
        return drawn[number]


def _examined(op: Op, seed: Sequence[int], kinks: bool) -> _Examined | None:
    """An example with its numerical derivative, or None where it has none."""
    with np.errstate(all="ignore"):
        example = drawn_example(op, RandomDraw(seed, kinks=kinks))
        if not example.points or (kinks and not example.is_continuous()):
            return None
        try:
            return _Examined(example)
        except (ArithmeticError, ValueError):
            if kinks:
                return None
            raise


# ---- a run -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KillMatrix:
    """What a suite noticed: for each operation and kind of break how many mutants were killed, of how many.

    ``equivalent`` gives the reason for each mutant that differs from the right rule nowhere, ``survivors`` holds those
    that the suite did not notice. Printing it gives the matrix in Markdown.
    """

    killed: Mapping[tuple[str, str], int]
    made: Mapping[tuple[str, str], int]
    survivors: tuple[Mutant, ...]
    equivalent: Mapping[Mutant, str]

    @property
    def total(self) -> int:
        """How many mutants were made that are not equivalent."""
        return sum(self.made.values())

    @property
    def passed(self) -> bool:
        """Whether every one of them was killed."""
        return not self.survivors

    @property
    def summary(self) -> str:
        """Such as ``mutants killed: 812 of 812``."""
        return f"mutants killed: {sum(self.killed.values())} of {self.total}"

    def __str__(self) -> str:
        names = list(dict.fromkeys(name for name, _ in self.made))
        kinds = [kind for kind in KINDS if any((name, kind) in self.made for name in names)]
        lines = [self.summary, "", "| operation | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
        for name in names:
            cells = [
                f"{self.killed[name, kind]}/{self.made[name, kind]}" if (name, kind) in self.made else ""
                for kind in kinds
            ]
            lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
        lines += ["", *(f"survived: {mutant}" for mutant in self.survivors)]
        return "\n".join(lines).rstrip()

    def page(self) -> str:
        """The matrix with what it means and the reasons of the equivalent mutants, in Markdown."""
        by_reason: dict[tuple[str, str], list[str]] = {}
        for mutant, reason in self.equivalent.items():
            by_reason.setdefault((mutant.kind, reason), []).append(f"`{mutant.op.name}` ({mutant.detail})")
        lines = [
            "# Mutation tests",
            "",
            "Every derivative rule is broken in many ways, one at a time, and the property suite must notice: killed",
            "of made, by operation and kind of break. This page is written by",
            "`python -m minigrad.testing.mutation --page docs/mutation.md`; a test fails where it is out of date, or a",
            "mutant survives.",
            "",
            str(self),
            "",
            "## Equivalent mutants",
            "",
            "Breaks that change nothing that could be seen, with the reason.",
            "",
            "| break | reason | where |",
            "|---|---|---|",
            *(f"| {kind} | {reason} | {', '.join(names)} |" for (kind, reason), names in by_reason.items()),
        ]
        return "\n".join(lines) + "\n"


def run(
    suite: Callable[[Op], object] | None = None,
    *,
    operations: Iterable[Op | str] | None = None,
    kinds: Sequence[str] = KINDS,
) -> KillMatrix:
    """Break every rule of the operations and ask a suite each time.

    Parameters
    ----------
    suite
        A function of an operation that raises where it finds it wrong, such as a test of your own; by default the
        `PropertySuite` that minigrad's operations must pass. It must pass for the right rules.
    operations
        Operations or their names, by default all that are registered with a rule.
    kinds
        Which breaks to make, of `KINDS`.

    Raises
    ------
    ValueError
        If the suite fails for a rule that nobody broke, or a name is unknown.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> from minigrad.testing import mutation
    >>> print(mutation.run(operations=["tanh"]).summary)
    mutants killed: 16 of 16
    >>> def looks_at_the_sign_alone(op):
    ...     assert mg.grad(op)(0.5) > 0
    >>> matrix = mutation.run(looks_at_the_sign_alone, operations=["tanh"], kinds=["sign", "a thousandth too large"])
    >>> print(matrix.summary); matrix.survivors
    mutants killed: 1 of 2
    (<mutant tanh: a thousandth too large (x)>,)
    """
    chosen = _all() if operations is None else [_operation(each) for each in operations]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ValueError(f"mutation.run: unknown kinds {unknown}; known are {', '.join(KINDS)}")
    own = PropertySuite()
    asked: Callable[[Op], object] = own if suite is None else suite
    killed: dict[tuple[str, str], int] = {}
    made: dict[tuple[str, str], int] = {}
    survivors: list[Mutant] = []
    equivalent: dict[Mutant, str] = {}
    for op in chosen:
        try:
            with _quiet():
                asked(op)
        except Exception as error:
            raise ValueError(f"mutation.run: the suite fails for {op.name} as it is: {error}") from error
        for mutant in mutants_of(op):
            if mutant.kind not in kinds:
                continue
            noticed = _notices(asked, mutant)
            if not noticed:
                reason = _reason(mutant, own)
                if reason is not None:
                    equivalent[mutant] = reason
                    continue
                survivors.append(mutant)
            at = op.name, mutant.kind
            made[at] = made.get(at, 0) + 1
            killed[at] = killed.get(at, 0) + noticed
    return KillMatrix(killed, made, tuple(survivors), equivalent)


def _all() -> list[Op]:
    return [
        op
        for op in registry.operations().values()
        if isinstance(op, Op) and op.differentiable and op.inputs is not None and (op.rules or op.joint)
    ]


def _operation(each: Op | str) -> Op:
    if isinstance(each, Op):
        return each
    found = registry.operations().get(each)
    if not isinstance(found, Op) or (found.rules is None and found.joint is None):
        raise ValueError(f"mutation.run: {each!r} is no registered operation with a rule of its own")
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


def _notices(suite: Callable[[Op], object], mutant: Mutant) -> bool:
    with mutant, _quiet():
        try:
            suite(mutant.op)
        except Exception:
            return True
    return False


#: Derivatives that are 0 by nature, by operation and input: of what is constant between its jumps.
_FLAT = {
    ("sign", "x"), ("copysign", "b"), ("heaviside", "x"), ("floor", "x"), ("ceil", "x"), ("trunc", "x"), ("rint", "x"),
    ("round", "x"), ("floor_divide", "a"), ("floor_divide", "b"),
}  # fmt: skip
_RANGES: dict[str, tuple[float, float]] = {
    "wrong where x < 0": (-np.inf, 0.0), "wrong where x > 1": (1.0, np.inf), "wrong at x = 0": (0.0, 0.0),
}  # fmt: skip
_ORDER = "not drawn: there NumPy's vectors have other signs or another order than beside it"
_END = "the end of a probability's range, where it has no two-sided difference"
_PROBABILITIES = "outside of the domain: a probability"
#: Why a part of the domain is not among the inputs drawn, by operation, input and kind of break.
_NOT_DRAWN = {
    ("eigh_row", "a", "wrong at x = 0"): _ORDER,
    ("eig_row", "a", "wrong at x = 0"): _ORDER,
    ("eig_row", "a", "wrong at ties"): _ORDER,
    ("arcsec", "x", "wrong at x = 0"): "outside of the domain, |x| ≥ 1",
    ("arccsc", "x", "wrong at x = 0"): "outside of the domain, |x| ≥ 1",
    ("normalize", "variance", "wrong where x < 0"): "outside of the domain: a variance",
    ("softmax_cross_entropy", "labels", "wrong where x < 0"): _PROBABILITIES,
    ("softmax_cross_entropy", "labels", "wrong where x > 1"): _PROBABILITIES,
    ("sigmoid_cross_entropy", "targets", "wrong where x < 0"): _PROBABILITIES,
    ("sigmoid_cross_entropy", "targets", "wrong where x > 1"): _PROBABILITIES,
    ("softmax_cross_entropy", "labels", "wrong at x = 0"): _END,
    ("sigmoid_cross_entropy", "targets", "wrong at x = 0"): _END,
    ("remainder", "a", "wrong at x = 0"): "the value jumps at every multiple of b, and 0 is one",
    ("remainder", "b", "wrong at x = 0"): "outside of the domain: a divisor",
    ("fmod", "b", "wrong at x = 0"): "outside of the domain: a divisor",
}


def _reason(mutant: Mutant, own: PropertySuite) -> str | None:
    """Why a mutant changes nothing that can be seen, or None where it does, or where no reason is known."""
    op, kind = mutant.op, mutant.kind
    name = mutant.detail.partition(" ")[0].partition(":")[0]
    if (op.name, name) in _FLAT:
        return "the derivative is 0 everywhere"
    if kind != "one buffer for all":
        _notices(own, mutant)
        if mutant.changed:
            return None
    i = op.input_names.index(name) if name in op.input_names else 0
    seen = _seen(op, i, own)
    if (op.name, name, kind) in _NOT_DRAWN:
        return _NOT_DRAWN[op.name, name, kind]
    if kind in _RANGES:
        low, high = _RANGES[kind]
        domain = op.inputs[i] if isinstance(op.inputs, Sequence) else None
        if domain is not None and (domain.high < low or domain.low > high or (low == high and low in domain.avoid)):
            beside = " but for jumps and poles" if low in domain.avoid else ""
            return f"outside of the domain, {domain.low:g} to {domain.high:g}{beside}"
        return None
    if kind == "transposed":
        return "the gradient is a symmetric matrix or none with two equal sides" if all(map(_symmetric, seen)) else None
    if kind == "swapped inputs":
        return "the gradients have different shapes, or are the same"
    if kind == "stale value":
        return "the rule does not use the values"
    return None


def _symmetric(d: np.ndarray) -> bool:
    return not _square(d) or np.array_equal(d, np.swapaxes(d, -1, -2))


def _seen(op: Op, i: int, own: PropertySuite) -> list[np.ndarray]:
    """The right gradients of one input, at all examples."""
    seen: list[np.ndarray] = []

    def note(d: Any, g: Any, x: np.ndarray) -> Any:
        seen.append(_plain(d))
        return d

    _notices(own, _mutant(op, "seen", op.input_names[i], i, note))
    return seen


def main(arguments: Sequence[str]) -> int:
    """Print the kill matrix of some operations or all, or write it as a page; returns 1 where a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.testing.mutation", description=main.__doc__)
    parser.add_argument("operations", nargs="*", help="their names; all by default")
    parser.add_argument("--page", metavar="FILE.md", help="write the matrix with the reasons of equivalent mutants")
    options = parser.parse_args(arguments)
    matrix = run(operations=options.operations or None)
    if options.page is None:
        print(matrix)
    else:
        Path(options.page).write_text(matrix.page(), encoding="utf-8")
        print(matrix.summary)
    return 0 if matrix.passed else 1

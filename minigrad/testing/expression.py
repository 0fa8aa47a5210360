"""`Expression`: a graph as a function of its leaves, which can be cut into smaller ones, run again and written out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.graph import walk
from ..core.node import Node
from ..core.operation import Operation
from ..values.tensor import Tensor
from .operations import Example


class Step:
    """One operation in an expression: a call, and for each of its floating arrays the row that it comes from."""

    def __init__(self, call: Example, sources: Sequence[int]) -> None:
        self.call, self.sources = call, tuple(sources)


class Expression:
    """A graph in rows, inputs before users: arrays are leaves, steps are operations; the last row is the value.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> from minigrad.testing.expression import Expression
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> expression = Expression.of(mg.tanh(x) * x)
    >>> print(expression.formula())
    mg.multiply(mg.tanh(x0), x0)
    >>> expression(np.array([0.0])), len(expression.rows)
    (array([0.]), 3)
    """

    def __init__(self, rows: Sequence[np.ndarray | Step]) -> None:
        self.rows = _reachable(tuple(rows))

    @classmethod
    def of(cls, root: Node) -> Expression:
        """The expression of a recorded graph; its leaves are the graph's leaves and the constant arrays."""
        rows: list[np.ndarray | Step] = []
        where: dict[Node, int] = {}
        for node in walk(root):
            if node.op is None:
                rows.append(np.array(node._data, dtype=np.float64))
            else:
                values = tuple(x._data if isinstance(x, Node) else x for x in node.inputs)
                nodes = [x for x in node.inputs if x is not None]
                call = Example(node.op, values, dict(node.options or {}))
                sources = []
                for place in call.places:
                    x = nodes[place]
                    if isinstance(x, Node):
                        sources.append(where[x])
                    else:
                        sources.append(len(rows))
                        rows.append(np.array(x, dtype=np.float64))
                rows.append(Step(call, sources))
            where[node] = len(rows) - 1
        return cls(rows)

    @property
    def leaves(self) -> list[np.ndarray]:
        """The arrays that it is a function of."""
        return [row for row in self.rows if not isinstance(row, Step)]

    @property
    def steps(self) -> list[tuple[int, Step]]:
        """The operations with the numbers of their rows."""
        return [(i, row) for i, row in enumerate(self.rows) if isinstance(row, Step)]

    def values(self, *leaves: Any) -> list[Any]:
        """What every row is, for these leaves (arrays or tensors) in place of its own."""
        remaining = iter(leaves or self.leaves)
        found: list[Any] = []
        for row in self.rows:
            found.append(row.call(*(found[i] for i in row.sources)) if isinstance(row, Step) else next(remaining))
        return found

    def __call__(self, *leaves: Any) -> Any:
        return self.values(*leaves)[-1]

    def __repr__(self) -> str:
        return f"<Expression of {len(self.rows)} nodes: {self.formula()}>"

    # ---- smaller ones ----

    def ending_at(self, number: int) -> Expression:
        """The part that a row is computed by."""
        return Expression(self.rows[: number + 1])

    def with_leaves(self, replaced: dict[int, np.ndarray]) -> Expression:
        """The same with arrays in place of some rows."""
        return Expression([replaced.get(i, row) for i, row in enumerate(self.rows)])

    def alone(self, number: int) -> Expression:
        """One step, with the values that it is given as leaves."""
        values = self.values()
        rows = [
            np.array(values[i], dtype=np.float64) if isinstance(row, Step) and i < number else row
            for i, row in enumerate(self.rows[: number + 1])
        ]
        return Expression(rows)

    # ---- as text ----

    def formula(self) -> str:
        """The value as an expression of Python; what is used twice is named where it is used first."""
        return _Writer(self).of(len(self.rows) - 1)

    def reproducer(self) -> str:
        """Four lines that check it and run as they stand."""
        writer = _Writer(self)
        formula = writer.of(len(self.rows) - 1)
        names = ", ".join(f"x{i}" for i in range(len(self.leaves)))
        modules = "".join(f", {each}" for each in dict.fromkeys(writer.modules))
        arrays = ", ".join(map(as_python, self.leaves))
        return (
            f"import numpy as np, minigrad as mg{modules}\n{names} = {arrays}\n"
            f"f = lambda {names}: {formula}\nmg.testing.check_gradients(f, {names})"
        )

    def graph(self) -> tuple[Tensor, list[Any]]:
        """It recorded on tensors: the root, and the node of every row."""
        count = iter(range(len(self.rows)))
        leaves = [Tensor(x, requires_grad=True, name=f"x{next(count)}") for x in self.leaves]
        nodes = self.values(*leaves)
        return nodes[-1], nodes


def _reachable(rows: tuple[np.ndarray | Step, ...]) -> tuple[np.ndarray | Step, ...]:
    """The rows that the last one needs, renumbered."""
    needed = {len(rows) - 1}
    for i in range(len(rows) - 1, -1, -1):
        row = rows[i]
        if i in needed and isinstance(row, Step):
            needed.update(row.sources)
    renumbered = {old: new for new, old in enumerate(sorted(needed))}
    kept: list[np.ndarray | Step] = []
    for i in sorted(needed):
        row = rows[i]
        kept.append(Step(row.call, [renumbered[s] for s in row.sources]) if isinstance(row, Step) else row)
    return tuple(kept)


class _Writer:
    """Writes rows of an expression as Python."""

    def __init__(self, expression: Expression) -> None:
        self.rows = expression.rows
        self.modules: list[str] = []
        leaf = iter(range(len(self.rows)))
        self.names = {i: f"x{next(leaf)}" for i, row in enumerate(self.rows) if not isinstance(row, Step)}
        uses = [i for row in self.rows if isinstance(row, Step) for i in row.sources]
        self.shared = {i for i in uses if uses.count(i) > 1 and i not in self.names}

    def of(self, number: int) -> str:
        """A row; a shared one is bound to a name where it stands first, which is where it is computed first."""
        row = self.rows[number]
        if number in self.names or not isinstance(row, Step):
            return self.names[number]
        inputs, options = row.call.arguments([_Verbatim(self.of(i)) for i in row.sources])
        defaults = getattr(row.call.op, "option_defaults", {})
        parts = [as_python(x) for x in inputs]
        parts += [f"{k}={as_python(v)}" for k, v in options.items() if not _same(defaults.get(k, self), v)]
        text = f"{self._name(row.call.op)}({', '.join(parts)})"
        if row.call.several:
            text = f"mg.testing.operations.as_one({text})"
        if number in self.shared:
            self.names[number] = f"y{number}"
            text = f"(y{number} := {text})"
        return text

    def _name(self, op: Operation) -> str:
        package = __name__.partition(".")[0]
        owner = op.__module__ or ""
        if owner.partition(".")[0] == package:
            minigrad = sys.modules[package]
            for prefix, namespace in (("mg", minigrad), ("mg.linalg", minigrad.linalg), ("mg.nn", minigrad.nn)):
                if getattr(namespace, op.name, None) is op:
                    return f"{prefix}.{op.name}"
        module = sys.modules.get(owner)
        if module is not None and getattr(module, op.name, None) is op:
            path = getattr(module, "__file__", None)
            name = Path(path).stem if owner == "__main__" and path else owner
            self.modules.append(name)
            return f"{name}.{op.name}"
        return f'mg.operations()["{op.name}"]'


class _Verbatim:
    """Text that stands for a value."""

    def __init__(self, text: str) -> None:
        self.text = text


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b


def as_python(value: Any) -> str:
    """A value as Python text that gives it back, where ``np`` is NumPy.

    >>> as_python(np.zeros((0, 2))), as_python([np.array([1.0, np.inf]), slice(1, None), np.float32])
    ('np.zeros((0, 2))', '[np.array([1.0, np.inf]), slice(1, None, None), np.float32]')
    """
    if isinstance(value, _Verbatim):
        return value.text
    if isinstance(value, Node):
        return as_python(value._data)
    if isinstance(value, np.ndarray):
        dtype = "" if value.dtype in (np.float64, np.bool_, np.intp) else f", dtype=np.{value.dtype}"
        if value.size == 0:
            kind = dtype or ("" if value.dtype == np.float64 else f", dtype=np.{value.dtype}")
            return f"np.zeros({value.shape}{kind})"
        return f"np.array({as_python(value.tolist())}{dtype})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(as_python, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_python(k)}: {as_python(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float) and not np.isfinite(value):
        return f"np.{value}" if value == value and value > 0 else "-np.inf" if value == value else "np.nan"
    if isinstance(value, np.generic):
        return as_python(value.item())
    if isinstance(value, type) and issubclass(value, np.generic):
        return f"np.{value.__name__}"
    if isinstance(value, np.dtype):
        return f"np.dtype({value.name!r})"
    return repr(value)


# ---- shrinking -------------------------------------------------------------------------------------------------


def shrunk(expression: Expression, fails: Callable[[Expression], bool]) -> Expression:
    """The smallest expression found that still fails: fewer nodes first, then shorter arrays, then simpler numbers.

    ``fails`` is asked of many expressions; one that it raises for does not fail.
    """
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(expression):
            if _fails(fails, smaller):
                expression, progress = smaller, True
                break
    return expression


def _fails(fails: Callable[[Expression], bool], expression: Expression) -> bool:
    try:
        with np.errstate(all="ignore"):
            return fails(expression)
    except Exception:
        return False


def _smaller(expression: Expression) -> Iterator[Expression]:
    """Expressions with less in them."""
    steps = expression.steps
    for i, _ in steps[:-1]:
        yield expression.ending_at(i)
    values = expression.values()
    for i, _ in steps[:-1]:
        yield expression.with_leaves({i: np.array(values[i], dtype=np.float64)})
    for i, step in steps[:-1]:  # leave a step out where what it is given will do in its place
        for source in step.sources:
            if np.shape(values[source]) == np.shape(values[i]):
                yield _bypassed(expression, i, source)
    rows = [i for i, row in enumerate(expression.rows) if not isinstance(row, Step)]
    leaves = {i: np.asarray(expression.rows[i]) for i in rows}
    for length in sorted({n for x in leaves.values() for n in x.shape if n > 1}, reverse=True):
        for kept in (slice(length // 2), slice(length // 2, None)):
            yield expression.with_leaves({i: _cut(x, length, kept) for i, x in leaves.items()})
    for i, x in leaves.items():
        for simpler in (np.asarray(np.round(x, digits)) for digits in (0, 1, 2)):
            if x.size and np.all(np.isfinite(x)) and len(as_python(simpler)) < len(as_python(x)):
                yield expression.with_leaves({i: simpler})


def _bypassed(expression: Expression, number: int, source: int) -> Expression:
    rows = [
        Step(row.call, [source if s == number else s for s in row.sources]) if isinstance(row, Step) else row
        for row in expression.rows
    ]
    return Expression(rows)


def _cut(x: np.ndarray, length: int, kept: slice) -> np.ndarray:
    return x[tuple(kept if n == length else slice(None) for n in x.shape)]

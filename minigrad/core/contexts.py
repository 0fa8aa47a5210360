"""What is in force here and now: recording, the scope of new nodes, and the search for NaN.

Each thread and each task has its own. A context manager here can be used again, inside itself, by several threads at
once, and as a decorator. A generator may leave its ``with`` block long after its neighbours entered theirs, or in
another task: what it changed ends there, and what the others changed stays.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Generator
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, Self


class Context:
    """What is in force inside one ``with`` block, and the block around it (``outer``)."""

    __slots__ = ("anomaly", "manager", "outer", "over", "recording", "scope", "token")
    token: Token[Context]

    def __init__(self, manager: _Within | None = None, outer: Context | None = None) -> None:
        self.manager, self.outer, self.over = manager, outer, False
        self.recording, self.anomaly = True, False
        self.scope: tuple[str, ...] = ()
        self.settle()

    def settle(self) -> None:
        """Take what is in force around the block and change it as its manager does, or not at all once it is over."""
        if self.outer is None or self.manager is None:
            return
        self.recording, self.scope, self.anomaly = self.outer.recording, self.outer.scope, self.outer.anomaly
        if not self.over:
            self.manager._change(self)


DEFAULT = Context()
_context: ContextVar[Context] = ContextVar("minigrad", default=DEFAULT)
current_context = _context.get


class _Within:
    """A ``with`` block that changes what is in force, and a decorator that does so while a function runs."""

    def __init__(self) -> None:
        self._entered: list[Context] = []

    def _change(self, context: Context) -> None:
        """Write into a new context what is different in it."""

    def __enter__(self) -> Self:
        context = Context(self, _not_over(current_context()))
        context.token = _context.set(context)
        self._entered.append(context)
        return self

    def __exit__(self, *error: object) -> None:
        top = left = current_context()
        while left.outer is not None and left not in self._entered:
            left = left.outer
        if left.outer is None:  # entered in another thread or task
            if not self._entered:
                raise RuntimeError(f"{type(self).__name__}: left without having been entered")
            left = self._entered[-1]
        self._entered.remove(left)
        in_order = left is top
        try:
            _context.reset(left.token)
        except ValueError:  # it is still in force where it was entered, which only it can tell
            in_order = False
        if not in_order:
            left.over = True
            left.settle()
            _settle_all(top)
        now = _not_over(left.outer if in_order and left.outer else top)
        if current_context() is not now:
            _context.set(now)

    def __call__(self, function: Callable[..., Any]) -> Any:
        """The same function, generator, coroutine or asynchronous generator, with this in force while it runs."""
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"{type(self).__name__}: decorates functions and methods, got {function!r:.80}")
        decorated: Callable[..., Any]
        if inspect.isgeneratorfunction(function):

            def decorated(*arguments: Any, **options: Any) -> Any:
                return (yield from _stepwise(self, function(*arguments, **options)))

        elif inspect.iscoroutinefunction(function):

            async def decorated(*arguments: Any, **options: Any) -> Any:
                return await _stepwise(self, function(*arguments, **options))

        elif inspect.isasyncgenfunction(function):

            async def decorated(*arguments: Any, **options: Any) -> Any:
                inner = function(*arguments, **options)
                step = inner.asend(None)
                while True:
                    try:
                        value = await _stepwise(self, step)
                    except StopAsyncIteration:
                        return
                    try:
                        step = inner.asend((yield value))
                    except GeneratorExit:
                        await _stepwise(self, inner.aclose())
                        raise
                    except BaseException as error:
                        step = inner.athrow(error)

        else:

            def decorated(*arguments: Any, **options: Any) -> Any:
                with self:
                    return function(*arguments, **options)

        return wraps(function)(decorated)


def _not_over(context: Context) -> Context:
    """The innermost block that has not been left."""
    while context.over and context.outer is not None:
        context = context.outer
    return context


def _settle_all(top: Context) -> None:
    """Work out again what is in force in every block from the outermost to this one."""
    blocks = []
    block: Context | None = top
    while block is not None:
        blocks.append(block)
        block = block.outer
    for each in reversed(blocks):
        each.settle()


@types.coroutine
def _stepwise(manager: _Within, inner: Any) -> Generator[Any, Any, Any]:
    """Run a generator or coroutine: the manager's change is in force while it runs, and not while it waits."""
    step, given = inner.send, None
    while True:
        try:
            with manager:
                value = step(given)
        except StopIteration as end:
            return end.value
        try:
            step, given = inner.send, (yield value)
        except GeneratorExit:
            with manager:
                inner.close()
            raise
        except BaseException as error:
            step, given = inner.throw, error


class _Switch(_Within):
    """A manager without arguments: as a decorator it may stand without parentheses."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """A new manager; or the function, decorated with one."""
        return super().__new__(cls) if function is None else cls()(function)


class no_grad(_Switch):  # noqa: N801 (a class for its users' sake, spelled as the function that it is used as)
    """Nothing is recorded inside: results are leaves. Each thread and each task has its own.

    It is also a decorator, of functions, generators and coroutines, with parentheses or without.

    >>> import minigrad as mg
    >>> w = mg.Tensor([1.0], requires_grad=True)
    >>> with mg.no_grad():
    ...     (w * 2).requires_grad
    False
    >>> @mg.no_grad()
    ... def predict(x):
    ...     return w * x
    >>> predict(2.0).requires_grad
    False
    """

    def _change(self, context: Context) -> None:
        context.recording = False


class enable_grad(_Switch):  # noqa: N801
    """Record again inside a `no_grad` block, or in a function that is decorated with it."""

    def _change(self, context: Context) -> None:
        context.recording = True


class detect_anomaly(_Switch):  # noqa: N801
    """The first NaN or Inf inside, forward or backward, raises `AnomalyError` with its source line.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.Tensor([0.0, 1.0], requires_grad=True, name="x")
    >>> with mg.detect_anomaly(), np.errstate(divide="ignore"):
    ...     mg.log(x)
    Traceback (most recent call last):
        ...
    minigrad.AnomalyError: log gave -inf at index (0,); inputs: x (2,) float64 [0.0, 1.0]; made at ...
    """

    def _change(self, context: Context) -> None:
        context.anomaly = True


class collectable(_Within):  # noqa: N801
    """Nodes made inside stay in the garbage collector's sight (any context but the default has that effect)."""


class scope(_Within):  # noqa: N801
    """Nodes made inside, or while a decorated function runs, are drawn in a box called ``name``; scopes nest.

    >>> import minigrad as mg
    >>> w = mg.Tensor([1.0], requires_grad=True)
    >>> with mg.scope("layer1"):
    ...     z = w * 2
    >>> z.scope
    ('layer1',)
    """

    def __init__(self, name: str) -> None:
        if callable(name):
            raise TypeError("scope: requires a name; as a decorator write @mg.scope('layer1')")
        self._name = str(name)
        super().__init__()

    def _change(self, context: Context) -> None:
        context.scope = (*context.scope, self._name)


def is_grad_enabled() -> bool:
    """Whether operations are recorded here."""
    return current_context().recording

"""Operations as rows of a table: a function, its formula, its derivative, its rule, an example.

Each family's file binds `operation` (entry by entry) or `array_operation` (on whole arrays) to its own name, as in
``row = partial(operation, __name__)``, and reads as a formula sheet. What a row can't say (several paragraphs, options
that need care) is written with `@op`, and its example beside it with `@example`.
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from ..core.registry import Domain, Op, Sampler, composed, domain, op

Rule = Callable[..., Any]


def operation(
    module: str,
    function: Callable[..., Any],
    text: str,
    derivative: str | Sequence[str],
    rules: Rule | Sequence[Rule],
    example: str,
    inputs: Domain | Sequence[Domain] | Sampler | None = None,
    *,
    name: str = "",
    numpy: Sequence[Callable[..., Any]] = (),
    source: str = "",
    note: str = "",
    **facts: Any,
) -> Op:
    """Register one row as an operation of a family's file.

    Parameters
    ----------
    module
        The file's ``__name__``.
    function
        A ufunc, which becomes the operation's kernel, or a lambda with a ``name``.
    text
        What it is, and its formula: ``"Tangent: y = sin x / cos x"``. "elementwise" is added behind the first words
        where it isn't in the text.
    derivative
        Its formula, one for each input, or "" where the text says it.
    rules
        ``lambda g, y, *inputs: gradient``, one for each input; none for what has no derivative.
    example
        A call and what it gives, ``"mg.tan(0.0) → 0.0"``, which is run as a doctest.
    inputs
        A `Domain` for each input (all the numbers of ``domain()`` by default), or a sampler.
    name, numpy
        The operation's name and its further NumPy functions, where the ufunc does not say them.
    source, note
        Where the derivative is from, and a further paragraph of the documentation.
    facts
        Whatever else `op` takes.
    """
    rules = (rules,) if callable(rules) else tuple(rules)
    derivatives = (derivative,) if isinstance(derivative, str) else tuple(derivative)
    forward = _of_ufunc(function, rules) if isinstance(function, np.ufunc) else function
    names = forward.__code__.co_varnames[: forward.__code__.co_posonlyargcount]
    what = described(text, names, derivatives, source)
    _name(forward, name or function.__name__, module, documentation(what, note, example))
    if isinstance(function, np.ufunc):
        numpy = (function, *numpy)
    if not callable(inputs):
        inputs = (inputs or domain(),) * len(names) if isinstance(inputs, Domain | None) else inputs
    new: Op = op(numpy=numpy, inputs=inputs, elementwise=True, **facts)(forward)
    if rules:
        new.rules_by_input(*rules)
    return new


def array_operation(
    module: str,
    numpy: Callable[..., Any] | Sequence[Callable[..., Any]] | str,
    forward: Callable[..., Any],
    text: str,
    example: str,
    inputs: Sampler,
    rule: Rule | Sequence[Rule] | None = None,
    *,
    note: str = "",
    **facts: Any,
) -> Op:
    """Register one row that works on whole arrays; without a rule (None, not ()) it is made of operations.

    ``numpy`` holds its NumPy functions, the first of which names it, or the name of one that NumPy has not; the rest is
    as in `operation`.
    """
    functions = () if isinstance(numpy, str) else (numpy,) if callable(numpy) else tuple(numpy)
    name = functions[0].__name__ if functions else str(numpy)
    _name(forward, name, module, documentation(text, note, example))
    if rule is None:
        return cast(Op, composed(numpy=functions, inputs=inputs, **facts)(forward))  # by its calls it is one
    new: Op = op(numpy=functions, inputs=inputs, **facts)(forward)
    if callable(rule):
        new.rule(rule)
    elif rule:
        new.rules_by_input(*rule)
    return new


def example(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Append an example, ``"call → value"``, to a function's documentation; it is run as a doctest."""

    def documented(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__doc__ = documentation(inspect.getdoc(function) or "", "", text)
        return function

    return documented


def _name(function: Any, name: str, module: str, documentation: str) -> None:
    function.__name__ = function.__qualname__ = name
    function.__module__, function.__doc__ = module, documentation


def _of_ufunc(function: np.ufunc, rules: Sequence[Rule]) -> Any:
    """What stands for a ufunc where its signature or source is read; its value is computed by the ufunc itself."""
    forward: Any = (lambda x, /: function(x)) if function.nin == 1 else (lambda a, b, /: function(a, b))
    if rules:  # its source is the row's
        row = rules[0].__code__
        forward.__code__ = forward.__code__.replace(co_filename=row.co_filename, co_firstlineno=row.co_firstlineno)
    return forward


# ---- documentation ------------------------------------------------------------------------------------------


def described(text: str, names: Sequence[str], derivatives: Sequence[str], source: str) -> str:
    """The first paragraph of a row's documentation.

    >>> described("Tangent: y = sin x / cos x", ["x"], ["1 + y²"], "")
    'Tangent, elementwise: y = sin x / cos x.  ∂y/∂x = 1 + y².'
    """
    formulas = [f"∂y/∂{x} = {formula}" for x, formula in zip(names, derivatives) if formula]
    if len(set(derivatives)) < len(formulas):  # ∂y/∂a = ∂y/∂b = 1
        formulas = [" = ".join([*(f"∂y/∂{x}" for x in names), derivatives[0]])]
    if "elementwise" not in text:
        text = re.sub(r"^[^,:]+", r"\g<0>, elementwise", text)
    return text + (".  " if formulas else "") + ", ".join(formulas) + (f" ({source})" if source else "") + "."


def documentation(text: str, note: str, example: str) -> str:
    """A docstring: what it is, a further paragraph, an example with the imports that it needs."""
    call, _, value = example.partition(" → ")
    modules = [name for name in ("math", "numpy as np") if f"{name.split()[-1]}." in call]
    shown = f">>> import {', '.join([*modules, 'minigrad as mg'])}\n>>> {call}\n{value}"
    return "\n\n".join(filter(None, [text, textwrap.fill(note, 110), shown]))

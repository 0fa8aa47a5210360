"""Elementwise operations as rows of a table of derivatives: a function, its formula, its derivative, its rule.

Each family's file binds `operation` to its own name, ``row = partial(operation, __name__)``, and reads as a formula
sheet. What a row can't say (several paragraphs, options that need care) is written with `@op`.
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
    forward = _of_ufunc(function, rules) if isinstance(function, np.ufunc) else function
    forward.__name__ = forward.__qualname__ = name or function.__name__
    forward.__module__ = module
    derivatives = (derivative,) if isinstance(derivative, str) else tuple(derivative)
    names = forward.__code__.co_varnames[: forward.__code__.co_posonlyargcount]
    formulas = [f"∂y/∂{x} = {formula}" for x, formula in zip(names, derivatives) if formula]
    if len(set(derivatives)) < len(formulas):  # ∂y/∂a = ∂y/∂b = 1
        formulas = [" = ".join([*(f"∂y/∂{x}" for x in names), derivatives[0]])]
    forward.__doc__ = documentation(text, ", ".join(formulas), source, note, example)
    if not callable(inputs):
        inputs = (inputs or domain(),) * len(names) if isinstance(inputs, Domain | None) else inputs
    if isinstance(function, np.ufunc):
        numpy = (function, *numpy)
    new: Op = op(numpy=numpy, inputs=inputs, elementwise=True, **facts)(forward)
    if rules:
        new.rules_by_input(*rules)
    return new


def _of_ufunc(function: np.ufunc, rules: Sequence[Rule]) -> Any:
    """What stands for a ufunc where its signature or source is read; its value is computed by the ufunc itself."""
    forward: Any = (lambda x, /: function(x)) if function.nin == 1 else (lambda a, b, /: function(a, b))
    if rules:  # its source is the row's
        row = rules[0].__code__
        forward.__code__ = forward.__code__.replace(co_filename=row.co_filename, co_firstlineno=row.co_firstlineno)
    return forward


def example(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Append an example, ``"call → value"``, to a function's documentation; it is run as a doctest."""
    call, _, value = text.partition(" → ")

    def documented(function: Callable[..., Any]) -> Callable[..., Any]:
        documentation = inspect.getdoc(function)
        function.__doc__ = f"{documentation}\n\n>>> import numpy as np, minigrad as mg\n>>> {call}\n{value}"
        return function

    return documented


def documentation(text: str, derivative: str, source: str, note: str, example: str) -> str:
    """The docstring of a row.

    >>> documentation("Tangent: y = sin x / cos x", "∂y/∂x = 1 + y²", "", "", "mg.tan(0.0) → 0.0").splitlines()[0]
    'Tangent, elementwise: y = sin x / cos x.  ∂y/∂x = 1 + y².'
    """
    if "elementwise" not in text:
        text = re.sub(r"^[^,:]+", r"\g<0>, elementwise", text)
    first = text + (f".  {derivative}" if derivative else "") + (f" ({source})" if source else "") + "."
    call, _, value = example.partition(" → ")
    modules = "math, minigrad as mg" if "math." in call else "minigrad as mg"
    parts = [first, textwrap.fill(note, 110), f">>> import {modules}\n>>> {call}\n{value}"]
    return "\n\n".join(part for part in parts if part)


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
    """Register one row that works on whole arrays; with a rule as an `Op`, else as one made of operations.

    ``numpy`` holds its NumPy functions, the first of which names it, or the name of one that NumPy has not; the rest is
    as in `operation`.
    """
    functions = () if isinstance(numpy, str) else (numpy,) if callable(numpy) else tuple(numpy)
    forward.__name__ = forward.__qualname__ = functions[0].__name__ if functions else str(numpy)
    forward.__module__ = module
    call, _, value = example.partition(" → ")
    example = f">>> import numpy as np, minigrad as mg\n>>> {call}\n{value}"
    forward.__doc__ = "\n\n".join(filter(None, [text, note and textwrap.fill(note, 110), example]))
    if rule is None:
        return cast(Op, composed(numpy=functions, inputs=inputs, **facts)(forward))  # by its calls it is one
    new: Op = op(numpy=functions, inputs=inputs, **facts)(forward)
    if callable(rule):
        new.rule(rule)
    else:
        new.rules_by_input(*rule)
    return new

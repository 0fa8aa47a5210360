"""`gradient_property`: a function of arrays becomes a test of its gradient, at inputs that Hypothesis draws."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..core.packages import imported
from ..core.registry import Domain, Operation
from .check.gradients import check_gradients


def gradient_property(
    *inputs: Any,
    order: int = 1,
    mode: str = "reverse",
    tolerance: float | None = None,
    max_examples: int | None = None,
    framework: str | None = None,
    **named_inputs: Any,
) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a test, for pytest or to call, of a function: its gradient is right wherever Hypothesis looks.

    What fails is shrunk to small inputs. Values on purpose are among the inputs: 0, ±1, the ends of domains, ties, axes
    of length 0 and 1.

    Parameters
    ----------
    inputs, named_inputs
        How to draw each argument of the function, by position or by name: as a domain, ``mg.domain(0.1, 3)`` (arrays
        of shapes that broadcast together), a shape such as ``(4, 3)``, or a strategy of Hypothesis. An argument that is
        not mentioned is drawn from ``mg.domain()``. An operation in their place draws its own inputs, options included,
        and the function is given to say what is checked: ``gradient_property(mg.tanh)()``.
    order, mode, tolerance
        As for `check_gradients`; pytest's ``--gradcheck-order`` may raise the order.
    framework
        What the function is written in, as for `check_gradients`; by default minigrad, since what is drawn are arrays.
    max_examples
        How many inputs to try, by default Hypothesis's own setting.

    Raises
    ------
    TypeError
        If an input is none of these, or the function has no such argument.
    ImportError
        If Hypothesis is missing, with what to install.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> @mg.testing.gradient_property(x=mg.domain(-3, 3), scale=mg.domain(0.5, 2), order=2)
    ... def test_squashing(x, scale):
    ...     return np.tanh(x / scale) * scale
    >>> test_squashing()  # pytest would call it

    An operation brings its own inputs:

    >>> mg.testing.gradient_property(mg.softmax, max_examples=5)()
    """
    hypothesis = imported("hypothesis", "gradient_property")
    options: dict[str, Any] = {"order": order, "mode": mode, "tolerance": tolerance, "framework": framework}

    def test_of(strategy: Any, check: Callable[[Any], object], name: str, like: Any) -> Callable[[], None]:
        def test(drawn: Any) -> None:
            check(drawn)

        test.__name__ = test.__qualname__ = name
        test.__doc__, test.__module__ = like.__doc__, like.__module__
        # a check runs the function many times: no deadline for one call of something fits it
        wanted = {"deadline": None} if max_examples is None else {"deadline": None, "max_examples": max_examples}
        return hypothesis.settings(**wanted)(hypothesis.given(strategy)(test))

    if len(inputs) == 1 and isinstance(inputs[0], Operation):
        from .strategies import examples_of

        op = inputs[0]

        def check_example(example: Any) -> None:
            if example.points:
                check_gradients(example, *example.points, **options)

        return test_of(examples_of(op), check_example, f"test_{op.name}", op)  # type: ignore[return-value]

    def decorate(function: Callable[..., Any]) -> Callable[[], None]:
        names = list(inspect.signature(function).parameters)
        unknown = [name for name in named_inputs if name not in names]
        if unknown or len(inputs) > len(names):
            raise TypeError(
                f"gradient_property: {function.__name__} takes {', '.join(names)}; got {len(inputs)} inputs"
                + (f" and {', '.join(unknown)}" if unknown else "")
            )
        given_for = dict(zip(names, inputs)) | named_inputs
        kinds = {name: _checked(name, given_for.get(name, Domain())) for name in names}

        def check(drawn: Any) -> None:
            check_gradients(function, *drawn, names=names, **options)

        name = getattr(function, "__name__", "function")  # Hypothesis reads the source of what is called <lambda>
        return test_of(_drawn(kinds), check, name if name.isidentifier() else "test_of_a_lambda", function)

    return decorate


def _checked(name: str, kind: Any) -> Any:
    from hypothesis.strategies import SearchStrategy

    shape = isinstance(kind, tuple) and all(isinstance(n, int) for n in kind)
    if not (shape or isinstance(kind, (Domain, SearchStrategy))):
        raise TypeError(
            f"gradient_property: {name}={kind!r}; expected a domain such as mg.domain(0, 1), a shape, or a strategy"
        )
    return kind


def _drawn(kinds: dict[str, Any]) -> Any:
    """A strategy for all arguments together: those with a domain have shapes that broadcast."""
    from hypothesis import strategies as st

    from .strategies import arrays, shapes_that_broadcast

    @st.composite
    def drawn(draw: Any) -> tuple[Any, ...]:
        domains = [name for name, kind in kinds.items() if isinstance(kind, Domain)]
        shapes = dict(zip(domains, draw(shapes_that_broadcast(len(domains)))))
        return tuple(
            draw(arrays(shapes[name], domain=kind))
            if isinstance(kind, Domain)
            else draw(arrays(kind))
            if isinstance(kind, tuple)
            else draw(kind)
            for name, kind in kinds.items()
        )

    return drawn()

"""``@op`` and ``@composed``: one place per operation for its value, derivative, documentation and valid inputs.

The operations are in ``ops/``; what one can do is in ``operation.py``.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np

from .composed import Composed
from .errors import RuleError
from .operation import Op, Operation

_operations: dict[str, Operation] = {}
_by_numpy_function: dict[Callable[..., Any], Operation] = {}


@dataclass(frozen=True, slots=True)
class Domain:
    """The real numbers that one input of an operation may take: ``low ≤ x ≤ high``, away from ``avoid``.

    Numerical derivatives are wrong next to a kink, so an operation lists its kinks in ``avoid``.
    """

    low: float = -3.0
    high: float = 3.0
    avoid: tuple[float, ...] = ()


def domain(low: float = -3.0, high: float = 3.0, *, avoid: Sequence[float] = ()) -> Domain:
    """Real numbers from ``low`` to ``high``, keeping away from every number in ``avoid``.

    Raises TypeError for anything but plain numbers, and ValueError unless ``low < high``.

    >>> domain(0.5, 3)
    Domain(low=0.5, high=3, avoid=())
    """
    for name, value in (("low", low), ("high", high), *(("avoid", each) for each in avoid)):
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise TypeError(f"domain: {name} is {value!r:.60}; a plain number is wanted, as in domain(-3, 3)")
    if not low < high:
        raise ValueError(f"domain: low is {low} and high is {high}; low must be less than high")
    return Domain(low, high, tuple(avoid))


Draw = Any  # what an input sampler draws from: minigrad.testing.draws says what it offers
Sampler = Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]]


@overload
def op(function: Callable[..., Any], /) -> Op: ...
@overload
def op(*, differentiable: Literal[False], **facts: Any) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def op(
    *,
    inputs: Sequence[Domain] | Sampler | None = None,
    numpy: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
    label: str | None = None,
    differentiable: bool = True,
    elementwise: bool | None = None,
    broadcasts: bool = False,
    saves: bool = False,
    linear: bool = False,
    internal: bool = False,
) -> Callable[[Callable[..., Any]], Op]: ...
def op(  # type: ignore[misc]  # the same
    function: Callable[..., Any] | None = None,
    /,
    *,
    inputs: Sequence[Domain] | Sampler | None = None,
    numpy: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
    label: str | None = None,
    differentiable: bool = True,
    elementwise: bool | None = None,
    broadcasts: bool = False,
    saves: bool = False,
    linear: bool = False,
    internal: bool = False,
) -> Any:
    """Register a function of NumPy arrays as an operation that records itself and can be differentiated.

    The positional-only parameters of ``function`` (those before ``/``, or ``*inputs``) are what is
    differentiated; every other parameter is an option. ``function`` calls ``np.<name>`` on whatever it is
    given: floats, arrays, tensors.

    Parameters
    ----------
    inputs
        How to draw valid inputs: one `Domain` for each input of an elementwise operation, or a function
        of ``draw`` giving ``(inputs, options)``. The property tests walk the registry with it.
    numpy
        The NumPy functions that become this operation when a tensor is among their arguments. If the
        first is a ufunc it is also what computes the value.
    label
        The short text drawn in pictures; the operation's name by default.
    differentiable
        False for comparisons and the like, which answer with plain arrays.
    elementwise
        Whether it works entry by entry, and so on Scalars too; what ``inputs`` says by default.
    broadcasts
        The rule may return a gradient of an input's broadcast shape, which the engine sums. Without it
        that is allowed only where the gradient has the shape of the operation's value.
    saves
        ``function`` gives ``(value, saved)``, and the rule receives ``saved=`` beside the options.
    linear
        It is linear in each input while the others are held (with ``*inputs``: in all of them together), so
        that its forward derivative is the function itself, applied to the tangents.
    internal
        A part of other operations, registered and tested as all are, and not offered to users.

    Raises
    ------
    RuleError
        If the name is taken by a built-in operation or another module's (running the same definition again replaces
        it, as in a notebook; graphs that were made with the old one keep it), or (at ``.rule``) a rule does not take
        ``(g, y, *inputs, **options)``.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> @mg.op(inputs=[mg.domain(-3, 3)])
    ... def cube(x, /):
    ...     "y = x³"
    ...     return x * x * x
    >>> @cube.rule
    ... def _(g, y, x):
    ...     return g * 3 * x * x
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    array([ 3., 12.])
    >>> mg.forget("cube")
    """

    def register(function: Callable[..., Any]) -> Op:
        new = Op(
            function, inputs, numpy, differentiable, internal,
            label=label, elementwise=elementwise, broadcasts=broadcasts, saves=saves, linear=linear,
        )  # fmt: skip
        _register(new)
        return new

    return register if function is None else register(function)


@overload
def composed(*, several: Literal[True], **facts: Any) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def composed(**facts: Any) -> Callable[[Callable[..., Any]], Composed]: ...
def composed(  # type: ignore[misc]  # the facts are checked here, the result above
    *,
    inputs: Sampler,
    numpy: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
    differentiable: bool = True,
    differentiated: str | None = None,
    internal: bool = False,
    several: bool = False,
) -> Any:
    """Register a function made of operations, with NumPy's name and signature; it records its parts.

    ``inputs`` draws the arguments and options of a whole call, as it is written. ``differentiated`` names the
    parameters that may be tensors, as in ``"a weights"``: those without a default value if it is left out. The others
    are options. ``several`` is for type checkers: it gives several arrays, or may.
    """

    def register(function: Callable[..., Any]) -> Composed:
        new = Composed(function, inputs, numpy, differentiable, internal, differentiated=differentiated)
        _register(new)
        return new

    return register


def _register(new: Operation) -> None:
    """Enter an operation, in place of an older one of the same definition; RuleError where that cannot be meant."""
    before = _operations.get(new.name)
    if before is not None and (before.built_in or _place(before) != _place(new)):
        raise RuleError(
            f"op: an operation named {new.name!r} is registered already, by {'.'.join(_place(before))}; choose "
            "another name" + ("" if before.built_in else f", or take that one out with mg.forget({new.name!r})")
        )
    if isinstance(new, Op):
        _check_inputs(new)
        if isinstance(new.kernel, np.ufunc) and (not new.simple or new.kernel.nin != len(new.input_names)):
            raise RuleError(
                f"op {new.name}: np.{new.kernel.__name__}, a ufunc, would compute its value, but takes other arguments "
                f"than {new.signature}; give a function of NumPy that takes the same in front of it, or leave it out"
            )
        if not isinstance(new.label, str):
            raise RuleError(f"op {new.name}: label= requires a short text, got {new.label!r}")
    for each in new.numpy_functions:
        if not callable(each):
            raise RuleError(f"op {new.name}: numpy= requires functions of NumPy, got {each!r}")
        if _by_numpy_function.get(each, before) is not before:
            raise RuleError(f"op {new.name}: np.{each.__name__} stands for {_by_numpy_function[each].name} already")
    if before is not None:
        forget(before)
    _operations[new.name] = new
    _by_numpy_function.update(dict.fromkeys(new.numpy_functions, new))


def _place(op: Operation) -> tuple[str, str]:
    """Where an operation is defined: the same cell or file run again defines the same operation again."""
    return op.forward.__module__, op.forward.__qualname__


def _check_inputs(op: Op) -> None:
    """Raise RuleError for domains that do not fit the operation's inputs."""
    if op.inputs is None or callable(op.inputs):
        return
    if not all(isinstance(each, Domain) for each in op.inputs):
        raise RuleError(f"op {op.name}: inputs= requires mg.domain(low, high) for each input, or a function of draw")
    if len(op.inputs) != len(op.input_names) or op.variadic:
        raise RuleError(
            f"op {op.name}: inputs= holds {len(op.inputs)} domains for the inputs {', '.join(op.input_names)}"
        )
    if op.elementwise and not op.built_in:
        _check_entry_by_entry(op, op.inputs)


def _check_entry_by_entry(op: Op, domains: Sequence[Domain]) -> None:
    """Raise RuleError if an operation that is said to work entry by entry plainly does not, as a sum does not.

    Forward derivatives, the checks' samplers and Scalars take it at its word.
    """
    points = [
        np.array([0.75 * x.low + 0.25 * x.high, 0.25 * x.low + 0.75 * x.high, 0.5 * (x.low + x.high)]) for x in domains
    ]

    def value(points: list[np.ndarray]) -> np.ndarray:
        return np.asarray(op.compute(points, options)[0])

    options = {k: v for k, v in op.option_defaults.items() if v is not inspect.Parameter.empty}
    try:
        with np.errstate(all="ignore"):
            whole, again = value(points), value(points)
            entries = [value([x[i : i + 1] for x in points]) for i in range(3)]
    except Exception:  # what it cannot do shows when it is used, with its own error
        return
    if whole.shape != (3,):
        what = f"three numbers each gave shape {whole.shape}"
    elif np.array_equal(whole, again, equal_nan=True) and not np.allclose(
        whole, np.concatenate([x.reshape(-1) for x in entries]), equal_nan=True
    ):
        what = "an entry of its value depends on other entries of its inputs"
    else:
        return
    raise RuleError(
        f"op {op.name}: inputs= given as domains says that it works entry by entry, but {what}. Give a function of "
        "draw, such as inputs=lambda draw: ((draw.array((2, 3)),), {}), or elementwise=False"
    )


def operations() -> Mapping[str, Operation]:
    """Every registered operation by name, in the order of registration."""
    return types.MappingProxyType(_operations)


def operation_of(numpy_function: Callable[..., Any]) -> Operation | None:
    """The operation that stands for a NumPy function, or None."""
    return _by_numpy_function.get(numpy_function)


def forget(operation: str | Operation) -> None:
    """Take an operation of your own out of the registry, by its name; graphs that were made with it keep it.

    Raises RuleError if there is none of that name, or it is built in.
    """
    name = operation if isinstance(operation, str) else operation.name
    found = _operations.get(name)
    if found is None or (found is not operation and not isinstance(operation, str)):
        raise RuleError(
            f"forget: no operation {name!r} is registered" + ("" if found is None else " with this definition")
        )
    if found.built_in:
        raise RuleError(f"forget: {name} is built in; other operations are made of it")
    del _operations[name]
    for each in found.numpy_functions:
        del _by_numpy_function[each]

"""``Op`` and ``@op``: one place per operation for its value, derivative, documentation and valid inputs.

What the operations are stands in ``ops/``; how their derivatives are chained stands in ``graph.py``.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import RuleError
from .floats import FLOATS, on_floats

_operations: dict[str, Op | Composed] = {}
_by_numpy_function: dict[Callable[..., Any], Op | Composed] = {}


@dataclass(frozen=True, slots=True)
class Domain:
    """The real numbers that one input of an operation may take: ``low ≤ x ≤ high``, away from ``avoid``.

    Numerical derivatives are wrong next to a kink, so an operation lists its kinks in ``avoid``.
    """

    low: float = -3.0
    high: float = 3.0
    avoid: tuple[float, ...] = ()


def real(low: float = -3.0, high: float = 3.0, *, avoid: Sequence[float] = ()) -> Domain:
    """Real numbers from ``low`` to ``high``, keeping away from every number in ``avoid``."""
    return Domain(low, high, tuple(avoid))


Draw = Any  # what an input sampler draws from: minigrad.testing.draws says what it offers
Sampler = Callable[[Draw], tuple[tuple[Any, ...], dict[str, Any]]]


def op(
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

    Raises
    ------
    RuleError
        If the name is taken, or (at ``.rule``) a rule does not take ``(g, y, *inputs, **options)``.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> from minigrad.registry import forget
    >>> @mg.op(inputs=[mg.real(-3, 3)])
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
    >>> forget("cube")
    """

    def register(function: Callable[..., Any]) -> Op:
        functions = tuple(numpy) if isinstance(numpy, Sequence) else (numpy,)
        name = function.__name__.removesuffix("_")
        if name in _operations:
            raise RuleError(f"op: an operation named {name!r} is registered already; choose another name")
        new = Op(name, function, inputs, functions, label or name, differentiable, elementwise, broadcasts, saves)
        new.linear = linear
        _check_registration(new)
        _registered(new)
        return new

    return register if function is None else register(function)


def _check_registration(op: Op) -> None:
    """Raise RuleError for what would only fail, or mislead, when the operation is used or tested."""
    if op.inputs is not None and not callable(op.inputs):
        if not all(isinstance(each, Domain) for each in op.inputs):
            raise RuleError(f"op {op.name}: inputs= wants mg.real(low, high) for each input, or a function of draw")
        if len(op.inputs) != len(op.input_names) or op.variadic:
            raise RuleError(
                f"op {op.name}: inputs= holds {len(op.inputs)} domains for the inputs {', '.join(op.input_names)}"
            )
    for each in op.numpy_functions:
        if not callable(each):
            raise RuleError(f"op {op.name}: numpy= wants functions of NumPy, got {each!r}")
        if each in _by_numpy_function:
            raise RuleError(f"op {op.name}: np.{each.__name__} stands for {_by_numpy_function[each].name} already")
    if not isinstance(op.label, str):
        raise RuleError(f"op {op.name}: label= wants a short text, got {op.label!r}")


def composed(
    *, inputs: Sampler, numpy: Callable[..., Any] | Sequence[Callable[..., Any]] = (), differentiable: bool = True
) -> Callable[[Callable[..., Any]], Composed]:
    """Register a function made of operations, with NumPy's name and signature; it records its parts.

    ``inputs`` draws the arguments and options of a whole call, as it is written.
    """

    def register(function: Callable[..., Any]) -> Composed:
        new = Composed(function, inputs, tuple(numpy) if isinstance(numpy, Sequence) else (numpy,), differentiable)
        _registered(new)
        return new

    return register


def _registered(new: Op | Composed) -> None:
    _operations[new.name] = new
    for each in new.numpy_functions:
        _by_numpy_function[each] = new


class Composed:
    """A function made of operations: callable on arrays and tensors, differentiated through its parts."""

    variadic = elementwise = False

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Sampler,
        numpy_functions: tuple[Callable[..., Any], ...],
        differentiable: bool,
    ) -> None:
        self.name = self.__name__ = self.__qualname__ = function.__name__.removesuffix("_")
        self.forward = self.__wrapped__ = function
        self.inputs = inputs
        self.numpy_functions = numpy_functions
        self.differentiable = differentiable
        self.__doc__ = inspect.getdoc(function)
        self.__module__ = function.__module__
        self._options = frozenset(inspect.signature(function).parameters)

    def __repr__(self) -> str:
        return f"<composed {self.name}>"

    def __reduce__(self) -> str:
        return self.forward.__name__  # where it is found in its module

    @property
    def signature(self) -> str:
        """The call as it is written, such as ``vstack(tup)``."""
        return f"{self.name}{inspect.signature(self.forward)}"

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if options and not options.keys() <= self._options:
            options = accepted_options(self, self._options, options)
        return self.forward(*arguments, **options)


def accepted_options(op: Op | Composed, known: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Let NumPy's spelled-out defaults pass (``out=None``) and refuse any other unknown option."""
    for each, value in options.items():
        if each in known or value is None or value is np._NoValue:
            continue
        if each == "out":
            raise TypeError(f"{op.name}: out= is not possible in a graph; use the result instead")
        if each == "where" and getattr(op, "elementwise", False):
            if value is True:
                continue
            raise TypeError(f"{op.name}: where= leaves entries without a value; use mg.where(condition, y, other)")
        raise TypeError(f"{op.name}: unknown option {each}={value!r}; takes {op.signature}")
    return {k: v for k, v in options.items() if k in known}


class Op:
    """One operation: callable on floats, arrays, tensors and scalars, with its derivative rule."""

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        inputs: Sequence[Domain] | Sampler | None,
        numpy_functions: tuple[Callable[..., Any], ...],
        label: str,
        differentiable: bool,
        elementwise: bool | None,
        broadcasts: bool,
        saves: bool,
    ) -> None:
        self.name = name
        self.forward = forward
        self.inputs = inputs
        self.numpy_functions = numpy_functions
        self.label = label
        self.differentiable = differentiable
        self.broadcasts = broadcasts
        self.saves = saves
        domains = inputs is not None and not callable(inputs)
        self.elementwise = domains if elementwise is None else elementwise
        first = numpy_functions[0] if numpy_functions else None
        #: What computes the value of plain arrays: the ufunc itself where there is one.
        self.kernel: Callable[..., Any] = first if isinstance(first, np.ufunc) else forward
        #: One rule for each input (None: no gradient there), or None while a joint rule is used.
        self.rules: tuple[Callable[..., Any] | None, ...] | None = None
        #: One rule that gives every input's gradient at once.
        self.joint: Callable[..., Any] | None = None
        self.joint_takes_wanted = False
        #: Whether the forward derivative is the function itself, applied to the tangents.
        self.linear = False
        #: The forward derivative, where it is not found from the rules.
        self.tangent_rule: Callable[..., Any] | None = None
        #: The same for Python floats, made when the first Scalar comes.
        self.float_kernel: Any = None
        self.float_rules: tuple[Callable[..., Any], ...] = ()
        self.__name__ = self.__qualname__ = name
        self.__doc__ = inspect.getdoc(forward)
        self.__module__ = forward.__module__
        self.__wrapped__ = forward
        parameters = inspect.signature(forward).parameters.values()
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.input_names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL))
        if not self.input_names:
            raise RuleError(
                f"op {name}: no inputs to differentiate; put them before a '/', as in def {name}(x, /, option=0)"
            )
        self.input_defaults = tuple(
            p.default for p in parameters if p.kind is p.POSITIONAL_ONLY and p.default is not p.empty
        )
        self.option_defaults = {
            p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        #: Built in and elementwise: the property tests hold its rule to shape and dtype, so backward need not.
        self.trusted = self.elementwise and (forward.__module__ or "").startswith(f"{__package__}.")
        #: A call with just its inputs needs no sorting.
        self.simple = not self.variadic and not self.option_defaults and not saves
        self._required_options = tuple(k for k, v in self.option_defaults.items() if v is inspect.Parameter.empty)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str:
        return self.forward.__name__  # where it is found in its module

    # ---- calling ------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.simple and not options and len(arguments) == len(self.input_names):
            inputs = arguments
        else:
            inputs, options = self.bind(arguments, options)
        for each in inputs:
            apply = getattr(type(each), "_apply", None)
            if apply is not None:
                return apply(self, inputs, options)
        if self.elementwise and all(isinstance(each, (float, int)) for each in inputs):
            return self.on_floats(inputs, options)
        value = self.kernel(*inputs, **options)
        return value[0] if self.saves else value

    def bind(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a NumPy-style call into ``(inputs, options)``, every option given or at its default."""
        if self.variadic:
            if not arguments or isinstance(arguments[0], np.ndarray):
                raise TypeError(f"{self.name}: the first argument must be a list or tuple of arrays")
            inputs, rest = tuple(arguments[0]), arguments[1:]
            if not inputs:
                raise ValueError(f"{self.name}: needs at least one array, got an empty list")
        else:
            count = len(self.input_names)
            inputs, rest = arguments[:count], arguments[count:]
            if len(inputs) < count:
                inputs = self._complete(inputs, options)
        if rest:
            if len(rest) > len(self.option_defaults):
                raise TypeError(f"{self.name}: takes {self.signature}, got {len(arguments)} positional arguments")
            options = dict(zip(self.option_defaults, rest, strict=False)) | options
        if options or self.option_defaults:
            if options.keys() - self.option_defaults.keys():
                options = accepted_options(self, self.option_defaults, options)
            options = self.option_defaults | options
            for each in self._required_options:
                if options[each] is inspect.Parameter.empty:
                    raise TypeError(f"{self.name}: the option {each!r} is missing; takes {self.signature}")
        return inputs, options

    @property
    def signature(self) -> str:
        """The call as it is written, such as ``sum(a, /, axis=None, keepdims=False)``."""
        return f"{self.name}{inspect.signature(self.forward)}"

    def _complete(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
        """Take the inputs that were given by name or not at all."""
        completed = list(inputs)
        first_default = len(self.input_names) - len(self.input_defaults)
        for position in range(len(inputs), len(self.input_names)):
            name = self.input_names[position]
            if name in options:
                completed.append(options.pop(name))
            elif position >= first_default:
                completed.append(self.input_defaults[position - first_default])
            else:
                raise TypeError(f"{self.name}: the input {name!r} is missing; takes {self.signature}")
        return tuple(completed)

    # ---- the derivative -----------------------------------------------------------------------------

    def rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the derivative: ``rule(g, y, *inputs, **options)`` returns one gradient for each input.

        ``g`` is the gradient of the cost by this operation's value ``y``. With several inputs the rule
        returns a tuple; it may take the keyword ``wanted``, a tuple of booleans, and give None where no
        gradient is wanted.
        """
        if len(self.input_names) == 1 and not self.variadic:
            self.rules = (self._checked(function, "rule"),)
        else:
            self.joint = self._checked(function, "rule")
            self.joint_takes_wanted = "wanted" in inspect.signature(function).parameters
        return function

    def rules_by_input(self, *functions: Callable[..., Any] | None) -> None:
        """Give the derivative as one function for each input, None where there is none.

        Only those that somebody asked for are called.
        """
        if len(functions) != len(self.input_names) or self.variadic:
            raise RuleError(
                f"op {self.name}: {len(functions)} rules for the inputs {', '.join(self.input_names)}; "
                "give one rule (or None) for each"
            )
        self.rules = tuple(f and self._checked(f, f"rule for {n}") for f, n in zip(functions, self.input_names))

    def forward_rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the forward derivative: ``rule(tangents, y, *inputs, **options)`` returns the tangent of ``y``.

        ``tangents`` holds one for each input, None where it does not change. It is never needed: without it
        the derivative rule is transposed, which costs more (see ``forward.py``).
        """
        self.tangent_rule = function
        return function

    def _checked(self, function: Callable[..., Any], what: str) -> Callable[..., Any]:
        """The rule, if it can be called as ``rule(g, y, *inputs, **options)``."""
        keywords: dict[str, Any] = dict.fromkeys(self.option_defaults)
        if self.saves:
            keywords["saved"] = ()
        parameters = inspect.signature(function).parameters
        if "wanted" in parameters:
            keywords["wanted"] = ()
        try:
            inspect.signature(function).bind(*[None] * (2 + len(self.input_names)), **keywords)
        except TypeError as error:
            wanted = ", ".join(["g", "y", *self.input_names, *(f"{k}=" for k in keywords)])
            raise RuleError(
                f"op {self.name}: its {what} must take ({wanted}), but it takes {inspect.signature(function)}: {error}"
            ) from None
        return function

    # ---- the same on Python floats ------------------------------------------------------------------

    def prepare_floats(self) -> None:
        """Clone the forward and the rules for Python floats, without NumPy's cost of a call (once)."""
        if self.float_kernel is not None:
            return
        if self.rules is None and self.differentiable:
            raise RuleError(f"{self.name}: has no rule for each input on Python floats; use mg.Tensor")
        own = self.kernel is self.forward
        self.float_kernel = on_floats(self.forward) if own else getattr(FLOATS, self.kernel.__name__)
        self.float_rules = tuple(on_floats(rule) if rule else _no_gradient for rule in self.rules or ())

    def on_floats(self, values: Sequence[Any], options: dict[str, Any]) -> Any:
        """The value for Python floats; where Python's floats raise, NumPy's inf or nan (and its warning)."""
        self.prepare_floats()
        try:
            return self.float_kernel(*values, **options)
        except (ArithmeticError, ValueError):
            value = self.kernel(*map(np.float64, values), **options)
            return float(value) if self.differentiable else bool(value)


def _no_gradient(g: float, y: float, *inputs: float) -> float:
    return 0.0


def operations() -> Mapping[str, Op | Composed]:
    """Every registered operation by name, in the order of registration."""
    return types.MappingProxyType(_operations)


def operation_of(numpy_function: Callable[..., Any]) -> Op | Composed | None:
    """The operation that stands for a NumPy function, or None."""
    return _by_numpy_function.get(numpy_function)


def forget(name: str) -> None:
    """Take an operation out of the registry (for tests and for trying a definition again)."""
    for each in _operations.pop(name).numpy_functions:
        _by_numpy_function.pop(each, None)

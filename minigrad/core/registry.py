"""``Op`` and ``@op``: one place per operation for its value, derivative, documentation and valid inputs.

The operations are in ``ops/``; how their derivatives are chained is in ``graph.py``.
"""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from .errors import RuleError
from .failures import TOLD, told
from .floats import FLOATS, rebound
from .inference import inferred

#: The kinds of dtype that a graph computes with: floats, integers, booleans.
REAL_KINDS = "fiub"
#: The types of number that are taken as they are; None stands for an input that is left out, such as a bias.
NUMBERS = frozenset(
    {float, int, bool, type(None), *(t for t in np.sctypeDict.values() if np.dtype(t).kind in REAL_KINDS)}
)
#: And what else most options are.
_USUAL = NUMBERS | {str, slice, type(Ellipsis), type}

_PACKAGE = __name__.partition(".")[0]
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
        functions = tuple(numpy) if isinstance(numpy, Sequence) else (numpy,)
        name = function.__name__.removesuffix("_")
        before = _operations.get(name)
        if before is not None and (_is_built_in(before) or _place(before.forward) != _place(function)):
            raise RuleError(
                f"op: an operation named {name!r} is registered already, by {'.'.join(_place(before.forward))}; choose "
                "another name" + ("" if _is_built_in(before) else f", or take that one out with mg.forget({name!r})")
            )
        new = Op(name, function, inputs, functions, label or name, differentiable, elementwise, broadcasts, saves)
        new.linear, new.internal = linear, internal
        _check_registration(new, before)
        if before is not None:
            forget(name)
        _registered(new)
        return new

    return register if function is None else register(function)


def _place(function: Callable[..., Any]) -> tuple[str, str]:
    """Where a function is defined: the same cell or file run again defines the same operation again."""
    return function.__module__, function.__qualname__


def _is_built_in(op: Op | Composed) -> bool:
    return (op.__module__ or "").startswith(f"{_PACKAGE}.ops.")


def _check_registration(op: Op, before: Op | Composed | None) -> None:
    """Raise RuleError for what would only fail, or mislead, when the operation is used or tested."""
    if op.inputs is not None and not callable(op.inputs):
        if not all(isinstance(each, Domain) for each in op.inputs):
            raise RuleError(
                f"op {op.name}: inputs= requires mg.domain(low, high) for each input, or a function of draw"
            )
        if len(op.inputs) != len(op.input_names) or op.variadic:
            raise RuleError(
                f"op {op.name}: inputs= holds {len(op.inputs)} domains for the inputs {', '.join(op.input_names)}"
            )
    for each in op.numpy_functions:
        if not callable(each):
            raise RuleError(f"op {op.name}: numpy= requires functions of NumPy, got {each!r}")
        if _by_numpy_function.get(each, before) is not before:
            raise RuleError(f"op {op.name}: np.{each.__name__} stands for {_by_numpy_function[each].name} already")
    if not isinstance(op.label, str):
        raise RuleError(f"op {op.name}: label= requires a short text, got {op.label!r}")
    if op.inputs is not None and not callable(op.inputs) and op.elementwise and not _is_built_in(op):
        _check_entry_by_entry(op, op.inputs)


def _check_entry_by_entry(op: Op, domains: Sequence[Domain]) -> None:
    """Raise RuleError if an operation that is said to work entry by entry plainly does not, as a sum does not.

    Forward derivatives, the checks' samplers and Scalars take it at its word.
    """
    points = [
        np.array([0.75 * x.low + 0.25 * x.high, 0.25 * x.low + 0.75 * x.high, 0.5 * (x.low + x.high)]) for x in domains
    ]

    def value(points: list[np.ndarray]) -> np.ndarray:
        found = op.forward(*points, **options)
        return np.asarray(found[0] if op.saves else found)

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


def composed(
    *,
    inputs: Sampler,
    numpy: Callable[..., Any] | Sequence[Callable[..., Any]] = (),
    differentiable: bool = True,
    differentiated: str | None = None,
    internal: bool = False,
) -> Callable[[Callable[..., Any]], Composed]:
    """Register a function made of operations, with NumPy's name and signature; it records its parts.

    ``inputs`` draws the arguments and options of a whole call, as it is written. ``differentiated`` names the
    parameters that may be tensors, as in ``"a weights"``: those without a default value if it is left out. The others
    are options.
    """

    def register(function: Callable[..., Any]) -> Composed:
        functions = tuple(numpy) if isinstance(numpy, Sequence) else (numpy,)
        new = Composed(function, inputs, functions, differentiable, differentiated)
        new.internal = internal
        _registered(new)
        return new

    return register


def _registered(new: Op | Composed) -> None:
    _operations[new.name] = new
    for each in new.numpy_functions:
        _by_numpy_function[each] = new


class Composed:
    """A function made of operations: callable on arrays and tensors, differentiated through its parts."""

    variadic = elementwise = internal = False

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Sampler,
        numpy_functions: tuple[Callable[..., Any], ...],
        differentiable: bool,
        differentiated: str | None,
    ) -> None:
        self.name = self.__name__ = self.__qualname__ = function.__name__.removesuffix("_")
        self.forward = self.__wrapped__ = function
        self.inputs = inputs
        self.numpy_functions = numpy_functions
        self.differentiable = differentiable
        self.__doc__ = inspect.getdoc(function)
        self.__module__ = function.__module__
        parameters = inspect.signature(function).parameters.values()
        #: The names of its parameters in order, inputs and options alike.
        self.argument_names = tuple(p.name for p in parameters)
        self._options = frozenset(self.argument_names)
        #: The parameters that are differentiated; the others are options, whose tensors must not require a gradient.
        self.differentiated = frozenset(
            [p.name for p in parameters if p.default is p.empty] if differentiated is None else differentiated.split()
        )
        if not self.differentiated <= self._options:
            raise RuleError(f"composed {self.name}: differentiated={differentiated!r} names what is no parameter")
        #: By place, the name of an option, or None for what is differentiated.
        self._option_names = [
            None if p.name in self.differentiated else p.name for p in parameters if p.kind is not p.KEYWORD_ONLY
        ]
        self._first_option = next((i for i, name in enumerate(self._option_names) if name), math.inf)

    def __repr__(self) -> str:
        return f"<composed {self.name}>"

    def __reduce__(self) -> str:
        return self.forward.__name__  # where it is found in its module

    @property
    def signature(self) -> str:
        """The call as it is written, such as ``vstack(tup)``."""
        return f"{self.name}{inspect.signature(self.forward)}"

    def __call__(self, /, *arguments: Any, **options: Any) -> Any:
        if options and not options.keys() <= self._options:
            options = accepted_options(self, self._options, options)
        if not (all(map(is_ordinary, arguments)) and all(map(is_ordinary, options.values()))):
            kind = _kind_of_node((*arguments, *options.values()))
            if kind is not None:
                arguments, options = kind._admitted(self, arguments), kind._admitted_options(self, options)
        if len(arguments) > self._first_option:
            arguments = tuple(
                plain_option(self, name, x) if name else x for name, x in zip_longest(self._option_names, arguments)
            )[: len(arguments)]
        for each in options.values():
            if type(each) not in _PLAIN_TYPES:
                options = {k: x if k in self.differentiated else plain_option(self, k, x) for k, x in options.items()}
                break
        try:
            return self.forward(*arguments, **options)
        except TOLD as error:
            raise told(self, arguments, options, error) from error


#: What holds no tensor.
_PLAIN_TYPES = frozenset({int, float, bool, str, type(None), type, slice, type(Ellipsis), np.ndarray})


def plain_option(op: Op | Composed, name: str, value: Any) -> Any:
    """An option's value with plain data in place of tensors; TypeError where one of them requires a gradient.

    An option is not differentiated: the gradient of what it holds would be lost without a word.
    """
    kind = type(value)
    if kind in _PLAIN_TYPES:
        return value
    if kind is list or kind is tuple:
        parts = [plain_option(op, name, each) for each in value]
        return value if all(a is b for a, b in zip(parts, value)) else kind(parts)
    return value._as_option(op, name) if hasattr(kind, "_as_option") else value


def is_ordinary(x: Any) -> bool:
    """Whether an argument is a number, a node, an array of real numbers, or a list or tuple of such.

    Of all else a tensor decides whether it may stand beside it (``operands.py``).
    """
    kind = type(x)
    if kind in _USUAL:
        return True
    if kind is np.ndarray:
        return x.dtype.kind in REAL_KINDS
    if kind is tuple or kind is list:
        return _USUAL.issuperset(map(type, x)) or all(map(is_ordinary, x))
    return hasattr(kind, "_apply")


def _kind_of_node(values: Any) -> Any:
    """The class of the first node among some values, or in a list or tuple of them; None where there is none."""
    for each in values:
        if hasattr(type(each), "_apply"):
            return type(each)
        if type(each) in (list, tuple):
            kind = _kind_of_node(each)
            if kind is not None:
                return kind
    return None


def accepted_options(op: Op | Composed, known: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Let NumPy's spelled-out defaults pass (``out=None``) and refuse any other unknown option."""
    for each, value in options.items():
        if each in known or ((value is None or value is np._NoValue) and each in _spelled_out(op)):
            continue
        if each == "out":
            raise TypeError(f"{op.name}: out= is not possible in a graph; use the result instead")
        if each == "where" and getattr(op, "elementwise", False):
            if value is True:
                continue
            raise TypeError(f"{op.name}: where= leaves entries without a value; use mg.where(condition, y, other)")
        raise TypeError(f"{op.name}: unknown option {each}={value!r}; takes {op.signature}")
    return {k: v for k, v in options.items() if k in known}


@cache
def _spelled_out(op: Op | Composed) -> frozenset[str]:
    """The options of an operation's NumPy functions, whose defaults a call may spell out."""
    names: set[str] = set()
    for each in op.numpy_functions:
        if isinstance(each, np.ufunc):
            names |= {"out", "dtype", "axes", "axis"} if each.signature else {"out", "dtype"}
        else:
            names.update(p.name for p in inspect.signature(each).parameters.values() if p.default is not p.empty)
    return frozenset(names)


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
        #: The derivative in one form, whichever form of rule was written: ``vjp(g, y, inputs, options, wanted, saved)``
        #: gives one gradient for each input, None where none is wanted or there is none. None without a rule.
        self.vjp: Any = None
        #: The names of the inputs that have a derivative.
        self.differentiated: frozenset[str] = frozenset()
        self.internal = False
        #: Whether the forward derivative is the function itself, applied to the tangents.
        self.linear = False
        #: The forward derivative, where it is not found from the rules.
        self.tangent_rule: Callable[..., Any] | None = None
        #: What raises for values that cannot be computed with, such as labels out of range.
        self.validation: Callable[..., None] | None = None
        #: What says the shape and dtype of its value, where it is not found by computing with stand-ins.
        self.inference: Callable[..., Any] | None = None
        #: An option that is differentiated as well, and what computes the same with a tensor for it.
        self.tensor_option: str | None = None
        self.with_tensor: Callable[..., Any] = forward
        #: The rules on Python floats, made when the first is read.
        self.float_rules: Any = _Later(self)
        self._bound: dict[int, Bound] = {}
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
        #: Built in and elementwise: the property tests check its rule's shape and dtype, so backward need not.
        self.trusted = self.elementwise and (forward.__module__ or "").startswith(f"{_PACKAGE}.")
        #: A call with just its inputs needs no sorting.
        self.simple = not self.variadic and not self.option_defaults and not saves
        self._required_options = tuple(k for k, v in self.option_defaults.items() if v is inspect.Parameter.empty)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str:
        return self.forward.__name__  # where it is found in its module

    # ---- calling ------------------------------------------------------------------------------------

    def __call__(self, /, *arguments: Any, **options: Any) -> Any:
        if self.simple and not options and len(arguments) == len(self.input_names):
            inputs = arguments
        else:
            inputs, options = self.sorted_call(arguments, options)
            held = self.tensor_option
            if held is not None and hasattr(type(options[held]), "_apply"):
                try:
                    return self.with_tensor(*inputs, **options)
                except TOLD as error:
                    raise told(self, inputs, options, error) from error
        for each in inputs:
            apply = getattr(type(each), "_apply", None)
            if apply is not None:
                try:
                    return apply(self, inputs, options)
                except TOLD as error:
                    raise told(self, inputs, options, error) from error
        if self.elementwise and all(isinstance(each, (float, int)) for each in inputs):
            return self.on_floats(inputs, options)
        try:
            if self.validation is not None:
                self.validation(*inputs, **options)
            return self.compute(inputs, options)[0]
        except TOLD as error:
            raise told(self, inputs, options, error) from error

    def compute(self, values: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
        """``(value, saved)``; ``saved`` is None where the operation keeps nothing for its rule."""
        found = self.kernel(*values, **options)
        return found if self.saves else (found, None)

    def infer(self, inputs: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
        """``(value, saved)`` as `compute` gives it, an `Abstract` in place of every array: nothing is computed.

        Among inputs and options whatever has a shape and a dtype stands for any array that has them; all else (Python
        numbers, None, shapes, axes) is taken as it is. Raises what `compute` raises for such shapes.
        """
        return inferred(self, inputs, options)

    def sorted_call(
        self, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a NumPy-style call into ``(inputs, options)``, every option given or at its default."""
        if self.variadic:
            first = arguments[0] if arguments else None
            if isinstance(first, (np.ndarray, str)) or not hasattr(first, "__iter__") or getattr(first, "ndim", 1) == 0:
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
            by_place = dict(zip(self.option_defaults, rest, strict=False))
            for each in by_place.keys() & options.keys():
                raise TypeError(f"{self.name}: {each}= is given twice; takes {self.signature}")
            options = by_place | options
        if options or self.option_defaults:
            usual = True
            for each in options.values():
                if type(each) not in _USUAL and not (type(each) is tuple and _USUAL.issuperset(map(type, each))):
                    usual = False
            if not usual and not all(map(is_ordinary, options.values())):
                kind = _kind_of_node(inputs)
                if kind is not None:
                    options = kind._admitted_options(self, options)
            if options.keys() - self.option_defaults.keys():
                options = accepted_options(self, self.option_defaults, options)
            if not usual:
                held = self.tensor_option
                options = {k: x if k == held else plain_option(self, k, x) for k, x in options.items()}
            if "where" in options and np.asarray(options["where"]).dtype.kind != "b":
                raise TypeError(f"{self.name}: where= holds no bools; give a mask, as x > 0 gives")
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
            self.rules_by_input(function)
        else:
            self._use(None, self._checked(function, "rule"))
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
        self._use(tuple(f and self._checked(f, f"rule for {n}") for f, n in zip(functions, self.input_names)), None)

    def _use(self, rules: tuple[Callable[..., Any] | None, ...] | None, joint: Callable[..., Any] | None) -> None:
        """Compile the rule, in either form, and forget what was made of the one before."""
        self.rules, self.joint, self.vjp = rules, joint, compiled_vjp(self, rules, joint)
        given = rules or (joint,) * len(self.input_names)
        self.differentiated = frozenset(name for name, rule in zip(self.input_names, given) if rule)
        self._bound.clear()
        self.float_rules = _Later(self)

    def forward_rule(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the forward derivative: ``rule(tangents, y, *inputs, **options)`` returns the tangent of ``y``.

        ``tangents`` holds one for each input, None where it does not change. It is never needed: without it
        the derivative rule is transposed, which costs more (see ``forward.py``).
        """
        self.tangent_rule = function
        return function

    def validate(self, function: Callable[..., None]) -> Callable[..., None]:
        """Give what raises for values that cannot be computed with: ``function(*inputs, **options)``.

        Forward and rules never branch on values, so that they can be traced; this may. It sees plain arrays, before the
        value is computed, in each eager call, and at the door of a traced program.
        """
        self.validation = function
        return function

    def infers(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give what says the shape and dtype of the value: ``function(*inputs, **options)`` returns both.

        An array among the inputs and options is anything with a shape and a dtype. It is needed only where computing
        with stand-ins for the arrays, as `infer` does otherwise, fails or is slow.
        """
        self.inference = function
        return function

    def differentiates(self, option: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Give what computes the same where this option is a tensor: ``function(*inputs, **options)``, recorded."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.tensor_option, self.with_tensor = option, function
            return function

        return register

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

    # ---- the same in another namespace ------------------------------------------------------------------

    def bind(self, namespace: Any) -> Bound:
        """The forward and the rules with their ``np`` bound to another namespace; made once for each.

        >>> import math, minigrad as mg
        >>> mg.exp.bind(math).forward(0.0)
        1.0
        """
        found = self._bound.get(id(namespace))
        if found is None:
            rules = self.rules and tuple(f and rebound(f, namespace) for f in self.rules)
            joint = self.joint and rebound(self.joint, namespace)
            own = None if self.kernel is self.forward else getattr(namespace, self.kernel.__name__, None)
            found = Bound(namespace, own or rebound(self.forward, namespace), rules, compiled_vjp(self, rules, joint))
            self._bound[id(namespace)] = found
        return found

    def on_floats(self, values: Sequence[Any], options: dict[str, Any]) -> Any:
        """The value for Python floats; where Python's floats raise, NumPy's inf or nan (and its warning)."""
        try:
            return self.bind(FLOATS).forward(*values, **options)
        except (ArithmeticError, ValueError):
            value = self.kernel(*map(np.float64, values), **options)
            return float(value) if self.differentiable else bool(value)


Vjp = Callable[..., Sequence[Any]]


class Bound(NamedTuple):
    """An operation's functions in another namespace than NumPy's."""

    namespace: Any
    forward: Callable[..., Any]
    rules: tuple[Callable[..., Any] | None, ...] | None
    vjp: Vjp | None


def compiled_vjp(
    op: Op, rules: tuple[Callable[..., Any] | None, ...] | None, joint: Callable[..., Any] | None
) -> Vjp | None:
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


class _Later:
    """Stands where an operation's rules for floats will stand, and makes them when one is read.

    So it does not matter how a node was made, and backward's loop asks nothing.
    """

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __getitem__(self, position: int) -> Callable[..., Any]:
        return self._made()[position]

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._made())

    def _made(self) -> tuple[Callable[..., Any], ...]:
        rules = self.op.bind(FLOATS).rules
        if rules is None:
            raise RuleError(f"{self.op.name}: has no rule for each input on Python floats; use mg.Tensor")
        self.op.float_rules = tuple(rule or _no_gradient for rule in rules)
        return self.op.float_rules


def _no_gradient(g: float, y: float, *inputs: float) -> float:
    return 0.0


def operations() -> Mapping[str, Op | Composed]:
    """Every registered operation by name, in the order of registration."""
    return types.MappingProxyType(_operations)


def operation_of(numpy_function: Callable[..., Any]) -> Op | Composed | None:
    """The operation that stands for a NumPy function, or None."""
    return _by_numpy_function.get(numpy_function)


def forget(operation: str | Op | Composed) -> None:
    """Take an operation of your own out of the registry, by its name; graphs that were made with it keep it.

    Raises RuleError if there is none of that name, or it is built in.
    """
    name = operation if isinstance(operation, str) else operation.name
    found = _operations.get(name)
    if found is None or (found is not operation and not isinstance(operation, str)):
        raise RuleError(
            f"forget: no operation {name!r} is registered" + ("" if found is None else " with this definition")
        )
    if _is_built_in(found):
        raise RuleError(f"forget: {name} is built in; other operations are made of it")
    del _operations[name]
    for each in found.numpy_functions:
        _by_numpy_function.pop(each, None)

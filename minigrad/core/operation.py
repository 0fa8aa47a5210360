"""``Op``: one operation, callable on floats, arrays, scalars and tensors, with its derivative in one form.

How operations are registered is in ``registry.py``, how their derivatives are chained in ``backward.py``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import is_duck, symbol_in
from .calls import typed
from .errors import RuleError
from .failures import TOLD, told
from .floats import FLOATS
from .inference import inferred
from .options import admitted, all_plain, known_options
from .rebinding import rebound
from .rules import Bound, FloatRules, Function, Rules, compiled_vjp

_OPS = __name__.partition(".")[0] + ".ops."
_FLOATS = id(FLOATS)
_EMPTY = inspect.Parameter.empty


class Operation:
    """What every entry of the registry has: a function of NumPy's kind, its documentation, and valid calls of it."""

    variadic = elementwise = False
    #: The parameters that are differentiated; the others are options, whose tensors must not require a gradient.
    differentiated: frozenset[str] = frozenset()

    def __init__(
        self,
        function: Function,
        inputs: Any,
        numpy: Function | Sequence[Function],
        differentiable: bool,
        internal: bool,
    ) -> None:
        self.name = self.__name__ = self.__qualname__ = function.__name__.removesuffix("_")
        self.forward = self.__wrapped__ = function
        self.inputs = inputs
        self.numpy_functions = tuple(numpy) if isinstance(numpy, Sequence) else (numpy,)
        self.differentiable = differentiable
        #: A part of other operations, not offered to users.
        self.internal = internal
        self.__doc__ = inspect.getdoc(function)
        self.__module__ = function.__module__
        self._parameters = tuple(inspect.signature(function).parameters.values())

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} {self.name}>"

    def __reduce__(self) -> str:
        return self.forward.__name__  # where it is found in its module

    @property
    def signature(self) -> str:
        """The call as it is written, such as ``sum(a, /, axis=None, keepdims=False)``."""
        return f"{self.name}{inspect.signature(self.forward)}"

    @property
    def built_in(self) -> bool:
        """Whether it is one of minigrad's own."""
        return (self.__module__ or "").startswith(_OPS)

    @typed
    def __call__(self, /, *arguments: Any, **options: Any) -> Any:
        """The value for floats and arrays; a recorded node where a scalar or tensor is among them."""
        raise NotImplementedError


class Op(Operation):
    """One operation: callable on floats, arrays, tensors and scalars, with its derivative rule."""

    def __init__(
        self,
        function: Function,
        inputs: Any = None,
        numpy: Function | Sequence[Function] = (),
        differentiable: bool = True,
        internal: bool = False,
        *,
        label: str | None = None,
        elementwise: bool | None = None,
        broadcasts: bool = False,
        saves: bool = False,
        linear: bool = False,
    ) -> None:
        super().__init__(function, inputs, numpy, differentiable, internal)
        self.label = label or self.name
        self.broadcasts = broadcasts
        self.saves = saves
        #: Whether the forward derivative is the function itself, applied to the tangents.
        self.linear = linear
        domains = inputs is not None and not callable(inputs)
        self.elementwise = domains if elementwise is None else elementwise
        first = self.numpy_functions[0] if self.numpy_functions else None
        #: What computes the value of plain arrays: the ufunc itself where there is one.
        self.kernel: Function = first if isinstance(first, np.ufunc) else function
        #: The forward derivative, where it is not found from the rules.
        self.tangent_rule: Function | None = None
        #: What raises for values that cannot be computed with, such as labels out of range.
        self.validation: Function | None = None
        #: What says the shape and dtype of its value, where it is not found by computing with stand-ins.
        self.inference: Function | None = None
        #: An option that is differentiated as well, and what computes the same with a tensor for it.
        self.tensor_option: str | None = None
        self.with_tensor: Function = function
        parameters = self._parameters
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        inputs_of_it = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
        self.input_names = tuple(p.name for p in inputs_of_it)
        if not self.input_names:
            raise RuleError(
                f"op {self.name}: no inputs to differentiate; put them before a '/', as in "
                f"def {self.name}(x, /, option=0)"
            )
        self._input_defaults = {p.name: p.default for p in inputs_of_it if p.default is not _EMPTY}
        self.option_defaults = {
            p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        self._required_options = tuple(k for k, v in self.option_defaults.items() if v is _EMPTY)
        #: Built in and elementwise: the property tests check its rule's shape and dtype, so backward need not.
        self.trusted = self.elementwise and self.built_in
        #: A call with just its inputs needs no sorting.
        self.simple = not self.variadic and not self.option_defaults and not saves
        self._bound: dict[int, Bound] = {}
        self.set_rules(None, None)

    # ---- calling ------------------------------------------------------------------------------------

    @typed
    def __call__(self, /, *arguments: Any, **options: Any) -> Any:
        """The value for floats and arrays; a recorded node where a scalar or tensor is among the inputs."""
        if self.simple and not options and len(arguments) == len(self.input_names):
            inputs, unusual = arguments, False
        else:
            inputs, options, unusual = self._sorted(arguments, options)
        try:
            held = self.tensor_option
            if held is not None and hasattr(type(options[held]), "_apply"):
                return self.with_tensor(*inputs, **options)
            for each in inputs:
                apply = getattr(type(each), "_apply", None)
                if apply is not None:
                    return apply(self, inputs, options)
            if self.elementwise and all(isinstance(each, (float, int)) for each in inputs):
                return self.on_floats(inputs, options)
            symbol = symbol_in(options) if unusual else None
            if symbol is not None:  # an index, say
                return symbol._apply(self, inputs, options)
            if self.validation is not None and not any(map(is_duck, inputs)):
                self.validation(*inputs, **options)
            return self.compute(inputs, options)[0] if self.saves else self.kernel(*inputs, **options)
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

    def sorted_call(self, arguments: Sequence[Any], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort a NumPy-style call into ``(inputs, options)``, every option given or at its default."""
        return self._sorted(arguments, options)[:2]

    def _sorted(self, arguments: Sequence[Any], options: dict[str, Any]) -> tuple[Any, dict[str, Any], bool]:
        """The same, and whether any option is unusual: no number, text, shape, or the like."""
        unusual = False
        if self.variadic:
            first = arguments[0] if arguments else None
            if isinstance(first, (np.ndarray, str)) or not hasattr(first, "__iter__") or getattr(first, "ndim", 1) == 0:
                raise TypeError(f"{self.name}: the first argument must be a list or tuple of arrays")
            inputs, rest = tuple(arguments[0]), arguments[1:]
            if not inputs:
                raise ValueError(f"{self.name}: needs at least one array, got an empty list")
        else:
            count = len(self.input_names)
            inputs, rest = tuple(arguments[:count]), arguments[count:]
            for name in self.input_names[len(inputs) :] if len(inputs) < count else ():  # by name or not at all
                if name not in options and name not in self._input_defaults:
                    raise TypeError(f"{self.name}: the input {name!r} is missing; takes {self.signature}")
                inputs = (*inputs, options.pop(name) if name in options else self._input_defaults[name])
        if rest:
            if len(rest) > len(self.option_defaults):
                raise TypeError(f"{self.name}: takes {self.signature}, got {len(arguments)} positional arguments")
            by_place = dict(zip(self.option_defaults, rest, strict=False))
            for each in by_place.keys() & options.keys():
                raise TypeError(f"{self.name}: {each}= is given twice; takes {self.signature}")
            options = by_place | options
        if options:
            unusual = not all_plain(options.values())
            if unusual:
                options = dict(zip(options, admitted(self, [*options], [*options.values()], inputs)))
            if options.keys() - self.option_defaults.keys():
                options = known_options(self, self.option_defaults, options)
            if "where" in options and _dtype(options["where"]).kind != "b":
                raise TypeError(f"{self.name}: where= holds no bools; give a mask, as x > 0 gives")
        if self.option_defaults:
            options = self.option_defaults | options
            for each in self._required_options:
                if options[each] is _EMPTY:
                    raise TypeError(f"{self.name}: the option {each!r} is missing; takes {self.signature}")
        return inputs, options, unusual

    # ---- the derivative -----------------------------------------------------------------------------

    def rule(self, function: Function) -> Function:
        """Give the derivative: ``rule(g, y, *inputs, **options)`` returns one gradient for each input.

        ``g`` is the gradient of the cost with respect to the value ``y``. With several inputs the rule
        returns a tuple; it may take the keyword ``wanted``, a tuple of booleans, and give None where no
        gradient is wanted.
        """
        if len(self.input_names) == 1 and not self.variadic:
            self.rules_by_input(function)
        else:
            self.set_rules(None, self._checked(function, "rule"))
        return function

    def rules_by_input(self, *functions: Function | None) -> None:
        """Give the derivative as one function for each input, None where there is none.

        Only those that somebody asked for are called.
        """
        if len(functions) != len(self.input_names) or self.variadic:
            raise RuleError(
                f"op {self.name}: {len(functions)} rules for the inputs {', '.join(self.input_names)}; "
                "give one rule (or None) for each"
            )
        self.set_rules(
            tuple(f and self._checked(f, f"rule for {n}") for f, n in zip(functions, self.input_names)), None
        )

    def set_rules(self, rules: Rules, joint: Function | None) -> None:
        """Take a derivative in one of its two forms, and forget what was made of the one before."""
        #: One rule for each input (None: no gradient there), or None while a joint rule is used.
        self.rules = rules
        #: One rule that gives every input's gradient at once.
        self.joint = joint
        #: The derivative in one form, whichever form of rule was written: ``vjp(g, y, inputs, options, wanted, saved)``
        #: gives one gradient for each input, None where none is wanted or there is none. None without a rule.
        self.vjp: Any = compiled_vjp(self, rules, joint)
        given = rules or (joint,) * len(self.input_names)
        self.differentiated = frozenset([name for name, rule in zip(self.input_names, given) if rule])
        if self.tensor_option is not None:
            self.differentiated |= {self.tensor_option}
        #: The rules on Python floats, made when the first is read.
        self.float_rules: Any = FloatRules(self)
        self._bound.clear()

    def forward_rule(self, function: Function) -> Function:
        """Give the forward derivative: ``rule(tangents, y, *inputs, **options)`` returns the tangent of ``y``.

        ``tangents`` holds one for each input, None where it does not change. It is never needed: without it
        the derivative rule is transposed, which costs more (see ``forward.py``).
        """
        self.tangent_rule = function
        return function

    def validate(self, function: Function) -> Function:
        """Give what raises for values that cannot be computed with: ``function(*inputs, **options)``.

        Forward and rules never branch on values, so that they can be traced; this may. It sees plain arrays, before the
        value is computed, in each eager call, and at the door of a traced program.
        """
        self.validation = function
        return function

    def infers(self, function: Function) -> Function:
        """Give what says the shape and dtype of the value: ``function(*inputs, **options)`` returns both.

        An array among the inputs and options is anything with a shape and a dtype. It is needed only where computing
        with stand-ins for the arrays, as `infer` does otherwise, fails or is slow.
        """
        self.inference = function
        return function

    def differentiates(self, option: str) -> Callable[[Function], Function]:
        """Give what computes the same where this option is a tensor: ``function(*inputs, **options)``, recorded."""

        def register(function: Function) -> Function:
            self.tensor_option, self.with_tensor = option, function
            self.differentiated |= {option}
            return function

        return register

    def _checked(self, function: Function, what: str) -> Function:
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
            changes = {np: namespace}
            rules = self.rules and tuple(rebound(f, changes) for f in self.rules)
            joint = rebound(self.joint, changes)
            own = None if self.kernel is self.forward else getattr(namespace, self.kernel.__name__, None)
            found = Bound(namespace, own or rebound(self.forward, changes), rules, compiled_vjp(self, rules, joint))
            self._bound[id(namespace)] = found
        return found

    def on_floats(self, values: Sequence[Any], options: dict[str, Any]) -> Any:
        """The value for Python floats; where Python's floats raise, NumPy's inf or nan (and its warning)."""
        if self.validation is not None:
            self.validation(*values, **options)
        try:
            return (self._bound.get(_FLOATS) or self.bind(FLOATS)).forward(*values, **options)
        except (ArithmeticError, ValueError):
            value = self.kernel(*map(np.float64, values), **options)
            return float(value) if self.differentiable else bool(value)


def _dtype(x: Any) -> np.dtype[Any]:
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype

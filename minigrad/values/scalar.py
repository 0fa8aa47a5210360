"""`Scalar`: a Python float in a graph, for reading and teaching; every node keeps its gradient."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .. import ops
from ..core.anomaly import check_gradient, finish
from ..core.collector import track, untrack
from ..core.contexts import DEFAULT, collectable, current_context
from ..core.floats import FLOATS
from ..core.graph import walk
from ..core.node import Node, tick
from ..core.registry import Op, operation_of
from ..core.stale import raise_stale
from .dispatch import PLAIN_UFUNCS
from .operands import admitted, refuse_to_leave

_new = object.__new__


class _Mark:
    """Stands where a second input would stand."""


_NOTHING, _MORE = _Mark(), _Mark()


# ---- operators: the hot path, written out ---------------------------------------------------------------


def _binary(
    op: Op, kernel: Callable[[float, float], float]
) -> tuple[Callable[[Any, Any], Scalar], Callable[[Any, Any], Scalar]]:
    """``self ∘ other`` and ``other ∘ self`` for one operation."""
    new, context_of, next_index, default = _new, current_context, tick, DEFAULT

    def forward(self: Scalar, other: Any) -> Scalar:
        if type(other) is Scalar:
            value = other._data
        elif type(other) is float:
            value = other
        elif getattr(type(other), "_apply", None) or isinstance(other, np.ndarray):
            return NotImplemented
        else:
            other = value = _as_float(other, op.name)
        try:
            data = kernel(self._data, value)
        except (ArithmeticError, ValueError):
            data = float(_ieee(op.kernel, [self._data, value], None))
        context = context_of()
        if context is not default:
            return _record(op, (self, other), None, data)
        node = new(Scalar)
        node._data = data
        node._extra = None
        node.op = op
        node._first = self
        node._second = other
        node.index = next_index()
        node._grad = 0.0
        untrack(node)
        return node

    def reflected(self: Scalar, other: Any) -> Scalar:
        if getattr(type(other), "_apply", None) or isinstance(other, np.ndarray):
            return NotImplemented
        value = other if type(other) is float else _as_float(other, op.name)
        try:
            data = kernel(value, self._data)
        except (ArithmeticError, ValueError):
            data = float(_ieee(op.kernel, [value, self._data], None))
        return _record(op, (value, self), None, data)

    return forward, reflected


def _method(op: Op) -> Callable[..., Scalar]:
    """An elementwise operation as a method: ``s.tanh()`` is ``mg.tanh(s)``."""

    def call(self: Scalar, *others: Any, **options: Any) -> Any:
        return op(self, *others, **options)

    call.__name__, call.__doc__ = op.name, op.__doc__
    return call


class Scalar(Node):
    """A float that remembers how it was computed.

    Parameters
    ----------
    data
        A real number (float, int, or a NumPy number or array with one entry).
    name
        What pictures and messages call it.

    Attributes
    ----------
    data : float
        The value. Assigning to a leaf's ``data`` makes older graphs stale.
    grad : float
        ∂(root)/∂(this), summed over every ``backward()`` so far; 0.0 before the first. Set it to 0.0 to
        start again.

    Where Python's floats raise (division by zero, overflow), a Scalar gives the IEEE answer that arrays
    give, with NumPy's warning.

    Examples
    --------
    >>> import minigrad as mg
    >>> a, b, c = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b"), mg.Scalar(2.0, name="c")
    >>> J = 3 * (a + b * c)
    >>> J.backward()
    >>> J.data, a.grad, b.grad, c.grad
    (33.0, 3.0, 6.0, 9.0)
    """

    #: The inputs: one (then `_second` is `_NOTHING`), two, or a tuple of more (then it is `_MORE`). A tuple
    #: for each node would double what the garbage collector has to look at.
    __slots__ = ("_first", "_second")
    _first: Any
    _second: Any
    _grad: Any = Node.__dict__["grad"]  # the slot itself
    requires_grad = True

    def __init_subclass__(cls) -> None:  # the engine asks for the type itself: others would count as constants
        raise TypeError(f"{cls.__name__}: Scalar cannot be subclassed; keep a Scalar as an attribute of your class")

    def __init__(self, data: Any, *, name: str | None = None) -> None:
        self._data = _as_float(data, "Scalar")
        self._extra = self.op = None
        self.index = tick()
        self._grad = 0.0
        if name is not None:
            self.name = name

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operation's inputs, in order; empty for a leaf."""
        if self.op is None:
            return ()
        if self._second is _NOTHING:
            return (self._first,)
        return self._first if self._second is _MORE else (self._first, self._second)

    @property
    def data(self) -> float:
        """The value."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if self.op is not None:
            raise AttributeError(
                f"data: only a leaf's data can be replaced; this is the result of {self.op.name}. "
                "Make a new expression instead"
            )
        self._data = _as_float(value, "Scalar.data")
        self.mark_changed()

    @property
    def grad(self) -> Any:
        """∂(root)/∂(this), summed over every ``backward()`` so far."""
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if type(value) is Scalar:
            _refer_back(walk(value))
        elif value is None:  # as PyTorch's users start again
            value = 0.0
        else:
            value = _as_float(value, "Scalar.grad")
        self._grad = value

    def backward(self, grad: float = 1.0, *, create_graph: bool = False) -> None:
        """Add ∂(this)/∂(node) · ``grad`` to the ``grad`` of every node that this one depends on.

        With ``create_graph=True`` the gradients are Scalars themselves and can be differentiated again.

        Raises
        ------
        StaleGraphError
            If a leaf's data was changed after this graph was built.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Scalar(2.0)
        >>> (x**3).backward(create_graph=True)
        >>> first = x.grad
        >>> x.grad = 0.0
        >>> first.backward()
        >>> first.data, x.grad
        (12.0, 12.0)
        """
        order, gradients = _walk(self)
        if not create_graph:
            gradients[self] = _as_float(grad, "backward: grad")
            _accumulate_floats(order, gradients)
            if _expect_cycles:
                with collectable():
                    _add(gradients)
            else:
                _add(gradients)
            return
        gradients[self] = grad if isinstance(grad, Scalar) else Scalar(grad)
        _refer_back(order)
        _refer_back(walk(gradients[self]))
        with collectable():
            _accumulate_scalars(order, gradients)
            _add(gradients)

    def _gradients_by(self, nodes: Sequence[Node]) -> Mapping[Node, Any]:
        order, gradients = _walk(self)
        gradients[self] = 1.0
        _accumulate_floats(order, gradients)
        return gradients

    def item(self) -> float:
        """The value as a Python float."""
        return self._data

    def detach(self) -> Scalar:
        """A new leaf with the same value, cut off from the graph."""
        return Scalar(self._data)

    def __float__(self) -> float:
        refuse_to_leave(self, "float", "number", _IN_PLACE_OF_A_NUMBER)
        return self._data

    def __bool__(self) -> bool:
        return bool(self._data)

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        parts = [f"{self._data!r}"]
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        return f"Scalar({', '.join(parts)})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        op = operation_of(ufunc)
        if ufunc in PLAIN_UFUNCS and method == "__call__":
            return ufunc(*(x._data if isinstance(x, Node) else x for x in inputs), **options)
        if op is None or method != "__call__" or any(np.ndim(x) for x in inputs if not isinstance(x, Node)):
            raise TypeError(f"{ufunc.__name__}: a Scalar computes with numbers only; use mg.Tensor for arrays")
        return op(*inputs, **options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        op = operation_of(function)
        if op is None:
            raise TypeError(f"{function.__name__}: a Scalar is a float in a graph; use mg.Tensor for arrays")
        return op(*arguments, **options)

    @staticmethod
    def _apply(op: Op, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of an operation with at least one Scalar among its inputs."""
        if not op.elementwise:
            raise TypeError(f"{op.name}: works on arrays, not on Scalars; use mg.Tensor")
        inputs = tuple(x if type(x) is Scalar else x if x is None else _as_float(x, op.name) for x in inputs)
        values = [x._data if type(x) is Scalar else x for x in inputs]
        value = op.on_floats(values, options)
        if not op.differentiable:
            return value
        return _record(op, inputs, options, float(value))

    _admitted = staticmethod(admitted)

    # The comparisons answer with bools.
    def __eq__(self, other: object) -> bool:
        return self._data == (other._data if type(other) is Scalar else other)

    def __lt__(self, other: Any) -> bool:
        return self._data < (other._data if type(other) is Scalar else other)

    def __le__(self, other: Any) -> bool:
        return self._data <= (other._data if type(other) is Scalar else other)

    def __gt__(self, other: Any) -> bool:
        return self._data > (other._data if type(other) is Scalar else other)

    def __ge__(self, other: Any) -> bool:
        return self._data >= (other._data if type(other) is Scalar else other)

    __hash__ = object.__hash__

    __add__, __radd__ = _binary(ops.add, operator.add)
    __sub__, __rsub__ = _binary(ops.subtract, operator.sub)
    __mul__, __rmul__ = _binary(ops.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(ops.divide, operator.truediv)
    __pow__, __rpow__ = _binary(ops.power, FLOATS.power)

    __floordiv__, __rfloordiv__ = _binary(ops.floor_divide, operator.floordiv)
    __mod__, __rmod__ = _binary(ops.remainder, operator.mod)

    def __divmod__(self, other: Any) -> tuple[Scalar, Scalar]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Scalar, Scalar]:
        return other // self, other % self

    def __neg__(self) -> Scalar:
        return _record(ops.negative, (self,), None, -self._data)

    def __abs__(self) -> Scalar:
        return ops.absolute(self)

    def __pos__(self) -> Scalar:
        return self

    absolute = _method(ops.absolute)
    arccos = _method(ops.arccos)
    arcsin = _method(ops.arcsin)
    arctan = _method(ops.arctan)
    clip = _method(ops.clip)
    cos = _method(ops.cos)
    cosh = _method(ops.cosh)
    exp = _method(ops.exp)
    expm1 = _method(ops.expm1)
    leaky_relu = _method(ops.leaky_relu)
    log = _method(ops.log)
    log10 = _method(ops.log10)
    log1p = _method(ops.log1p)
    log2 = _method(ops.log2)
    maximum = _method(ops.maximum)
    minimum = _method(ops.minimum)
    reciprocal = _method(ops.reciprocal)
    relu = _method(ops.relu)
    round = _method(ops.round)
    sigmoid = _method(ops.sigmoid)
    sign = _method(ops.sign)
    sin = _method(ops.sin)
    sinh = _method(ops.sinh)
    sqrt = _method(ops.sqrt)
    square = _method(ops.square)
    tan = _method(ops.tan)
    tanh = _method(ops.tanh)


_IN_PLACE_OF_A_NUMBER = "Write mg.sin(s) in place of math.sin(s), and s.data or s.item() if a plain number is meant"


def _record(op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None, value: float) -> Scalar:
    node = _new(Scalar)
    node._data = value
    node._extra = None
    if options:
        node.options = options
    node.index = tick()
    node._grad = 0.0
    context = current_context()
    if context.recording:
        node.op = op
        if len(inputs) == 2:
            node._first, node._second = inputs
        elif len(inputs) == 1:
            node._first, node._second = inputs[0], _NOTHING
        else:
            node._first, node._second = inputs, _MORE
        if context is DEFAULT:
            untrack(node)
        else:
            finish(node, context)
    else:
        node.op = None
    return node


def _as_float(value: Any, what: str) -> float:
    if isinstance(value, (float, int)):
        return float(value)
    if isinstance(value, Node):
        kind = "name=" + repr(value.name) if value.name else f"value {value._data}"
        raise TypeError(
            f"{what}: requires a number, got a {type(value).__name__} ({kind}); a Scalar and a Tensor don't mix"
        )
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1 and value.dtype.kind in "fiub":
        return float(value.reshape(()))
    if isinstance(value, numbers.Real) and not isinstance(value, np.generic):
        return float(value)  # a Fraction, as Python's own floats take it
    raise TypeError(f"{what}: requires a real number, got {type(value).__name__} {value!r:.80}")


def _ieee(function: Callable[..., Any], values: list[Any], options: dict[str, Any] | None) -> Any:
    """NumPy's answer where Python's floats raise: inf or nan, and NumPy's warning."""
    return function(*(np.float64(x) if isinstance(x, float) else x for x in values), **(options or {}))


# ---- gradients that are nodes ---------------------------------------------------------------------------

#: Whether any gradient has been a node so far, so that going backward must expect to meet one.
_expect_cycles = False


def _refer_back(nodes: list[Any]) -> None:
    """These nodes' graph will hold gradients that refer to it: the cycles that a garbage collector is for."""
    global _expect_cycles
    _expect_cycles = True
    track(nodes)


def _add(gradients: dict[Node, Any]) -> None:
    for node, gradient in gradients.items():
        node._grad += gradient  # type: ignore[attr-defined]


# ---- backward -------------------------------------------------------------------------------------------


def _walk(root: Scalar) -> tuple[list[Scalar], dict[Node, Any]]:
    """`walk_backward` for Scalars, all of which require a gradient: the order, and a zero for every node."""
    order: list[Scalar] = []
    leaves: list[Scalar] = []
    gradients: dict[Node, Any] = {root: 0.0}
    stack = [root]
    pop, push, append = stack.pop, stack.append, order.append
    while stack:
        node = pop()
        if node.op is None:
            leaves.append(node)
            continue
        append(node)
        a, b = node._first, node._second
        if type(a) is Scalar and a not in gradients:
            gradients[a] = 0.0
            push(a)
        if type(b) is Scalar and b not in gradients:
            gradients[b] = 0.0
            push(b)
        elif b is _MORE:
            for each in a:
                if type(each) is Scalar and each not in gradients:
                    gradients[each] = 0.0
                    push(each)
    order.sort(key=attrgetter("index"), reverse=True)
    if leaves and order and max(leaf.index for leaf in leaves) > order[-1].index:
        _refuse_stale(order)
    return order, gradients


def _refuse_stale(order: list[Scalar]) -> None:
    """Raise if a leaf was changed after an operation used it; it may also just be younger than other operations."""
    for node in order:
        for each in node.inputs:
            if type(each) is Scalar and each.index > node.index:
                raise_stale(each, node)


def _accumulate_floats(order: list[Scalar], gradients: dict[Node, Any]) -> None:
    """Chain the rules on floats, users first, adding into ``gradients``."""
    anomaly = current_context().anomaly
    for node in order:
        op, a, b = node.op, node._first, node._second
        g = gradients[node]
        try:
            if not op.simple or b is _MORE:
                _accumulate_one(node, g, gradients)
            elif b is _NOTHING:
                gradients[a] += op.float_rules[0](g, node._data, a._data)
            elif type(b) is not Scalar:
                gradients[a] += op.float_rules[0](g, node._data, a._data, b)
            elif type(a) is not Scalar:
                gradients[b] += op.float_rules[1](g, node._data, a, b._data)
            else:
                rule_a, rule_b = op.float_rules
                y, x, z = node._data, a._data, b._data
                by_a = rule_a(g, y, x, z)
                gradients[b] += rule_b(g, y, x, z)
                gradients[a] += by_a
        except (ArithmeticError, ValueError):
            _accumulate_one(node, g, gradients)
        if anomaly:
            for each in node.inputs:
                if type(each) is Scalar:
                    check_gradient(gradients[each], node)


def _accumulate_one(node: Scalar, g: float, gradients: dict[Node, Any]) -> None:
    """The general step: any number of inputs, options, and derivatives where Python's floats raise."""
    op, options = node.op, dict(node.options or {})
    values = [x._data if type(x) is Scalar else x for x in node.inputs]
    for each, rule, precise in zip(node.inputs, op.float_rules, op.rules, strict=True):
        if type(each) is Scalar and rule:
            try:
                contribution = rule(g, node._data, *values, **options)
            except (ArithmeticError, ValueError):
                contribution = float(_ieee(precise, [g, node._data, *values], options))
            gradients[each] += contribution


def _accumulate_scalars(order: list[Scalar], gradients: dict[Node, Any]) -> None:
    """The same on Scalars, so that what is computed can be differentiated again."""
    for node in order:
        g = gradients[node]
        for each, rule in zip(node.inputs, node.op.rules, strict=True):
            if type(each) is Scalar and rule:
                contribution = rule(g, node, *node.inputs, **(node.options or {}))
                gradients[each] = gradients[each] + contribution

"""`Scalar`: a Python float in a graph, for reading and teaching; every node keeps its gradient."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..core.backward import backward
from ..core.collector import track
from ..core.contexts import collectable
from ..core.floats import FLOATS
from ..core.graph import walk
from ..core.node import Node, tick
from ..core.registry import Op, operation_of
from .dispatch import PLAIN_UFUNCS, without_rule
from .fast import MORE, NOTHING, scalar_backward, scalar_binary, scalar_node, scalar_unary
from .methods import ScalarMethods
from .operands import admitted, as_float, refuse_to_leave

_COMPARISONS = (operator.eq, operator.lt, operator.le, operator.gt, operator.ge)


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """A comparison of Scalars, which answers with a bool."""
    return lambda self, other: function(self._data, other._data if type(other) is Scalar else other)


class Scalar(ScalarMethods, Node):
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

    #: The inputs: one (then `_second` is `NOTHING`), two, or a tuple of more (then it is `MORE`). A tuple
    #: for each node would double what the garbage collector has to look at.
    __slots__ = ("_first", "_second")
    hot_backward = scalar_backward
    _first: Any
    _second: Any
    _grad: Any = Node.__dict__["grad"]  # the slot itself
    requires_grad = True

    def __init_subclass__(cls) -> None:  # the engine asks for the type itself: others would count as constants
        raise TypeError(f"{cls.__name__}: Scalar cannot be subclassed; keep a Scalar as an attribute of your class")

    def __init__(self, data: Any, *, name: str | None = None) -> None:
        self._data = as_float(data, "Scalar")
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
        if self._second is NOTHING:
            return (self._first,)
        return self._first if self._second is MORE else (self._first, self._second)

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
        self._data = as_float(value, "Scalar.data")
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
            value = as_float(value, "Scalar.grad")
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
        if not create_graph:
            found = backward(self, as_float(grad, "backward: grad"), every=True)
            if _expect_cycles:
                with collectable():
                    _add(found)
            else:
                _add(found)
            return
        cotangent = grad if isinstance(grad, Scalar) else Scalar(grad)
        _refer_back(walk(self, cotangent))
        with collectable():
            _add(backward(self, cotangent, every=True, create_graph=True))

    def _gradients_by(self, nodes: Sequence[Node]) -> Mapping[Node, Any]:
        return backward(self, 1.0, nodes)

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
        inputs = tuple(x if type(x) is Scalar or x is None else as_float(x, op.name) for x in inputs)
        value = op.on_floats([x._data if type(x) is Scalar else x for x in inputs], options)
        if not op.differentiable:
            return value
        if op.vjp is None:
            raise without_rule(op)
        first, second = inputs if len(inputs) == 2 else (inputs[0], NOTHING) if len(inputs) == 1 else (inputs, MORE)
        node = scalar_node(Scalar, op, first, second, float(value))
        if options:
            node.options = options
        return node

    _admitted = staticmethod(admitted)

    __eq__, __lt__, __le__, __gt__, __ge__ = map(_comparison, _COMPARISONS)

    __hash__ = object.__hash__

    __add__, __radd__ = scalar_binary(ops.add, operator.add)
    __sub__, __rsub__ = scalar_binary(ops.subtract, operator.sub)
    __mul__, __rmul__ = scalar_binary(ops.multiply, operator.mul)
    __truediv__, __rtruediv__ = scalar_binary(ops.divide, operator.truediv)
    __pow__, __rpow__ = scalar_binary(ops.power, FLOATS.power)

    __floordiv__, __rfloordiv__ = scalar_binary(ops.floor_divide, operator.floordiv)
    __mod__, __rmod__ = scalar_binary(ops.remainder, operator.mod)

    __neg__, __abs__ = scalar_unary(ops.negative), scalar_unary(ops.absolute)

    def __pos__(self) -> Scalar:
        return self


_IN_PLACE_OF_A_NUMBER = "Write mg.sin(s) in place of math.sin(s), and s.data or s.item() if a plain number is meant"


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

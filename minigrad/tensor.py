"""`Tensor`: a NumPy array in a graph, with NumPy's names, shapes, dtypes and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from . import ops
from .backward import accumulate
from .errors import MutationError, NotDifferentiableError, ShapeError
from .graph import DEFAULT, Node, check_value, current_context, describe, finish, tick
from .registry import Op, operation_of

_new = object.__new__
_ndarray = np.ndarray

#: NumPy functions that answer with plain data about an array, and so leave the graph knowingly.
PLAIN_FUNCTIONS = frozenset(
    {
        np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.all, np.any, np.nonzero, np.argwhere,
        np.flatnonzero, np.count_nonzero, np.array_equal, np.allclose, np.isclose, np.iscomplexobj, np.isrealobj,
        np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.result_type, np.array_repr, np.array_str,
        np.array2string, np.searchsorted, np.unique, np.save, np.savetxt, np.may_share_memory, np.shares_memory,
    }
)  # fmt: skip
PLAIN_UFUNCS = frozenset(
    {np.isnan, np.isfinite, np.isinf, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
#: The reductions that ``ufunc.reduce`` stands for.
_REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}


class Tensor(Node):
    """An array that remembers how it was computed, so that gradients can flow back to it.

    Parameters
    ----------
    data
        Anything `numpy.array` takes; copied. Python floats become float64, as in NumPy.
    requires_grad
        Whether `backward` is to fill ``grad``. Needs a floating dtype.
    dtype
        As in `numpy.array`.
    name
        What pictures and messages call it.

    Attributes
    ----------
    data : ndarray
        The values. Assigning to a leaf's ``data`` makes older graphs stale.
    grad : ndarray or None
        ∂(root)/∂(this), of this tensor's shape and dtype, summed over every ``backward()`` so far.
    shape, dtype, ndim, size, T
        As in NumPy.
    requires_grad, is_leaf, name, scope
        See `Node`.

    Raises
    ------
    TypeError
        If ``requires_grad=True`` for integers, or the data are not numbers.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> loss = np.mean((w * 3) ** 2)
    >>> loss.backward()
    >>> w.grad
    array([ 9., 18.])
    """

    __slots__ = ()

    def __init__(
        self, data: Any, *, requires_grad: bool = False, dtype: Any = None, name: str | None = None
    ) -> None:
        if isinstance(data, Node):
            raise TypeError(f"Tensor: got {describe(data)}, already a node; use .detach() for a leaf with its values")
        array = np.array(data, dtype=dtype)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: wants real numbers, got dtype {array.dtype}" + _name_of(name))
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(
                f"Tensor: requires_grad=True needs a floating dtype, got {array.dtype}{_name_of(name)}; "
                "pass dtype=np.float64 or write the numbers with a decimal point"
            )
        self._data = array
        self.op = None
        self.inputs = ()
        self.requires_grad = requires_grad
        self.index = tick()
        if name is not None:
            self.name = name

    # ---- what it is ---------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The values. Write through an assignment (``w.data -= step``), which older graphs notice."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if self.op is not None:
            raise AttributeError(
                f"data: only a leaf's data can be replaced; this is the {describe(self)}. Use .detach() for a new leaf"
            )
        value = np.asarray(value)
        if value.shape != self._data.shape:
            raise ShapeError(f"data: {describe(self)} cannot take data of shape {value.shape}")
        if value.dtype != self._data.dtype:
            raise TypeError(
                f"data: {describe(self)} cannot take {value.dtype} data; cast it with .astype(np.{self._data.dtype})"
            )
        self._data = value
        self.mark_changed()

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the values and of the gradient."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._data.size

    @property
    def T(self) -> Tensor:  # noqa: N802 (NumPy's name)
        """The axes in reversed order."""
        return ops.transpose(self)

    def item(self) -> float:
        """The only entry as a Python number."""
        return self._data.item()

    def numpy(self) -> np.ndarray:
        """A copy of the values, outside any graph."""
        return self._data.copy()

    def detach(self) -> Tensor:
        """A new leaf that wants no gradient, with a copy of the values."""
        return Tensor(self._data, name=self.name)

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._data.tolist()

    # ---- backward -----------------------------------------------------------------------------------

    def backward(self, grad: Any = None, *, create_graph: bool = False, retain_grads: bool = False) -> None:
        """Add the gradient of this tensor by each leaf that wants one to the leaf's ``grad``.

        Parameters
        ----------
        grad
            The gradient of the final cost by this tensor, of its shape; 1 by default, for a tensor with
            one entry.
        create_graph
            Gradients become Tensors with a graph of their own, to be differentiated again.
        retain_grads
            Keep the gradient on every node, not on leaves alone (what a drawing wants).

        Raises
        ------
        ShapeError
            If ``grad`` is missing for a tensor with several entries, or has another shape.
        StaleGraphError
            If a leaf was changed after this graph used it.
        RuntimeError
            If nothing here wants a gradient.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).backward([1.0, 10.0]); x.grad
        array([ 2., 40.])
        """
        if not self.requires_grad:
            raise RuntimeError(
                f"backward: {describe(self)} does not depend on any tensor with requires_grad=True "
                "(or was made under mg.no_grad())"
            )
        if grad is None:
            if self._data.size != 1:
                raise ShapeError(
                    f"backward: {describe(self)} has {self._data.size} entries; reduce it to one (np.sum, np.mean) or "
                    "pass grad, an array of its shape"
                )
            grad = np.ones_like(self._data)
        elif not (create_graph and isinstance(grad, Tensor)):
            grad = np.asarray(getattr(grad, "_data", grad), dtype=self._data.dtype)
        if grad.shape != self._data.shape:
            raise ShapeError(f"backward: grad is {grad.shape}, but {describe(self)} needs a gradient of its shape")
        if create_graph and not isinstance(grad, Tensor):
            grad = Tensor(grad)
        accumulate(self, grad, create_graph, retain_grads)

    # ---- NumPy's protocols --------------------------------------------------------------------------

    @staticmethod
    def _apply(op: Op, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of an operation with at least one Tensor among its inputs."""
        values = [x._data if type(x) is Tensor else _constant(x, op) for x in inputs]
        try:
            data = op.kernel(*values, **options) if options else op.kernel(*values)
        except ValueError as error:
            raise _with_shapes(op, inputs, error) from None
        if not op.differentiable:
            return data
        return _record(op, inputs, options, data)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__":
            op = operation_of(ufunc)
            if op is not None:
                if options:
                    return op(*inputs, **options)
                return _apply_unary(op, inputs[0]) if len(inputs) == 1 else Tensor._apply(op, inputs, None)
            if ufunc in PLAIN_UFUNCS:
                return ufunc(*(getattr(x, "_data", x) for x in inputs), **options)
        elif method == "reduce" and ufunc in _REDUCTIONS:
            options = {"axis": 0} | options
            return getattr(ops, _REDUCTIONS[ufunc])(*inputs, **options)
        raise _not_differentiable(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        op = operation_of(function)
        if op is not None:
            return op(*arguments, **options)
        if function in PLAIN_FUNCTIONS:
            return function(
                *(getattr(x, "_data", x) for x in arguments),
                **{k: getattr(x, "_data", x) for k, x in options.items()},
            )
        raise _not_differentiable(function.__name__)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.requires_grad:
            raise TypeError(
                f"{describe(self)} wants a gradient and would leave its graph as a plain array; use .numpy() or "
                ".detach() if that is meant, or a function that minigrad records"
            )
        return np.array(self._data, dtype=dtype, copy=copy)

    # ---- containers ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self._data)))

    def __getitem__(self, key: Any) -> Tensor:
        return ops.getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise MutationError(
            f"{describe(self)} cannot be assigned into, since a graph may need its values; use "
            "mg.at(t, i).set(v) for a changed copy, or mg.where(condition, v, t)"
        )

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __index__(self) -> int:
        return self._data.__index__()

    def __repr__(self) -> str:
        parts = [np.array2string(self._data, separator=", ", prefix="Tensor(")]
        if self._data.dtype != np.float64 or self._data.size == 0:
            parts.append(f"dtype={self._data.dtype}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self.op is not None:
            parts.append(f"op={self.op.name}")
        elif self.requires_grad:
            parts.append("requires_grad=True")
        return f"Tensor({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self._data.item(), spec) if spec and self._data.size == 1 else repr(self)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise TypeError(f"{describe(self)} is inside a graph and cannot be copied or saved; use .detach()")
        return _rebuild, (self._data, self.requires_grad, self.name)

    # ---- methods that take NumPy's looser calls --------------------------------------------------------

    def reshape(self, *shape: Any) -> Tensor:
        """The same entries in another shape: ``t.reshape(2, 3)`` or ``t.reshape((2, 3))``."""
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """Axes in another order: ``t.transpose(1, 0)``, ``t.transpose((1, 0))``, or reversed."""
        return ops.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self) -> Tensor:
        """All entries in one axis."""
        return ops.reshape(self, (-1,))

    def argmax(self, axis: int | None = None) -> Any:
        """Where the largest entry is: a plain integer or array."""
        return self._data.argmax(axis)

    def argmin(self, axis: int | None = None) -> Any:
        """Where the smallest entry is: a plain integer or array."""
        return self._data.argmin(axis)

    def all(self, axis: Any = None) -> Any:
        """Whether all entries are true: plain."""
        return self._data.all(axis)

    def any(self, axis: Any = None) -> Any:
        """Whether any entry is true: plain."""
        return self._data.any(axis)

    __hash__ = object.__hash__


def _rebuild(data: np.ndarray, requires_grad: bool, name: str | None) -> Tensor:
    return Tensor(data, requires_grad=requires_grad, name=name)


def _name_of(name: str | None) -> str:
    return f" for {name!r}" if name else ""


def _constant(x: Any, op: Op) -> Any:
    """A plain input as the kernel takes it."""
    if isinstance(x, Node):
        raise TypeError(f"{op.name}: a Scalar ({describe(x)}) and a Tensor don't mix; use mg.Tensor for both")
    return x


def _with_shapes(op: Op, inputs: tuple[Any, ...], error: ValueError) -> ValueError:
    """The same error with every input's name and shape, as a `ShapeError` where NumPy complains of shapes."""
    story = ", ".join(
        f"{name} is {describe(x)}" if x is not None else f"{name} is None"
        for name, x in zip(op.input_names if not op.variadic else map(str, range(len(inputs))), inputs)
    )
    text = str(error)
    if text.startswith(f"{op.name}:") and op.kernel is op.forward:
        return error  # the operation's own message, which says it better
    if op is ops.matmul and all(np.ndim(x) for x in inputs):
        left, right = np.shape(inputs[0]), np.shape(inputs[1])
        if left[-1] != right[-2 if len(right) > 1 else 0]:
            text = f"the last axis of a ({left[-1]}) must equal the {'second-to-last' if len(right) > 1 else 'only'} axis of b ({right[-2 if len(right) > 1 else 0]})"
    return ShapeError(f"{op.name}: {story}: {text}")


def _without_rule(op: Op) -> Exception:
    from .errors import RuleError

    return RuleError(
        f"{op.name}: has no derivative rule, but an input wants a gradient; give one with @{op.name}.rule, or "
        f"register it with differentiable=False"
    )


def _not_differentiable(name: str) -> NotDifferentiableError:
    return NotDifferentiableError(
        f"np.{name}: minigrad does not differentiate this function. Use t.numpy() for a plain array if no gradient "
        "is meant to pass, compose it from the operations in README's table, or write it with @mg.op"
    )


# ---- operators: the hot path ---------------------------------------------------------------------------


def _record(op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None, data: Any) -> Tensor:
    """The node for a computed value; a leaf where nothing is to be recorded."""
    node = _new(Tensor)
    if op.saves:
        data, node.saved = data
    if type(data) is not _ndarray:
        data = np.asarray(data)
    node._data = data
    node.index = tick()
    context = current_context()
    if context.recording and data.dtype.kind == "f":
        for x in inputs:
            if type(x) is Tensor and x.requires_grad:
                if op.rules is None and op.joint is None:
                    raise _without_rule(op)
                node.op = op
                node.inputs = inputs
                if options is not None:
                    node.options = options
                node.requires_grad = True
                if context is not DEFAULT:
                    finish(node, context)
                return node
    node.op = None
    node.inputs = ()
    node.requires_grad = False
    if context.anomaly:
        check_value(op, inputs, data)
    return node


def _apply_unary(op: Op, x: Tensor) -> Any:
    """`Tensor._apply` for a ufunc of one tensor: the hot path, written out."""
    data = op.kernel(x._data)
    if not x.requires_grad or type(data) is not _ndarray or current_context() is not DEFAULT:
        return _record(op, (x,), None, data) if op.differentiable else data
    node = _new(Tensor)
    node._data = data
    node.op = op
    node.inputs = (x,)
    node.requires_grad = True
    node.index = tick()
    return node


def _unary(op: Op) -> Callable[[Tensor], Tensor]:
    return lambda self: _apply_unary(op, self)


def _binary(op: Op) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """``self ∘ other`` and ``other ∘ self`` for one ufunc operation."""
    new, kernel, context_of, next_index, default = _new, op.kernel, current_context, tick, DEFAULT
    apply = Tensor._apply

    def forward(self: Tensor, other: Any) -> Any:
        if type(other) is not Tensor or not (self.requires_grad or other.requires_grad):
            return apply(op, (self, other), None)
        try:
            data = kernel(self._data, other._data)
        except ValueError as error:
            raise _with_shapes(op, (self, other), error) from None
        context = context_of()
        if context is not default or type(data) is not _ndarray:
            return _record(op, (self, other), None, data)
        node = new(Tensor)
        node._data = data
        node.op = op
        node.inputs = (self, other)
        node.requires_grad = True
        node.index = next_index()
        return node

    def reflected(self: Tensor, other: Any) -> Any:
        return apply(op, (other, self), None)

    return forward, reflected


Tensor.__add__, Tensor.__radd__ = _binary(ops.add)
Tensor.__sub__, Tensor.__rsub__ = _binary(ops.subtract)
Tensor.__mul__, Tensor.__rmul__ = _binary(ops.multiply)
Tensor.__truediv__, Tensor.__rtruediv__ = _binary(ops.divide)
Tensor.__matmul__, Tensor.__rmatmul__ = _binary(ops.matmul)
_power, Tensor.__rpow__ = _binary(ops.power)
Tensor.__pow__ = lambda self, n: ops.square(self) if type(n) in (int, float) and n == 2 else _power(self, n)
Tensor.__neg__ = _unary(ops.negative)
Tensor.__pos__ = _unary(ops.positive)
Tensor.__abs__ = _unary(ops.absolute)
Tensor.__eq__ = lambda self, other: ops.equal(self, other)
Tensor.__ne__ = lambda self, other: ops.not_equal(self, other)
Tensor.__lt__ = lambda self, other: ops.less(self, other)
Tensor.__le__ = lambda self, other: ops.less_equal(self, other)
Tensor.__gt__ = lambda self, other: ops.greater(self, other)
Tensor.__ge__ = lambda self, other: ops.greater_equal(self, other)


def _method(op: Op) -> Callable[..., Any]:
    if op.simple and len(op.input_names) == 1:
        return _unary(op)

    def method(self: Tensor, *arguments: Any, **options: Any) -> Any:
        return op(self, *arguments, **options)

    method.__name__, method.__doc__ = op.name, op.__doc__
    return method


for _name, _op in ops.METHODS.items():
    setattr(Tensor, _name, _method(_op))

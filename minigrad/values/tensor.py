"""`Tensor`: a NumPy array in a graph, with NumPy's names, shapes, dtypes and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .. import ops
from ..core.arrays import as_array, copy_of, is_duck
from ..core.backward import accumulate, gradients_of
from ..core.contexts import current_context
from ..core.errors import MutationError, ShapeError
from ..core.node import Node, describe, tick
from ..core.registry import Op, operation_of
from .dispatch import (
    ACCUMULATIONS,
    PLAIN_FUNCTIONS,
    PLAIN_UFUNCS,
    PLAIN_WITHOUT_GRADIENT,
    REDUCTIONS,
    in_our_words,
    not_differentiable,
)
from .fast import apply_unary, binary, comparison, tensor_backward, unary
from .methods import ArrayMethods
from .operands import admitted, real_array, refuse_masks, refuse_to_leave
from .recording import apply

if TYPE_CHECKING:

    class _Entry(np.object_):  # type: ignore[misc]
        """What a tensor holds to NumPy's stubs: of objects they promise nothing, so ``np.mean(t)`` may be a tensor."""

        def __getattr__(self, name: str) -> Any: ...


def _in_place(op: Op) -> Callable[[Any, Any], Tensor]:
    """``w -= step``: under `no_grad` a parameter is updated and stays one, as in PyTorch; all else is a new node."""

    def update(self: Tensor, other: Any) -> Any:
        if self.op is not None or not self.requires_grad or current_context().recording:
            return NotImplemented
        self.data = op(self, other)._data.astype(self._data.dtype, copy=False)
        return self

    return update


class Tensor(ArrayMethods, Node):
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

    __slots__ = ("inputs", "requires_grad")
    hot_backward = tensor_backward

    def __init__(self, data: Any, *, requires_grad: bool = False, dtype: Any = None, name: str | None = None) -> None:
        if isinstance(data, Node):
            raise TypeError(f"Tensor: got {describe(data)}, already a node; use .detach() for a leaf with its values")
        refuse_masks("Tensor: data", data)
        array = copy_of(data) if is_duck(data) else np.array(data, dtype=dtype)
        if dtype is not None:
            array = array.astype(dtype, copy=False)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: requires real numbers, got dtype {array.dtype}" + _name_of(name))
        if requires_grad and array.dtype.kind != "f":
            raise TypeError(
                f"Tensor: requires_grad=True needs a floating dtype, got {array.dtype}{_name_of(name)}; "
                "pass dtype=np.float64 or write the numbers with a decimal point"
            )
        self._data = array
        self._extra = None
        self.grad = None
        self.op = None
        self.inputs = ()
        self.requires_grad = requires_grad
        self.index = tick()
        if name is not None:
            self.name = name

    # ---- what it is ---------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The values. A leaf's can be assigned to or written into (``w.data -= step``), which older graphs notice.

        A result's are read-only. Noticed is what is written by who reads ``data`` for it; an array that was kept
        from an earlier reading and is written into between forward and backward is seen by `detect_anomaly` alone.
        """
        if self.op is not None:
            if type(self._data) is not np.ndarray:
                return copy_of(self._data)
            view = self._data.view()
            view.flags.writeable = False
            return view
        self.mark_shown()
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if self.op is not None:
            raise AttributeError(
                f"data: only a leaf's data can be replaced; this is the {describe(self)}. Use .detach() for a new leaf"
            )
        value = as_array(value)
        if value.shape != self._data.shape:
            raise ShapeError(f"data: {describe(self)} cannot take data of shape {value.shape}")
        if value.dtype != self._data.dtype:
            raise TypeError(
                f"data: {describe(self)} cannot take {value.dtype} data; cast it with .astype(np.{self._data.dtype})"
            )
        self._data = value if value is self._data else copy_of(value)
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

    def item(self) -> float:
        """The only entry as a Python number."""
        return self._data.item()

    def numpy(self) -> np.ndarray:
        """A copy of the values, outside any graph."""
        return copy_of(self._data)

    def detach(self) -> Tensor:
        """A new leaf that requires no gradient, with a copy of the values."""
        return Tensor(self._data, name=self.name)

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._data.tolist()

    # ---- backward -----------------------------------------------------------------------------------

    def backward(self, grad: Any = None, *, create_graph: bool = False, retain_grads: bool = False) -> None:
        """Add the gradient of this tensor with respect to each leaf that requires one to the leaf's ``grad``.

        Parameters
        ----------
        grad
            The gradient of the final cost with respect to this tensor, of its shape; 1 by default, for a
            tensor with one entry.
        create_graph
            Gradients become Tensors with a graph of their own, to be differentiated again.
        retain_grads
            Keep the gradient on every node, not only on leaves (for drawings).

        Raises
        ------
        ShapeError
            If ``grad`` is missing for a tensor with several entries, or has another shape.
        StaleGraphError
            If a leaf was changed after this graph used it.
        RuntimeError
            If nothing here requires a gradient.

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
            grad = real_array("backward: grad", _plain(grad)).astype(self._data.dtype, copy=False)
        if grad.shape != self._data.shape:
            raise ShapeError(f"backward: grad is {grad.shape}, but {describe(self)} needs a gradient of its shape")
        if create_graph and not isinstance(grad, Tensor):
            grad = Tensor(grad)
        accumulate(self, grad, create_graph, retain_grads)

    def _gradients_by(self, nodes: Sequence[Any]) -> Mapping[Node, Any]:
        if self._data.size != 1:
            return {}
        return dict(zip(nodes, gradients_of(self, nodes, np.ones_like(self._data), False)))

    # ---- NumPy's protocols, and those of others -------------------------------------------------------

    #: Above those of pandas' tables: ``df * t`` is then left to `Tensor`, which takes the table's values.
    __pandas_priority__ = 10_000

    @property
    def _mask(self) -> Any:
        """What `numpy.ma` looks for in any operand, together with ``_data``, which would leave the graph."""
        refuse_to_leave(self, "np.ma", "masked array", "Use mg.where(mask, 0.0, t) for what a mask is to leave out")
        raise AttributeError("a Tensor has no mask")

    @classmethod
    def _apply(cls, op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
        return apply(cls, op, inputs, options)

    _admitted = staticmethod(admitted)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__":
            op = operation_of(ufunc)
            if op is None and ufunc.__name__ == "clip":  # what array.clip(t) calls, and nowhere public
                op = ops.clip
            if op is not None:
                if options or not isinstance(op, Op) or not op.differentiable:  # told anew: NumPy 2.1 dies of its own
                    return op(*inputs, **options)
                return apply_unary(op, inputs[0]) if len(inputs) == 1 else apply(Tensor, op, inputs, None)
            if ufunc in PLAIN_UFUNCS:
                return ufunc(*map(_plain, inputs), **options)
        elif method == "reduce" and ufunc in REDUCTIONS:
            options = {"axis": 0} | options
            return getattr(ops, REDUCTIONS[ufunc])(*inputs, **options)
        elif method == "accumulate" and ufunc in ACCUMULATIONS:
            options = {"axis": 0} | options
            return getattr(ops, ACCUMULATIONS[ufunc])(*inputs, **options)
        raise not_differentiable(f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else ""))

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        op = operation_of(function)
        if isinstance(op, Op):
            arguments, options = in_our_words(op, function, arguments, options)
        if op is not None:
            return op(*arguments, **options)
        if function in PLAIN_FUNCTIONS or (
            function in PLAIN_WITHOUT_GRADIENT
            and not any(isinstance(x, Node) and x.requires_grad for x in (*arguments, *options.values()))
        ):
            return function(*map(_plain, arguments), **{k: _plain(x) for k, x in options.items()})
        raise not_differentiable(f"{function.__module__}.{function.__name__}".replace("numpy", "np", 1))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, np.dtype[_Entry]]:
        refuse_to_leave(self, "np.asarray", "array", _IN_PLACE_OF_AN_ARRAY)
        return np.array(self._data, dtype=dtype, copy=copy)

    # ---- containers ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        if self._data.ndim == 0:
            raise TypeError(f"{describe(self)} is 0-d: there is nothing to iterate over")
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
        refuse_to_leave(self, "float", "number", _IN_PLACE_OF_A_NUMBER)
        return float(self._data)

    def __int__(self) -> int:
        refuse_to_leave(self, "int", "number", _IN_PLACE_OF_A_NUMBER)
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

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.inputs, self.requires_grad = (), state["requires_grad"]

    # ---- operators ----------------------------------------------------------------------------------

    __add__, __radd__ = binary(ops.add)
    __sub__, __rsub__ = binary(ops.subtract)
    __mul__, __rmul__ = binary(ops.multiply)
    __truediv__, __rtruediv__ = binary(ops.divide)
    __floordiv__, __rfloordiv__ = binary(ops.floor_divide)
    __mod__, __rmod__ = binary(ops.remainder)
    __matmul__, __rmatmul__ = binary(ops.matmul)
    _power, __rpow__ = binary(ops.power)

    __neg__ = unary(ops.negative)
    __pos__ = unary(ops.positive)
    __abs__ = unary(ops.absolute)

    __iadd__ = _in_place(ops.add)
    __isub__ = _in_place(ops.subtract)
    __imul__ = _in_place(ops.multiply)
    __itruediv__ = _in_place(ops.divide)
    __ipow__ = _in_place(ops.power)

    def __pow__(self, exponent: Any) -> Tensor:
        if type(exponent) in (int, float) and exponent == 2:
            return apply_unary(ops.square, self)
        return self._power(exponent)

    __eq__, __ne__ = comparison(ops.equal), comparison(ops.not_equal)
    __lt__, __le__ = comparison(ops.less), comparison(ops.less_equal)
    __gt__, __ge__ = comparison(ops.greater), comparison(ops.greater_equal)

    __hash__ = object.__hash__


_IN_PLACE_OF_A_NUMBER = (
    "Write np.sin(t) in place of math.sin(t), np.stack([...]) or mg.at(z, i).set(t) in place of z[i] = t, and t.item() "
    "(or float(t.detach())) if a plain number is meant"
)

_IN_PLACE_OF_AN_ARRAY = (
    "Join tensors with np.stack([...]) in place of np.array([...]), repeat one with np.broadcast_to(t, shape) in place "
    "of np.full, write df.to_numpy() @ t for a DataFrame and s.toarray() @ t for a sparse array, use a function that "
    "minigrad records for one that it does not, and take t.numpy() or t.detach() if a plain array is meant"
)


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _name_of(name: str | None) -> str:
    return f" for {name!r}" if name else ""

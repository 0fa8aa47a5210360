"""`Symbol`: an array without numbers, on which every operation is written down as an equation of a `Program`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .. import ops
from ..core.arrays import symbol_in
from ..core.draws import recorder
from ..core.encoding import path_of
from ..core.equations import Draw, Equation, Variable
from ..core.errors import MutationError, SymbolError
from ..core.inference import Abstract, inferred_call
from ..core.node import Node
from ..core.operation import Op
from ..core.program import Builder
from ..core.registry import operation_of
from .dispatch import in_our_words
from .methods import ArrayMethods
from .operands import admitted

_MASK = "np.where(mask, x, 0.0), np.sum(np.where(mask, x, 0.0)) or np.sum(x, where=mask)"
#: Functions whose value's shape depends on numbers, and what to use instead.
_SHAPED_BY_VALUES = {
    **dict.fromkeys(("nonzero", "argwhere", "flatnonzero", "extract", "compress", "trim_zeros", "delete"), _MASK),
    **dict.fromkeys(("unique", "unique_values", "union1d", "intersect1d", "setdiff1d", "setxor1d"), "np.sort(x)"),
    **dict.fromkeys(("eig", "eigvals"), "mg.linalg.eig, for real eigenvalues"),
    "bincount": "mg.add_at(np.zeros(length), indices, weights)",
}
#: Functions about shape and dtype, which are known.
_ANSWERED = frozenset(
    {
        np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj,
        np.may_share_memory, np.shares_memory,
    }
)  # fmt: skip
#: Operations that may answer with a view of what they are given.
_VIEWS = frozenset(
    ("getitem", "reshape", "ravel", "transpose", "swapaxes", "moveaxis", "squeeze", "expand_dims", "flip", "diagonal")
)
#: Methods of arrays that a tensor has not.
_METHODS = frozenset({"argpartition", "compress", "conj", "conjugate", "nonzero", "searchsorted"})


def _refuses(what: str, instead: str) -> Any:
    """A method that would need numbers."""

    def refused(self: Symbol, *arguments: Any, **options: Any) -> NoReturn:
        raise SymbolError(f"{what}: {self!r} is recorded and has no numbers yet; {instead}")

    return refused


class Symbol(NDArrayOperatorsMixin):
    """An array of which shape and dtype are known and no numbers: what a function is recorded on.

    Every operation, comparisons and integers included, gives another symbol and an equation. What needs a number now
    (``if``, ``float``, ``np.asarray``, the length of ``x[mask]``) raises SymbolError, which says what to use.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> print(mg.record(lambda x: np.where(x > 0, x, np.argsort(x)), np.zeros(3)).formula())
    mg.where(mg.greater(x0, 0), x0, mg.argsort(x0))
    """

    __slots__ = ("trace", "variable")

    def __init__(self, trace: Trace, shape: tuple[int, ...], dtype: Any) -> None:
        self.trace, self.variable = trace, trace.variable(tuple(shape), np.dtype(dtype))

    shape = property(lambda self: self.variable.shape)
    dtype = property(lambda self: self.variable.dtype)
    ndim = property(lambda self: len(self.variable.shape))
    size = property(lambda self: int(np.prod(self.variable.shape, dtype=np.intp)))
    nbytes = property(lambda self: self.size * self.dtype.itemsize)
    itemsize = property(lambda self: self.dtype.itemsize)
    T = property(lambda self: ops.transpose(self))
    real = property(lambda self: np.real(self) if self.dtype.kind == "c" else self)
    imag = property(lambda self: np.imag(self))
    base = None

    # ---- the protocols ------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(x, Node) for x in inputs):
            return NotImplemented
        if method == "at":
            raise MutationError(f"np.{ufunc.__name__}.at: a Symbol is not changed in place; use mg.at(x, key).add(y)")
        into = options.pop("out", (None,))[0]
        if into is not None and not isinstance(into, Symbol):
            raise SymbolError(f"np.{ufunc.__name__}: a Symbol has no numbers to write into an array with out=")
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        op = operation_of(ufunc) if method == "__call__" else None
        found = _called(op, function, inputs, options)
        if into is None:
            return found
        if found.shape != into.shape:
            raise ValueError(f"np.{ufunc.__name__}: the result {found.shape} does not fit into {into.shape}")
        into.trace.overwrite(into)
        return found if found.dtype == into.dtype else found.astype(into.dtype)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if any(issubclass(each, Node) for each in types):
            return NotImplemented
        if function in _ANSWERED:
            return inferred_call(function, arguments, options, plain=True)
        if function is np.copy:  # a symbol cannot be changed
            return self
        op = operation_of(function) if self.dtype.kind != "c" else None  # operations take numbers for real
        if isinstance(op, Op):
            arguments, options = in_our_words(op, function, arguments, options)
        return _called(op, function, arguments, options)

    @classmethod
    def _apply(cls, op: Op, inputs: tuple[Any, ...], options: dict[str, Any] | None) -> Any:
        node = next((x for x in inputs if isinstance(x, Node)), None)
        if node is not None:
            return type(node)._apply(op, inputs, options)  # type: ignore[attr-defined]
        return cls._computed(op, inputs, options)[0]

    @staticmethod
    def _computed(op: Op, inputs: Sequence[Any], options: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """What an operation gives and saves: one equation."""
        return symbol_in((inputs, options)).trace.computed(op, inputs, options or {})

    _admitted = staticmethod(admitted)

    # ---- what needs numbers -------------------------------------------------------------------------

    __bool__ = _refuses("bool", "write np.where(condition, a, b) in place of if, and & | ~ in place of and, or, not")
    __float__ = _refuses("float", "compute with it as it is (np.sin(x) in place of math.sin(x))")
    __complex__ = _refuses("complex", "compute with it as it is")
    __int__ = _refuses("int", "compute with it as it is, or x.astype(int)")
    __index__ = _refuses("index", "take entries with mg.take(x, i, axis=0) or mg.getitem(x, i); lengths are numbers")
    __array__ = _refuses("np.asarray", "use np.stack([...]) for np.array([...]), and mg.take or mg.getitem for x[i]")
    __contains__ = _refuses("in", "write np.any(x == value), which is recorded")
    item = tolist = _refuses("item", "compute with it as it is, or return it and take the number from the result")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise MutationError(f"{self!r} cannot be assigned into; use mg.at(x, key).set(v) or np.where(condition, v, x)")

    # ---- containers and methods ---------------------------------------------------------------------

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"{self!r} is 0-d: it has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return ops.getitem(self, key)

    def __pow__(self, exponent: Any) -> Any:  # as arrays do, whose answer is not always np.power's to the last bit
        special = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}
        plain = type(exponent) in (int, float) and self.dtype.kind == "f"
        return special[exponent](self) if plain and exponent in special else np.power(self, exponent)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The same in another dtype."""
        return self if np.dtype(dtype) == self.dtype else ops.astype(self, dtype)

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """The same entries in another shape."""
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: Any) -> Any:
        """Axes in another order."""
        return ops.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self) -> Any:
        """All entries in one axis."""
        return ops.reshape(self, (-1,))

    def copy(self, order: str = "C") -> Symbol:
        """Itself, since it cannot be changed."""
        return self

    def __getattr__(self, name: str) -> Any:
        found = getattr(ops, name) if name in vars(ArrayMethods) else getattr(np, name) if name in _METHODS else None
        if found is None:
            raise AttributeError(f"Symbol has no attribute {name!r}")
        return lambda *arguments, **options: found(self, *arguments, **options)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Symbol({self.shape}, {self.dtype})"


def _called(op: Any, function: Any, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
    """A function of NumPy: the `Op` that stands for it, if that takes such a call, else the function itself."""
    if isinstance(op, Op):
        try:
            op.sorted_call(tuple(arguments), dict(options))
        except TypeError:
            pass
        else:
            return op(*arguments, **options)
    return symbol_in((arguments, options)).trace.called(function, arguments, options)


class Trace(Builder):
    """One recording: the equations so far, and the random numbers that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.over = False
        self._overwritten: set[Variable] = set()
        self.draws: list[Draw] = []
        self.generators: list[Any] = []

    def lifted(self, tree: Any) -> Any:
        """A tree with a variable in place of every symbol and array."""
        if isinstance(tree, Symbol):
            if tree.variable in self._overwritten:
                raise MutationError(f"{tree!r} was changed in place under another name; write y = y + x for y += x")
            if tree.trace is not self or self.over:
                raise SymbolError(f"{tree!r} belongs to another recording, or one that is over; give it as an argument")
            return tree.variable
        return super().lifted(tree)

    def computed(self, op: Op, inputs: Sequence[Any], options: Mapping[str, Any]) -> tuple[Any, Any]:
        """One equation of an operation: the symbols of its value and of what it saves."""
        _refuse_shaped_by_values(op.name, inputs, options)
        found = op.infer(inputs, options)
        arguments = (list(inputs),) if op.variadic else tuple(inputs)
        return self._equation(op, arguments, options, found if op.saves else (found[0], None))

    def called(self, function: Callable[..., Any], arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """One equation of a function of NumPy."""
        path_of(function)
        _refuse_shaped_by_values(function.__name__, arguments, options)
        return self._equation(function, tuple(arguments), options, inferred_call(function, arguments, options))

    def _equation(self, operation: Any, arguments: Any, options: Mapping[str, Any], found: Any) -> Any:
        arguments, options = self.lifted(arguments), self.lifted(dict(options))
        outputs: list[Variable] = []

        def known(x: Any) -> Any:
            if isinstance(x, (list, tuple)):
                parts = [known(each) for each in x]
                return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
            if isinstance(x, Abstract) or (x is found and isinstance(x, (bool, int, float))):
                x = Symbol(self, getattr(x, "shape", ()), getattr(x, "dtype", type(x)))
            if x is not None:
                outputs.append(x.variable if isinstance(x, Symbol) else self.variable())
            return x

        results = known(found)
        self.equations.append(Equation(operation, arguments, options, tuple(outputs)))
        return results

    def overwrite(self, symbol: Symbol) -> None:
        """Note that ``symbol += x`` gave its name to another symbol: an array would have changed under every name."""
        made_by = next((e.operation for e in reversed(self.equations) if symbol.variable in e.outputs), None)
        if made_by is not None and made_by.__name__ in _VIEWS:
            raise MutationError(f"{symbol!r} may be a view of an array that would change too; write y = y + x")
        self._overwritten.add(symbol.variable)

    def drawn(self, rng: Any, shape: tuple[int, ...]) -> Symbol:
        """Uniform random numbers, drawn anew in each run from the same generator."""
        found = Symbol(self, shape, np.float64)
        known = [i for i, each in enumerate(self.generators) if each is rng and rng is not None]
        if not known:
            self.generators.append(rng)
        self.draws.append(Draw(found.variable, known[0] if known else len(self.generators) - 1, "random"))
        return found

    def __enter__(self) -> Trace:
        self._token = recorder.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.over = True
        recorder.reset(self._token)


def _refuse_shaped_by_values(name: str, arguments: Any, options: Mapping[str, Any]) -> None:
    """Raise for a call whose value's shape depends on the numbers of a symbol."""
    instead = _SHAPED_BY_VALUES.get(name)
    if name == "where" and len(arguments) == 1:
        instead = _MASK
    elif name == "repeat" and symbol_in((arguments[1:], options)) is not None:
        instead = "mg.take(x, indices)"
    elif name == "getitem" and _has_mask(options["key"]):
        instead = _MASK
    if instead:
        raise SymbolError(
            f"{name}: the shape or dtype of its value depends on the numbers of a Symbol, which are not known yet; use "
            f"{instead}"
        )


def _has_mask(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(x, Symbol) and x.dtype.kind == "b" for x in parts)

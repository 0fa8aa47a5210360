"""Derivatives as functions: `grad` and its relatives turn a function of arrays into its derivative.

Each takes functions of one or several arrays, or of nested lists, tuples and dicts of arrays, and works to any
order: inside another transform the arrays are tensors, and what is computed can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from . import ops
from .backward import gradients_of
from .errors import ShapeError
from .graph import enable_grad
from .tensor import Tensor

Argnums = int | Sequence[int]


# ---- nested containers --------------------------------------------------------------------------------------


def leaves_of(tree: Any) -> list[Any]:
    """The arrays in a nested container, from left to right (dicts by their own order)."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves_of(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves_of(value)]
    return [tree]


def rebuilt(tree: Any, leaves: Sequence[Any]) -> Any:
    """A container of the same form with other leaves, in the order of `leaves_of`."""
    remaining = iter(leaves)

    def build(part: Any) -> Any:
        if isinstance(part, dict):
            return type(part)((key, build(value)) for key, value in part.items())
        if isinstance(part, tuple) and hasattr(part, "_fields"):
            return type(part)(*(build(value) for value in part))
        if isinstance(part, (list, tuple)):
            return type(part)(build(value) for value in part)
        return next(remaining)

    return build(tree)


# ---- one run of a function ----------------------------------------------------------------------------------

#: How many transforms are under way around this code: inside another, derivatives must stay in its graph.
_depth: ContextVar[int] = ContextVar("minigrad.transforms", default=0)


class _Run:
    """One evaluation of a function on nodes of its own, from which derivatives can be pulled back."""

    def __init__(self, what: str, f: Callable[..., Any], arguments: Sequence[Any], argnums: Argnums) -> None:
        self.single = isinstance(argnums, int)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for number in numbers:
            if not -len(arguments) <= number < len(arguments):
                raise TypeError(f"{what}: argnums={argnums}, but the function was given {len(arguments)} arguments")
        self.trees = [arguments[number] for number in numbers]
        self.inputs = [_input(what, leaf) for tree in self.trees for leaf in leaves_of(tree)]
        replaced = list(arguments)
        for number, part in zip(numbers, self._split(self.inputs)):
            replaced[number] = part
        token = _depth.set(_depth.get() + 1)
        try:
            with enable_grad():
                self.output = f(*replaced)
        finally:
            _depth.reset(token)
        self.inside = _depth.get() > 0

    def _split(self, values: Sequence[Any]) -> list[Any]:
        """One value for each input, in the containers that the arguments came in."""
        remaining = iter(values)
        return [rebuilt(tree, [next(remaining) for _ in leaves_of(tree)]) for tree in self.trees]

    def shaped(self, values: Sequence[Any]) -> Any:
        """The same, as the transform gives it: alone for one argnum, a tuple for several."""
        trees = self._split(values)
        return trees[0] if self.single else tuple(trees)

    def pull_back(self, output: Any, cotangent: Any, create_graph: bool | None = None) -> list[Any]:
        """The gradient of ⟨output, cotangent⟩ by every input, zeros where it does not depend on it."""
        if create_graph is None:
            create_graph = self.inside
        found: list[Any] = [None] * len(self.inputs)
        if isinstance(output, Tensor) and output.requires_grad:
            if create_graph and not isinstance(cotangent, Tensor):
                cotangent = Tensor(cotangent)
            with enable_grad():
                found = gradients_of(output, self.inputs, cotangent, create_graph)
        return [self.plain(np.zeros_like(x._data)) if g is None else g for g, x in zip(found, self.inputs)]

    def plain(self, value: Any) -> Any:
        """A result as the caller wants it: a tensor inside another transform, else an array."""
        if self.inside:
            return value if isinstance(value, Tensor) else Tensor(value)
        return value.numpy() if isinstance(value, Tensor) else value


def _input(what: str, leaf: Any) -> Tensor:
    """A node of the run's own for one argument, tied to the graph around it if there is one."""
    if isinstance(leaf, Tensor):
        return ops.positive(leaf) if leaf.requires_grad else Tensor(leaf._data, requires_grad=True)
    array = np.asarray(leaf)
    if array.dtype.kind != "f":
        raise TypeError(f"{what}: an argument to differentiate by holds {array.dtype}; give floats, such as 1.0 for 1")
    return Tensor(array, requires_grad=True)


def _one_entry(what: str, output: Any) -> Any:
    if not isinstance(output, (Tensor, np.ndarray, float)):
        raise TypeError(f"{what}: the function returned {type(output).__name__}, not a number with a derivative")
    if np.size(output) != 1:
        raise ShapeError(
            f"{what}: the function returned shape {np.shape(output)}; one number is wanted (jacobian takes arrays)"
        )
    return output


# ---- the transforms -----------------------------------------------------------------------------------------


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives f's value and its gradient.

    With ``has_aux`` f returns ``(value, anything)``, and the result is ``((value, anything), gradient)``.
    See `grad` for the rest.

    >>> import numpy as np, minigrad as mg
    >>> value, gradient = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """

    def value_and_gradient(*arguments: Any) -> Any:
        run = _Run("grad", f, arguments, argnums)
        output, *rest = run.output if has_aux else (run.output,)
        _one_entry("grad", output)
        gradients = run.pull_back(output, np.ones(np.shape(output), dtype=getattr(output, "dtype", float)))
        value = run.plain(output)
        return ((value, *rest) if has_aux else value), run.shaped(gradients)

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function with one number for its value, as a function of the same arguments.

    Parameters
    ----------
    f
        Takes arrays (or nested lists, tuples and dicts of arrays) and gives one number.
    argnums
        Which argument, or arguments, to differentiate by: a number gives one gradient, of the argument's
        form; several give a tuple.
    has_aux
        f returns ``(value, anything)``, and the result is ``(gradient, anything)``.

    Raises
    ------
    TypeError
        If such an argument holds no floats, or argnums names none.
    ShapeError
        If the value has several entries.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.grad(np.tanh)(0.0)
    array(1.)
    >>> mg.grad(mg.grad(mg.grad(lambda x: x**4)))(2.0)
    array(48.)
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    def gradient(*arguments: Any) -> Any:
        value, result = both(*arguments)
        return (result, *value[1:]) if has_aux else result

    return gradient


def vjp(f: Callable[..., Any], *arguments: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and the function g ↦ (gᵀ ∂f/∂x for every argument x): the vector-Jacobian product.

    >>> import numpy as np, minigrad as mg
    >>> y, pull_back = mg.vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pull_back(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    run = _Run("vjp", f, arguments, range(len(arguments)))

    def pull_back(cotangent: Any) -> tuple[Any, ...]:
        if np.shape(cotangent) != np.shape(run.output):
            raise ShapeError(f"vjp: the cotangent is {np.shape(cotangent)}, the value {np.shape(run.output)}")
        return run.shaped(
            run.pull_back(run.output, cotangent if isinstance(cotangent, Tensor) else np.asarray(cotangent))
        )

    return run.plain(run.output), pull_back


def jvp(f: Callable[..., Any], arguments: Any, tangents: Any) -> tuple[Any, Any]:
    """f's value at ``arguments`` and its derivative along ``tangents``: the Jacobian-vector product Σ ∂f/∂x v.

    One argument is given as it is, several as a tuple, and the tangents in the same form. The pulled-back
    gradient is linear in its cotangent, and the derivative of that linear map is the forward derivative,
    so every operation's reverse rule serves here too.

    Raises ShapeError if a tangent has not its argument's shape.

    >>> import numpy as np, minigrad as mg
    >>> mg.jvp(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    several = isinstance(arguments, tuple)
    given, along = (arguments, tangents) if several else ((arguments,), (tangents,))
    run = _Run("jvp", f, given, range(len(given)))
    directions = leaves_of(along)
    shapes = [np.shape(v) for v in directions]
    if shapes != [x.shape for x in run.inputs]:
        raise ShapeError(f"jvp: the arguments have the shapes {[x.shape for x in run.inputs]}, the tangents {shapes}")
    return run.plain(run.output), _push_forward(run, directions)


def _push_forward(run: _Run, directions: Sequence[Any]) -> Any:
    output = run.output
    if not (isinstance(output, Tensor) and output.requires_grad):
        return run.plain(np.zeros_like(np.asarray(output)))
    cotangent = Tensor(np.zeros_like(output._data), requires_grad=True)
    pulled = run.pull_back(output, cotangent, create_graph=True)
    with enable_grad():
        along = sum((ops.sum(g * v) for g, v in zip(pulled, directions)), start=Tensor(0.0))
    if not along.requires_grad:
        return run.plain(np.zeros_like(output._data))
    one = Tensor(1.0) if run.inside else np.asarray(1.0)
    with enable_grad():
        (result,) = gradients_of(along, [cotangent], one, run.inside)
    return run.plain(np.zeros_like(output._data) if result is None else result)


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """All of ∂f/∂x, of shape ``f(x).shape + x.shape``, for an argument that is one array.

    Row by row in reverse where the value has fewer entries than x, else column by column forward.

    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([3.0, 5.0]))
    array([[5., 3.],
           [6., 0.]])
    """

    def full_derivative(*arguments: Any) -> Any:
        run = _Run("jacobian", f, arguments, argnums)
        if len(run.inputs) != 1:
            raise TypeError(f"jacobian: argument {argnums} must be one array; make it one vector, or use vjp")
        (x,) = run.inputs
        shape = (*np.shape(run.output), *x.shape)
        if np.size(run.output) <= x.size:
            rows = [run.pull_back(run.output, unit)[0] for unit in _units(np.shape(run.output), x.dtype)]
            return _stacked(run, rows, shape)
        columns = [_push_forward(run, [unit]) for unit in _units(x.shape, x.dtype)]
        transposed = _stacked(run, columns, (*x.shape, *np.shape(run.output)))
        order = (*range(x.ndim, x.ndim + np.ndim(run.output)), *range(x.ndim))
        return ops.transpose(transposed, order)

    return full_derivative


def _units(shape: tuple[int, ...], dtype: Any) -> list[np.ndarray]:
    """Every array of a shape with a single 1."""
    units = np.eye(int(np.prod(shape)), dtype=dtype)
    return [unit.reshape(shape) for unit in units]


def _stacked(run: _Run, parts: list[Any], shape: tuple[int, ...]) -> Any:
    if not parts:
        return run.plain(np.zeros(shape))
    return ops.reshape(ops.stack(parts), shape)


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """All second derivatives of a function with one number for its value, of shape ``x.shape + x.shape``.

    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times a vector v of x's shape, without the Hessian: the gradient of ⟨∇f, v⟩.

    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    if np.shape(x) != np.shape(v):
        raise ShapeError(f"hvp: x is {np.shape(x)}, v {np.shape(v)}; they must have one shape")
    return grad(lambda x: ops.sum(grad(f)(x) * v))(x)

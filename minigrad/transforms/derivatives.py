"""Derivatives as functions: `grad` and its relatives turn a function of arrays into its derivative.

Each takes functions of arrays, or of nested containers of arrays (lists, tuples, named tuples, dicts, dataclasses),
and works to any order: inside another transform the arrays are tensors, and what is computed can be differentiated
again. So it is where a tensor that requires a gradient is given; under `no_grad` results are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from copy import copy
from typing import Any

import numpy as np

from .. import ops
from ..core.backward import gradients_of
from ..core.contexts import enable_grad, is_grad_enabled
from ..core.errors import ShapeError
from ..core.node import Node
from ..core.trees import leaves_of, rebuilt
from ..values.operands import real_array, refuse_masks
from ..values.tensor import Tensor
from .forward import push_forward

Argnums = int | Sequence[int]

# ---- one run of a function ----------------------------------------------------------------------------------

#: How many transforms are under way around this code: inside another, derivatives must stay in its graph.
_depth: ContextVar[int] = ContextVar("minigrad.transforms", default=0)


class _Run:
    """One evaluation of a function on nodes of its own, from which derivatives can be pulled back or pushed forward."""

    def __init__(
        self,
        what: str,
        f: Callable[..., Any],
        arguments: Sequence[Any],
        argnums: Argnums,
        has_aux: bool = False,
        kept: bool = False,
    ) -> None:
        self.what = what
        self.single = isinstance(argnums, int)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for number in numbers:
            if not -len(arguments) <= number < len(arguments):
                raise TypeError(f"{what}: argnums={argnums}, but the function was given {len(arguments)} arguments")
        self.trees = [arguments[number] for number in numbers]
        # what outlives this call (``kept``) has arrays of its own, which the caller cannot change
        self.inputs = [_input(what, leaf, kept) for tree in self.trees for leaf in leaves_of(tree)]
        replaced = list(arguments)
        for number, part in zip(numbers, self._split(self.inputs)):
            replaced[number] = part
        token = _depth.set(_depth.get() + 1)
        try:
            with enable_grad():
                output = f(*replaced)
        finally:
            _depth.reset(token)
        self._look_around(leaves_of(list(arguments)))
        self.aux: tuple[Any, ...] = ()
        if has_aux:
            if not isinstance(output, tuple) or len(output) != 2:
                raise TypeError(f"{what}: with has_aux the function must return (value, anything), got {output!r:.80}")
            output, aux = output
            self.aux = (rebuilt(aux, [self.plain(x) if isinstance(x, Tensor) else x for x in leaves_of(aux)]),)
        self.output = output
        self.outputs = leaves_of(output)
        for each in self.outputs:
            if not isinstance(each, (Tensor, np.ndarray, np.floating, float)):
                raise TypeError(f"{what}: the function returned {type(each).__name__}, not a number with a derivative")
        if not self.outputs:
            raise TypeError(f"{what}: the function returned {type(output).__name__}, not a number with a derivative")

    def _split(self, values: Sequence[Any]) -> list[Any]:
        """One value for each input, in the containers that the arguments came in."""
        remaining = iter(values)
        return [rebuilt(tree, [next(remaining) for _ in leaves_of(tree)]) for tree in self.trees]

    def shaped(self, values: Sequence[Any]) -> Any:
        """The same, as the transform gives it: alone for one argnum, a tuple for several."""
        trees = self._split(values)
        return trees[0] if self.single else tuple(trees)

    def like_output(self, values: Sequence[Any]) -> Any:
        """One value for each output, in the container that the function returned."""
        return rebuilt(self.output, values)

    def value(self) -> Any:
        """What the function returned, as the caller wants it."""
        return self.like_output([self.plain(y) for y in self.outputs])

    def one_entry(self) -> Any:
        """The only output, if it is one number."""
        (y,) = self.outputs if len(self.outputs) == 1 and self.outputs[0] is self.output else (None,)
        if y is None:
            raise TypeError(f"{self.what}: the function returned {type(self.output).__name__}; one number is wanted")
        if np.size(y) != 1:
            raise ShapeError(
                f"{self.what}: the function returned shape {np.shape(y)}; one number is wanted (jacobian takes arrays)"
            )
        return y

    def here(self, *given: Any) -> _Run:
        """This run as it is used here and now, with these tangents or cotangents: maybe not where it was made.

        Results are tensors inside another transform, and where an argument is a tensor that requires a gradient.
        """
        run = copy(self)
        run._look_around([*self.given, *given])
        return run

    def _look_around(self, given: Sequence[Any]) -> None:
        self.given, self.recorded = given, is_grad_enabled()
        wanted = self.recorded and any(isinstance(x, Tensor) and x.requires_grad for x in given)
        self.inside = _depth.get() > 0 or wanted

    def pull_back(self, cotangents: Sequence[Any]) -> list[Any]:
        """The gradient of Σ ⟨output, cotangent⟩ with respect to every input, zeros where it does not depend on it."""
        create_graph = self.inside and self.recorded
        pairs = [(y, c) for y, c in zip(self.outputs, cotangents) if isinstance(y, Tensor) and y.requires_grad]
        found: list[Any] = [None] * len(self.inputs)
        if pairs:
            root, cotangent = pairs[0]
            with enable_grad():
                if len(pairs) > 1:
                    root = sum((ops.sum(y * c) for y, c in pairs), start=Tensor(0.0))
                    cotangent = np.ones(())
                if not isinstance(cotangent, Tensor):
                    cotangent = real_array(f"{self.what}: a cotangent", cotangent).astype(root.dtype, copy=False)
                    cotangent = Tensor(cotangent) if create_graph else cotangent
                elif not create_graph:
                    cotangent = cotangent._data
                found = gradients_of(root, self.inputs, cotangent, create_graph)
        return [self.plain(np.zeros_like(x._data) if g is None else g) for g, x in zip(found, self.inputs)]

    def push(self, directions: Sequence[Any]) -> list[Any]:
        """The derivative of every output along one tangent for each input, zeros where there is none."""
        create_graph = self.inside and self.recorded
        tangents: dict[Node, Any] = {}
        for x, v in zip(self.inputs, directions):
            if not isinstance(v, Tensor):
                v = real_array(f"{self.what}: a tangent", v).astype(x.dtype, copy=False)
            tangents[x] = (v if isinstance(v, Tensor) else Tensor(v)) if create_graph else getattr(v, "_data", v)
        roots = [y for y in self.outputs if isinstance(y, Tensor)]
        with enable_grad():
            found = dict(zip(map(id, roots), push_forward(roots, tangents, create_graph)))
        along = [found.get(id(y)) for y in self.outputs]
        return [self.plain(np.zeros_like(_data(y)) if t is None else t) for t, y in zip(along, self.outputs)]

    def plain(self, value: Any) -> Any:
        """A result as the caller wants it: a tensor inside another transform, else an array of its own."""
        if self.inside:
            if isinstance(value, Tensor):
                return value if self.recorded else value.detach()
            return Tensor(value)
        return value.numpy() if isinstance(value, Tensor) else value


def _data(y: Any) -> np.ndarray:
    return np.asarray(getattr(y, "_data", y))


def _input(what: str, leaf: Any, kept: bool) -> Tensor:
    """A node of the run's own for one argument, tied to the graph around it if there is one."""
    if isinstance(leaf, Tensor):
        tied = leaf.requires_grad and is_grad_enabled()
        return ops.positive(leaf) if tied else Tensor(leaf._data, requires_grad=True)
    refuse_masks(f"{what}: an argument", leaf)
    array = np.asarray(leaf)
    if array.dtype.kind != "f":
        raise TypeError(
            f"{what}: an argument to differentiate with respect to has dtype {array.dtype}; "
            "give floats, such as 1.0 for 1"
        )
    if kept:
        return Tensor(array, requires_grad=True)
    node = Tensor(0.0, requires_grad=True)
    node._data = array
    return node


def _checked_like(what: str, given: Any, nodes: Sequence[Any], name: str, of: str) -> list[Any]:
    """The leaves of a container of tangents or cotangents, if they have the shapes of the values."""
    leaves = leaves_of(given)
    shapes, wanted = [np.shape(v) for v in leaves], [np.shape(x) for x in nodes]
    if shapes != wanted:
        raise ShapeError(f"{what}: the {name} have the shapes {_listed(shapes)}, the {of} {_listed(wanted)}")
    return leaves


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "none"


# ---- gradients ----------------------------------------------------------------------------------------------


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns f's value and its gradient.

    With ``has_aux`` f returns ``(value, anything)``, and the result is ``((value, anything), gradient)``.
    See `grad` for the rest.

    >>> import numpy as np, minigrad as mg
    >>> value, gradient = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """

    def value_and_gradient(*arguments: Any) -> Any:
        run = _Run("grad", f, arguments, argnums, has_aux)
        output = run.one_entry()
        gradients = run.pull_back([np.ones(np.shape(output), dtype=_data(output).dtype)])
        value = run.plain(output)
        return ((value, *run.aux) if has_aux else value), run.shaped(gradients)

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function with one number for its value, as a function of the same arguments.

    Parameters
    ----------
    f
        Takes arrays (or nested lists, tuples, dicts and dataclasses of arrays) and returns one number.
    argnums
        Which argument, or arguments, to differentiate with respect to: a number gives one gradient, of the argument's
        form; several give a tuple.
    has_aux
        f returns ``(value, anything)``, and the result is ``(gradient, anything)``.

    Notes
    -----
    Arrays give arrays. A tensor that requires a gradient, among the arguments, gives tensors, which can be
    differentiated again. Tensors that f closes over count as constants of the result: pass as arguments whatever the
    gradient is to be differentiated with respect to (a gradient penalty's weights, say).

    Raises
    ------
    TypeError
        If such an argument has no floats, or argnums names none.
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


def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that works entry by entry, at every entry at once: f'(x), of x's shape.

    It is the gradient of the sum of f's value, which for such a function is the derivative of each entry.

    >>> import numpy as np, minigrad as mg
    >>> mg.elementwise_grad(np.tanh)(np.array([0.0, 100.0]))
    array([1., 0.])
    """

    def derivative(*arguments: Any) -> Any:
        run = _Run("elementwise_grad", f, arguments, argnums)
        return run.shaped(run.pull_back([np.ones_like(_data(y)) for y in run.outputs]))

    return derivative


# ---- products with the Jacobian -----------------------------------------------------------------------------


def vjp(f: Callable[..., Any], *arguments: Any, has_aux: bool = False) -> Any:
    """f's value, and the function g ↦ (gᵀ ∂f/∂x for every argument x): the vector-Jacobian product.

    g has the form of the value. With ``has_aux`` f returns ``(value, anything)``, and anything comes third.

    >>> import numpy as np, minigrad as mg
    >>> y, pull_back = mg.vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pull_back(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    run = _Run("vjp", f, arguments, range(len(arguments)), has_aux, kept=True)

    def pull_back(cotangent: Any) -> tuple[Any, ...]:
        cotangents = _checked_like("vjp", cotangent, run.outputs, "cotangents", "values")
        again = run.here(*cotangents)
        return again.shaped(again.pull_back(cotangents))

    return (run.value(), pull_back, *run.aux)


def jvp(f: Callable[..., Any], arguments: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """f's value at ``arguments`` and its derivative along ``tangents``: the Jacobian-vector product Σ ∂f/∂x v.

    One argument is given as it is, several as a tuple, and the tangents in the same form. The tangents are pushed
    through the graph in one walk (see ``forward.py``), so it costs about as much as f. With ``has_aux`` f returns
    ``(value, anything)``, and anything comes third.

    Raises ShapeError if a tangent has not its argument's shape.

    >>> import numpy as np, minigrad as mg
    >>> mg.jvp(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    several = isinstance(arguments, tuple) and not hasattr(arguments, "_fields")
    given = arguments if several else (arguments,)
    run = _Run("jvp", f, given, range(len(given)), has_aux)
    directions = _checked_like("jvp", tangents, run.inputs, "tangents", "arguments")
    run = run.here(*directions)
    return (run.value(), run.like_output(run.push(directions)), *run.aux)


def linearize(f: Callable[..., Any], *arguments: Any) -> tuple[Any, Callable[..., Any]]:
    """f's value, and the linear function of tangents v ↦ Σ ∂f/∂x v at that point, which does not run f again.

    >>> import numpy as np, minigrad as mg
    >>> y, along = mg.linearize(lambda x: x**2, np.array([1.0, 2.0]))
    >>> along(np.array([1.0, 0.0])), along(np.array([0.0, 1.0]))
    (array([2., 0.]), array([0., 4.]))
    """
    run = _Run("linearize", f, arguments, range(len(arguments)), kept=True)

    def along(*tangents: Any) -> Any:
        directions = _checked_like("linearize", tangents, run.inputs, "tangents", "arguments")
        again = run.here(*directions)
        return again.like_output(again.push(directions))

    return run.value(), along


# ---- whole matrices of derivatives --------------------------------------------------------------------------


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """All of ∂f/∂x: for every array y of the value and x of the argument one of shape ``y.shape + x.shape``.

    Containers of the argument are nested in those of the value. One walk backward for each entry of the value where
    it has no more entries than the argument, else one walk forward for each entry of the argument.

    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([3.0, 5.0]))
    array([[5., 3.],
           [6., 0.]])
    """

    def full_derivative(*arguments: Any) -> Any:
        run = _Run("jacobian", f, arguments, argnums, has_aux)
        sizes_out, sizes_in = [np.size(y) for y in run.outputs], [x.size for x in run.inputs]
        if sum(sizes_out) <= sum(sizes_in):
            blocks = _by_rows(run)
        else:
            blocks = _by_columns(run)
        result = run.like_output([run.shaped(row) for row in blocks])
        return (result, *run.aux) if has_aux else result

    return full_derivative


def _by_rows(run: _Run) -> list[list[Any]]:
    """∂y/∂x for every output and input: each unit cotangent pulled back."""
    blocks = []
    for k, y in enumerate(run.outputs):
        zeros = [np.zeros_like(_data(other)) for other in run.outputs]
        rows = [
            run.pull_back([*zeros[:k], unit, *zeros[k + 1 :]] if len(zeros) > 1 else [unit])
            for unit in _units(np.shape(y), _data(y).dtype)
        ]
        blocks.append(
            [_stacked(run, [row[i] for row in rows], (*np.shape(y), *x.shape)) for i, x in enumerate(run.inputs)]
        )
    return blocks


def _by_columns(run: _Run) -> list[list[Any]]:
    """The same, each unit tangent pushed forward."""
    columns = []
    for i, x in enumerate(run.inputs):
        zeros = [np.zeros_like(other._data) for other in run.inputs]
        columns.append([run.push([*zeros[:i], unit, *zeros[i + 1 :]]) for unit in _units(x.shape, x.dtype)])
    blocks = []
    for k, y in enumerate(run.outputs):
        row = []
        for x, column in zip(run.inputs, columns):
            transposed = _stacked(run, [found[k] for found in column], (*x.shape, *np.shape(y)))
            row.append(ops.transpose(transposed, (*range(x.ndim, x.ndim + np.ndim(y)), *range(x.ndim))))
        blocks.append(row)
    return blocks


def _units(shape: tuple[int, ...], dtype: Any) -> Any:
    """Every array of a shape with a single 1, one after the other."""
    for i in range(int(np.prod(shape, dtype=np.intp))):
        unit = np.zeros(shape, dtype=dtype)
        unit.flat[i] = 1
        yield unit


def _stacked(run: _Run, parts: list[Any], shape: tuple[int, ...]) -> Any:
    if not parts:
        return run.plain(np.zeros(shape))
    return ops.reshape(ops.stack(parts), shape)


def hessian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """All second derivatives of a function with one number for its value, of shape ``x.shape + x.shape``.

    The gradient's graph is built once; each row is one walk backward through it, which builds nothing.

    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f, argnums, has_aux=has_aux), argnums, has_aux=has_aux)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times a vector v of x's form, without the Hessian: the derivative of ∇f along v.

    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    run = _Run("hvp", grad(f), (x,), 0)
    directions = _checked_like("hvp", v, run.inputs, "vectors", "arguments")
    run = run.here(*directions)
    return run.like_output(run.push(directions))


hessian_vector_product = hvp

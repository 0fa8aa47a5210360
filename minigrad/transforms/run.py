"""One run of a function on nodes of its own, from which derivatives are pulled back or pushed forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from copy import copy
from typing import Any

import numpy as np

from .. import ops
from ..core.arrays import as_array, is_duck
from ..core.backward import gradients_of
from ..core.contexts import enable_grad, is_grad_enabled
from ..core.errors import ShapeError
from ..core.node import Node
from ..core.trees import leaves_of, rebuilt
from ..values.operands import real_array, refuse_masks
from ..values.tensor import Tensor
from .forward import push_forward

Argnums = int | Sequence[int]

#: How many transforms are under way around this code: inside another, derivatives must stay in its graph.
_depth: ContextVar[int] = ContextVar("minigrad.transforms", default=0)


class Run:
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
        for each in self.outputs or [output]:
            if not isinstance(each, (Tensor, np.ndarray, np.floating, float)) and not is_duck(each):
                raise TypeError(f"{what}: the function returned {type(each).__name__}, not a number with a derivative")

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

    def here(self, *given: Any) -> Run:
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
        return [self.plain(np.zeros_like(data_of(y)) if t is None else t) for t, y in zip(along, self.outputs)]

    def plain(self, value: Any) -> Any:
        """A result as the caller wants it: a tensor inside another transform, else an array of its own."""
        if self.inside:
            if isinstance(value, Tensor):
                return value if self.recorded else value.detach()
            return Tensor(value)
        return value.numpy() if isinstance(value, Tensor) else value


def data_of(y: Any) -> Any:
    return as_array(getattr(y, "_data", y))


def _input(what: str, leaf: Any, kept: bool) -> Tensor:
    """A node of the run's own for one argument, tied to the graph around it if there is one."""
    if isinstance(leaf, Tensor):
        tied = leaf.requires_grad and is_grad_enabled()
        return ops.positive(leaf) if tied else Tensor(leaf._data, requires_grad=True)
    refuse_masks(f"{what}: an argument", leaf)
    array = as_array(leaf)
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


def checked_like(what: str, given: Any, nodes: Sequence[Any], name: str, of: str) -> list[Any]:
    """The leaves of a container of tangents or cotangents, if they have the shapes of the values."""
    leaves = leaves_of(given)
    found, wanted = ([np.shape(x) for x in values] for values in (leaves, nodes))
    if found != wanted:
        shapes, theirs = (", ".join(map(str, each)) or "none" for each in (found, wanted))
        raise ShapeError(f"{what}: the {name} have the shapes {shapes}, the {of} {theirs}")
    return leaves

"""What is checked: a function with the gradient it claims, as functions of plain arrays at given points.

A `Subject` hides what the function is written in and what its inputs are: arrays, numbers, nested containers of them,
parameters and modules that are changed in place, a pair written by hand, another framework's function. The checks
know nothing but its methods. What minigrad records is here; the others have files of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from ... import ops
from ...core.backward import gradients_of
from ...core.contexts import enable_grad, no_grad
from ...core.node import Node
from ...core.trees import leaves_of, paths_of, rebuilt
from ...nn.module import Module
from ...nn.state import kept, state_behind
from ...transforms.forward import push_forward
from ...values.scalar import Scalar
from ...values.tensor import Tensor
from .inputs import ONLY_THE_COST, is_fixed, labels_of, nothing_to_check, outputs_of, point_of, why_fixed, without_cache


class Subject:
    """A function of arrays, the cotangents that make one number of its value, and the gradient that it claims.

    ``cotangents`` hold one array for each array of the value. A value of one entry has the cotangent 1; several
    entries are contracted with random numbers of mixed sign, since a plain sum would hide mistakes (a softmax always
    sums to 1).
    """

    labels: list[str]
    points: list[np.ndarray]
    cotangents: list[np.ndarray]
    value: list[np.ndarray]  #: the arrays of the function's value at the points
    notes: dict[str, str]  #: what is to be said beside numbers, by what it is about

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays that the function's value is made of."""
        raise NotImplementedError

    def gradients(self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What is claimed to be the gradient of Σ ⟨output, cotangent⟩ with respect to every point."""
        raise NotImplementedError

    def copies(self) -> list[np.ndarray]:
        """The points, as arrays that a function may do with what it likes."""
        return [x.copy() for x in self.points]

    def claim(self, cotangents: Sequence[np.ndarray] | None = None) -> list[np.ndarray]:
        """The gradients at the points themselves, for these cotangents or the subject's own."""
        given = self.cotangents if cotangents is None else cotangents
        return self.gradients(self.copies(), [np.array(c) for c in given])

    def settle(self) -> None:
        """Draw the cotangents; raises for a value that cannot be checked."""
        found = self.outputs(self.copies())
        self.value = [np.array(y) for y in found]
        self.cotangents = [np.ones(np.shape(y)) for y in found]
        if sum(map(np.size, found)) != 1:
            self.cotangents = signed(found, 7)

    def number(self, *points: np.ndarray) -> Any:
        """The function's value as one number, in its own dtype, whose rounding is the differences' own."""
        found = self.outputs(points)
        if len(found) == 1 and found[0].size == 1:
            number: Any = found[0].reshape(())[()]
        else:
            total = sum(float(np.sum(y * c)) for y, c in zip(found, self.cotangents))
            number = np.result_type(np.float16, *(y for y in found if y.dtype.kind == "f")).type(total)
        if not np.isfinite(number):
            raise ValueError(f"check_gradients: the cost is {number} at or next to the given inputs")
        return number

    @cached_property
    def epsilon(self) -> float:
        """The rounding of the coarsest dtype that the function computes in, as far as its value tells."""
        dtypes = [y.dtype for y in self.value if y.dtype.kind == "f"]
        return max((float(np.finfo(dtype).eps) for dtype in dtypes), default=float(np.finfo(np.float64).eps))

    @cached_property
    def magnitude(self) -> float:
        """How large the terms are that the number is the sum of: its rounding is a share of this."""
        return float(sum(np.sum(np.abs(y * c)) for y, c in zip(self.value, self.cotangents)))


def signed(like: Sequence[Any], seed: int) -> list[np.ndarray]:
    """Fixed random numbers of mixed sign, none of them near 0, one array for each."""
    rng = np.random.default_rng(seed)
    drawn = [rng.normal(size=np.shape(x)) for x in like]
    return [np.asarray(x + np.where(x < 0, -0.25, 0.25)) for x in drawn]


# ---- a function that minigrad records ------------------------------------------------------------------------


class Recorded(Subject):
    """A function of Tensors, or of Scalars where all inputs are numbers; parameters are changed in place and restored.

    Every run finds modules as they were: running averages, what they count and collect, and the state of random
    generators (a dropout's mask is the same in all of them), are put back after it, also of those that f closes over;
    so is the ``grad`` of leaves.
    """

    def __init__(self, f: Any, inputs: Sequence[Any], names: Sequence[str] | None, scalars: bool) -> None:
        self.f = lambda *arguments: self._noted(f(*arguments))
        self.notes = {}
        labels = labels_of(inputs, names)
        given = list(inputs)
        if isinstance(f, Module):
            labels, given = [*labels, ""], [*given, f]
        numbers = [x for x in inputs if not is_fixed(x)]
        self.scalars = scalars and all(isinstance(x, (float, Scalar)) for x in numbers) and bool(numbers)
        self.labels = []
        self.leaves: list[Any] = []
        self.arguments: list[Any] = []
        for label, tree in zip(labels, given):
            self.arguments.append(rebuilt(tree, [self._argument(name, leaf) for name, leaf in paths_of(tree, label)]))
        if isinstance(f, Module):
            self.arguments.pop()  # f knows its own parameters
        if not self.leaves:
            raise nothing_to_check([pair for label, tree in zip(labels, given) for pair in paths_of(tree, label)])
        self.points = [point_of(label, leaf) for label, leaf in zip(self.labels, self.leaves)]
        self._state = [each for each in state_behind([f, given]) if all(each is not leaf for leaf in self.leaves)]

    def _noted(self, value: Any) -> Any:
        """The cost of (cost, cache)."""
        cost = without_cache(value)
        if cost is not value:
            self.notes |= ONLY_THE_COST
        return cost

    def _argument(self, label: str, x: Any) -> Any:
        """What f is given for an input; the nodes that its gradient is taken by are noted."""
        if isinstance(x, Module):
            for path, parameter in x.named_parameters():
                self._add(parameter.name or f"{label}.{path}".lstrip("."), parameter)
            return x
        if is_fixed(x):
            self.notes[label] = why_fixed(x)
            return x
        if isinstance(x, Node):
            if not x.is_leaf:
                raise TypeError("check_gradients: an input is the result of an operation; pass its .detach()")
            node: Any = x if x.requires_grad else Tensor(point_of(label, x), requires_grad=True, name=x.name)
        elif self.scalars:
            node = Scalar(x)
        else:
            node = Tensor(point_of(label, x), requires_grad=True)
        self._add(label, node)
        return node

    def _add(self, label: str, leaf: Any) -> None:
        if all(leaf is not each for each in self.leaves):
            self.labels.append(label)
            self.leaves.append(leaf)

    @contextmanager
    def at(self, points: Sequence[np.ndarray]) -> Iterator[None]:
        """The leaves hold these points, and everything is as it was afterwards."""
        before = [(leaf, leaf._data, leaf.grad) for leaf in self.leaves]
        try:
            with kept(self._state):
                for leaf, point in zip(self.leaves, points):
                    leaf._data = float(point) if isinstance(leaf, Scalar) else point
                    leaf.grad = 0.0 if isinstance(leaf, Scalar) else None
                    leaf.mark_changed()
                yield
        finally:
            for leaf, data, gradient in before:
                leaf._data, leaf.grad = data, gradient
                leaf.mark_changed()

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays of the function's value."""
        with self.at(points), no_grad():
            return outputs_of(self.f(*self.arguments))

    def nodes(self) -> list[Any]:
        """The nodes that the function returns, recorded."""
        with enable_grad():
            value = self.f(*self.arguments)
        outputs_of(value)
        found = leaves_of(value)
        if not any(isinstance(y, Node) for y in found):
            raise TypeError(f"check_gradients: the function left the graph: it gave {type(value).__name__}, not a node")
        return found

    def root(self, cotangents: Sequence[np.ndarray]) -> tuple[Any, Any]:
        """One node and its cotangent that stand for Σ ⟨output, cotangent⟩; None where nothing is differentiable."""
        pairs = [(y, c) for y, c in zip(self.nodes(), cotangents) if isinstance(y, Node) and y.requires_grad]
        if len(pairs) <= 1:
            return pairs[0] if pairs else (None, None)
        with enable_grad():
            return sum((ops.sum(y * c) for y, c in pairs), start=Tensor(0.0)), np.ones(())

    def gradients(self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients that backward leaves on the leaves."""
        with self.at(points):
            root, cotangent = self.root(cotangents)
            if isinstance(root, Scalar):
                root.backward(float(cotangent))
            elif root is not None:
                root.backward(cotangent)
            found = [None if leaf.grad is None else np.asarray(leaf.grad) for leaf in self.leaves]
        return [np.zeros_like(x) if g is None else g for g, x in zip(found, points)]

    def along_gradients(
        self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray], directions: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """The gradients of ⟨∇, direction⟩: second derivatives, by going backward through the backward pass."""
        found: list[Any] = [None] * len(self.leaves)
        with self.at(points):
            root, cotangent = self.root(cotangents)
            if root is not None:
                first = gradients_of(root, self.leaves, Tensor(cotangent), create_graph=True)
                with enable_grad():
                    parts = [ops.sum(g * v) for g, v in zip(first, directions) if g is not None]
                    total = sum(parts, start=Tensor(0.0))
                if total.requires_grad:
                    found = gradients_of(total, self.leaves, np.ones(()), create_graph=False)
        return [np.zeros_like(x) if g is None else g for g, x in zip(found, points)]

    def push(self, points: Sequence[np.ndarray], tangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The derivative of every output along the tangents, by forward mode."""
        with self.at(points):
            nodes = self.nodes()
            roots = [y for y in nodes if isinstance(y, Tensor)]
            with enable_grad():
                pushed = push_forward(roots, dict(zip(self.leaves, tangents)), create_graph=False)
            found = dict(zip(map(id, roots), pushed))
        return [
            np.zeros(np.shape(y)) if found.get(id(y)) is None else np.asarray(found[id(y)], dtype=np.float64)
            for y in nodes
        ]


class AlongGradients(Subject):
    """x ↦ ⟨∇f(x), v⟩ for a random direction v: what is checked for second derivatives."""

    def __init__(self, first: Recorded) -> None:
        self.first, self.directions = first, signed(first.points, 11)
        self.labels = [f"{label} of ⟨∇f, v⟩" for label in first.labels]
        self.points, self.notes = first.points, first.notes

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """⟨∇f, v⟩, the gradient as the first derivative's rules give it."""
        found = self.first.gradients(points, self.first.cotangents)
        return [np.asarray(sum(np.sum(g * v) for g, v in zip(found, self.directions)))]

    def gradients(self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The second derivatives as the engine gives them."""
        return self.first.along_gradients(points, self.first.cotangents, self.directions)

    @cached_property
    def magnitude(self) -> float:
        """Of the gradient's terms."""
        return float(sum(np.sum(np.abs(g * v)) for g, v in zip(self.first.claim(), self.directions)))

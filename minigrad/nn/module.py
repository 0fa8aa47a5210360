"""`Module`: something with parameters that can be called; each call draws its nodes in a box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..contexts import scope
from ..tensor import Tensor


class Module:
    """The base of layers and models: give parameters and modules as attributes, and write ``forward``.

    A parameter is an attribute that is a Tensor with ``requires_grad=True``; modules may stand in
    attributes or in lists and tuples of them.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> class Scale(mg.nn.Module):
    ...     def __init__(self):
    ...         self.factor = mg.Tensor(2.0, requires_grad=True)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> model = Scale()
    >>> model(np.ones(2)), [name for name, _ in model.named_parameters()]
    (Tensor([2., 2.], op=multiply), ['factor'])
    """

    #: What the box around this module's nodes is called; the class's name by default.
    name: str | None = None
    #: True while training, False for evaluation (what `train` and `eval` set).
    training: bool = True

    def forward(self, *inputs: Any) -> Any:
        """What the module computes; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def __call__(self, *inputs: Any) -> Any:
        with scope(self.name or type(self).__name__):
            return self.forward(*inputs)

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, with the names of their places."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value
            elif isinstance(value, (list, tuple)):
                yield from ((f"{name}.{i}", each) for i, each in enumerate(value) if isinstance(each, Module))

    def modules(self) -> Iterator[Module]:
        """This module and every one inside, outermost first."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Every parameter with its path, such as ``("layers.0.weight", …)``, in network order, each once."""
        seen: set[int] = set()
        for name, value in self._parameters(prefix):
            if id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def _parameters(self, prefix: str) -> Iterator[tuple[str, Tensor]]:
        for name, value in vars(self).items():
            if isinstance(value, Tensor) and value.requires_grad:
                yield prefix + name, value
        for name, child in self.children():
            yield from child._parameters(f"{prefix}{name}.")

    def parameters(self) -> list[Tensor]:
        """Every parameter, in network order: what an optimizer takes."""
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for each in self.parameters():
            each.grad = None

    def train(self, mode: bool = True) -> Module:
        """Behave as in training (batch norm takes the batch's statistics); gives the module itself."""
        for each in self.modules():
            each.training = mode
        return self

    def eval(self) -> Module:
        """Behave as at test time (batch norm takes its running statistics); gives the module itself."""
        return self.train(False)

    def __repr__(self) -> str:
        inner = "\n".join(f"  {name}: {child!r}".replace("\n", "\n  ") for name, child in self.children())
        return f"{type(self).__name__}(\n{inner}\n)" if inner else f"{type(self).__name__}({self._summary()})"

    def _summary(self) -> str:
        return ""

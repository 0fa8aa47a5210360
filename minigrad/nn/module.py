"""`Module`: something with parameters that can be called; each call draws its nodes in a box of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from reprlib import recursive_repr
from typing import Any, TypeGuard

import numpy as np

from ..core.contexts import scope
from ..values.tensor import Tensor


class Module:
    """The base of layers and models: give parameters and modules as attributes, and write ``forward``.

    A parameter is a leaf Tensor with ``requires_grad=True``. Parameters and modules may be in attributes, and in
    lists, tuples, dicts and dataclasses of them, nested as you like. A parameter's values are set with
    ``layer.weight.data = array``; to put what is no parameter in its place is an error.

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

    def __setattr__(self, name: str, value: Any) -> None:
        if _is_parameter(vars(self).get(name)) and not (value is None or _is_parameter(value)):
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter and cannot be replaced by {type(value).__name__}, which "
                f"would not be trained; write .{name}.data = array for new values, .{name}.requires_grad = False to "
                f"freeze it, or .{name} = mg.Tensor(array, requires_grad=True) before making the optimizer"
            )
        object.__setattr__(self, name, value)

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, with the names of their places."""
        return ((name, each) for name, each in self._contents() if isinstance(each, Module))

    def _contents(self) -> Iterator[tuple[str, Tensor | Module]]:
        """The tensors and modules in the attributes and the containers there, with the names of their places."""
        for name, value in vars(self).items():
            if isinstance(value, (Tensor, Module)):
                yield name, value
            elif type(value) not in _PLAIN:
                yield from _contained(name, value, ())

    def modules(self) -> Iterator[Module]:
        """This module and every one inside, outermost first, each once."""
        return self._modules(set())

    def _modules(self, seen: set[int]) -> Iterator[Module]:
        if id(self) not in seen:
            seen.add(id(self))
            yield self
            for _, child in self.children():
                yield from child._modules(seen)

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Every parameter with its path, such as ``("layers.0.weight", …)``, in network order, each once."""
        return self._parameters(prefix, {id(self)})

    def _parameters(self, prefix: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
        contents = [(name, each) for name, each in self._contents() if id(each) not in seen]
        for name, each in contents:
            if _is_parameter(each) and id(each) not in seen:
                seen.add(id(each))
                yield prefix + name, each
        for name, each in contents:
            if isinstance(each, Module) and id(each) not in seen:
                seen.add(id(each))
                yield from each._parameters(f"{prefix}{name}.", seen)

    def parameters(self) -> list[Tensor]:
        """Every parameter, in network order: what an optimizer takes."""
        return [value for _, value in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for each in self.parameters():
            each.grad = None

    def train(self, mode: bool = True) -> Module:
        """Behave as in training (batch norm takes the batch's statistics); returns the module."""
        for each in self.modules():
            each.training = mode
        return self

    def eval(self) -> Module:
        """Behave as at test time (batch norm takes its running statistics); returns the module."""
        return self.train(False)

    @recursive_repr("...")
    def __repr__(self) -> str:
        inner = "\n".join(f"  {name}: {child!r}".replace("\n", "\n  ") for name, child in self.children())
        return f"{type(self).__name__}(\n{inner}\n)" if inner else f"{type(self).__name__}({self._summary()})"

    def _summary(self) -> str:
        return ""


#: What most attributes are that hold no tensor: not to be asked at every step whether they are containers.
_PLAIN = frozenset({float, int, bool, str, type(None), np.ndarray, np.random.Generator})


def _is_parameter(value: Any) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.requires_grad and value.is_leaf


def _contained(name: str, value: Any, around: tuple[int, ...]) -> Iterator[tuple[str, Tensor | Module]]:
    """The tensors and modules in one attribute: itself, or what is in a container, however deep."""
    if isinstance(value, (Tensor, Module)):
        yield name, value
        return
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, (list, tuple)):
        pairs = enumerate(value)
    elif isinstance(value, Mapping):
        pairs = value.items()
    elif is_dataclass(value) and not isinstance(value, type):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
    elif isinstance(value, (set, frozenset)) and any(isinstance(each, (Tensor, Module)) for each in value):
        raise TypeError(f"{name} is a set, which has no order; keep parameters and modules in a list, tuple or dict")
    if id(value) not in around:
        for key, each in pairs:
            if not isinstance(each, (float, int, str)):  # a module's log may be long
                yield from _contained(f"{name}.{key}", each, (*around, id(value)))

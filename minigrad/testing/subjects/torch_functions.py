"""PyTorch's functions and modules, run on NumPy arrays: parameters are changed in place, and all is put back."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...nn.state import found_from
from .frameworks import Adapter, Run, as_array


class Torch(Adapter):
    """Runs in float64, a module too, or in the inputs' own dtype where a function will have no other.

    Every run finds the same modules and the same random numbers: running statistics and PyTorch's global generator are
    put back after it, so a dropout drops the same entries in all of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.torch = importlib.import_module("torch")
        self._modules: list[Any] = []
        self._given: list[Any] = []
        self._in_double = True

    def uses(self, f: Any, given: Sequence[Any]) -> None:
        """Find the modules that a function closes over: they run in the same precision and are put back too."""
        for each in found_from(f):
            if isinstance(each, self.torch.nn.Module) and all(each is not module for module in self._modules):
                self._modules.append(each)
                if any(p.requires_grad and all(p is not x for x in given) for p in each.parameters()):
                    self.notes[type(each).__name__] = (
                        "a module that the function uses; its parameters are not checked: give it as an input, too"
                    )
        self._given = list(given)

    def parameters(self, x: Any) -> list[tuple[str, Any]] | None:
        """Those of a module that require a gradient, or a leaf that does itself."""
        if isinstance(x, self.torch.nn.Module):
            self._modules.append(x)
            return [(name, p) for name, p in x.named_parameters() if p.requires_grad]
        if isinstance(x, self.torch.Tensor) and x.requires_grad:
            if not x.is_leaf:
                raise TypeError("check_gradients: an input is the result of an operation; pass its .detach()")
            return [("", x)]
        return None

    def constant(self, x: Any) -> Any:
        return self.torch.as_tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind in "biu" else x

    @contextmanager
    def at(self, given: Sequence[Any], points: Sequence[np.ndarray]) -> Iterator[list[Any]]:
        """Leaves that require gradients: the given ones themselves where they are changed in place, else new ones."""
        torch = self.torch
        leaves: list[Any] = []
        kept = [(x, x.data, x.grad) for x in given if self._in_place(x)]
        with torch.random.fork_rng(devices=[]), self._modules_in_precision(), torch.enable_grad():
            try:
                for x, point in zip(given, points):
                    like = {"dtype": self._dtype(x), "device": getattr(x, "device", None)}
                    if self._in_place(x):
                        x.grad, x.data = None, torch.tensor(point, **like)
                        leaves.append(x)
                    else:
                        leaves.append(torch.tensor(point, **like, requires_grad=True))
                yield leaves
            finally:
                for x, data, gradient in kept:
                    x.grad, x.data = None, data
                    x.grad = gradient

    def _in_place(self, x: Any) -> bool:
        return isinstance(x, self.torch.Tensor) and x.requires_grad

    def _dtype(self, x: Any) -> Any:
        return self.torch.float64 if self._in_double else getattr(x, "dtype", None) or self.torch.get_default_dtype()

    @contextmanager
    def _modules_in_precision(self) -> Iterator[None]:
        """Buffers, attributes, and parameters that are not checked, as copies in the precision of the run."""
        everything = {id(each): each for module in self._modules for each in module.modules()}.values()
        kept = [(each, dict(vars(each)), dict(each._buffers)) for each in everything]
        checked = {id(x) for x in self._given}
        others = {id(p): (p, p.data) for each in everything for p in each.parameters(False) if id(p) not in checked}
        try:
            for each, attributes, buffers in kept:
                each._buffers.update((name, self._copied(x)) for name, x in buffers.items())
                vars(each).update((k, self._copied(x)) for k, x in attributes.items() if type(x) is self.torch.Tensor)
            for p, data in others.values():
                p.data = self._copied(data)
            yield
        finally:
            for each, attributes, buffers in kept:
                vars(each).clear()
                vars(each).update(attributes)
                each._buffers.clear()
                each._buffers.update(buffers)
            for p, data in others.values():
                p.data = data

    def _copied(self, x: Any) -> Any:
        if x is None:
            return None
        return x.detach().to(self.torch.float64).clone() if x.is_floating_point() and self._in_double else x.clone()

    def values(self, run: Run, leaves: Sequence[Any]) -> list[Any]:
        """The outputs as arrays of their own dtype."""
        return [y.detach().cpu().numpy() if isinstance(y, self.torch.Tensor) else as_array(y) for y in run(*leaves)]

    def leave_its_precision(self, error: Exception, given: Sequence[Any]) -> bool:
        """Whether this error came of float64 where the inputs, or parameters, were of another dtype; runs in theirs."""
        told = str(error).lower()
        mixed = any(word in told for word in ("dtype", "scalar type", "same type"))
        if not (self._in_double and mixed and any(self._other_dtype(x) for x in given)):
            return False
        self._in_double = False
        self.notes["precision"] = "it does not run in float64, so it is checked in the dtypes it was given"
        return True

    def _other_dtype(self, x: Any) -> bool:
        return isinstance(x, self.torch.Tensor) and x.dtype != self.torch.float64

    def gradients(self, run: Run, leaves: Sequence[Any], cotangents: Sequence[np.ndarray]) -> list[Any]:
        """By `torch.autograd.grad`, watched for a backward that writes into its argument."""
        found = [(y, c) for y, c in zip(run(*leaves), cotangents) if getattr(y, "requires_grad", False)]
        if not found:
            return [None] * len(leaves)
        given = [self.torch.tensor(c, dtype=y.dtype, device=y.device) for y, c in found]
        watched = self._watched([y.grad_fn for y, _ in found])
        try:
            gradients = self.torch.autograd.grad([y for y, _ in found], leaves, given, allow_unused=True)
        finally:
            for handle in watched:
                handle.remove()
        return [None if g is None else as_array(g) for g in gradients]

    def _watched(self, roots: Sequence[Any]) -> list[Any]:
        """Hooks on every backward in the graph that note one that raises the version of what it was given."""
        handles: list[Any] = []
        seen: set[Any] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node is not None and node not in seen:
                seen.add(node)
                waiting += [before for before, _ in node.next_functions]
                handles += self._hooks(node)
        return handles

    def _hooks(self, node: Any) -> list[Any]:
        versions: list[Any] = []

        def before(gradients: Sequence[Any]) -> None:
            versions[:] = [None if g is None else g._version for g in gradients]

        def after(_: Sequence[Any], gradients: Sequence[Any]) -> None:
            if versions != [None if g is None else g._version for g in gradients]:
                self.wrote_into_g(node.name())

        hooks: list[Callable[..., Any]] = [node.register_prehook, node.register_hook]
        return [register(hook) for register, hook in zip(hooks, (before, after))]

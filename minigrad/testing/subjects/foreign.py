"""A function written in another framework as a subject of checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .frameworks import adapter_of
from .inputs import ONLY_THE_COST, is_fixed, labels_of, nothing_to_check, outputs_of, point_of, why_fixed, without_cache
from .subject import Subject


class Foreign(Subject):
    """Inputs in nested containers, held fixed where they are integers; modules stand for their parameters."""

    def __init__(self, f: Any, inputs: Sequence[Any], names: Sequence[str] | None, framework: str) -> None:
        self.f = f
        self._adapter = adapter_of(framework)
        self._trees = list(inputs)
        self._leaves: list[Any] = []  # of the inputs, as they were given
        self._given: list[Any] = []  # what holds each point
        self.labels, self.points, self.notes = [], [], self._adapter.notes
        self._places: list[int | None] = []  # where each point is among the leaves; None for one that is in place
        for label, tree in zip(labels_of(inputs, names), inputs):
            for path, leaf in self._adapter.parts(tree, label):
                own = self._adapter.parameters(leaf)
                if own is not None:
                    self._places += self._add(own, path)
                elif is_fixed(leaf):
                    self.notes[path] = why_fixed(leaf)
                else:
                    self._given.append(leaf)
                    self.labels.append(path)
                    self._places.append(len(self._leaves))
                self._leaves.append(self._adapter.constant(leaf))
        self._places += self._add(self._adapter.parameters(f) or [], "")
        self._adapter.uses(f, self._given)
        self.points = [point_of(label, x) for label, x in zip(self.labels, self._given)]
        if not self.points:
            raise nothing_to_check(list(zip(self.notes, self._leaves)))

    def _add(self, parameters: Sequence[tuple[str, Any]], path: str) -> list[None]:
        new = [(name, p) for name, p in parameters if all(p is not each for each in self._given)]
        self.labels += [f"{path}.{name}".strip(".") for name, _ in new]
        self._given += [p for _, p in new]
        return [None] * len(new)

    def _run(self, *leaves: Any) -> list[Any]:
        arguments = list(self._leaves)
        for place, leaf in zip(self._places, leaves):
            if place is not None:
                arguments[place] = leaf
        value = self.f(*self._adapter.rebuilt(self._trees, arguments))
        cost = without_cache(value)
        if cost is not value:
            self.notes |= ONLY_THE_COST
        found = self._adapter.outputs(cost)
        return found or outputs_of(cost)  # which says what is wrong with it

    def _attempt(self, points: Sequence[np.ndarray], use: Any) -> Any:
        try:
            with self._adapter.at(self._given, points) as leaves:
                return use(leaves)
        except Exception as error:
            if not self._adapter.leave_its_precision(error, self._given):
                raise
        with self._adapter.at(self._given, points) as leaves:
            return use(leaves)

    def outputs(self, points: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The value that the framework returns."""
        return outputs_of(self._attempt(points, lambda leaves: self._adapter.values(self._run, leaves)))

    def gradients(self, points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The framework's own gradients."""
        given = [np.array(c, dtype=np.float64) for c in cotangents]
        found = self._attempt(points, lambda leaves: self._adapter.gradients(self._run, leaves, given))
        return [np.zeros_like(x) if g is None else np.array(g, dtype=np.float64) for g, x in zip(found, points)]

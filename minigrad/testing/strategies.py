"""Hypothesis strategies: valid inputs for any registered operation, drawn as the operation itself says.

An operation's ``inputs=`` is either one `Domain` for each input (elementwise: shapes that broadcast) or a
function of a `Draw`, which offers the few kinds of random choice that such functions need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

try:
    from hypothesis import strategies as st
except ImportError as error:  # pragma: no cover - the message is the point
    raise ImportError("minigrad.testing.strategies needs hypothesis: run pip install 'minigrad[test]'") from error

from ..registry import Composed, Domain, Op
from .operations import Example


class Draw:
    """What an operation's input function draws from; every choice is Hypothesis's, so that it shrinks."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return self._draw(st.integers(low, high))

    def boolean(self) -> bool:
        """True or False."""
        return self._draw(st.booleans())

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options; the first is the simplest."""
        return options[self._draw(st.integers(0, len(options) - 1))]

    def shape(self, *, min_dims: int = 0, max_dims: int = 2, min_side: int = 1, max_side: int = 3) -> tuple[int, ...]:
        """A shape with sides from ``min_side`` to ``max_side``."""
        sides = st.integers(min_side, max_side)
        return tuple(self._draw(st.lists(sides, min_size=min_dims, max_size=max_dims)))

    def broadcastable_to(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to ``shape``: some leading axes dropped, some sides 1."""
        kept = shape[self.integer(0, len(shape)) :]
        return tuple(1 if self.boolean() else n for n in kept)

    def axis(self, ndim: int) -> int:
        """One axis, counted from the front or from the back."""
        return self.integer(-ndim, ndim - 1)

    def axes(self, ndim: int) -> int | tuple[int, ...] | None:
        """The axes of a reduction: None, one, or several different ones."""
        several = tuple(i for i in range(ndim) if self.boolean())
        return self.choice([None, self.axis(ndim) if ndim else None, several])

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers 0 to n − 1 in some order."""
        return tuple(self._draw(st.permutations(range(n))))

    def array(
        self, shape: tuple[int, ...], *, low: float = -3.0, high: float = 3.0, avoid: Sequence[float] = ()
    ) -> np.ndarray:
        """Real numbers from low to high on a grid of 1/64, at least 1/16 from every number in ``avoid``."""
        count = int(np.prod(shape))
        grid = np.arange(np.ceil(low * 64), np.floor(high * 64) + 1) / 64
        allowed = sorted((x for x in grid if all(abs(x - a) > 1 / 16 for a in avoid)), key=lambda x: (abs(x - 1), x))
        picks = self._draw(st.lists(st.sampled_from(allowed), min_size=count, max_size=count))
        return np.array(picks, dtype=np.float64).reshape(shape)

    def distinct(self, shape: tuple[int, ...]) -> np.ndarray:
        """Real numbers of which no two are nearer than 1/8: no ties for maxima and the like."""
        count = int(np.prod(shape))
        order = self._draw(st.permutations(range(count)))
        offset = self._draw(st.integers(-16, 16)) / 16
        step = max(1 / 8, 3.0 / max(count, 1))
        return ((np.array(order, dtype=np.float64) - count / 2) * step + offset).reshape(shape)

    def booleans(self, shape: tuple[int, ...]) -> np.ndarray:
        """True and False."""
        count = int(np.prod(shape))
        return np.array(self._draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=bool).reshape(shape)

    def indices(self, n: int, *, size: int) -> np.ndarray:
        """Integers from 0 to n − 1, duplicates likely."""
        return np.array(self._draw(st.lists(st.integers(0, n - 1), min_size=size, max_size=size)), dtype=np.intp)


@st.composite
def inputs_of(draw: Any, op: Op | Composed) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Valid ``(inputs, options)`` for an operation; inputs of an elementwise one broadcast together.

    Raises
    ------
    ValueError
        If the operation was registered without ``inputs=``.
    """
    if op.inputs is None:
        raise ValueError(f"{op.name}: registered without inputs=, so there is nothing to draw from")
    source = Draw(draw)
    if callable(op.inputs):
        return op.inputs(source)
    shape = source.shape(max_dims=3)
    arrays = [_in_domain(source, shape, each) for each in op.inputs]
    return tuple(arrays), {}


def _in_domain(source: Draw, shape: tuple[int, ...], domain: Domain) -> np.ndarray:
    own = source.broadcastable_to(shape) if source.boolean() else shape
    return source.array(own, low=domain.low, high=domain.high, avoid=domain.avoid)


def examples_of(op: Op | Composed) -> st.SearchStrategy[Example]:
    """An operation with valid arguments, as a function of its floating arrays."""
    return inputs_of(op).map(lambda drawn: Example(op, *drawn))

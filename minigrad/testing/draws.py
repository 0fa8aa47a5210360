"""What an operation's sampler draws from: a few kinds of random choice, from Hypothesis or from a random generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.registry import Domain


class Draw:
    """The choices that an operation's ``inputs=`` function makes.

    Every choice comes down to the three that a source gives, `integer`, `integers` and `permutation`, whose smallest
    answer is the simplest, so that Hypothesis can shrink what was drawn.

    Parameters
    ----------
    kinks
        Draw on purpose what the samplers keep away from: the points in ``avoid``, and ties where distinct numbers are
        asked for.
    scale
        What all numbers of an unbounded array are multiplied with, such as 1e-5 or 1e10.
    """

    def __init__(self, *, kinks: bool = False, scale: float = 1.0) -> None:
        self.kinks, self.scale = kinks, scale

    # ---- what a source gives ----

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        raise NotImplementedError

    def integers(self, low: int, high: int, size: int) -> list[int]:
        """So many of them."""
        raise NotImplementedError

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers 0 to n − 1 in some order."""
        raise NotImplementedError

    # ---- what samplers ask for ----

    def boolean(self) -> bool:
        """True or False."""
        return bool(self.integer(0, 1))

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options; the first is the simplest."""
        return options[self.integer(0, len(options) - 1)]

    def shape(self, *, min_dims: int = 0, max_dims: int = 2, min_side: int = 1, max_side: int = 3) -> tuple[int, ...]:
        """A shape with sides from ``min_side`` to ``max_side``."""
        return tuple(self.integers(min_side, max_side, self.integer(min_dims, max_dims)))

    def any_shape(self, max_dims: int = 3) -> tuple[int, ...]:
        """A shape, now and then with an axis of length 0."""
        shape = self.shape(max_dims=max_dims)
        empty = self.integer(0, 7) == 7 and shape
        return (*shape[:-1], 0) if empty else shape

    def broadcastable_to(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to ``shape``: some leading axes dropped, some sides 1."""
        kept = shape[self.integer(0, len(shape)) :]
        return tuple(1 if self.boolean() else n for n in kept)

    def shapes_that_broadcast(self, count: int, max_dims: int = 3) -> Iterator[tuple[int, ...]]:
        """Shapes that broadcast together, each drawn when it is asked for; now and then with an axis of length 0."""
        shape = self.any_shape(max_dims)
        return (self.broadcastable_to(shape) if self.boolean() else shape for _ in range(count))

    def axis(self, ndim: int) -> int:
        """One axis, counted from the front or from the back."""
        return self.integer(-ndim, ndim - 1)

    def axes(self, ndim: int) -> int | tuple[int, ...] | None:
        """The axes of a reduction: None, one, or several different ones."""
        several = tuple(i for i in range(ndim) if self.boolean())
        return self.choice([None, self.axis(ndim) if ndim else None, several])

    def array(
        self, shape: tuple[int, ...], *, low: float = -3.0, high: float = 3.0, avoid: Sequence[float] = ()
    ) -> np.ndarray:
        """Real numbers from low to high, at least 1/16 from every number in ``avoid``.

        Most are of a grid of 1/64; but a third of the arrays are full of boundary values (0, ±1, low and high), and
        another third of ties.
        """
        count = int(np.prod(shape))
        grid, special = _numbers(float(low), float(high), tuple(map(float, avoid)), self.kinks)
        kind = self.integer(0, 2) if count else 0
        if kind == 2:
            grid = grid[self.integers(0, len(grid) - 1, 2)]
        elif kind == 1 and len(special):
            grid = np.concatenate([special, special, grid[:: max(1, len(grid) // 8)]])
        values = np.array(grid[self.integers(0, len(grid) - 1, count)], dtype=np.float64)
        if self.scale != 1.0 and (low, high) == (-3.0, 3.0):
            values = values * self.scale
        return values.reshape(shape)

    def arrays(self, *shapes: str, **options: Any) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
        """Arrays of shapes that are written out, with options: the ``(inputs, options)`` that a sampler returns.

        A letter stands for a length from 1 to 3, the same wherever it stands, a digit for itself, ``*`` for a batch of
        at most two axes and ``~`` for one that broadcasts to it.

        >>> (a, b), _ = RandomDraw(0).arrays("*nk", "k2")
        >>> a.shape, b.shape
        ((2, 2, 1, 1), (1, 2))
        """
        lengths: dict[str, tuple[int, ...]] = {}
        for each in dict.fromkeys("".join(shapes).replace("~", "*")):
            lengths[each] = self.shape() if each == "*" else (int(each) if each.isdigit() else self.integer(1, 3),)

        def filled(text: str) -> tuple[int, ...]:
            parts = (self.broadcastable_to(lengths["*"]) if x == "~" else lengths[x] for x in text)
            return tuple(n for part in parts for n in part)

        return tuple([self.array(filled(text)) for text in shapes]), options

    def within(self, domain: Domain, shape: tuple[int, ...]) -> np.ndarray:
        """An array of a domain's numbers."""
        return self.array(shape, low=domain.low, high=domain.high, avoid=domain.avoid)

    def distinct(self, shape: tuple[int, ...]) -> np.ndarray:
        """Real numbers no two of which are nearer than 1/8: there are no ties. With ``kinks`` there are many."""
        count = int(np.prod(shape))
        order = np.array(self.integers(0, 2, count) if self.kinks else self.permutation(count), dtype=np.float64)
        offset = self.integer(-16, 16) / 16
        step = max(1 / 8, 3.0 / max(count, 1))
        return (((order - count / 2) * step + offset) * self.scale).reshape(shape)

    def booleans(self, shape: tuple[int, ...]) -> np.ndarray:
        """True and False."""
        return np.array(self.integers(0, 1, int(np.prod(shape))), dtype=bool).reshape(shape)

    def indices(self, n: int, *, size: int) -> np.ndarray:
        """Integers from 0 to n − 1, duplicates likely."""
        return np.array(self.integers(0, n - 1, size), dtype=np.intp)


class RandomDraw(Draw):
    """Choices of a NumPy generator: fast, and without Hypothesis.

    >>> RandomDraw(0).integers(0, 9, 3) == RandomDraw(0).integers(0, 9, 3)
    True
    """

    def __init__(self, seed: Any, *, kinks: bool = False, scale: float = 1.0) -> None:
        super().__init__(kinks=kinks, scale=scale)
        self._rng = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return int(self._rng.integers(low, high + 1))

    def integers(self, low: int, high: int, size: int) -> list[int]:
        """So many of them."""
        return self._rng.integers(low, high + 1, size).tolist()

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers 0 to n − 1 in some order."""
        return tuple(self._rng.permutation(n).tolist())


@lru_cache(maxsize=256)
def _numbers(low: float, high: float, avoid: tuple[float, ...], kinks: bool) -> tuple[np.ndarray, np.ndarray]:
    """The grid, simplest first, and the boundary values of a range."""

    def allowed(x: float) -> bool:
        return all(abs(x - a) > 1 / 16 for a in avoid)

    grid = np.arange(np.ceil(low * 64), np.floor(high * 64) + 1) / 64
    simplest = sorted((x for x in grid.tolist() if allowed(x)), key=lambda x: (abs(x - 1), x))
    special = [x for x in (0.0, 1.0, -1.0, low, high) if low <= x <= high and allowed(x)]
    if kinks:
        special += [a for a in avoid if low <= a <= high] * 3
    return np.array(simplest), np.array(special)

"""Random numbers inside an operation: drawn now, or written down by who records it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

#: What records the operations made here (a `Trace`), if anything does.
recorder: ContextVar[Any] = ContextVar("minigrad.recorder", default=None)


def uniform(rng: Any, shape: tuple[int, ...]) -> Any:
    """Uniform random numbers in [0, 1) from a generator, a seed, or None.

    A recording writes them down as inputs: each run draws anew, from the same generator. A seed's are always the same.
    """
    trace = recorder.get()
    if trace is not None and (rng is None or isinstance(rng, (np.random.Generator, np.random.BitGenerator))):
        return trace.drawn(rng, shape)
    return np.random.default_rng(rng).random(shape)

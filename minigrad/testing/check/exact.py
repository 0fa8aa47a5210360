"""What must hold exactly for a derivative, and is checked without differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..subjects.subject import Recorded, Subject, signed

HOLDS = "holds"


def exact_checks(subject: Subject, gradients: Sequence[np.ndarray]) -> dict[str, str]:
    """By the name of each check "holds", or what was found instead.

    Of a hand-written pair or another framework's function only that it answers the same twice.
    """
    points, cotangents = subject.copies(), [c.copy() for c in subject.cotangents]
    again = subject.gradients(points, cotangents)
    found = {"the same answer twice": _same_twice(subject, again, gradients)}
    if not isinstance(subject, Recorded):
        return found
    found["shape and dtype of each input"] = _shapes(subject, again)
    found["no gradient shares memory"] = _memory(subject, again, points, cotangents)
    found["works with read-only inputs and g"] = _read_only(subject)
    if not subject.scalars and all(np.all(np.isfinite(g)) for g in gradients):
        other = signed(subject.cotangents, 13)
        pulled = subject.claim(other)
        found["linear in g"] = _linear(subject, gradients, other, pulled)
        found["used twice in one graph"] = _twice_in_one_graph(subject, gradients, other, pulled)
        found["⟨v, Ju⟩ = ⟨Jᵀv, u⟩"] = _adjoint(subject, gradients)
    return found


def _apart(
    subject: Subject,
    found: Sequence[np.ndarray],
    wanted: Sequence[np.ndarray],
    terms: Sequence[Sequence[np.ndarray]],
) -> str:
    """Where two lists of arrays differ by more than the rounding of the terms that they are sums of.

    Where the terms cancel to nothing, what is left is the rounding of something larger: of the other inputs' terms,
    or of the function's value.
    """
    sizes = [sum(float(np.max(np.abs(each[i]), initial=0.0)) for each in terms) for i in range(len(found))]
    eps = subject.epsilon
    rounding = max(1e-13, 100 * eps) * (1.0 + max(sizes, default=0.0) + subject.magnitude)
    for i, (a, b, size) in enumerate(zip(found, wanted, sizes)):
        off = float(np.max(np.abs(a - b), initial=0.0))
        if not off <= max(1e-10, 1e3 * eps) * size + rounding:
            return f"off by {off:.1e}, of a size of {size:.1e}, by input {i}"
    return HOLDS


def _same_twice(subject: Subject, again: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> str:
    if all(np.array_equal(np.isfinite(a), np.isfinite(b)) for a, b in zip(again, gradients)):
        known = [np.nan_to_num(g) for g in gradients]
        return _apart(subject, [np.nan_to_num(g) for g in again], known, [known])
    return "finite once and not the other time"


def _shapes(subject: Subject, gradients: Sequence[np.ndarray]) -> str:
    for label, g, x in zip(subject.labels, gradients, subject.points):
        if g.shape != x.shape or g.dtype != x.dtype:
            return f"{label} is {x.shape} {x.dtype}, its gradient {g.shape} {g.dtype}"
    return HOLDS


def _memory(
    subject: Subject, gradients: Sequence[np.ndarray], points: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]
) -> str:
    """Of gradients taken at these very points, for these very cotangents."""
    named = list(zip(subject.labels, gradients))
    given = [*(("g", c) for c in cotangents), *zip(subject.labels, points)]
    for i, (label, g) in enumerate(named):
        for other, array in [*named[i + 1 :], *given]:
            if np.shares_memory(g, array):
                return f"the gradient with respect to {label} shares memory with {other}"
    return HOLDS


def _read_only(subject: Recorded) -> str:
    points, cotangents = subject.copies(), [c.copy() for c in subject.cotangents]
    for each in (*points, *cotangents):
        each.flags.writeable = False
    try:
        subject.gradients(points, cotangents)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return "the function or a rule modifies its inputs"
    return HOLDS


def _linear(
    subject: Recorded, gradients: Sequence[np.ndarray], other: Sequence[np.ndarray], pulled: Sequence[np.ndarray]
) -> str:
    """Where the gradients for the cotangents ``other`` are ``pulled``."""
    mixed = subject.claim([2.0 * c - 3.0 * o for c, o in zip(subject.cotangents, other)])
    parts = [[2.0 * g for g in gradients], [-3.0 * g for g in pulled]]
    return _apart(subject, mixed, [a + b for a, b in zip(*parts)], parts)


def _twice_in_one_graph(
    subject: Recorded, gradients: Sequence[np.ndarray], other: Sequence[np.ndarray], pulled: Sequence[np.ndarray]
) -> str:
    """Two uses add up: a rule that answers with the same memory every time would overwrite what it said before."""
    both = _Doubled(subject)
    if both.random:
        return HOLDS
    together = both.claim([*subject.cotangents, *other])
    return _apart(subject, together, [a + b for a, b in zip(gradients, pulled)], [gradients, pulled])


class _Doubled(Recorded):
    """A subject whose function is run twice, with the same inputs."""

    def __init__(self, once: Recorded) -> None:
        vars(self).update(vars(once))
        self.f = lambda *inputs: [once.f(*inputs), once.f(*inputs)]
        values = self.outputs(once.copies())
        half = len(values) // 2
        #: Whether the second run gives something else, as one does whose random numbers go on.
        self.random = not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values, values[half:]))


def _adjoint(subject: Recorded, gradients: Sequence[np.ndarray]) -> str:
    directions = signed(subject.points, 17)
    pushed = subject.push(subject.copies(), directions)
    forward = [c * t for c, t in zip(subject.cotangents, pushed)]
    backward = [g * v for g, v in zip(gradients, directions)]
    if not all(np.all(np.isfinite(each)) for each in forward):
        return "the forward derivative is not finite, the gradient is"
    size = sum(float(np.sum(np.abs(each))) for each in [*forward, *backward])
    off = abs(sum(float(np.sum(f)) for f in forward) - sum(float(np.sum(b)) for b in backward))
    eps = subject.epsilon
    rounding = max(1e-10, 1e3 * eps) * size + max(1e-13, 100 * eps) * (1 + subject.magnitude)
    return HOLDS if off <= rounding else f"forward and backward differ by {off:.1e}, of a size of {size:.1e}"

"""What must hold of a derivative exactly, and is seen without differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .subject import Recorded, Subject, signed

HOLDS = "holds"


def exact_checks(subject: Subject, gradients: Sequence[np.ndarray]) -> dict[str, str]:
    """By the name of each check "holds", or what was found instead.

    Of a hand-written pair or another framework's function only that it answers the same twice.
    """
    found = {"the same answer twice": _same_twice(subject, gradients)}
    if not isinstance(subject, Recorded):
        return found
    found["shape and dtype of each input"] = _shapes(subject)
    found["read-only inputs and g will do"] = _read_only(subject)
    found["no gradient shares memory"] = _memory(subject)
    finite = all(np.all(np.isfinite(g)) for g in gradients)
    if not subject.scalars and finite:
        found["linear in g"] = _linear(subject, gradients)
        found["used twice in one graph"] = _twice_in_one_graph(subject, gradients)
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
    eps = subject.epsilon()
    rounding = max(1e-13, 100 * eps) * (1.0 + max(sizes, default=0.0) + subject.magnitude())
    for i, (a, b, size) in enumerate(zip(found, wanted, sizes)):
        off = float(np.max(np.abs(a - b), initial=0.0))
        if not off <= max(1e-10, 1e3 * eps) * size + rounding:
            return f"off by {off:.1e}, of a size of {size:.1e}, by input {i}"
    return HOLDS


def _same_twice(subject: Subject, gradients: Sequence[np.ndarray]) -> str:
    again = subject.gradients([x.copy() for x in subject.points], [c.copy() for c in subject.cotangents])
    if all(np.array_equal(np.isfinite(a), np.isfinite(b)) for a, b in zip(again, gradients)):
        known = [np.nan_to_num(g) for g in gradients]
        return _apart(subject, [np.nan_to_num(g) for g in again], known, [known])
    return "finite once and not the other time"


def _shapes(subject: Recorded) -> str:
    found = subject.gradients([x.copy() for x in subject.points], subject.cotangents)
    for label, g, x in zip(subject.labels, found, subject.points):
        if g.shape != x.shape or g.dtype != x.dtype:
            return f"{label} is {x.shape} {x.dtype}, its gradient {g.shape} {g.dtype}"
    return HOLDS


def _locked(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    copies = [np.array(x) for x in arrays]
    for each in copies:
        each.flags.writeable = False
    return copies


def _read_only(subject: Recorded) -> str:
    return _unless_read_only(lambda: subject.gradients(_locked(subject.points), _locked(subject.cotangents)))


def _unless_read_only(run: Callable[[], object]) -> str:
    try:
        run()
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return "the function or a rule writes into what it was given"
    return HOLDS


def _memory(subject: Recorded) -> str:
    points, cotangents = [x.copy() for x in subject.points], [c.copy() for c in subject.cotangents]
    found = subject.gradients(points, cotangents)
    for i, (label, g) in enumerate(zip(subject.labels, found)):
        for other, array in [
            *zip(subject.labels[i + 1 :], found[i + 1 :]), *(("g", c) for c in cotangents), *zip(subject.labels, points)
        ]:  # fmt: skip
            if np.shares_memory(g, array):
                return f"the gradient by {label} shares memory with {other}"
    return HOLDS


def _linear(subject: Recorded, gradients: Sequence[np.ndarray]) -> str:
    other = signed(subject.cotangents, 13)
    mixed = [2.0 * c - 3.0 * o for c, o in zip(subject.cotangents, other)]
    pulled = subject.gradients([x.copy() for x in subject.points], other)
    parts = [[2.0 * g for g in gradients], [-3.0 * g for g in pulled]]
    found = subject.gradients([x.copy() for x in subject.points], mixed)
    return _apart(subject, found, [a + b for a, b in zip(*parts)], parts)


def _twice_in_one_graph(subject: Recorded, gradients: Sequence[np.ndarray]) -> str:
    """Two uses add up: a rule that answers with the same memory every time would overwrite what it said before."""
    both = _Doubled(subject)
    if both.random:
        return HOLDS
    other = signed(subject.cotangents, 13)
    points = [x.copy() for x in subject.points]
    separately = subject.gradients(points, other)
    together = both.gradients(points, [*subject.cotangents, *other])
    return _apart(subject, together, [a + b for a, b in zip(gradients, separately)], [gradients, separately])


class _Doubled(Recorded):
    """A subject whose function is run twice, with the same inputs."""

    def __init__(self, once: Recorded) -> None:
        vars(self).update(vars(once))
        self.f = lambda *inputs: [once.f(*inputs), once.f(*inputs)]
        values = self.outputs(once.points)
        half = len(values) // 2
        #: Whether the second run gives something else, as one does whose random numbers go on.
        self.random = not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values, values[half:]))


def _adjoint(subject: Recorded, gradients: Sequence[np.ndarray]) -> str:
    directions = signed(subject.points, 17)
    pushed = subject.push([x.copy() for x in subject.points], directions)
    forward = [c * t for c, t in zip(subject.cotangents, pushed)]
    backward = [g * v for g, v in zip(gradients, directions)]
    if not all(np.all(np.isfinite(each)) for each in forward):
        return "the forward derivative is not finite, the gradient is"
    size = sum(float(np.sum(np.abs(each))) for each in [*forward, *backward])
    off = abs(sum(float(np.sum(f)) for f in forward) - sum(float(np.sum(b)) for b in backward))
    eps = subject.epsilon()
    rounding = max(1e-10, 1e3 * eps) * size + max(1e-13, 100 * eps) * (1 + subject.magnitude())
    return HOLDS if off <= rounding else f"forward and backward differ by {off:.1e}, of a size of {size:.1e}"

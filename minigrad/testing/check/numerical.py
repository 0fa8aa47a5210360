"""Numerical derivatives that estimate their own error: what analytic derivatives are checked against.

By default each derivative is a ladder of two-sided differences, the step halved from rung to rung, extrapolated to
step 0 (Richardson 1911), and of all the values so found the one is taken whose own error estimate is smallest
(Ridders 1982). With ``eps`` given it is the course's plain two-sided difference.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.errors import NotDifferentiableError

#: Rungs of a ladder, down to steps of 2e-9, and ladders below each other.
_RUNGS, _LADDERS = 26, 4


def numerical_gradient(f: Callable[..., Any], *inputs: Any, eps: float | None = None, with_error: bool = False) -> Any:
    """The gradient of a real-valued ``f`` with respect to every entry: a list of arrays, one for each input.

    Parameters
    ----------
    f
        Takes arrays (float64 copies of the inputs) and returns one number.
    inputs
        Arrays or numbers. With respect to an entry that is NaN (a missing number) the derivative is 0.
    eps
        The step ε of the course's two-sided difference (f(x + ε) − f(x − ε)) / 2ε, error O(ε²) (course, part C). By
        default the extrapolated ladder of steps, from a tenth of max(1, |x|) downwards; where f is not finite or
        raises an ArithmeticError or ValueError the steps shrink until it is. About 1e-12 accurate on smooth functions.
    with_error
        Give ``(gradients, errors)``, each error an estimate of what its entry may be off by, rounding included.

    Raises
    ------
    ValueError
        If f returns several numbers, or is not finite as near to the inputs as steps can be.

    Examples
    --------
    >>> from minigrad.testing import numerical_gradient
    >>> [gradient] = numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0])
    >>> gradient.round(9)
    array([ 3., 12.])
    >>> [gradient], [error] = numerical_gradient(lambda x: 1e6 + np.sin(x), 1.0, with_error=True)
    >>> bool(abs(gradient - np.cos(1.0)) <= error <= 1e-7)
    True
    """

    def value(*points: np.ndarray) -> np.ndarray:
        y = np.asarray(f(*points))
        if y.size != 1:
            raise _ShapeError(f"numerical_gradient: f gave shape {y.shape}, one number is wanted (numerical_jacobian)")
        return y.reshape(())

    columns = [_columns(value, inputs, number, eps) for number in range(len(inputs))]
    gradients = [derivative for derivative, _ in columns]
    return (gradients, [error for _, error in columns]) if with_error else gradients


class _ShapeError(TypeError, ValueError):
    """Several numbers where one is wanted: no step size can mend that."""


def numerical_jacobian(f: Callable[..., Any], *inputs: Any, eps: float | None = None, with_error: bool = False) -> Any:
    """∂f/∂x for every input, of shape ``f(...).shape + x.shape``: a list of arrays; see `numerical_gradient`.

    >>> from minigrad.testing import numerical_jacobian
    >>> [jacobian] = numerical_jacobian(lambda x: x**2, [1.0, 2.0])
    >>> jacobian.round(9)
    array([[2., 0.],
           [0., 4.]])
    """
    columns = [_columns(f, inputs, number, eps) for number in range(len(inputs))]
    turned = [[_entries_last(part, np.shape(x)) for part in pair] for pair, x in zip(columns, inputs)]
    jacobians = [derivative for derivative, _ in turned]
    return (jacobians, [error for _, error in turned]) if with_error else jacobians


def numerical_jvp(
    f: Callable[..., Any], inputs: Sequence[Any], tangents: Sequence[Any], *, eps: float | None = None,
    with_error: bool = False,
) -> Any:  # fmt: skip
    """The derivative of f along one direction, a tangent for each input: an array of f's shape.

    Two evaluations of f a step, however many entries the inputs have.

    >>> from minigrad.testing import numerical_jvp
    >>> numerical_jvp(lambda x: x**2, [np.array([1.0, 2.0])], [np.array([1.0, 10.0])]).round(9)
    array([ 2., 40.])
    """
    points = [np.array(x, dtype=np.float64) for x in inputs]
    directions = [np.asarray(v, dtype=np.float64) for v in tangents]
    size = max((float(np.max(np.abs(v), initial=0.0)) for v in directions), default=0.0) or 1.0
    reach = max((float(np.max(np.abs(np.nan_to_num(x)), initial=0.0)) for x in points), default=0.0)

    def moved(t: float) -> Any:
        return f(*(x + t * v for x, v in zip(points, directions)))

    derivative, error = _along(moved, 0.0, max(1.0, reach) / size, reach / size, eps)
    return (derivative, error) if with_error else derivative


def numerical_hessian(f: Callable[..., Any], x: Any, *, with_error: bool = False) -> Any:
    """All second derivatives of a real-valued f of one array, of shape ``x.shape + x.shape``, from values of f alone.

    By second differences, [f(+,+) − f(+,−) − f(−,+) + f(−,−)] / 4h², extrapolated as the first ones are.

    >>> from minigrad.testing import numerical_hessian
    >>> numerical_hessian(lambda x: x[0] ** 2 * x[1], [3.0, 5.0]).round(7)
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    point = np.array(x, dtype=np.float64)
    n = point.size
    hessian, errors = np.zeros((n, n)), np.zeros((n, n))
    scales = np.maximum(1.0, np.abs(point.reshape(-1)))

    def at(*moves: tuple[int, float]) -> float:
        moved = point.copy().reshape(-1)
        for i, step in moves:
            moved[i] += step
        return float(np.asarray(f(moved.reshape(point.shape))).reshape(()))

    center = at()
    for i in range(n):
        for j in range(i + 1):

            def sample(h: float, i: int = i, j: int = j) -> tuple[np.ndarray, np.ndarray]:
                a, b = h * scales[i], h * scales[j]
                if i == j:
                    values = [at((i, a)), center, center, at((i, -a))]
                    area = a * a
                else:
                    values = [at((i, a), (j, b)), at((i, a), (j, -b)), at((i, -a), (j, b)), at((i, -a), (j, -b))]
                    area = 4 * a * b
                total = (values[0] - values[1] - values[2] + values[3]) / area
                return np.asarray(total), np.asarray(2 * np.finfo(np.float64).eps * sum(map(abs, values)) / area)

            value, error = _extrapolated(sample, 0.2)
            hessian[i, j] = hessian[j, i] = value
            errors[i, j] = errors[j, i] = error
    shape = (*point.shape, *point.shape)
    return (hessian.reshape(shape), errors.reshape(shape)) if with_error else hessian.reshape(shape)


# ---- one entry, one direction -------------------------------------------------------------------------------


def _columns(
    f: Callable[..., Any], inputs: Sequence[Any], number: int, eps: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """∂f/∂(every entry of one input) and its error, the input's axes first."""
    points = [np.array(x, dtype=np.float64) for x in inputs]
    point = points[number]
    columns: list[tuple[np.ndarray, np.ndarray]] = []
    for index in np.ndindex(point.shape):
        center = float(point[index])

        def moved(value: float, index: tuple[int, ...] = index) -> Any:
            point[index] = value
            return f(*(p.copy() for p in points))

        if math.isnan(center):  # a missing number, which what is near it says nothing of
            nothing = np.zeros_like(np.asarray(f(*(p.copy() for p in points)), dtype=np.float64))
            columns.append((nothing, nothing))
        else:
            columns.append(_along(moved, center, max(1.0, abs(center)), abs(center), eps))
        point[index] = center
    if not columns:
        empty = np.zeros((*point.shape, *np.shape(f(*(p.copy() for p in points)))))
        return empty, empty.copy()
    derivative, error = (np.stack([column[part] for column in columns]) for part in (0, 1))
    shape = (*point.shape, *derivative.shape[1:])
    return derivative.reshape(shape), error.reshape(shape)


def _entries_last(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The axes of the input moved behind those of the value."""
    n = len(shape)
    return np.transpose(array, (*range(n, array.ndim), *range(n)))


def _along(
    f: Callable[[float], Any], center: float, scale: float, size: float, eps: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """f'(center) of a function of one number that returns an array, and what it may be off by.

    ``scale`` is how far one may go before it matters, ``size`` how large the numbers are that a step is added to.
    """

    sample = _Quotient(f, center, size)
    if eps is not None:
        value, rounding = sample(eps)
        return value, rounding + np.abs(value) * eps**2
    # no round share: on 3e10 a step of 3e9 would meet sin(πx) in its zeros alone
    _, _, step = _finite_sample(sample, 0.1 * scale / 1.07)
    return _fitted(sample, step) if sample.coarse else _extrapolated(sample, step)


class _Quotient:
    """The two-sided difference quotient of a function of one number by the step, with what rounding makes of it."""

    def __init__(self, f: Callable[[float], Any], center: float, size: float) -> None:
        self.f, self.center, self.size = f, center, size
        self._known: dict[float, tuple[np.ndarray, np.ndarray]] = {}
        #: Whether the function computes in fewer digits than float64.
        self.coarse = False
        #: Of a coarse function, by the step, how far the slopes of the two sides are apart.
        self.bends: dict[float, np.ndarray] = {}
        self._middle: np.ndarray | None = None

    def __call__(self, h: float) -> tuple[np.ndarray, np.ndarray]:
        if h in self._known:
            return self._known[h]
        above, below = self.center + h, self.center - h
        high, low = np.asarray(self.f(above)), np.asarray(self.f(below))
        rounding = np.finfo(high.dtype if high.dtype.kind == "f" else np.float64).eps
        self.coarse = bool(rounding > 1e-12)
        high, low = high.astype(np.float64), low.astype(np.float64)
        width = above - below  # what was really walked, not 2h
        slope = (high - low) / width
        # the rounding of f's values, and of its argument, which f may well pass on
        if self.coarse:
            if self._middle is None:
                self._middle = np.asarray(self.f(self.center), dtype=np.float64)
            self.bends[h] = (high - 2 * self._middle + low) / (width / 2)
        found = slope, rounding * (np.abs(high) + np.abs(low) + np.abs(slope) * self.size) / width
        if not self._known:
            self._known[h] = found
        return found


#: Steps of which a coarse function's derivative is fitted, each 1/√2 of the last, and how many of them at a time.
_STEPS, _WINDOW = 25, 8


def _fitted(sample: _Quotient, step: float) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a difference quotient of few digits, a + b·h² fitted to it, and what it may be off by.

    Of all windows of neighbouring steps the one is taken whose scatter about its fit, which rounding and kinks make,
    leaves the least doubt. What extrapolation would choose of so coarse numbers is the luckiest. Kinks nearer than the
    steps leave no scatter, but the slopes of the two sides apart: between those, all is possible.
    """
    rungs = []
    for _ in range(_STEPS):
        value, rounding, found_at = _finite_sample(sample, step)
        rungs.append((value, sample.bends[found_at], rounding, found_at))
        step = found_at / np.sqrt(2.0)
    steps = np.array([rung[3] for rung in rungs])
    shape = rungs[0][0].shape
    slopes, bends, roundings = (np.stack([rung[part] for rung in rungs]).reshape(_STEPS, -1) for part in range(3))
    found = []
    for start in range(_STEPS - _WINDOW + 1):
        here = slice(start, start + _WINDOW)
        h = steps[here] / steps[start]
        weights = h[:, None]  # rounding goes with 1/h
        expected = np.mean((weights * roundings[here]) ** 2, axis=0) / 4
        value, doubt = _line(weights, h**2, slopes[here], expected)
        bend, _ = _line(weights, h, bends[here], expected)
        found.append((value, 3 * doubt + np.abs(bend)))
    fits, errors = (np.stack(part) for part in zip(*found))
    choice = np.argmin(errors, axis=0)[None]
    fit, error = (np.take_along_axis(part, choice, 0) for part in (fits, errors))
    apart = np.where(errors <= 4 * error, np.abs(fits - fit), 0.0)  # windows nearly as sure of something else
    return fit.reshape(shape), np.maximum(error, np.max(apart, axis=0)).reshape(shape)


def _line(weights: np.ndarray, x: np.ndarray, y: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A weighted line through columns of numbers: its value at 0, and how uncertain that is by their scatter."""
    wide = weights * np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.inv(wide.T @ wide)
    terms = inverse @ (wide.T @ (weights * y))
    scatter = np.sum((weights * y - wide @ terms) ** 2, axis=0) / (len(x) - 2)
    return terms[0], np.sqrt(inverse[0, 0] * np.maximum(scatter, least))


def _extrapolated(
    sample: Callable[[float], tuple[np.ndarray, np.ndarray]], step: float
) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a difference quotient as h goes to 0, and what it may be off by.

    A kink, a step or a pole nearby can make wide differences agree on a wrong answer. So the answer is checked against
    one much narrower difference, and where they differ by more than both may be off, or where the answer is not known
    as well as narrower steps could tell it, the ladder starts again from there.
    """
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for number in range(_LADDERS):
        try:
            best, error, last, step = _ladder(sample, step)
            narrow, rounding, width = _finite_sample(sample, step / 64)
        except ValueError:
            if not number:
                raise
            break  # narrower than numbers are
        curved = np.abs(last - best) * (width / step)  # what the narrow one is off by where all is smooth, or less
        apart = np.abs(narrow - best)
        agree = apart - 2 * curved - 100 * rounding - error <= 1e-7 * np.abs(best)
        found.append((best, np.where(agree, error, np.maximum(error, apart))))
        if np.all(agree & _sure(best, error, rounding)):
            break
        step = width
    return _undoubted(*(np.stack(part) for part in zip(*found)))


def _sure(value: np.ndarray, error: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """Where a value is known to nine digits, or better than steps with this rounding could tell it."""
    return error <= 1e-9 * np.abs(value) + 16 * rounding


def _richardson(powers: Sequence[float]) -> np.ndarray:
    """The columns of an extrapolation, each as the shares of the differences between neighbouring samples.

    ``powers`` are what halving the step divides the terms of the error by. Samples stand newest first; column k is
    the newest of them and ``shares[k] @ (newer - older)``, so that what is the same in all of them stays exact.
    """
    samples = np.eye(len(powers) + 1)
    columns, row = [samples[0]], list(samples)
    for power in powers:
        row = [new + (new - old) / (power - 1) for new, old in pairwise(row)]
        columns.append(row[0])
    return np.cumsum(np.stack(columns) - samples[0], axis=1)[:, :-1]


#: Where f is smooth the error goes with h², h⁴, …; where a second derivative jumps at the point itself, with h, h², ….
_TABLEAUS = _richardson([4.0**k for k in range(1, 8)]), _richardson([2.0**k for k in range(1, 6)])


def _ladder(
    sample: Callable[[float], tuple[np.ndarray, np.ndarray]], step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """One ladder of steps: the best value, its error, and the last difference with its step."""
    samples: list[np.ndarray] = []
    before: list[np.ndarray] = []
    rungs: list[tuple[np.ndarray, np.ndarray]] = []
    worse = 0
    for rung in range(_RUNGS):
        first, rounding, found_at = _finite_sample(sample, step)
        if found_at != step:  # not half of the last one
            samples, before, step = [], [], found_at
        samples.insert(0, first)
        if rung == 0:
            best, error = first, np.full(first.shape, np.inf)
        columns = [_columns_of(shares, samples) for shares in _TABLEAUS]
        here, here_off = first, np.full(first.shape, np.inf)
        for new, old, jumping in zip(columns, before, (False, True)):
            for k in range(1, min(len(new), len(old) + 1)):
                off = np.maximum(np.abs(new[k] - new[k - 1]), np.abs(new[k] - old[k - 1])) + 2 * rounding
                if jumping:  # and may do so not here, but nearer than what is lost in this error
                    off += 6 * rounding + 4 * np.sqrt(np.abs(first - new[k]) * off)
                nearer = off < here_off
                here, here_off = np.where(nearer, new[k], here), np.where(nearer, off, here_off)
        before = columns
        rungs.append((here, here_off))
        better = here_off < error
        best, error = np.where(better, here, best), np.where(better, here_off, error)
        if np.all(error <= 4 * rounding + 2e-15 * np.abs(best)):
            break  # as exact as rounding lets it be
        worse = 0 if np.any(better) or rung < 2 else worse + 1
        if worse > 2 and np.all(_sure(best, error, rounding)):
            break  # from here on rounding grows
        step /= 2
    best, error = _undoubted(*(np.stack(part) for part in zip(*rungs)))
    return best, error, first, step


def _columns_of(shares: np.ndarray, samples: Sequence[np.ndarray]) -> np.ndarray:
    """The columns that so many samples, the newest first, can fill."""
    kept = np.stack(samples[: len(shares)])
    n = len(kept)
    return kept[0] + np.tensordot(shares[:n, : n - 1], kept[:-1] - kept[1:], 1)


def _undoubted(values: np.ndarray, offs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of what rungs or ladders found the surest that no narrower one, nearly as sure of itself, speaks against.

    Two values may agree by chance, and wide steps may agree on what holds beyond a kink only.
    """
    apart, both = np.abs(values[None] - values[:, None]), offs[None] + offs[:, None]  # [wider, narrower]
    narrower = np.triu(np.ones(apart.shape[:2], dtype=bool), 1).reshape(*apart.shape[:2], *[1] * (values.ndim - 1))
    with np.errstate(invalid="ignore"):
        against = narrower & (offs[None] <= 1e3 * offs[:, None]) & (apart > 4 * both)
    choice = np.argmin(np.where(against.any(axis=1), np.inf, offs), axis=0)[None]
    return np.take_along_axis(values, choice, 0)[0], np.take_along_axis(offs, choice, 0)[0]


def _finite_sample(
    sample: Callable[[float], tuple[np.ndarray, np.ndarray]], step: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """A sample at this step, or at the largest smaller one where the function is finite on both sides."""
    for _ in range(40):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                value, rounding = sample(step)
            except _ShapeError:
                raise
            except (ArithmeticError, ValueError, NotDifferentiableError):
                step /= 4
                continue
        if np.all(np.isfinite(value)):
            return value, rounding, step
        step /= 4
    raise ValueError(
        "numerical derivative: the function is not finite next to the given inputs, however small the step"
    )

"""Numerical derivatives that know their own error: what analytic derivatives are held against.

By default each derivative is a ladder of two-sided differences, the step halved from rung to rung, extrapolated to
step 0 (Richardson 1911), and of all the values so found the one is taken whose own error estimate is smallest
(Ridders 1982). With ``eps`` given it is the course's plain two-sided difference.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import NotDifferentiableError

_RUNGS, _LADDERS = 12, 4


def numerical_gradient(f: Callable[..., Any], *inputs: Any, eps: float | None = None, with_error: bool = False) -> Any:
    """The gradient of a real-valued ``f`` by every entry of every input: a list of arrays, one for each input.

    Parameters
    ----------
    f
        Takes arrays (float64 copies of the inputs) and gives one number.
    inputs
        Arrays or numbers. By an entry that is NaN, a missing number, the derivative is 0.
    eps
        The step ε of the course's two-sided difference (f(x + ε) − f(x − ε)) / 2ε, error O(ε²) (course, part C). By
        default the extrapolated ladder of steps, from a tenth of max(1, |x|) downwards; where f is not finite or
        raises an ArithmeticError or ValueError the steps shrink until it is. About 1e-12 accurate on smooth functions.
    with_error
        Give ``(gradients, errors)``, each error an estimate of what its entry may be off by, rounding included.

    Raises
    ------
    ValueError
        If f gives several numbers, or is not finite as near to the inputs as steps can be.

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
    """f'(center) of a function of one number that gives an array, and what it may be off by.

    ``scale`` is how far one may go before it matters, ``size`` how large the numbers are that a step is added to.
    """

    def sample(h: float) -> tuple[np.ndarray, np.ndarray]:
        above, below = center + h, center - h
        high, low = np.asarray(f(above)), np.asarray(f(below))
        rounding = np.finfo(high.dtype if high.dtype.kind == "f" else np.float64).eps
        high, low = high.astype(np.float64), low.astype(np.float64)
        width = above - below  # what was really walked, not 2h
        slope = (high - low) / width
        # the rounding of f's values, and of its argument, which f may well pass on
        return slope, rounding * (np.abs(high) + np.abs(low) + np.abs(slope) * size) / width

    if eps is not None:
        value, rounding = sample(eps)
        return value, rounding + np.abs(value) * eps**2
    # no round share: on 3e10 a step of 3e9 would meet sin(πx) in its zeros alone
    return _extrapolated(sample, 0.1 * scale / 1.07)


def _extrapolated(
    sample: Callable[[float], tuple[np.ndarray, np.ndarray]], step: float
) -> tuple[np.ndarray, np.ndarray]:
    """The limit of a difference quotient with an error in h², h⁴, … as h goes to 0, and what it may be off by.

    A kink, a step or a pole nearby can make wide differences agree on a wrong answer. So the answer is held against one
    much narrower difference, and where they differ by more than both may be off, the ladder starts again from there.
    """
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(_LADDERS):
        best, error, widest, start, step = _ladder(sample, step)
        narrow, rounding, width = _finite_sample(sample, step / 64)
        curved = np.abs(widest - best) * (width / start) ** 2  # what the narrow one is off by where all is smooth
        apart = np.abs(narrow - best) - 2 * curved - 100 * rounding - error
        if np.all(apart <= 1e-7 * np.abs(best)):
            return best, error
        found.append((best, np.maximum(error, np.abs(narrow - best))))
        step = width
    values, errors = (np.stack(part) for part in zip(*found))
    choice = np.argmin(errors, axis=0, keepdims=True)
    return np.take_along_axis(values, choice, 0)[0], np.take_along_axis(errors, choice, 0)[0]


def _ladder(
    sample: Callable[[float], tuple[np.ndarray, np.ndarray]], step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float]:
    """One ladder of steps: the best value, its error, the widest difference, and the widest and the last step."""
    row: list[np.ndarray] = []
    best: Any = None
    error: Any = None
    worse = 0
    rungs: list[tuple[np.ndarray, np.ndarray]] = []
    for rung in range(_RUNGS):
        first, rounding, step = _finite_sample(sample, step)
        new, power = [first], 1.0
        for before in row:
            power *= 4.0
            new.append(new[-1] + (new[-1] - before) / (power - 1))
        if best is None:
            best, error, widest, start = first.copy(), np.full(first.shape, np.inf), first, step
            found_at = np.zeros(first.shape, dtype=np.intp)
        gained = False
        here, here_off = first, np.full(first.shape, np.inf)
        for k in range(1, len(new)):
            off = np.maximum(np.abs(new[k] - new[k - 1]), np.abs(new[k] - row[k - 1])) + 2 * rounding
            nearer = off < here_off
            here, here_off = np.where(nearer, new[k], here), np.where(nearer, off, here_off)
            better = off < error
            if better.any():
                gained = True
                best, error = np.where(better, new[k], best), np.where(better, off, error)
                found_at = np.where(better, rung, found_at)
        rungs.append((here, here_off))
        if np.all(error <= 4 * rounding + 2e-15 * np.abs(best)):
            break  # as exact as rounding lets it be
        worse = 0 if gained or len(row) < 2 else worse + 1
        if worse > 2:
            break  # from here on rounding grows
        row, step = new, step / 2
    # two values may agree by chance: what narrower steps nearly as sure of themselves say is believed too
    for rung, (value, off) in enumerate(rungs):
        apart = np.abs(value - best)
        doubted = (rung > found_at) & (off <= 1e3 * error) & (apart > 4 * (off + error))
        error = np.where(doubted, np.maximum(error, apart), error)
    return best, error, widest, start, step


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

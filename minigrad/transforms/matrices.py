"""`jacobian` and `hessian`: all derivatives at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from .gradients import grad
from .run import Argnums, Run, data_of


def jacobian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """All of ∂f/∂x: for every array y of the value and x of the argument one of shape ``y.shape + x.shape``.

    Containers of the argument are nested in those of the value. One walk backward for each entry of the value where
    it has no more entries than the argument, else one walk forward for each entry of the argument.

    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([3.0, 5.0]))
    array([[5., 3.],
           [6., 0.]])
    """

    def full_derivative(*arguments: Any) -> Any:
        run = Run("jacobian", f, arguments, argnums, has_aux)
        ys, xs = run.outputs, run.inputs
        if sum(map(np.size, ys)) <= sum(map(np.size, xs)):
            blocks = _blocks(run, run.pull_back, ys, xs)
        else:
            columns = _blocks(run, run.push, xs, ys)
            last = [(tuple(range(x.ndim)), tuple(range(-x.ndim, 0))) for x in xs]
            blocks = [[ops.moveaxis(column[k], *to) for column, to in zip(columns, last)] for k in range(len(ys))]
        result = run.like_output([run.shaped(row) for row in blocks])
        return (result, *run.aux) if has_aux else result

    return full_derivative


def _blocks(run: Run, derivative: Callable[..., list[Any]], givers: list[Any], takers: list[Any]) -> list[list[Any]]:
    """For each giver and taker all derivatives between their entries, the giver's axes first: one walk an entry."""
    zeros = [np.zeros(np.shape(x), dtype=data_of(x).dtype) for x in givers]
    blocks = []
    for k, zero in enumerate(zeros):
        rows = []
        for i in range(zero.size):
            unit = zero.copy()
            unit.flat[i] = 1
            rows.append(derivative([*zeros[:k], unit, *zeros[k + 1 :]]))
        shapes = [(*zero.shape, *np.shape(x)) for x in takers]
        found = zip(*rows) if rows else map(np.zeros, shapes)
        blocks.append([ops.reshape(ops.stack(x), shape) if rows else run.plain(x) for x, shape in zip(found, shapes)])
    return blocks


def hessian(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """All second derivatives of a function with one number for its value, of shape ``x.shape + x.shape``.

    The gradient's graph is built once; each row is one walk backward through it, which builds nothing.

    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacobian(grad(f, argnums, has_aux=has_aux), argnums, has_aux=has_aux)

"""`grad`, `value_and_grad` and `elementwise_grad`: the gradient of a function as a function.

All transforms take functions of arrays, or of nested containers of arrays (lists, tuples, named tuples, dicts,
dataclasses), and work to any order: inside another transform the arrays are tensors, and what is computed can be
differentiated again. So it is where a tensor that requires a gradient is given; under `no_grad` results are constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .run import Argnums, Run, data_of


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns f's value and its gradient.

    With ``has_aux`` f returns ``(value, anything)``, and the result is ``((value, anything), gradient)``.
    See `grad` for the rest.

    >>> import numpy as np, minigrad as mg
    >>> value, gradient = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """

    def value_and_gradient(*arguments: Any) -> Any:
        run = Run("grad", f, arguments, argnums, has_aux)
        output = run.one_entry()
        gradients = run.pull_back([np.ones(np.shape(output), dtype=data_of(output).dtype)])
        value = run.plain(output)
        return ((value, *run.aux) if has_aux else value), run.shaped(gradients)

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a function with one number for its value, as a function of the same arguments.

    Parameters
    ----------
    f
        Takes arrays (or nested lists, tuples, dicts and dataclasses of arrays) and returns one number.
    argnums
        Which argument, or arguments, to differentiate with respect to: a number gives one gradient, of the argument's
        form; several give a tuple.
    has_aux
        f returns ``(value, anything)``, and the result is ``(gradient, anything)``.

    Notes
    -----
    Arrays give arrays. A tensor that requires a gradient, among the arguments, gives tensors, which can be
    differentiated again. Tensors that f closes over count as constants of the result: pass as arguments whatever the
    gradient is to be differentiated with respect to (a gradient penalty's weights, say).

    Raises
    ------
    TypeError
        If such an argument has no floats, or argnums names none.
    ShapeError
        If the value has several entries.

    Examples
    --------
    >>> import numpy as np, minigrad as mg
    >>> mg.grad(np.tanh)(0.0)
    array(1.)
    >>> mg.grad(mg.grad(mg.grad(lambda x: x**4)))(2.0)
    array(48.)
    """
    both = value_and_grad(f, argnums, has_aux=has_aux)

    def gradient(*arguments: Any) -> Any:
        value, result = both(*arguments)
        return (result, *value[1:]) if has_aux else result

    return gradient


def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that works entry by entry, at every entry at once: f'(x), of x's shape.

    It is the gradient of the sum of f's value, which for such a function is the derivative of each entry.

    >>> import numpy as np, minigrad as mg
    >>> mg.elementwise_grad(np.tanh)(np.array([0.0, 100.0]))
    array([1., 0.])
    """

    def derivative(*arguments: Any) -> Any:
        run = Run("elementwise_grad", f, arguments, argnums)
        return run.shaped(run.pull_back([np.ones_like(data_of(y)) for y in run.outputs]))

    return derivative

"""`vjp`, `jvp`, `linearize` and `hvp`: products with the Jacobian and the Hessian, neither of which is formed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .gradients import grad
from .run import Run, checked_like


def vjp(f: Callable[..., Any], *arguments: Any, has_aux: bool = False) -> Any:
    """f's value, and the function g ↦ (gᵀ ∂f/∂x for every argument x): the vector-Jacobian product.

    g has the form of the value. With ``has_aux`` f returns ``(value, anything)``, and anything comes third.

    >>> import numpy as np, minigrad as mg
    >>> y, pull_back = mg.vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pull_back(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    run = Run("vjp", f, arguments, range(len(arguments)), has_aux, kept=True)

    def pull_back(cotangent: Any) -> tuple[Any, ...]:
        cotangents = checked_like("vjp", cotangent, run.outputs, "cotangents", "values")
        again = run.here(*cotangents)
        return again.shaped(again.pull_back(cotangents))

    return (run.value(), pull_back, *run.aux)


def jvp(f: Callable[..., Any], arguments: Any, tangents: Any, *, has_aux: bool = False) -> Any:
    """f's value at ``arguments`` and its derivative along ``tangents``: the Jacobian-vector product Σ ∂f/∂x v.

    One argument is given as it is, several as a tuple, and the tangents in the same form. The tangents are pushed
    through the graph in one walk (see ``forward.py``), so it costs about as much as f. With ``has_aux`` f returns
    ``(value, anything)``, and anything comes third.

    Raises ShapeError if a tangent has not its argument's shape.

    >>> import numpy as np, minigrad as mg
    >>> mg.jvp(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    several = isinstance(arguments, tuple) and not hasattr(arguments, "_fields")
    given = arguments if several else (arguments,)
    run = Run("jvp", f, given, range(len(given)), has_aux)
    directions = checked_like("jvp", tangents, run.inputs, "tangents", "arguments")
    run = run.here(*directions)
    return (run.value(), run.like_output(run.push(directions)), *run.aux)


def linearize(f: Callable[..., Any], *arguments: Any) -> tuple[Any, Callable[..., Any]]:
    """f's value, and the linear function of tangents v ↦ Σ ∂f/∂x v at that point, which does not run f again.

    >>> import numpy as np, minigrad as mg
    >>> y, along = mg.linearize(lambda x: x**2, np.array([1.0, 2.0]))
    >>> along(np.array([1.0, 0.0])), along(np.array([0.0, 1.0]))
    (array([2., 0.]), array([0., 4.]))
    """
    run = Run("linearize", f, arguments, range(len(arguments)), kept=True)

    def along(*tangents: Any) -> Any:
        directions = checked_like("linearize", tangents, run.inputs, "tangents", "arguments")
        again = run.here(*directions)
        return again.like_output(again.push(directions))

    return run.value(), along


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times a vector v of x's form, without the Hessian: the derivative of ∇f along v.

    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    run = Run("hvp", grad(f), (x,), 0)
    directions = checked_like("hvp", v, run.inputs, "vectors", "arguments")
    run = run.here(*directions)
    return run.like_output(run.push(directions))


hessian_vector_product = hvp

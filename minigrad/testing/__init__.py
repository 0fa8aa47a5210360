"""Verify gradients: `check_gradients`, numerical derivatives, and (with hypothesis) strategies."""

from .gradients import Disagreement, GradientError, GradientReport, check_gradients, relative_error
from .numerical import numerical_gradient, numerical_hessian, numerical_jacobian, numerical_jvp

__all__ = [
    "Disagreement",
    "GradientError",
    "GradientReport",
    "check_gradients",
    "numerical_gradient",
    "numerical_hessian",
    "numerical_jacobian",
    "numerical_jvp",
    "relative_error",
]

"""Verify gradients: `check_gradients`, numerical derivatives, mutation tests and (with hypothesis) strategies."""

from . import operations
from .gradients import check_gradients
from .numerical import numerical_gradient, numerical_hessian, numerical_jacobian, numerical_jvp
from .properties import gradient_property
from .report import Comparison, Disagreement, GradientError, GradientReport, relative_error

__all__ = [
    "Comparison",
    "Disagreement",
    "GradientError",
    "GradientReport",
    "check_gradients",
    "gradient_property",
    "numerical_gradient",
    "numerical_hessian",
    "numerical_jacobian",
    "numerical_jvp",
    "relative_error",
]

"""Verify gradients: `check_gradients`, numerical derivatives, mutation tests and (with hypothesis) strategies."""

import importlib
from typing import TYPE_CHECKING, Any

from . import operations
from .check.gradients import check_gradients
from .check.numerical import numerical_gradient, numerical_hessian, numerical_jacobian, numerical_jvp
from .properties import gradient_property
from .report.report import Comparison, Disagreement, GradientError, GradientReport, relative_error

if TYPE_CHECKING:
    from . import mutation, strategies

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

#: Imported when they are first used: `strategies` needs Hypothesis, and few programs want either.
_LATER = ("mutation", "strategies")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})

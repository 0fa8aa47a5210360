"""Verify gradients: `check_gradients`, numerical derivatives, mutation tests and (with hypothesis) strategies."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import operations
from .gradients import check_gradients
from .numerical import numerical_gradient, numerical_hessian, numerical_jacobian, numerical_jvp
from .properties import gradient_property
from .report import Comparison, Disagreement, GradientError, GradientReport, relative_error

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

#: Modules that are imported when they are asked for: who checks a gradient needs neither, nor hypothesis.
_ON_USE = ("mutation", "strategies")


def __getattr__(name: str) -> Any:
    if name in _ON_USE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_USE})

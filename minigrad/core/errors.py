"""The exceptions minigrad raises where NumPy and Python have no better one of their own."""

import numpy as np


class MinigradError(Exception):
    """Every exception that only minigrad raises is one of these."""


class ShapeError(MinigradError, ValueError):
    """Shapes that do not fit together; the message names the operation and each input's shape."""


class MatrixError(ShapeError, np.linalg.LinAlgError):
    """A `ShapeError` of linear algebra, where NumPy raises LinAlgError: too few axes, or no square matrices."""


class StaleGraphError(MinigradError, RuntimeError):
    """Backward through a graph whose leaves were changed in place after it was built."""


class AnomalyError(MinigradError, FloatingPointError):
    """The first NaN or Inf under ``mg.detect_anomaly()``: operation, inputs and source line."""


class NotDifferentiableError(MinigradError, TypeError):
    """A NumPy function that minigrad does not differentiate was given a tensor."""


class RuleError(MinigradError, TypeError):
    """A derivative rule that is missing, or whose arity, shape or kind of result is wrong."""


class MutationError(MinigradError, TypeError):
    """A tensor in a graph was assigned into; the message says what to use instead."""


class SymbolError(MinigradError, TypeError):
    """A number was asked of a `Symbol`, which has none; the message says what to use instead."""


class UserError(Exception):
    """A mistake that the user of a command can correct; reported in one line, with exit code 2."""


for _each in (
    MinigradError,
    ShapeError,
    StaleGraphError,
    AnomalyError,
    NotDifferentiableError,
    RuleError,
    MutationError,
    SymbolError,
):
    _each.__module__ = "minigrad"  # where users find them, and what a traceback shows

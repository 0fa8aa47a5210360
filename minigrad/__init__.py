"""minigrad: a scalar and tensor reverse-mode autodiff engine on NumPy.

"The course" in docstrings is Andrew Ng's *Improving Deep Neural Networks* (Coursera), whose notes this project follows:
A the computation graph, B initialisation, C regularisation, data and gradient checking, D optimisation,
E hyper-parameters, F normalisation, G softmax regression and costs.
"""

from typing import TYPE_CHECKING

from . import data as data, linalg as linalg, nn as nn, optim as optim, testing as testing, train as train
from .core.contexts import (
    detect_anomaly as detect_anomaly,
    enable_grad as enable_grad,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    scope as scope,
)
from .core.errors import (
    AnomalyError as AnomalyError,
    MinigradError as MinigradError,
    MutationError as MutationError,
    NotDifferentiableError as NotDifferentiableError,
    RuleError as RuleError,
    ShapeError as ShapeError,
    StaleGraphError as StaleGraphError,
    SymbolError as SymbolError,
)
from .core.graph import Graph as Graph, graph as graph
from .core.node import Node as Node
from .core.program import Program as Program
from .core.registry import Op as Op, domain as domain, forget as forget, op as op, operations as operations
from .ops import *
from .transforms.checkpoint import checkpoint as checkpoint
from .transforms.gradients import elementwise_grad as elementwise_grad, grad as grad, value_and_grad as value_and_grad
from .transforms.matrices import hessian as hessian, jacobian as jacobian
from .transforms.products import (
    hessian_vector_product as hessian_vector_product,
    hvp as hvp,
    jvp as jvp,
    linearize as linearize,
    vjp as vjp,
)
from .transforms.record import record as record
from .values.scalar import Scalar as Scalar
from .values.symbol import Symbol as Symbol
from .values.tensor import Tensor as Tensor

__version__ = "0.1.0"

if not TYPE_CHECKING:  # type checkers follow the imports above
    _WHERE_FROM = {"TYPE_CHECKING", "core", "ops", "transforms", "values"}
    __all__ = [name for name in globals() if name[0].isalpha() and name not in _WHERE_FROM]

    def __dir__() -> list[str]:
        return ["__version__", *__all__]

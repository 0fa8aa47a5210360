"""The operations by family. A name is written once, in its family's file, where the operation is defined."""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..core.operation import Operation
from ..core.registry import operations

_TITLES = {
    "elementwise": "Arithmetic, powers and roots",
    "exponential": "Exponentials and logarithms",
    "trigonometric": "Trigonometric and hyperbolic functions",
    "choice": "Choices and rounding",
    "activation": "Activations",
    "comparison": "Comparisons and questions (plain answers)",
    "reduce": "Reductions",
    "missing": "Reductions without missing numbers",
    "order": "Order",
    "calculus": "Sums and differences along an axis",
    "shape": "Shape and order of axes",
    "join": "Joining, cutting and repeating",
    "index": "Indexing",
    "diagonal": "Diagonals and triangles",
    "product": "Products",
    "einsum": "Einstein's summation",
    "linalg": "Linear algebra (`mg.linalg`)",
    "decomposition": "Decompositions (`mg.linalg`)",
    "norms": "Norms (`mg.linalg`)",
    "softmax": "Softmax family and costs",
    "normalization": "Normalisations",
    "convolution": "Convolutions and pooling",
    "network": "Networks",
}


def _family(file: str) -> tuple[Operation, ...]:
    """The operations that a family offers; ``from .file import *`` gives them by all of their names."""
    module = import_module(f"{__name__}.{file}")
    offered = [op for op in operations().values() if op.__module__ == module.__name__ and not op.internal]
    vars(module)["__all__"] = [name for name, op in vars(module).items() if op in offered and not name.endswith("_")]
    return tuple(offered)


#: What each family offers, for the table of operations.
FAMILIES = MappingProxyType({title: _family(file) for file, title in _TITLES.items()})

from .activation import *
from .calculus import *
from .choice import *
from .comparison import *
from .convolution import *
from .diagonal import *
from .einsum import *
from .elementwise import *
from .exponential import *
from .index import *
from .index import at as at
from .join import *
from .missing import *
from .network import *
from .normalization import *
from .order import *
from .product import *
from .reduce import *
from .shape import *
from .softmax import *
from .trigonometric import *

if not TYPE_CHECKING:  # type checkers follow the imports above
    __all__ = ["at", *(name for name, each in globals().items() if isinstance(each, Operation))]

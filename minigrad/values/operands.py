"""The border between a graph and plain values: what an operation takes beside its tensors, and how a value leaves.

What is no tensor, number or array of real numbers is made such an array here, once for every operation, or refused by
name: a gradient of 0 is no answer to a kind of value that nobody thought of.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from ..core.arrays import as_array, is_duck
from ..core.contexts import current_context
from ..core.errors import NotDifferentiableError, ShapeError
from ..core.node import Node, describe
from ..core.operation import Op
from ..core.options import REAL_KINDS, is_ordinary

# ---- the way in -----------------------------------------------------------------------------------------


def admitted(what: str, x: Any) -> Any:
    """An argument of a call, which may be anything, with foreign arrays made plain, in lists and tuples too."""
    if is_ordinary(x) or isinstance(x, str):
        return x
    kind = type(x)
    if kind is list or kind is tuple:
        return kind(admitted(what, each) for each in x)
    array_like = isinstance(x, (np.ndarray, complex)) or hasattr(kind, "__array__") or hasattr(kind, "toarray")
    return real_array(what, x) if array_like else x


def operand(op: Op, position: int, x: Any) -> Any:
    """What is no tensor, number or array of real numbers, as an array of real numbers."""
    if isinstance(x, Node):
        raise TypeError(f"{op.name}: a Scalar ({describe(x)}) and a Tensor don't mix; use mg.Tensor for both")
    name = str(position) if op.variadic else op.input_names[position]
    if not op.differentiable and not hasattr(type(x), "toarray"):  # comparisons answer plainly, and so as NumPy does
        return x if isinstance(x, np.ndarray) or not hasattr(type(x), "__array__") else as_array(x)
    if isinstance(x, int):
        return int(x)
    return real_array(f"{op.name}: {name}", x)


def real_array(what: str, x: Any) -> np.ndarray:
    """Anything array-like as a plain array of real numbers; what cannot be one is refused by its kind."""
    if (type(x) is np.ndarray or is_duck(x)) and x.dtype.kind in REAL_KINDS:
        return x
    refuse_masks(what, x)
    if isinstance(x, np.ndarray) and _computes_otherwise(type(x)):
        raise TypeError(
            f"{what} is a {_type_name(x)}, whose operators mean something else than an array's; take its values with "
            "np.asarray(x), and @ for the matrix product"
        )
    if hasattr(type(x), "toarray") and not hasattr(type(x), "__array__"):
        raise TypeError(f"{what} is a sparse {_type_name(x)}; make it dense with x.toarray()")
    try:
        # Python's floats take a Fraction and refuse a Decimal; so do arrays of floats here
        array = np.asarray(float(x) if isinstance(x, numbers.Real) and not isinstance(x, np.generic) else x)
    except NotDifferentiableError:
        raise
    except ValueError as error:
        raise ShapeError(f"{what} is a {_type_name(x)} that makes no array: {error}") from None
    except Exception as error:  # what a foreign type's own conversion raises
        raise TypeError(f"{what} is a {_type_name(x)} that does not become an array: {error}") from error
    if array.dtype.kind not in REAL_KINDS:
        raise TypeError(f"{what} {_unreal(x, array)}")
    return array


def as_float(value: Any, what: str) -> float:
    """A real number, or an array of one entry, as a Python float."""
    if isinstance(value, (float, int)):
        return float(value)
    if isinstance(value, Node):
        kind = "name=" + repr(value.name) if value.name else f"value {value._data}"
        raise TypeError(
            f"{what}: requires a number, got a {type(value).__name__} ({kind}); a Scalar and a Tensor don't mix"
        )
    if isinstance(value, (np.ndarray, np.generic)) and value.size == 1 and value.dtype.kind in "fiub":
        return float(value.reshape(()))
    if isinstance(value, numbers.Real) and not isinstance(value, np.generic):
        return float(value)  # a Fraction, as Python's own floats take it
    raise TypeError(f"{what}: requires a real number, got {type(value).__name__} {value!r:.80}")


def refuse_masks(what: str, x: Any) -> None:
    """Raise for a masked array, whose masked entries a plain array would bring back."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{what} is a masked array, and a graph has no masks; fill it (x.filled(0.0)), or leave entries out with "
            "mg.where(mask, 0.0, t)"
        )


def _computes_otherwise(kind: type) -> bool:
    """Whether a subclass of arrays has arithmetic of its own, as `numpy.matrix` and arrays with units have."""
    return any(
        getattr(kind, each) is not getattr(np.ndarray, each) for each in ("__array_ufunc__", "__mul__", "__add__")
    )


def _type_name(x: Any) -> str:
    module = type(x).__module__.partition(".")[0]
    return type(x).__qualname__ if module == "builtins" else f"{module}.{type(x).__qualname__}"


def _unreal(x: Any, array: np.ndarray) -> str:
    """What is to be said of a value that is not of real numbers."""
    what = f"is a {_type_name(x)}" + (f" of {array.dtype}" if array.ndim else f": {x!r:.60}")
    if array.dtype.kind == "c":
        return (
            f"{what}: complex numbers cannot be part of a graph; compute with the real and the imaginary part apart "
            "(z.real and z.imag)"
        )
    if array.dtype.kind in "Mm":
        return f"{what}: dates and times are no real numbers; make floats of them, as in x / np.timedelta64(1, 's')"
    if array.dtype.kind == "V":
        return f"{what}: records are no real numbers; take the fields one by one, as in x['name']"
    if array.dtype.kind == "O" and array.ndim:
        first = next(iter(array.flat), None)
        if isinstance(first, Node):
            return f"{what} that holds {type(first).__name__}s; join them to one tensor with np.stack([...])"
        return (
            f"{what} (the first is a {_type_name(first)}); choose what is numeric, and give it a dtype of floats: "
            "np.asarray(x, dtype=float)"
        )
    hint = "" if array.ndim or not hasattr(type(x), "__float__") else " (float(x), if that is meant)"
    return f"{what}; a real number or an array of real numbers is wanted{hint}"


def unreal_result(op: Op, inputs: tuple[Any, ...], data: np.ndarray) -> NotDifferentiableError:
    """The error for an operation whose value is not of real numbers, such as ``astype(complex)``."""
    story = ", ".join(describe(x) for x in inputs)
    return NotDifferentiableError(
        f"{op.name} of {story} gives {data.dtype}, which cannot be part of a graph (real numbers can); take t.numpy() "
        "for a plain array first if no gradient is meant to pass"
    )


# ---- the way out ----------------------------------------------------------------------------------------


def refuse_to_leave(node: Node, function: str, plain: str, instead: str) -> None:
    """Raise if a value that requires a gradient is about to become plain while operations are recorded.

    Under ``no_grad`` nobody asks for a gradient, and the value may go.
    """
    if node.requires_grad and current_context().recording:
        raise NotDifferentiableError(
            f"{function}: {describe(node)} requires a gradient and would leave its graph as a plain {plain}, from "
            f"which no gradient comes back. {instead}"
        )

"""What a context asks of a new node: its scope, and under `detect_anomaly` the search for NaN, backward too."""

from __future__ import annotations

import linecache
import math
import os
import sys
from typing import Any

import numpy as np

from .arrays import as_array, symbol_in
from .contexts import Context
from .errors import AnomalyError
from .node import Node, describe
from .registry import Op
from .unchanged import remember


def finish(node: Node, context: Context) -> None:
    """What a context other than the default asks of a new node: its scope, and the search for NaN."""
    if context.scope:
        node.scope = context.scope
    if context.anomaly:
        node.source = _source_line()
        arrays = [x._data if isinstance(x, Node) and x.op is None else x for x in node.inputs]
        node.given = [remember(each, whole=math.inf) for each in arrays if isinstance(each, np.ndarray)]
        check_value(node.op, node.inputs, node._data)


def check_value(op: Op, inputs: tuple[Any, ...], value: Any) -> None:
    """Raise `AnomalyError` if an operation's value has a NaN or Inf."""
    bad = _first_bad(value)
    if bad:
        raise AnomalyError(f"{op.name} gave {bad}; inputs: {_described(inputs)}; made at {_source_line()}")


def check_gradient(gradient: Any, node: Node) -> None:
    """Raise `AnomalyError` if going backward through ``node`` made a NaN or Inf."""
    bad = _first_bad(getattr(gradient, "_data", gradient))
    if bad:
        made = node.source or "a line outside mg.detect_anomaly(); build the graph inside it to see which"
        raise AnomalyError(
            f"the derivative of {node.op.name} gave {bad}; inputs: {_described(node.inputs)}; made at {made}"
        )


def _described(inputs: tuple[Any, ...]) -> str:
    return ", ".join(describe(each) for each in inputs)


def _first_bad(value: Any) -> str | None:
    array = as_array(value)
    if array.dtype.kind not in "fc" or symbol_in(array) is not None or np.all(np.isfinite(array)):
        return None
    where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0]) if array.ndim else ()
    return f"{float(array[where])}" + (f" at index {where}" if where else "")


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _source_line() -> str:
    """The file, line and text of the caller's code that is now making a node."""
    frame: Any = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    filename, line = frame.f_code.co_filename, frame.f_lineno
    return f"{filename}:{line}: {linecache.getline(filename, line).strip()}"

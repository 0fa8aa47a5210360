"""Keeping a graph out of the garbage collector's sight: nodes form no cycles, so it has nothing to find there.

A million live nodes would have it pause for a tenth of a second several times while they are made.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterable
from typing import Any


def _python_function(name: str) -> Callable[[Any], None]:
    """A function of Python's C interface that takes an object; one that does nothing where there is none."""
    function = getattr(ctypes.pythonapi, name, None)
    if function is None:
        return lambda node: None
    function.argtypes, function.restype = [ctypes.py_object], None
    return function


#: Take a node out of what the collector looks at. Reference counting still frees it.
untrack = _python_function("PyObject_GC_UnTrack")
_track = _python_function("PyObject_GC_Track")


def track(nodes: Iterable[Any]) -> None:
    """Have the collector look at nodes again: gradients that are nodes themselves refer back to their graph."""
    for node in nodes:
        if not gc.is_tracked(node):
            _track(node)

"""The tables of operations in README and docs, made from the registry.

``python -m minigrad.commands.reference FILE ...`` renews what is between the two marks of a table; the rest stays.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from .. import ops
from ..core.registry import Operation

COMMAND = "python -m minigrad.commands.reference README.md docs/operations.md"


def operations_table() -> str:
    """Every built-in operation by family: its call, what it computes, and the NumPy functions that record it."""
    lines: list[str] = []
    for family, operations in ops.FAMILIES.items():
        lines += [f"## {family}", "", "| operation | what it is | also by |", "|---|---|---|"]
        for op in operations:
            parts = re.match(r"[^(]*\((.*)\)$", op.signature)
            call = f"{op.name}({parts[1] if parts else ''})".replace(", /", "").replace("|", "\\|")
            text = " ".join((op.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
            names = ", ".join(f"`{_numpy_name(f)}`" for f in op.numpy_functions)
            lines.append(f"| `{call}` | {text} | {names} |")
        lines.append("")
    return "\n".join(lines)


def families_table() -> str:
    """The names of the built-in operations, a row for each family, and how many there are."""
    count = sum(len(operations) for operations in ops.FAMILIES.values())
    lines = [f"{count} operations:", "", "| family | operations |", "|---|---|"]
    for family, operations in ops.FAMILIES.items():
        lines.append(f"| {family} | {', '.join(_name(op) for op in operations)} |")
    return "\n".join(lines)


def _name(op: Operation) -> str:
    return f"`{op.name}`"


def _numpy_name(function: Callable[..., object]) -> str:
    """A function as it is written, such as ``np.linalg.det``."""
    module = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    return f"{module}.{function.__name__}".replace("np.lib.stride_tricks", "stride_tricks").replace("np._core", "np")


TABLES: dict[str, Callable[[], str]] = {"operations": operations_table, "families": families_table}


def renewed(text: str) -> str:
    """A document with every table between its marks regenerated; ValueError where it has none."""
    found = False
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin ({COMMAND}) -->", f"<!-- {name}: end -->"
        if begin in text and end in text:
            before, rest = text.split(begin)
            text, found = f"{before}{begin}\n\n{table()}\n\n{end}{rest.split(end)[1]}", True
    if not found:
        raise ValueError(f"the document has no marks such as <!-- operations: begin ({COMMAND}) -->")
    return text


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")

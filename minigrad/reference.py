"""README's table of operations, made from the registry: ``python -m minigrad.reference README.md`` renews it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from . import ops

BEGIN, END = "<!-- operations: begin (python -m minigrad.reference README.md) -->", "<!-- operations: end -->"


def operations_table() -> str:
    """Every built-in operation by family: its call, what it computes, and the NumPy functions that record it."""
    lines: list[str] = []
    for family, operations in ops.FAMILIES.items():
        lines += [f"**{family}**", "", "| operation | what it is | also by |", "|---|---|---|"]
        for op in operations:
            parts = re.match(r"[^(]*\((.*)\)$", op.signature)
            call = f"{op.name}({parts[1] if parts else ''})".replace(", /", "").replace("|", "\\|")
            text = " ".join((op.__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
            names = ", ".join(f"`np.{f.__name__}`" for f in op.numpy_functions)
            lines.append(f"| `{call}` | {text} | {names} |")
        lines.append("")
    return "\n".join(lines)


def renewed(text: str) -> str:
    """A document with the table between its two marks made anew; ValueError where a mark is missing."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{operations_table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")

"""A gradient check as HTML, with a heat map of the differences; and a page of many checks."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .report import IS_INCONCLUSIVE, IS_RIGHT, IS_SUBGRADIENT, IS_WRONG

if TYPE_CHECKING:
    from .report import Comparison, GradientReport

#: Cells along a side of a map; larger arrays show the worst of several entries in a cell.
_CELLS = 48
_COLORS = {IS_SUBGRADIENT: "#56B4E9", IS_WRONG: "#D55E00", IS_INCONCLUSIVE: "#F0E442"}
_STYLE = (
    "font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#ffffff;padding:0.8em 1em;border:1px solid #d9dde3;"
    "border-radius:8px;max-width:68em;overflow-x:auto"
)
_CELL = 'style="font-size:13px;white-space:nowrap;text-align:right;padding:0.1em 0.6em;border-bottom:1px solid #e3e3e3"'


def report_as_html(report: GradientReport) -> str:
    """The report as one element that needs nothing from around it; light in dark notebooks too."""
    parts = [
        f"<b>gradient check: {'passed' if report.passed else 'FAILED'}</b>, {_summary(report.data(entries=False))}"
    ]
    parts.append(_table(report.comparisons))
    notes = [f"{name}: {text}" for name, text in report.diagnoses.items()]
    notes += [f"{name}: {found}" for name, found in report.exact.items() if found != "holds"]
    notes += [f"{name}: {text}" for name, text in report.notes.items()]
    held = [name for name, found in report.exact.items() if found == "holds"]
    if held:
        notes.append("holds exactly: " + "; ".join(held))
    parts.append("<ul>" + "".join(f"<li>{html.escape(note)}</li>" for note in notes) + "</ul>" if notes else "")
    if report.worst:
        parts.append(_worst(report))
    parts += [_map(label, part) for label, part in report.comparisons.items() if part.analytic.size > 1]
    if any(part.analytic.size > 1 for part in report.comparisons.values()):
        parts.append(_legend())
    if report.culprit is not None:
        parts.append(f"<pre>{html.escape(str(report.culprit))}</pre>")
    return f'<div style="{_STYLE}">{"".join(parts)}</div>'


def _summary(data: Mapping[str, Any]) -> str:
    return (
        f"relative error {data['relative_error']:.1e} over {data['entries']} entries "
        f"({data['verdict']}; tolerance {data['tolerance']:.0e}), verified to {data['digits']:.1f} digits at least"
    )


def _row(cells: Sequence[Any], kind: str = "td") -> str:
    return "<tr>" + "".join(f"<{kind} {_CELL}>{html.escape(str(cell))}</{kind}>" for cell in cells) + "</tr>"


def _table(comparisons: Mapping[str, Comparison]) -> str:
    head = ("input", "shape", "relative error", "digits, least", "digits, median", "right", "subgradient", "wrong")
    rows = [_row((*head, "inconclusive"), "th")]
    for label, part in comparisons.items():
        digits = part.digits
        least, median = (f"{float(f(digits)):.1f}" if digits.size else "" for f in (np.min, np.median))
        counts = [part.count(verdict) for verdict in (IS_RIGHT, IS_SUBGRADIENT, IS_WRONG, IS_INCONCLUSIVE)]
        rows.append(_row([label, part.analytic.shape, f"{part.relative_error:.1e}", least, median, *counts]))
    return f'<table style="border-collapse:collapse;margin:0.5em 0">{"".join(rows)}</table>'


def _worst(report: GradientReport) -> str:
    rows = [_row(("entry", "analytic", "numeric", "its error", "digits", "verdict"), "th")]
    rows += [
        _row([
            f"{each.input}{list(each.index)}", f"{each.analytic:.8g}", f"{each.numeric:.8g}", f"{each.error:.0e}",
            f"{each.digits:.1f}", each.verdict,
        ])
        for each in report.worst
    ]  # fmt: skip
    return f'<table style="border-collapse:collapse;margin:0.5em 0">{"".join(rows)}</table>'


# ---- the heat map of the differences ----------------------------------------------------------------------------


def _map(label: str, part: Comparison) -> str:
    """An array's entries as cells: the paler, the more digits agree; what is wrong in a colour of its own."""
    digits, verdict = _flat(part.digits), _flat(part.verdict)
    rows, columns = digits.shape
    tall, wide = -(-rows // _CELLS), -(-columns // _CELLS)
    size = 14 if max(rows, columns) <= 24 else 10
    cells = []
    for i in range(0, rows, tall):
        for j in range(0, columns, wide):
            here = (slice(i, i + tall), slice(j, j + wide))
            worst = max(verdict[here].ravel(), key=[IS_RIGHT, IS_SUBGRADIENT, IS_INCONCLUSIVE, IS_WRONG].index)
            least = float(digits[here].min())
            color = _COLORS.get(worst, _gray(least))
            x, y = j // wide * size, i // tall * size
            index = f"{i}:{i + tall}, {j}:{j + wide}" if tall * wide > 1 else f"{i}, {j}"
            cells.append(
                f'<rect x="{x}" y="{y}" width="{size - 1}" height="{size - 1}" fill="{color}">'
                f"<title>[{index}] {worst}, {least:.1f} digits</title></rect>"
            )
    width, height = -(-columns // wide) * size, -(-rows // tall) * size
    name = html.escape(f"{label} {part.analytic.shape}")
    return (
        f'<figure style="margin:0.6em 1.2em 0.6em 0;display:inline-block;vertical-align:top"><figcaption>{name}'
        f'</figcaption><svg role="img" aria-label="heat map of the differences of {name}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{"".join(cells)}</svg></figure>'
    )


def _flat(array: np.ndarray) -> np.ndarray:
    """Any array as rows and columns: leading axes one below the other, a long vector in several rows."""
    if array.ndim >= 2:
        return array.reshape(-1, array.shape[-1])
    return array.reshape(1, -1)


def _gray(digits: float) -> str:
    """From dark at no digits to nearly white at sixteen."""
    level = round(90 + 145 * min(digits, 16.0) / 16.0)
    return f"#{level:02x}{level:02x}{level:02x}"


def _legend() -> str:
    marks = [("0 digits agree", _gray(0)), ("8", _gray(8)), ("16", _gray(16))]
    marks += list(_COLORS.items())
    return '<div style="color:#4a4a4a">' + "".join(
        f'<span style="display:inline-block;width:0.9em;height:0.9em;margin:0 0.3em 0 0;vertical-align:-0.1em;'
        f'border:1px solid #9aa3ae;background:{color}"></span><span style="margin-right:1.1em">{name}</span>'
        for name, color in marks
    ) + "</div>"  # fmt: skip


# ---- many checks on one page -----------------------------------------------------------------------------------


def page_of_checks(checks: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """A whole page for ``(where, report.data())`` of every check: a summary, what failed, and one row a place."""
    places: dict[str, list[Mapping[str, Any]]] = {}
    for where, data in checks:
        places.setdefault(where, []).append(data)
    failed = [(where, data) for where, data in checks if not data["passed"]]
    entries = sum(data["entries"] for _, data in checks)
    rows = [_row(("test", "checks", "entries", "largest relative error", "least digits", "failed"), "th")]
    for where, found in sorted(places.items(), key=lambda item: -max(_error(d) for d in item[1])):
        rows.append(
            _row([
                where, len(found), sum(d["entries"] for d in found), f"{max(map(_error, found)):.1e}",
                f"{min(d['digits'] for d in found):.1f}", sum(not d["passed"] for d in found),
            ])
        )  # fmt: skip
    body = [
        "<h1>Gradients checked</h1>",
        f"<p>{len(checks)} checks of {entries} derivatives in {len(places)} tests; {len(failed)} failed.</p>",
    ]
    for where, data in failed:
        lines = [
            _summary(data),
            *(f"{k}: {v}" for k, v in {**data["diagnoses"], **data["exact"]}.items() if v != "holds"),
        ]
        if data["culprit"]:
            lines.append(data["culprit"])
        body.append(f"<h2>{html.escape(where)}</h2><pre>{html.escape(chr(10).join(lines))}</pre>")
    body.append(f'<h2>All of them</h2><div style="overflow-x:auto"><table>{"".join(rows)}</table></div>')
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Gradients checked</title><style>'
        "body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0 auto;max-width:70rem;"
        "padding:1.5rem}table{border-collapse:collapse}pre{background:#f6f7f9;border:1px solid #d9dde3;"
        "border-radius:8px;padding:0.8rem;overflow-x:auto}td:first-child,th:first-child{text-align:left!important}"
        f"</style></head><body>\n{chr(10).join(body)}\n</body></html>\n"
    )


def _error(data: Mapping[str, Any]) -> float:
    error = float(data["relative_error"])
    return error if error == error else float("inf")

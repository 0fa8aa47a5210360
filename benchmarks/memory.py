"""Peak memory of a training step above the interpreter's, each implementation in a process of its own.

The kernel's high-water mark of resident memory (VmHWM) is reset after the imports; then the model is
built and three steps are run. What the packages themselves take is not counted.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def _kilobytes(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise RuntimeError(f"{field} is not in {_STATUS}")


def peak_here(name: str, batch: int) -> int:
    """Kilobytes that building and three steps add to this process at their peak."""
    from . import digits_mlp

    importlib.import_module({"PyTorch": "torch"}.get(name, name))  # its own memory is not the step's
    Path("/proc/self/clear_refs").write_text("5")
    before = _kilobytes("VmRSS")
    stepper = digits_mlp.IMPLEMENTATIONS[name](batch)
    for _ in range(3):
        stepper.step()
    return _kilobytes("VmHWM") - before


def peak(name: str, batch: int) -> float | None:
    """Megabytes, or None where it can't be measured (another system, a missing package)."""
    done = subprocess.run(
        [sys.executable, "-c", f"from benchmarks.memory import peak_here; print(peak_here({name!r}, {batch}))"],
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split()[-1]) / 1024 if done.returncode == 0 else None


def table(batches: tuple[int, ...] = (64, 512)) -> str:
    """A Markdown table with the ratio to PyTorch and its goal."""
    lines = ["| batch | minigrad MB | PyTorch MB | ratio | goal |", "|---|---|---|---|---|"]
    for batch in batches:
        own, other = peak("minigrad", batch), peak("PyTorch", batch)
        if own is None or other is None:
            lines.append(f"| {batch} | {own} | {other} | not measured here | ≤ 1.5 |")
            continue
        verdict = "met" if own / other <= 1.5 else "missed"
        lines.append(f"| {batch} | {own:.1f} | {other:.1f} | {own / other:.2f} | ≤ 1.5: {verdict} |")
    return "\n".join(lines)

"""Cost as work grows: backward against forward, time a node from 10⁴ to 10⁶ nodes, pauses of the collector."""

from __future__ import annotations

import gc
import time
from typing import Any

import minigrad as mg


def scalar_chain(nodes: int) -> tuple[float, float, float]:
    """Seconds for forward and backward over a chain of scalar operations, and the collector's longest pause."""
    pauses: list[float] = []
    started = 0.0

    def watch(phase: str, _: dict[str, Any]) -> None:
        nonlocal started
        if phase == "start":
            started = time.perf_counter()
        else:
            pauses.append(time.perf_counter() - started)

    gc.collect()
    gc.callbacks.append(watch)
    try:
        start = time.perf_counter()
        y = mg.Scalar(1.0)
        for _ in range(nodes // 2):
            y = (y + 1e-6) * 0.999999
        middle = time.perf_counter()
        y.backward()
        end = time.perf_counter()
    finally:
        gc.callbacks.remove(watch)
    return middle - start, end - middle, max(pauses, default=0.0)


def table(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> str:
    """A Markdown table for growing chains."""
    lines = ["| nodes | µs a node | backward ÷ forward | longest pause, ms |", "|---|---|---|---|"]
    for nodes in sizes:
        forward, backward, pause = min(scalar_chain(nodes) for _ in range(3))
        lines.append(
            f"| {nodes:,} | {(forward + backward) / nodes * 1e6:.2f} | {backward / forward:.2f} | {pause * 1e3:.1f} |"
        )
    return "\n".join(lines)

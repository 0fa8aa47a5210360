"""Interleaved timing: every implementation once a round, in an order that rotates, garbage collector on."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """Seconds of one implementation over all rounds."""

    median: float
    best: float


def rotated(names: list[str], by: int) -> list[str]:
    """The names in a round's order."""
    by %= len(names)
    return names[by:] + names[:by]


def interleave(programs: Mapping[str, Callable[[], object]], rounds: int, repeat: int = 1) -> dict[str, Result]:
    """Time every program in each of ``rounds`` rounds, ``repeat`` times in a row, after two rounds of warming up.

    The garbage of the others is collected before, untimed; a program pays for its own, collector on.
    """
    names = list(programs)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-2, rounds):
        for name in rotated(names, number):
            run = programs[name]
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeat):
                run()
            elapsed = (time.perf_counter() - start) / repeat
            if number >= 0:
                times[name].append(elapsed)
    return {name: Result(statistics.median(each), min(each)) for name, each in times.items()}


@dataclass(frozen=True)
class Goal:
    """minigrad's time is to be at most ``ratio`` times a peer's."""

    peer: str
    ratio: float


def table(results: Mapping[str, Result], goals: list[Goal], scale: float, unit: str) -> str:
    """A Markdown table: each implementation's time and minigrad's time as a multiple of it, and each goal's verdict."""
    own = results["minigrad"]
    lines = [f"| | median {unit} | best {unit} | minigrad ÷ it | goal |", "|---|---|---|---|---|"]
    wanted = {goal.peer: goal.ratio for goal in goals}
    for name, each in sorted(results.items(), key=lambda item: item[1].median):
        ratio = own.median / each.median
        verdict = ""
        if name in wanted:
            verdict = f"≤ {wanted[name]:.3g}: {'met' if ratio <= wanted[name] else 'missed'}"
        lines.append(
            f"| {name} | {each.median * scale:.3g} | {each.best * scale:.3g} | "
            f"{'' if name == 'minigrad' else f'{ratio:.3g}'} | {verdict} |"
        )
    return "\n".join(lines)

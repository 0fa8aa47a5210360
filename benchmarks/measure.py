"""Interleaved timing: every implementation once a round, in an order that rotates, each in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """Seconds of one implementation over all rounds."""

    median: float
    best: float


def rotated(names: list[str], by: int) -> list[str]:
    """The names in a round's order."""
    by %= len(names)
    return names[by:] + names[:by]


class Worker:
    """One implementation of one workload in a process of its own.

    So nothing that another implementation imports, allocates or leaves to the garbage collector is paid for
    by this one: each runs as its user would run it.
    """

    def __init__(self, workload: str, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", workload, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str) -> str:
        """One line to the worker, one line back; empty if it has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(question + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        self.process.communicate("")


def interleave(workers: Mapping[str, Any], rounds: int, repeat: int) -> dict[str, Result]:
    """Time every worker once a round, ``repeat`` runs in a row, after two rounds of warming up."""
    names = list(workers)
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-2, rounds):
        for name in rotated(names, number):
            seconds = float(workers[name].ask(str(repeat)))
            if number >= 0:
                times[name].append(seconds)
    return {name: Result(statistics.median(each), min(each)) for name, each in times.items()}


def measure(workload: str, names: Sequence[str], rounds: int, repeat: int) -> tuple[dict[str, Result], list[str]]:
    """The results of all implementations that are installed, and the names of those that are not.

    Raises RuntimeError if one disagrees with the others' numbers (its own message stands above).
    """
    workers = {name: Worker(workload, name) for name in names}
    try:
        answers = {name: each.ask("ready?") for name, each in workers.items()}
        broken = [name for name, answer in answers.items() if answer not in ("ready", "missing")]
        if broken:
            raise RuntimeError(f"{workload}: {', '.join(broken)} could not be prepared")
        ready = {name: each for name, each in workers.items() if answers[name] == "ready"}
        return interleave(ready, rounds, repeat), [name for name in names if name not in ready]
    finally:
        for each in workers.values():
            each.close()


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

"""``python -m benchmarks``: every workload of the design, minigrad beside its peers, as ratios in one run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from . import (
    chain,
    convolution,
    derivatives,
    digits_mlp,
    gradient_check,
    growth,
    machine,
    measure,
    memory,
    scalar_moons,
)


def _timed(
    workload: str, module: Any, goals: list[measure.Goal], repeat: int, share: float, implementations: Any = None
) -> Callable[[int], str]:
    """A workload's table; ``share`` scales the number of rounds."""

    def run(rounds: int) -> str:
        names = list(implementations or module.IMPLEMENTATIONS)
        results, missing = measure.measure(workload, names, max(3, round(rounds * share)), repeat)
        note = f"\n\nnot installed, so left out: {', '.join(missing)} (pip install '.[bench]')" if missing else ""
        return measure.table(results, goals, module.SCALE, module.UNIT) + note

    return run


WORKLOADS: dict[str, tuple[str, Callable[[int], str]]] = {
    "scalar": (
        "Scalar moons step, MLP 2-16-16-1, 100 points",
        _timed("scalar", scalar_moons, scalar_moons.GOALS, 3, 0.25),
    ),
    "chain": (
        "Chain of 900 small operations on 100 numbers, forward and backward",
        _timed("chain", chain, chain.GOALS, 5, 1),
    ),
    "constants": (
        "Chain of 900 small operations of 100 numbers and a constant, x * 1.01 + 0.001, forward and backward",
        _timed("constants", chain, chain.CONSTANTS_GOALS, 5, 1),
    ),
    "digits-64": (
        "Training step 784-256-128-10, batch norm, softmax, Adam, float32, batch 64",
        _timed("digits-64", digits_mlp, digits_mlp.GOALS[64], 10, 1),
    ),
    "digits-512": ("The same at batch 512", _timed("digits-512", digits_mlp, digits_mlp.GOALS[512], 5, 1)),
    "convolution": (
        "Convolution (32, 3, 32, 32) with 16 filters of 5×5, float32, forward and backward",
        _timed("convolution", convolution, convolution.GOALS, 10, 1),
    ),
    "jvp": (
        "Forward derivative of an MLP 784-256-128-10's cost by all parameters, batch 64, float64",
        _timed("jvp", derivatives, derivatives.JVP_GOALS, 10, 1, derivatives.JVP),
    ),
    "hessian": (
        "Hessian of 1,000 variables (Rosenbrock's chain)",
        _timed("hessian", derivatives, derivatives.HESSIAN_GOALS, 1, 0.25, derivatives.HESSIAN),
    ),
    "check": (
        "Checking the gradient of a network (goals: 2.2 evaluations an entry, fast: 20 in all)",
        lambda rounds: gradient_check.table(),
    ),
    "memory": ("Peak memory of that step above the interpreter's", lambda rounds: memory.table()),
    "growth": ("Cost as a scalar chain grows (goals: backward ≤ 3 × forward, linear)", lambda rounds: growth.table()),
}


def main() -> None:
    """Run the workloads that were asked for and print a Markdown table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=WORKLOADS, action="append", help="this workload alone (repeatable)")
    parser.add_argument("--rounds", type=int, default=20, help="how long to measure (default: 20)")
    options = parser.parse_args()
    print(machine.description())
    for name in options.only or WORKLOADS:
        title, run = WORKLOADS[name]
        print(f"\n### {title}\n\n{run(options.rounds)}", flush=True)


if __name__ == "__main__":
    main()

"""``python -m benchmarks``: every workload of the design, minigrad beside its peers, as ratios in one run."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from . import chain, digits_mlp, growth, machine, measure, memory, scalar_moons


def _scalar(rounds: int) -> str:
    results = measure.interleave(scalar_moons.programs(), max(3, rounds // 4), repeat=4)
    return measure.table(results, scalar_moons.GOALS, scalar_moons.SCALE, scalar_moons.UNIT)


def _chain(rounds: int) -> str:
    return measure.table(measure.interleave(chain.programs(), rounds, repeat=5), chain.GOALS, chain.SCALE, chain.UNIT)


def _digits(batch: int) -> Callable[[int], str]:
    def run(rounds: int) -> str:
        results = measure.interleave(digits_mlp.programs(batch), rounds, repeat=10)
        return measure.table(results, digits_mlp.GOALS[batch], digits_mlp.SCALE, digits_mlp.UNIT)

    return run


WORKLOADS: dict[str, tuple[str, Callable[[int], str]]] = {
    "scalar": ("Scalar moons step, MLP 2-16-16-1, 100 points", _scalar),
    "chain": ("Chain of 900 small operations on 100 numbers, forward and backward", _chain),
    "digits-64": ("Training step 784-256-128-10, batch norm, softmax, Adam, float32, batch 64", _digits(64)),
    "digits-512": ("The same at batch 512", _digits(512)),
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
    missing = [name for name in machine.PEERS if machine.version(name) is None]
    if missing:
        print(f"missing, so left out: {', '.join(missing)}; pip install '.[bench]' brings them")
    for name in options.only or WORKLOADS:
        title, run = WORKLOADS[name]
        print(f"\n### {title}\n\n{run(options.rounds)}", flush=True)


if __name__ == "__main__":
    main()

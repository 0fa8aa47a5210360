"""The process that runs one implementation of one workload: ``python -m benchmarks.worker WORKLOAD NAME``.

It answers "ready?" with "ready" (once its numbers are checked) or "missing", and a number of repetitions
with the seconds that one run took, after one untimed. The garbage collector stays on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from . import chain, convolution, derivatives, digits_mlp, scalar_moons

PROGRAMS: dict[str, Callable[[str], Callable[[], object]]] = {
    "scalar": scalar_moons.program,
    "chain": chain.program,
    "constants": lambda name: chain.program(name, "constants"),
    "digits-64": lambda name: digits_mlp.program(name, 64),
    "digits-512": lambda name: digits_mlp.program(name, 512),
    "convolution": convolution.program,
    "jvp": derivatives.jvp_program,
    "hessian": derivatives.hessian_program,
}


def main(workload: str, name: str) -> None:
    """Answer until standard input ends."""
    try:
        run = PROGRAMS[workload](name)
        answer = "ready"
    except ImportError:
        answer = "missing"
    for line in sys.stdin:
        if line.strip() == "ready?":
            print(answer, flush=True)
            continue
        repeat = int(line)
        time.sleep(0.15)  # until the threads of whoever ran before have stopped waiting for more work
        run()
        start = time.perf_counter()
        for _ in range(repeat):
            run()
        print((time.perf_counter() - start) / repeat, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Checking the gradient of a network of 10,000 parameters: time, evaluations and accuracy, beside PyTorch's gradcheck.

A sigmoid network 60-120-22 with a softmax cost on 16 samples, float64. Each check runs once, in this process.
"""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np

SHAPES = (120, 60), (120,), (22, 120), (22,)


def data() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Parameters, samples and labels."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=s) / np.sqrt(s[-1]) for s in SHAPES], rng.normal(size=(16, 60)), rng.integers(0, 22, 16)


def minigrad_check(fast: bool) -> tuple[float, int, str]:
    """Seconds, evaluations of the cost, and what it found."""
    import minigrad as mg

    parameters, x, labels = data()
    evaluations = [0]

    def cost(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        evaluations[0] += 1
        return mg.softmax_cross_entropy(mg.affine(mg.sigmoid(mg.affine(x, w1, b1)), w2, b2), labels)

    start = time.perf_counter()
    report = mg.testing.check_gradients(cost, *parameters, fast=fast)
    return time.perf_counter() - start, evaluations[0], f"relative error {report.relative_error:.0e}"


def torch_check(fast: bool) -> tuple[float, int, str]:
    """The same by ``torch.autograd.gradcheck``."""
    torch = importlib.import_module("torch")
    parameters, x, labels = data()
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters]
    samples, classes, evaluations = torch.tensor(x), torch.tensor(labels), [0]

    def cost(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        evaluations[0] += 1
        hidden = torch.sigmoid(torch.nn.functional.linear(samples, w1, b1))
        return torch.nn.functional.cross_entropy(torch.nn.functional.linear(hidden, w2, b2), classes)

    start = time.perf_counter()
    passed = torch.autograd.gradcheck(cost, leaves, fast_mode=fast)
    return time.perf_counter() - start, evaluations[0], f"passed {passed} to 1e-5 + 1e-3 relative"


def table() -> str:
    """A Markdown table of both checks, full and fast."""
    entries = sum(int(np.prod(s)) for s in SHAPES)
    lines = [f"{entries} parameters", "", "| | seconds | evaluations | an entry | found |", "|---|---|---|---|---|"]
    for name, check in (("minigrad", minigrad_check), ("torch.autograd.gradcheck", torch_check)):
        for fast in (False, True):
            try:
                seconds, evaluations, found = check(fast)
            except ImportError:
                lines.append(f"| {name} | not installed | | | |")
                break
            per_entry = f"{evaluations / entries:.2f}" if not fast else ""
            lines.append(
                f"| {name}{', fast' if fast else ''} | {seconds:.2f} | {evaluations} | {per_entry} | {found} |"
            )
    return "\n".join(lines)

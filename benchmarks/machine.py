"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

import numpy as np

PEERS = ("torch", "jax", "autograd", "mygrad", "micrograd")


def processor() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def version(package: str) -> str | None:
    """An installed package's version, None where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def description() -> str:
    """One line: date, processor, cores, Python, NumPy with its BLAS, and the peers' versions."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS if version(name))
    return (
        f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__} ({blas}); {peers}"
    )

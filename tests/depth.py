"""How deep a run goes: README's ``pytest`` covers everything once, ``.ci/run`` also what is marked ``full``."""

from __future__ import annotations

from typing import Any

import pytest


def seeds(count: int, quick: int = 1) -> list[Any]:
    """Seeds 0 to ``count`` - 1 for a parametrised test, of which a usual run takes the first ``quick``."""
    return [*range(quick), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(quick, count))]

"""Settings shared by all tests: Hypothesis without deadlines, reproducible where CI runs."""

import functools
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.register_profile("full", parent=settings.get_profile("ci"), max_examples=25)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


# ---- no test passes without having asserted (pytest -o enable_assertion_pass_hook=true) ------------------------------

_asserted = 0


def _count(*_: Any) -> None:
    global _asserted
    _asserted += 1


def _counted(function: Any) -> Any:
    @functools.wraps(function)
    def counting(*arguments: Any, **options: Any) -> Any:
        _count()
        return function(*arguments, **options)

    return counting


def pytest_configure(config: pytest.Config) -> None:
    """Count what stands for an assertion beside ``assert``: NumPy's, expected errors, and checked gradients."""
    if config.getini("enable_assertion_pass_hook"):
        from minigrad.testing.check import gradients

        for name in (each for each in dir(np.testing) if each.startswith("assert_")):
            setattr(np.testing, name, _counted(getattr(np.testing, name)))
        pytest.raises, pytest.warns = _counted(pytest.raises), _counted(pytest.warns)
        gradients.listeners.append(_count)


def pytest_assertion_pass() -> None:
    """An assertion in a test held."""
    _count()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Fail a test that ended well and asserted nothing."""
    before = _asserted
    result = yield
    if pyfuncitem.config.getini("enable_assertion_pass_hook") and _asserted == before:
        pytest.fail("this test passed without having asserted anything")
    return result

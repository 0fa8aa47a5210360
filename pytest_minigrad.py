"""minigrad's pytest plugin: a fixture, two options, and a page of every gradient that was checked in a run.

It is there as soon as minigrad is installed: ``--gradcheck-order=2`` checks second derivatives too, wherever a test
asked for first ones, and ``--gradcheck-report=out.html`` writes the page.

pytest loads this file in every project of the environment, so it lies outside of the package and imports minigrad
where it is used: a foreign test run pays for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minigrad.testing import GradientReport

_KEPT = pytest.StashKey[list[tuple[str, Mapping[str, Any]]]]()
_PAGE = pytest.StashKey[Path | None]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own in ``pytest --help``."""
    group = parser.getgroup("minigrad", "checking gradients with minigrad")
    group.addoption(
        "--gradcheck-order", type=int, choices=(1, 2), default=1, help="2: check second derivatives as well"
    )
    group.addoption("--gradcheck-report", metavar="FILE.html", help="write a page of every gradient that was checked")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a report that could not be written before a long run, and set the order."""
    path = config.getoption("--gradcheck-report")
    config.stash[_PAGE] = None if path is None else Path(path).resolve()  # wherever a test goes
    if path is not None and not hasattr(config, "workerinput"):
        _refuse_unwritable(path)
    config.stash[_KEPT] = []
    _set_order(config, config.getoption("--gradcheck-order"))


def _refuse_unwritable(path: str) -> None:
    page = Path(path).resolve()
    if not page.parent.is_dir():
        raise pytest.UsageError(f"--gradcheck-report={path}: there is no folder {page.parent}")
    new = not page.exists()
    try:
        page.open("ab").close()
    except OSError as error:
        raise pytest.UsageError(f"--gradcheck-report={path}: can't be written ({error.strerror})") from None
    if new:
        page.unlink()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The order is as it was."""
    _set_order(config, 1)


def _set_order(config: pytest.Config, order: int) -> None:
    if config.getoption("--gradcheck-order") != 1:
        from minigrad.testing.check import gradients

        gradients.least_order = order


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Note the checks of a test with its name."""
    if item.config.getoption("--gradcheck-report") is None:
        return (yield)
    from minigrad.testing.check import gradients

    kept = item.config.stash[_KEPT]

    def note(report: GradientReport) -> None:
        data = report.data(entries=False)  # every entry of every check would be too much
        kept.append((item.nodeid, data))

    gradients.listeners.append(note)
    try:
        return (yield)
    finally:
        gradients.listeners.remove(note)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """Take what a process of pytest-xdist noted."""
    sent = getattr(node, "workeroutput", {}).get("minigrad_gradients")
    if sent:
        node.config.stash[_KEPT] += [tuple(pair) for pair in json.loads(sent)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page; a process of pytest-xdist sends what it noted to the one that does."""
    config, path = session.config, session.config.stash[_PAGE]
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["minigrad_gradients"] = json.dumps(config.stash[_KEPT])
    elif path is not None:
        from minigrad.testing.report.pages import page_of_checks

        kept: list[tuple[str, Mapping[str, Any]]] = config.stash[_KEPT]
        path.write_text(page_of_checks(kept), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line that says where the page is."""
    path = config.getoption("--gradcheck-report")
    if path is not None:
        terminalreporter.write_line(f"{len(config.stash[_KEPT])} gradient checks, see {path}")


@pytest.fixture
def check_gradients() -> Callable[..., GradientReport]:
    """`minigrad.testing.check_gradients`, of the order that ``--gradcheck-order`` asks for."""
    from minigrad.testing import check_gradients

    return check_gradients

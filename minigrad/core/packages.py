"""Packages that minigrad can do without: imported where they are used, and named where they are missing."""

from __future__ import annotations

import importlib
from typing import Any


def imported(module: str, purpose: str, package: str | None = None) -> Any:
    """A module that only ``purpose`` needs.

    Raises
    ------
    ImportError
        Where it is missing, with the package to install: ``package``, by default of the module's own name.

    Examples
    --------
    >>> from minigrad.core.packages import imported
    >>> imported("json", "reading JSON").loads("[1]")
    [1]
    >>> imported("no_such_module", "this line", "no-such-package")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: this line needs no-such-package: pip install no-such-package
    """
    root = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != root:
            raise  # it is there, and lacks a package of its own
        package = package or root
        raise ModuleNotFoundError(f"{purpose} needs {package}: pip install {package}", name=root) from None

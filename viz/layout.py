"""How a drawing's source becomes a picture: the only file that knows which layout program runs.

By default that is the ``graphviz-pure`` wheel, which needs no system package and gives the same bytes on
every platform; a system ``dot`` on request, or where the wheel is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

#: Seconds a layout may take.
TIME_LIMIT = 60.0


class LayoutError(RuntimeError):
    """The layout program is missing, failed, or took too long."""


def program(engine: str | None = None) -> str:
    """The path of the layout program: "pure" (the wheel), "system" (dot), or None for the first there is.

    Raises LayoutError where there is none, ValueError for another engine.
    """
    if engine not in (None, "pure", "system"):
        raise ValueError(f"engine {engine!r}: choose 'pure' (the graphviz-pure wheel) or 'system' (dot)")
    if engine != "system":
        folders = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
        found = shutil.which("graphviz-pure", path=os.pathsep.join(folders)) or shutil.which("graphviz-pure")
        if found:
            return found
        if engine == "pure":
            raise LayoutError("the graphviz-pure wheel is missing: run pip install graphviz-pure")
    found = shutil.which("dot")
    if found:
        return found
    raise LayoutError("no layout program: run pip install graphviz-pure, or install Graphviz's dot")


def render(source: str, kind: str, *, engine: str | None = None, time_limit: float = TIME_LIMIT) -> bytes:
    """Lay out DOT source and return the picture as "svg", "png" or "json" bytes.

    Raises LayoutError in one clear line if the program fails or takes longer than ``time_limit`` seconds.
    """
    path = program(engine)
    command = [path, f"-T{kind}", *(["-Gdpi=192"] if kind == "png" else [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=time_limit)
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"layout: {Path(path).name} took longer than {time_limit:g} s; draw a smaller graph"
        ) from None
    except OSError as error:
        raise LayoutError(f"layout: {path} could not be run: {error.strerror}") from None
    if done.returncode or not done.stdout:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise LayoutError(f"layout: {Path(path).name} failed: {reason[-1] if reason else 'no message'}")
    return done.stdout

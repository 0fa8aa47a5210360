"""Writing pictures whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that a reader sees the old content or the new, never half of it.

    Raises FileNotFoundError that names the missing folder.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target}: there is no folder {target.parent}; make it first")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def format_of(path: str | os.PathLike[str], known: tuple[str, ...]) -> str:
    """The format that a file's ending asks for; ValueError names the known ones otherwise."""
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in known:
        raise ValueError(f"{os.fspath(path)!r}: the ending must be one of {', '.join(known)}")
    return ending

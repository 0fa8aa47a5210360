"""Nested containers of arrays: lists, tuples, named tuples, dicts and dataclasses; None holds nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any


def leaves_of(tree: Any) -> list[Any]:
    """The arrays in a nested container, from left to right (dicts and dataclasses by their own order).

    >>> leaves_of({"w": 1.0, "b": [2.0, None, (3.0,)]})
    [1.0, 2.0, 3.0]
    """
    if tree is None:
        return []
    parts = _parts(tree)
    return [tree] if parts is None else [leaf for part in parts for leaf in leaves_of(part)]


def rebuilt(tree: Any, leaves: Sequence[Any]) -> Any:
    """A container of the same form with other leaves, in the order of `leaves_of`.

    >>> rebuilt({"w": 1.0, "b": [2.0]}, [5.0, 6.0])
    {'w': 5.0, 'b': [6.0]}
    """
    return _build(tree, iter(leaves))


def paths_of(tree: Any, root: str = "") -> list[tuple[str, Any]]:
    """Every leaf with its path, written as Python reads it, in the order of `leaves_of`.

    >>> paths_of({"w": 1.0, "b": [2.0, None, (3.0,)]}, "p")
    [("p['w']", 1.0), ("p['b'][0]", 2.0), ("p['b'][2][0]", 3.0)]
    """
    if tree is None:
        return []
    parts = _parts(tree)
    if parts is None:
        return [(root, tree)]
    if isinstance(tree, dict):
        steps = [f"[{key!r}]" for key in tree]
    elif _is_dataclass(tree):
        steps = [f".{field.name}" for field in dataclasses.fields(tree) if field.init]
    else:
        steps = [f".{name}" for name in getattr(tree, "_fields", ())] or [f"[{i}]" for i in range(len(parts))]
    return [pair for step, part in zip(steps, parts) for pair in paths_of(part, root + step)]


def _is_dataclass(tree: Any) -> bool:
    return dataclasses.is_dataclass(tree) and not isinstance(tree, type)


def _parts(tree: Any) -> list[Any] | None:
    """What a container holds, or None for a leaf."""
    if isinstance(tree, dict):
        return list(tree.values())
    if isinstance(tree, (list, tuple)):
        return list(tree)
    if _is_dataclass(tree):
        return [getattr(tree, field.name) for field in dataclasses.fields(tree) if field.init]
    return None


def _build(tree: Any, remaining: Iterator[Any]) -> Any:
    if tree is None:
        return None
    if isinstance(tree, dict):
        return type(tree)((key, _build(value, remaining)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_build(value, remaining) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(_build(value, remaining) for value in tree)
    if _is_dataclass(tree):
        fields = [field.name for field in dataclasses.fields(tree) if field.init]
        return dataclasses.replace(tree, **{name: _build(getattr(tree, name), remaining) for name in fields})
    return next(remaining)

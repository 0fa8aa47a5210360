"""What a run of a function changes beside its value: attributes, arrays, random generators; found and put back."""

from __future__ import annotations

import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ..core.node import Node
from .module import Module

_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
P = ParamSpec("P")
T = TypeVar("T")
_CONTAINERS = (list, tuple, set, frozenset, deque)

#: Packages whose functions and objects are not the user's.
_FOREIGN = frozenset(sys.stdlib_module_names) | {"minigrad", "numpy", "torch", "jax", "jaxlib", "tensorflow"}


def found_from(root: Any) -> list[Any]:
    """Everything that can hold state and is reached from an object, each once.

    A function is followed into what it closes over, its defaults and the globals that it names, functions of the user's
    among them; an object into its attributes.
    """
    found: dict[int, Any] = {}
    todo = [root]
    while todo:
        each = todo.pop()
        if id(each) in found or each is None or isinstance(each, (str, bytes, int, float, complex, type)):
            continue
        found[id(each)] = each
        todo.extend(_inside(each))
    return list(found.values())


def _inside(holder: Any) -> list[Any]:
    if isinstance(holder, dict):
        return list(holder.values())
    if isinstance(holder, _CONTAINERS):
        return list(holder)
    if isinstance(holder, types.FunctionType):
        return _used_by(holder)
    if isinstance(holder, (types.MethodType, types.BuiltinMethodType)):
        return [holder.__self__, getattr(holder, "__func__", None)]
    if isinstance(holder, partial):
        return [holder.func, holder.args, holder.keywords]
    return list(vars(holder).values()) if _has_attributes(holder) else []


def _has_attributes(holder: Any) -> bool:
    """Whether it is an object of a class of the user's (or a module of ours), whose attributes are its state."""
    kind = type(holder)
    if not kind.__dictoffset__:
        return False
    return kind is types.SimpleNamespace or issubclass(kind, Module) or _is_users(kind.__module__)


def _is_users(module: Any) -> bool:
    return str(module).partition(".")[0] not in _FOREIGN


def _used_by(function: types.FunctionType) -> list[Any]:
    found = [function.__defaults__, function.__kwdefaults__]
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # it is not filled yet
            continue
    names: set[str] = set()
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        names.update(code.co_names)
        codes.extend(each for each in code.co_consts if isinstance(each, types.CodeType))
    for name in names & function.__globals__.keys():
        value = function.__globals__[name]
        if not isinstance(value, types.FunctionType) or _is_users(value.__module__):
            found.append(value)
    return found


# ---- random generators --------------------------------------------------------------------------------------


def generators_from(root: Any) -> list[Any]:
    """The random generators reached from an object, and the two that NumPy and Python keep for everyone."""
    everyones = [np.random.get_state.__self__, random.getstate.__self__]  # type: ignore[attr-defined]
    return [*everyones, *(each for each in found_from(root) if isinstance(each, _GENERATORS))]


def repr_of_state(generator: Any) -> str:
    """Text that is another one when the generator was used in between."""
    if isinstance(generator, np.random.Generator):
        generator = generator.bit_generator
    if isinstance(generator, np.random.RandomState):
        return repr(generator.get_state(legacy=False)["state"])
    return repr(generator.state if isinstance(generator, np.random.BitGenerator) else generator.getstate())


def state_of(generator: Any) -> Callable[[], None]:
    """A function that puts a random generator back to the state that it is in now."""
    if isinstance(generator, np.random.Generator):
        return state_of(generator.bit_generator)
    if isinstance(generator, np.random.BitGenerator):
        return partial(setattr, generator, "state", generator.state)
    if isinstance(generator, np.random.RandomState):
        return partial(generator.set_state, generator.get_state(legacy=False))
    return partial(generator.setstate, generator.getstate())


# ---- everything else ----------------------------------------------------------------------------------------


def state_behind(root: Any) -> list[Any]:
    """What a run of a function may change unseen: all that its modules hold, and the ``grad`` of leaves."""
    found = found_from(root)
    inside = [each for module in found if isinstance(module, Module) for each in found_from(module)]
    return list({id(each): each for each in (*inside, *(each for each in found if isinstance(each, Node)))}.values())


@contextmanager
def kept(holders: list[Any]) -> Iterator[None]:
    """Whatever is changed inside in these objects is put back."""
    undo = [each for holder in holders for each in _undo(holder)]
    try:
        yield
    finally:
        for each in undo:
            each()


def leaving_no_trace(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, after which all state behind its arguments is as it was."""

    @wraps(function)
    def traceless(*arguments: P.args, **options: P.kwargs) -> T:
        with kept(state_behind([arguments, options])):
            return function(*arguments, **options)

    return traceless


def content_of(holder: Any) -> dict[Any, Any]:
    """What a container or an object holds now, by key, place or name."""
    if isinstance(holder, (list, deque)):
        return dict(enumerate(holder))
    if isinstance(holder, set):
        return dict.fromkeys(holder)
    if isinstance(holder, dict):
        return dict(holder)
    return dict(vars(holder)) if _has_attributes(holder) else {}


def _undo(holder: Any) -> list[Callable[[], None]]:
    if isinstance(holder, _GENERATORS):
        return [state_of(holder)]
    if isinstance(holder, np.ndarray):
        return [partial(np.copyto, holder, holder.copy())] if holder.flags.writeable else []
    if isinstance(holder, Node):
        if not holder.is_leaf:
            return []
        fields: list[Callable[[], None]]
        fields = [partial(setattr, holder, name, getattr(holder, name)) for name in ("_data", "grad", "index")]
        return fields if holder.requires_grad else [*fields, *_undo(holder._data)]  # such as a running average
    if isinstance(holder, (dict, set)):
        return [partial(_refill, holder, holder.copy())]
    if isinstance(holder, (list, deque)):
        return [partial(_refill, holder, list(holder))]
    if _has_attributes(holder):
        return [partial(_refill, vars(holder), dict(vars(holder)))]
    return []


def _refill(holder: Any, content: Any) -> None:
    holder.clear()
    (holder.extend if isinstance(holder, (list, deque)) else holder.update)(content)

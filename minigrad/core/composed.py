"""``Composed``: a function made of operations, which records its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .calls import typed
from .errors import RuleError
from .failures import TOLD, told
from .operation import Operation
from .options import admitted, all_plain, is_ordinary, known_options


class Composed(Operation):
    """A function made of operations: callable on arrays and tensors, differentiated through its parts."""

    def __init__(
        self,
        function: Callable[..., Any],
        inputs: Any,
        numpy: Callable[..., Any] | Sequence[Callable[..., Any]],
        differentiable: bool,
        internal: bool,
        *,
        differentiated: str | None,
    ) -> None:
        super().__init__(function, inputs, numpy, differentiable, internal)
        self._names = [p.name for p in self._parameters]
        self._by_place = [p.name for p in self._parameters if p.kind is not p.KEYWORD_ONLY]
        without_default = [p.name for p in self._parameters if p.default is p.empty]
        self.differentiated = frozenset(without_default if differentiated is None else differentiated.split())
        if not self.differentiated.issubset(self._names):
            raise RuleError(f"composed {self.name}: differentiated={differentiated!r} names what is no parameter")
        options = [i for i, name in enumerate(self._by_place) if name not in self.differentiated]
        self._first_option = options[0] if options else len(self._parameters)

    @typed
    def __call__(self, /, *arguments: Any, **options: Any) -> Any:
        """The value, made of plain arrays or recorded nodes as the arguments are."""
        count, names = len(arguments), self._by_place
        if options and not options.keys() <= {*self._names}:
            options = known_options(self, self._names, options)
        if count > self._first_option or not (all(map(is_ordinary, arguments)) and all_plain(options.values())):
            names = [*names[:count], *names[-1:] * (count - len(names)), *options]
            values = admitted(self, names, [*arguments, *options.values()])
            arguments, options = tuple(values[:count]), dict(zip(options, values[count:]))
        try:
            return self.forward(*arguments, **options)
        except TOLD as error:
            raise told(self, arguments, options, error) from error

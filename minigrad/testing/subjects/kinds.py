"""Which kind of subject a call of `check_gradients` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.trees import leaves_of
from .foreign import Foreign
from .frameworks import framework_of
from .handwritten import Pair, ValueAndGradient, gives_its_gradient, gives_more_than_its_cost, value_on_arrays
from .subject import Recorded, Subject


def subject_of(
    f: Any,
    inputs: Sequence[Any],
    names: Sequence[str] | None,
    framework: str | None,
    projection: Any,
    returns_gradient: bool | None,
    scalars: bool,
) -> Subject:
    """The subject for a function and its inputs as `check_gradients` takes them."""
    guessed, value = False, None
    if returns_gradient and (isinstance(f, tuple) or framework not in (None, "callable")):
        raise TypeError("check_gradients: returns_gradient=True requires one function of arrays that returns both")
    if framework is None and not isinstance(f, tuple):
        framework = framework_of(f, [leaf for x in inputs for leaf in leaves_of(x)])
        if returns_gradient is None and framework == "minigrad" and projection is None:
            value = value_on_arrays(f, inputs)
            guessed = returns_gradient = gives_its_gradient(value, inputs)
    subject: Subject
    if returns_gradient:
        subject = ValueAndGradient(f, inputs, names)
        if guessed:
            subject.notes["the second value"] = (
                "has the form of a gradient and was checked as one; with returns_gradient=False it is another output"
            )
    elif isinstance(f, tuple):
        if framework not in (None, "callable"):
            raise TypeError(
                f"check_gradients: a pair (f, df) is checked as it is; framework={framework!r} requires f alone"
            )
        subject = Pair(f[0], f[1], inputs, names, projection)
    elif framework == "callable":
        raise TypeError("check_gradients: framework='callable' requires a pair (f, df) of functions of arrays")
    elif framework == "minigrad":
        subject = Recorded(f, inputs, names, scalars)
    else:
        assert framework is not None
        subject = Foreign(f, inputs, names, framework)
    try:
        subject.settle()
    except Exception as error:
        if gives_more_than_its_cost(value):
            error.add_note(
                "check_gradients: given arrays, the function returns more than a number. If that is its gradient for "
                "the first input, close over the others: check_gradients(lambda w: f(w, x, y), w)"
            )
        raise
    if projection is not None:
        shapes = [np.shape(each) for each in leaves_of(projection)]
        if shapes != [np.shape(c) for c in subject.cotangents]:
            wanted = [np.shape(c) for c in subject.cotangents]
            raise ValueError(f"check_gradients: projection= has the shapes {shapes}, the function's value {wanted}")
        subject.cotangents = [np.asarray(each, dtype=np.float64) for each in leaves_of(projection)]
    return subject

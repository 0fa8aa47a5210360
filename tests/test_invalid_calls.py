"""Ten thousand invalid calls: each raises an error that names the operation, or NumPy's own, or is valid in NumPy too.

A valid call of every operation is drawn and broken in one place: another type, shape, axis, number of arguments, an
option that does not exist. Nothing may end in an error from inside, leave the graph in silence, be taken and then fail
in backward, or hang.
"""

import math
import operator
import pathlib
import signal
from contextlib import contextmanager

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import Composed
from minigrad.core.trees import leaves_of
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_inputs
from minigrad.values.methods import ArrayMethods

from .depth import seeds

CALLS = 10_000


class Foreign:
    """What no operation knows."""

    def __repr__(self):
        return "Foreign()"


def wrong_values(rng):
    """What may stand where it must not."""
    wanted = mg.Tensor(rng.normal(size=tuple(rng.integers(0, 4, size=rng.integers(0, 4)))), requires_grad=True)
    return [
        None, "text", "", b"bytes", 10**30, -(10**30), 2**63, -1, -7, 99, 1.5, math.nan, math.inf, True, 0, 3, (),
        [], {}, set(), (0, 0), (0, 99), [1, 2], [[1.0], [2.0, 3.0]], (None,), ["a"], [None], (1.5,), (10**30, 2),
        slice(None), ..., Foreign(), Foreign, np.sum, 2j, np.array("a"), np.array([1, 2]), np.array([[True]]),
        np.array([1j]), np.float32(2), np.int8(1), np.array(None), np.zeros((0, 3)), np.ones((2, 3, 4)),
        np.ones((1, 1, 1, 1, 1)), np.array([np.nan]), wanted, mg.Tensor([1, 2]), mg.Tensor([1.0, 2.0]), mg.Tensor(2),
        mg.Tensor(0.5), mg.Scalar(2.0), [wanted], (wanted, wanted), [[wanted]], {"a": wanted}, range(3),
        np.float64, float, "float32", np.dtype("int8"), np.datetime64("2020"),
    ]  # fmt: skip


UNKNOWN_OPTIONS = (
    "axes",
    "dim",
    "keepdim",
    "out",
    "where",
    "dtype",
    "axis",
    "a",
    "x",
    "initial",
    "self",
    "foo",
    "casting",
)


def broken_call(op, rng):
    """A call of an operation with one thing wrong: its arguments, its options, and what was done."""
    inputs, options = drawn_inputs(op, RandomDraw(rng.integers(2**31)))
    options = dict(options)
    arguments = [as_tensor(list(inputs))] if op.variadic else [as_tensor(x) for x in inputs]
    wrong = wrong_values(rng)
    value = wrong[rng.integers(len(wrong))]
    kind = rng.integers(7)
    if kind <= 1:
        place = rng.integers(len(arguments))
        arguments[place] = value
        return arguments, options, f"argument {place}"
    if kind <= 3 and (options or not isinstance(op, Composed)):
        names = [*options] or [*op.option_defaults]
        if names:
            name = names[rng.integers(len(names))]
            options[name] = value
            return arguments, options, f"option {name}"
    if kind == 4:
        name = UNKNOWN_OPTIONS[rng.integers(len(UNKNOWN_OPTIONS))]
        options[name] = value
        return arguments, options, f"extra option {name}"
    if kind == 5:
        return arguments[: rng.integers(len(arguments))], options, "too few"
    if kind == 6 and isinstance(arguments[0], mg.Tensor):
        shape = arguments[0].shape
        changed = [(*shape, 2), shape[1:], (0, *shape), (0,), (), tuple(n + 1 for n in shape)][rng.integers(6)]
        arguments[0] = mg.Tensor(np.ones(changed), requires_grad=True)
        return arguments, options, "another shape"
    return [*arguments, *[value] * rng.integers(1, 4)], options, "too many"


def as_tensor(x):
    if isinstance(x, list):
        return [as_tensor(each) for each in x]
    return mg.Tensor(x, requires_grad=True) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def plain(x):
    if isinstance(x, (list, tuple)):
        return type(x)(plain(each) for each in x)
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return x.data if isinstance(x, (mg.Tensor, mg.Scalar)) else x


@contextmanager
def seconds(limit):
    """TimeoutError in here after so many seconds."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


#: Errors that say nothing to whoever made the call.
FROM_INSIDE = (
    AttributeError,
    KeyError,
    NameError,
    RecursionError,
    AssertionError,
    StopIteration,
    SystemError,
    TimeoutError,
)


def outcome(op, function, arguments, options):
    """What is wrong with how a call ended, or None."""
    try:
        with seconds(5):
            y = function(*arguments, **options)
    except FROM_INSIDE as error:
        if repr(numpys(op, arguments, options)) == repr(error):
            return None  # it is NumPy's own
        return f"from inside: {type(error).__name__}: {error}"
    except Exception as error:
        if op.name in str(error) or function.__name__ in str(error) or "requires a gradient" in str(error):
            return None
        theirs = numpys(op, arguments, options)
        same = isinstance(theirs, Exception) and isinstance(error, type(theirs))
        if same and (
            function is not op or str(error) == str(theirs)
        ):  # NumPy's own look at its arguments, and its words
            return None
        return f"names nothing: {type(error).__name__}: {error}"
    results = [x for x in leaves_of(y) if isinstance(x, (mg.Tensor, np.ndarray, np.generic)) and x.dtype.kind == "f"]
    recorded = [x for x in results if isinstance(x, mg.Tensor) and x.requires_grad]
    wanted = [x for x in leaves_of([arguments, options]) if isinstance(x, mg.Tensor) and x.requires_grad]
    if op.differentiable and wanted and results and not recorded:
        return f"left the graph: {y!r:.60}"
    try:
        with seconds(5):
            for each in recorded:
                each.backward(np.ones(each.shape))
    except Exception as error:
        if isinstance(error, (mg.NotDifferentiableError, np.linalg.LinAlgError, MemoryError)):
            return None  # a singular matrix, say, has a value and no derivative
        return f"failed in backward: {type(error).__name__}: {error}"
    theirs = numpys(op, arguments, options) if wanted else None
    return f"NumPy refuses: {theirs!r:.110}" if isinstance(theirs, Exception) else None


def numpys(op, arguments, options):
    """What NumPy does with the same call of plain arrays: its exception if it raises, None if it has no such call."""
    if not op.numpy_functions:
        return None
    try:
        with seconds(1):
            return op.numpy_functions[0](*map(plain, arguments), **plain(options))
    except TimeoutError:
        return None
    except Exception as error:
        return error


def ways(op, arguments):
    """The ways to make a call: minigrad's function, NumPy's, the method."""
    found = [op]
    if any(isinstance(x, mg.Tensor) for x in leaves_of([arguments])):
        found += [each for each in op.numpy_functions if not isinstance(each, np.ufunc)]
    if isinstance(arguments[0] if arguments else None, mg.Tensor) and op.name in METHODS:
        found.append(METHODS[op.name])
    return found


METHODS = {name: each for name, each in vars(ArrayMethods).items() if name in mg.operations()}

#: Calls that NumPy refuses and minigrad takes, for a reason: the operation, what was broken, and why.
TAKEN = {
    ("astype", ""): "options may always be given by name",
    ("clip", "too few"): "one bound is enough",
    ("repeat", "option axis"): "True counts as 1, as everywhere in Python",
    ("take", "option axis"): "the same",
    ("take", "argument 1"): "clipped, any integer is a place",
    ("quantile", "argument 1"): "of no shares nothing",
    ("percentile", "argument 1"): "the same",
    ("cond", "option p"): "a tensor that requires no gradient is the number that it holds",
    ("trapezoid", "extra option axis"): "the same",
    ("average", "another shape"): "of nothing the mean is nan, as mean's own",
    ("norm", "option keepdims"): "anything that is true",
    ("nan_to_num", "option copy"): "it is always a copy",
    ("median", "another shape"): "of nothing along no axis nothing is left, and NumPy cannot reshape it",
    ("percentile", "another shape"): "the same",
    ("quantile", "another shape"): "the same",
}


@contextmanager
def memory(gigabytes):
    """No more memory than this beyond what the process has: what asks for more gets a MemoryError at once."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (gigabytes << 30), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def is_taken(op, what, story):
    return story.startswith("NumPy refuses") and any(
        op.name == name and what.startswith(broken) for name, broken in TAKEN
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", seeds(20, quick=2))
def test_an_invalid_call_says_what_is_wrong(seed):
    rng = np.random.default_rng(seed)
    operations = [op for op in mg.operations().values() if op.inputs is not None]
    wrong = []
    with memory(4), np.errstate(all="ignore"):
        for _ in range(CALLS // 20):
            op = operations[rng.integers(len(operations))]
            arguments, options, what = broken_call(op, rng)
            functions = ways(op, arguments)
            function = functions[rng.integers(len(functions))]
            story = outcome(op, function, arguments, options)
            if story is not None and not is_taken(op, what, story):
                wrong.append(f"{op.name} ({what}): {story}; arguments {arguments!r:.200}, options {options!r:.200}")
    assert not wrong, "\n".join(wrong)


OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "@": operator.matmul, "[]": operator.getitem, "==": operator.eq, "<": operator.lt, ">=": operator.ge,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("symbol", OPERATORS)
def test_an_operator_answers_a_wrong_operand_as_numpys_does(symbol):
    rng, apply = np.random.default_rng(0), OPERATORS[symbol]
    for shape in [(), (3,), (2, 3), (0,)]:
        array = rng.normal(size=shape)
        for value in wrong_values(rng):
            for swapped in (False, True) if symbol != "[]" else (False,):
                t = mg.Tensor(array, requires_grad=True)
                try:
                    y = apply(value, t) if swapped else apply(t, value)
                except FROM_INSIDE as error:
                    pytest.fail(f"{shape} {symbol} {value!r}: {error!r}")
                except Exception:
                    continue
                if isinstance(y, mg.Tensor) and y.requires_grad:
                    y.backward(np.ones(y.shape))
                elif symbol in "+-*/@[]**":
                    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever NumPy raises)
                        apply(plain(value), array) if swapped else apply(array, plain(value))

"""What is prepared on first use: every call answers first thing in a process of its own as it does in a warm one."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import Op, operations
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import Example, drawn_inputs

from . import fresh_calls

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks make the processes")

UNARY = ("__neg__", "__pos__", "__abs__", "__repr__", "detach")
BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow")
COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")


def _scalar_calls():
    a, b = ("scalar", 1.75), ("scalar", 0.5)
    for name in (*UNARY, "__bool__", "item"):
        yield f".{name}", (a,), {}
    for name in BINARY:
        for other in (b, 0.5, 2):
            yield f".__{name}__", (a, other), {}
        yield f".__r{name}__", (a, 3.0), {}
    for name in COMPARISONS:
        yield f".{name}", (a, b), {}
    for op in operations().values():
        if not op.elementwise or op.inputs is None or (isinstance(op, Op) and op.joint is not None):
            continue
        inputs, options = drawn_inputs(op, RandomDraw(3))
        numbers = [float(np.ravel(x)[0]) if np.size(x) else 0.5 for x in inputs]
        leaves = tuple(("scalar", x) for x in numbers)
        yield op.name, leaves, options
        if hasattr(mg.Scalar, op.name):
            yield f".{op.name}", leaves, options
        if len(leaves) == 2:
            yield op.name, (leaves[0], numbers[1]), options
            yield op.name, (numbers[0], leaves[1]), options


def _tensor_calls():
    a, b = ("tensor", np.array([[1.75, 0.5], [0.25, 2.0]])), ("tensor", np.array([0.5, 3.0]))
    for name in (*UNARY, "__len__", "numpy", "tolist", "flatten", "transpose"):
        yield f".{name}", (a,), {}
    for name in (*BINARY, "matmul"):
        for other in (b, b[1]) if name == "matmul" else (b, b[1], 2):
            yield f".__{name}__", (a, other), {}
        yield f".__r{name}__", (a, b[1]), {}
    for name in COMPARISONS:
        yield f".{name}", (a, b), {}
    for op in operations().values():
        if op.inputs is None:
            continue
        for seed in range(20):
            example = Example(op, *drawn_inputs(op, RandomDraw(seed)))
            if all(x.size for x in example.points):
                break
        arguments, options = example.arguments([("tensor", x) for x in example.points])
        yield op.name, tuple(arguments), options


def _calls():
    for name, arguments, options in _scalar_calls():
        for create_graph in (False, True):
            yield name, arguments, options, create_graph
    for name, arguments, options in _tensor_calls():
        yield name, arguments, options, False


def _same(a, b):
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, (np.ndarray, float)):
        return np.array_equal(a, b, equal_nan=True)
    return type(a) is type(b)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_operator_method_and_operation_works_first_thing_in_a_process_of_its_own():
    calls = list(_calls())
    assert {name for name, *_ in calls} >= {name for name, op in operations().items() if op.inputs is not None}
    done = subprocess.run(
        [sys.executable, str(Path(fresh_calls.__file__))],
        input=pickle.dumps(calls),
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(mg.__file__).parents[1]),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
        },
    )
    answers = pickle.loads(done.stdout)
    different = []
    for call, pickled in zip(calls, answers, strict=True):
        fresh, warm = pickle.loads(pickled) if pickled else "no answer", fresh_calls.answer(call)
        if not _same(fresh, warm) or isinstance(fresh[0], str) != call[0].endswith("__repr__"):
            different.append((call, fresh, warm))
    assert not different, f"{len(different)} of {len(calls)} calls, the first: {different[0]}"


def test_a_minus_sign_may_be_the_first_operation_of_a_process():
    code = "import minigrad as mg; x = mg.Scalar(2.0); (-x).backward(); print(x.grad)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "-1.0\n"


def test_rules_on_floats_are_made_anew_when_a_rule_is_given_again():
    @mg.op(inputs=[mg.domain()])
    def doubled(x, /):
        return 2 * x

    try:
        for slope in (2.0, 5.0):
            doubled.rule(lambda g, y, x, slope=slope: g * slope)
            s = mg.Scalar(1.0)
            doubled(s).backward()
            assert s.grad == slope
    finally:
        mg.forget("doubled")

"""`Op.infer`: for every operation the shape and dtype that it has when it is computed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.inference import Abstract
from minigrad.core.operation import Op
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_inputs

PRIMITIVE = [pytest.param(op, id=name) for name, op in mg.operations().items() if isinstance(op, Op)]


def abstract(x):
    """A float array, in nested lists and tuples too, by its shape and dtype alone."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(abstract, x))
    return Abstract(x.shape, x.dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def kinds(value):
    """The shapes and dtypes of what an operation gave; saved values that are no arrays as they are."""
    if isinstance(value, (list, tuple)):
        return [kinds(each) for each in value]
    return (value.shape, value.dtype) if hasattr(value, "dtype") else value


def assert_inferred(op, inputs, options):
    with np.errstate(all="ignore"):
        value, saved = op.compute(inputs, options)
    found, kept = op.infer([abstract(x) for x in inputs], {k: abstract(x) for k, x in options.items()})
    assert kinds(found) == kinds(np.asarray(value)), (inputs, options)
    if op.saves:
        assert kinds([x for x in kept if hasattr(x, "dtype")]) == kinds([x for x in saved if hasattr(x, "dtype")])


@pytest.mark.parametrize("op", PRIMITIVE)
def test_the_inferred_shape_and_dtype_are_those_of_the_value(op):
    for seed in range(20):
        inputs, options = drawn_inputs(op, RandomDraw(seed))
        assert_inferred(op, *op.sorted_call((list(inputs),) if op.variadic else inputs, dict(options)))


@pytest.mark.parametrize("op", [p for p in PRIMITIVE if p.values[0].elementwise])
def test_python_numbers_do_not_widen_a_dtype_and_arrays_do(op):
    for seed in range(20):
        inputs, options = drawn_inputs(op, RandomDraw(seed))
        if not all(isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size for x in inputs):
            continue
        small = [x.astype(np.float32) for x in inputs]
        inputs, options = op.sorted_call(small, dict(options))
        assert_inferred(op, inputs, options)
        for i in range(len(small)):
            one = float(small[i].flat[0])
            for other in (one, np.float32(one), np.asarray(one)):
                assert_inferred(op, [other if i == j else x for j, x in enumerate(inputs)], options)


def test_an_elementwise_operation_costs_nothing_however_large():
    huge = Abstract((10**6, 1, 10**6), np.dtype(np.float32))
    found, _ = mg.multiply.infer([huge, Abstract((10**6, 1), np.dtype(np.float64))], {})
    assert found == Abstract((10**6, 10**6, 10**6), np.dtype(np.float64))


def test_shapes_that_do_not_fit_raise_what_computing_raises():
    a, b = Abstract((2, 3), np.dtype(float)), Abstract((2, 4), np.dtype(float))
    for op in (mg.add, mg.matmul):
        with pytest.raises(ValueError, match=r"shape|mismatch"):
            op.infer([a, b], {})
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        mg.sum.infer([a], mg.sum.option_defaults | {"axis": 2})


def test_integers_may_be_the_entries_of_a_matrix_or_labels():
    n = Abstract((3, 3), np.dtype(int))
    assert mg.linalg.inv.infer([n], {})[0] == Abstract((3, 3), np.dtype(float))
    labels, scores = Abstract((5,), np.dtype(int)), Abstract((5, 1), np.dtype(np.float32))
    inputs, options = mg.nn.softmax_cross_entropy.sorted_call((scores, labels), {})
    assert mg.nn.softmax_cross_entropy.infer(inputs, options)[0] == Abstract((), np.dtype(np.float32))


def test_an_operation_may_say_itself_what_it_gives():
    @mg.op
    def halves(x, /, parts=2):
        raise AssertionError("never computed")

    try:
        halves.infers(lambda x, parts: ((parts, x.shape[0] // parts), np.float64))
        assert halves.infer([np.zeros(6, np.float32)], {"parts": 3})[0] == Abstract((3, 2), np.dtype(float))
    finally:
        mg.forget("halves")

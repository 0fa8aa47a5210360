"""`Op.vjp` and `Op.bind`: one form of every rule, in NumPy and in other namespaces."""

import types

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.operation import Op
from minigrad.core.rebinding import rebound
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_inputs

DIFFERENTIABLE = [
    pytest.param(op, id=name) for name, op in mg.operations().items() if isinstance(op, Op) and op.differentiable
]


def drawn_call(op, seed):
    """Inputs, options, value, what is saved, and a cotangent."""
    inputs, options = drawn_inputs(op, RandomDraw(seed))
    inputs, options = op.sorted_call((list(inputs),) if op.variadic else inputs, dict(options))
    with np.errstate(all="ignore"):
        y, saved = op.compute(inputs, options)
    return inputs, options, y, saved, np.cos(np.arange(np.size(y))).reshape(np.shape(y))


def assert_same(found, wanted, tolerance=0.0):
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert (a is None) == (b is None)
        if b is not None:
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_a_vjp_gives_one_gradient_for_each_input_and_none_where_none_is_wanted(op):
    for seed in range(4):
        inputs, options, y, saved, g = drawn_call(op, seed)
        with np.errstate(all="ignore"):
            every = op.vjp(g, y, inputs, options, [True] * len(inputs), saved)
            assert len(every) == len(inputs)
            for i in range(len(inputs)):
                wanted = [i == j for j in range(len(inputs))]
                only = op.vjp(g, y, inputs, options, wanted, saved)
                assert_same(only, [d if want else None for d, want in zip(every, wanted, strict=True)], 1e-12)
            if not op.variadic:
                for name, d in zip(op.input_names, every, strict=True):
                    assert d is None or name in op.differentiated


class Namespace:
    """NumPy under another name that counts who asks."""

    asked = 0

    def __getattr__(self, name):
        self.asked += 1
        return getattr(np, name)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_bound_to_another_namespace_an_operation_computes_the_same_and_asks_there(op):
    other = Namespace()
    bound = op.bind(other)
    assert op.bind(other) is bound
    for seed in range(4):
        inputs, options, y, saved, g = drawn_call(op, seed)
        with np.errstate(all="ignore"):
            found = bound.forward(*inputs, **options)
            assert_same([found[0] if op.saves else found], [y])
            wanted = [True] * len(inputs)
            assert_same(bound.vjp(g, y, inputs, options, wanted, saved), op.vjp(g, y, inputs, options, wanted, saved))
    assert other.asked or "np" not in {*op.forward.__code__.co_names}


def test_rules_compute_in_jax_when_they_are_bound_to_its_numpy():
    jnp = pytest.importorskip("jax.numpy")
    checked = 0
    for param in DIFFERENTIABLE:
        op = param.values[0]
        if not op.elementwise:
            continue
        inputs, options, y, saved, g = drawn_call(op, 1)
        bound, traced = op.bind(jnp), [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in inputs]
        value = bound.forward(*traced, **options)
        np.testing.assert_allclose(value, y, rtol=1e-5, atol=1e-5)
        wanted = [True] * len(inputs)
        with np.errstate(all="ignore"):
            exact = op.vjp(g, y, inputs, options, wanted, saved)
        assert_same(bound.vjp(jnp.asarray(g), value, traced, options, wanted), exact, 1e-4)
        checked += 1
    assert checked > 60


def test_what_is_bound_is_made_anew_when_a_rule_is_given_again():
    @mg.op(inputs=[mg.domain()])
    def doubled(x, /):
        return 2 * x

    try:
        other = Namespace()
        assert doubled.bind(other).vjp is None
        doubled.rule(lambda g, y, x: 2 * g)
        assert doubled.bind(other).vjp(1.0, 2.0, (1.0,), {}, (True,)) == [2.0]
        doubled.rule(lambda g, y, x: 3 * g)
        assert doubled.bind(other).vjp(1.0, 2.0, (1.0,), {}, (True,)) == [3.0]
    finally:
        mg.forget("doubled")


def _halved(x):
    return np.multiply(x, 0.5)


def _down(n):
    return np.add(_down(n - 1), 1) if n else 0


def test_a_function_made_anew_reads_the_changes_in_its_helpers_closures_and_comprehensions():
    loud = types.SimpleNamespace(multiply=lambda a, b: ("multiply", a, b), add=lambda a, b: ("add", a, b))
    changes = {np: loud}

    def around(helper):
        return lambda x: [helper(each) for each in x]

    assert rebound(_halved, changes)(4.0) == ("multiply", 4.0, 0.5)
    assert rebound(around(_halved), changes)([1.0, 2.0]) == [("multiply", 1.0, 0.5), ("multiply", 2.0, 0.5)]
    assert rebound(_down, changes)(2) == ("add", ("add", 0, 1), 1)
    assert _halved(4.0) == 2.0
    assert rebound(_halved, {_halved: len}) is len


def test_a_function_made_anew_shares_the_variables_that_it_writes():
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return np.multiply(x, 1.0)

    assert rebound(counted, {np: np})(2.0) == 2.0
    assert calls == 1

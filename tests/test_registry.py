"""`@op`: what is told at registration and at first use of a wrong rule, and calls in NumPy's looser ways."""

from contextlib import contextmanager

import numpy as np
import pytest

import minigrad as mg
from minigrad.core import registry
from minigrad.testing import check_gradients


@contextmanager
def registered(function, rule=None, **options):
    """An operation for the length of a test."""
    op = mg.op(function, **options)
    try:
        if rule:
            op.rule(rule)
        yield op
    finally:
        mg.forget(op)


def test_an_operation_of_your_own_works_on_floats_arrays_scalars_and_tensors_to_second_order():
    def cube(x, /):
        return x * x * x

    with registered(cube, lambda g, y, x: g * 3 * x * x, inputs=[mg.domain()]) as op:
        assert op(2.0) == 8.0
        np.testing.assert_array_equal(op(np.array([1.0, 2.0])), [1.0, 8.0])
        s = mg.Scalar(2.0)
        op(s).backward()
        assert s.grad == 12.0
        t = mg.Tensor([1.0, 2.0], requires_grad=True)
        np.sum(op(t)).backward(create_graph=True)
        first, t.grad = t.grad, None
        np.sum(first).backward()
        np.testing.assert_array_equal(t.grad, [6.0, 12.0])


def test_two_operations_cannot_share_a_name():
    with pytest.raises(mg.RuleError, match="'exp' is registered already"):

        @mg.op
        def exp(x, /):
            return x


CELL = """
@mg.op(inputs=[mg.domain()], numpy=stands_for)
def cell(x, /):
    return {factor} * x

@cell.rule
def _(g, y, x):
    return {factor} * g
"""


def run_cell(factor, module="__main__", stands_for=()):
    namespace = {"mg": mg, "__name__": module, "stands_for": stands_for}
    exec(CELL.format(factor=factor), namespace)
    return namespace["cell"]


def test_a_definition_that_is_run_again_replaces_the_old_one_whose_graphs_go_on():
    def mine(x):
        raise AssertionError("never called")

    x, s = mg.Tensor([1.0], requires_grad=True), mg.Scalar(1.0)
    try:
        old = run_cell(2.0, stands_for=mine)
        y, t = old(x), old(s)
        new = run_cell(3.0, stands_for=mine)
        assert mg.operations()["cell"] is new is registry.operation_of(mine)
        y.backward()
        t.backward()
        assert (y.op, t.op) == (old, old)
        assert (x.grad, s.grad) == ([2.0], 2.0)
        new(x).backward()
        assert x.grad == [5.0]
        newest = run_cell(4.0)
        assert registry.operation_of(mine) is None
        assert check_gradients(newest, np.ones(2)).passed
        with pytest.raises(mg.RuleError, match=r"'cell' is registered already, by __main__\.cell;.*mg\.forget"):
            run_cell(5.0, module="elsewhere")
        assert mg.operations()["cell"] is newest
    finally:
        mg.forget("cell")
    assert "cell" not in mg.operations()


def test_a_definition_that_is_run_again_wrongly_leaves_the_old_one():
    try:
        old = run_cell(2.0)
        with pytest.raises(mg.RuleError, match=r"np\.exp stands for exp already"):
            run_cell(3.0, stands_for=np.exp)
        assert mg.operations()["cell"] is old
    finally:
        mg.forget("cell")


def test_a_built_in_operation_is_neither_replaced_nor_forgotten():
    before = dict(mg.operations())
    for module in ("__main__", mg.exp.__module__):
        with pytest.raises(mg.RuleError, match=r"'exp' is registered already, by minigrad\.ops"):
            exec("@mg.op\ndef exp(x, /):\n    return x", {"mg": mg, "__name__": module})
    for each in ("exp", mg.exp, "vstack"):
        with pytest.raises(mg.RuleError, match="is built in"):
            mg.forget(each)
    with pytest.raises(mg.RuleError, match="no operation 'nothing' is registered"):
        mg.forget("nothing")
    assert dict(mg.operations()) == before


def test_only_the_registered_definition_is_forgotten_by_itself():
    old, new = run_cell(2.0), run_cell(3.0)
    with pytest.raises(mg.RuleError, match="with this definition"):
        mg.forget(old)
    mg.forget(new)
    assert "cell" not in mg.operations()


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x, /: np.sum(x), r"three numbers each gave shape \(\)"),
        (lambda x, /: np.stack([x, x]), r"three numbers each gave shape \(2, 3\)"),
        (lambda x, /: np.cumsum(x), "depends on other entries"),
        (lambda x, /: x / np.sum(x * x), "depends on other entries"),
    ],
)
def test_domains_for_what_does_not_work_entry_by_entry_are_told_at_registration(function, what):
    function.__name__ = "total"
    with pytest.raises(mg.RuleError, match=f"op total: inputs= given as domains .*{what}.*lambda draw"):
        mg.op(function, inputs=[mg.domain()])
    assert "total" not in mg.operations()


def test_what_the_message_says_works():
    def total(x, /):
        return np.sum(x)

    rule = lambda g, y, x: g * np.ones_like(x)  # noqa: E731
    for options in (
        {"inputs": lambda draw: ((draw.array((2, 3)),), {})},
        {"inputs": [mg.domain()], "elementwise": False},
    ):
        with registered(total, rule, **options) as op:
            mg.testing.gradient_property(op, order=2, mode="both", max_examples=5)()


def test_what_raises_or_is_random_or_has_options_may_have_domains():
    rng = np.random.default_rng(0)

    def picky(x, /):
        if x.size != 7:
            raise ValueError
        return x

    for function in (picky, lambda x, /: x * rng.random(), lambda x, /, power=2: x**power, lambda x, y, /: x * y):
        function.__name__ = "mine"
        count = 2 if function.__code__.co_posonlyargcount == 2 else 1
        with registered(function, inputs=[mg.domain(0.5, 1.0)] * count):
            pass


def test_a_rule_of_the_wrong_arity_is_told_at_registration():
    def scaled(x, /, factor=2.0):
        return x * factor

    with registered(scaled) as op:
        with pytest.raises(mg.RuleError, match=r"scaled.*\(g, y, x, factor=\)"):
            op.rule(lambda g, y: g)
        with pytest.raises(mg.RuleError, match="factor"):
            op.rule(lambda g, y, x: g)
        with pytest.raises(mg.RuleError, match="2 rules for the inputs x"):
            op.rules_by_input(None, None)


def test_an_operation_without_inputs_is_told_at_registration():
    with pytest.raises(mg.RuleError, match="before a '/'"):

        @mg.op
        def nothing(x):
            return x


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": [mg.domain(), mg.domain()]}, "op mine: inputs= holds 2 domains for the inputs x"),
        ({"inputs": [(-3, 3)]}, r"op mine: inputs= requires mg\.domain"),
        ({"numpy": "exp"}, "op mine: numpy= requires functions"),
        ({"numpy": np.exp}, "op mine: np.exp stands for exp already"),
        ({"label": 3}, "op mine: label= requires a short text, got 3"),
        ({"numpy": np.nextafter}, r"op mine: np\.nextafter, a ufunc, would compute.*than mine\(x, /\)"),
    ],
)
def test_a_registration_that_cannot_be_meant_is_told_and_leaves_nothing(options, message):
    def mine(x, /):
        return x

    with pytest.raises(mg.RuleError, match=message):
        mg.op(mine, **options)
    assert "mine" not in mg.operations()
    assert registry.operation_of(np.exp) is mg.exp


def test_a_ufunc_cannot_compute_what_has_options():
    with pytest.raises(mg.RuleError, match=r"np\.spacing, a ufunc, .* takes other arguments than mine\(x, /, k=2\.0\)"):

        @mg.op(numpy=np.spacing)
        def mine(x, /, k=2.0):
            return x * k

    assert registry.operation_of(np.spacing) is None


def test_values_are_validated_in_every_kind_of_call():
    def below(x, /, limit=1.0):
        return x * 1.0

    def check(x, limit):
        if np.any(x > limit):
            raise ValueError("below: too large")

    with registered(
        below, lambda g, y, x, limit: g, inputs=lambda draw: ((draw.array((2,)),), {}), elementwise=True
    ) as op:
        op.validate(check)
        for x in (2.0, np.array([0.0, 2.0]), mg.Scalar(2.0), mg.Tensor([0.0, 2.0])):
            assert np.all(op(x, limit=3.0) == x)
            with pytest.raises(ValueError, match=r"below: .*too large"):
                op(x)


def test_a_missing_rule_is_told_when_a_gradient_is_wanted_and_not_before():
    def lonely(x, /):
        return x + 1.0

    with registered(lonely) as op:
        assert op(mg.Tensor([1.0])).data == [2.0]
        with pytest.raises(mg.RuleError, match=r"lonely: has no derivative rule"):
            op(mg.Tensor([1.0], requires_grad=True))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, y, x: np.ones((2, 2)), r"wrong: .*shape \(2, 2\) for an input of shape \(3,\)"),
        (lambda g, y, x: np.sum(g), r"wrong: .*shape \(\) for an input of shape \(3,\)"),
        (lambda g, y, x: "g", "wrong: its rule returned str"),
        (lambda g, y, x: 1.0, "wrong: its rule returned float"),
        (lambda g, y, x: np.ones(3, dtype=int), "wrong: its rule returned int64 .*dtype float64"),
        (lambda g, y, x: g * 1j, "wrong: its rule returned complex128"),
        (lambda g, y, x: x > 0, "wrong: its rule returned bool"),
    ],
)
def test_a_gradient_of_the_wrong_shape_or_kind_is_told_by_name(rule, message):
    def wrong(x, /):
        return x * 1.0

    with registered(wrong, rule) as op, pytest.raises(mg.RuleError, match=message):
        op(mg.Tensor(np.ones(3), requires_grad=True)).backward(np.ones(3))


def test_a_joint_rule_must_give_one_gradient_for_each_input():
    def pair(a, b, /):
        return a * b

    with registered(pair, lambda g, y, a, b: (g,)) as op, pytest.raises(mg.RuleError, match="2 gradients"):
        op(mg.Tensor(1.0, requires_grad=True), 2.0).backward()


def test_calls_bind_as_numpys_do_and_unknown_options_are_named():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(mg.sum(x, 0), mg.sum(x, axis=0))
    np.testing.assert_array_equal(mg.clip(x, max=3.0), np.clip(x, None, 3.0))
    np.testing.assert_array_equal(mg.sum(x, out=None, axis=1), x.sum(axis=1))
    with pytest.raises(TypeError, match=r"unknown option axes=0; takes sum\("):
        mg.sum(x, axes=0)
    with pytest.raises(TypeError, match="the input 'b' is missing"):
        mg.add(x)
    with pytest.raises(TypeError, match="the option 'shape' is missing"):
        mg.reshape(x)
    with pytest.raises(TypeError, match="list or tuple"):
        mg.concatenate(x)


def test_operations_can_be_printed_documented_and_copied():
    assert repr(mg.tanh) == "<op tanh>"
    assert mg.tanh.signature == "tanh(x, /)"
    assert "1 − y²" in mg.tanh.__doc__
    assert mg.operations()["tanh"] is mg.tanh
    with pytest.raises(TypeError):
        mg.operations()["mine"] = mg.tanh


@pytest.mark.parametrize("bad", [{"low": mg.Tensor(1.0)}, {"high": "3"}, {"avoid": [None]}, {"low": np.zeros(2)}])
def test_a_domain_is_of_plain_numbers(bad):
    with pytest.raises(TypeError, match=f"domain: {next(iter(bad))} is .* a plain number is wanted"):
        mg.domain(**bad)


def test_a_domain_is_not_empty():
    with pytest.raises(ValueError, match="low is 3 and high is 3"):
        mg.domain(3, 3)

"""Options that hold tensors: every option of every operation differentiates, or refuses by name."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import Composed
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import drawn_inputs


def parameters_of(op):
    return [p for p in inspect.signature(op.forward).parameters.values() if p.kind is not p.VAR_POSITIONAL]


def options_of(op):
    """The names of an operation's options: what it does not differentiate."""
    if isinstance(op, Composed):
        return [p.name for p in parameters_of(op) if p.name not in op.differentiated]
    return [name for name in op.option_defaults if name != op.tensor_option]


def call(op, seed, **changes):
    """A valid call of an operation, its arguments by name where they have one, with other options."""
    inputs, options = drawn_inputs(op, RandomDraw(seed))
    if not isinstance(op, Composed):
        arguments = [list(map(as_tensor, inputs))] if op.variadic else list(map(as_tensor, inputs))
        return op(*arguments, **(options | changes))
    parameters = list(inspect.signature(op.forward).parameters.values())
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        arguments = [as_tensor(x) for x in inputs]
        for place, p in enumerate(parameters):
            if p.name in changes and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
                arguments[place] = changes.pop(p.name)
        return op(*arguments, **(options | changes))
    named = dict(zip((p.name for p in parameters), inputs, strict=False)) | options
    named = {k: as_tensor(x) if k in op.differentiated else x for k, x in named.items()} | changes
    first = [named.pop(p.name) for p in parameters if p.kind is p.POSITIONAL_ONLY]
    return op(*first, **named)


def as_tensor(x):
    if isinstance(x, list):
        return [as_tensor(each) for each in x]
    return mg.Tensor(x, requires_grad=True) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


EVERY_OPTION = [(op, name) for op in mg.operations().values() if op.inputs is not None for name in options_of(op)]


@pytest.mark.parametrize(("op", "name"), EVERY_OPTION)
@pytest.mark.parametrize("held", ["itself", "in a list", "in a tuple in a list"])
def test_an_option_that_holds_a_tensor_which_wants_a_gradient_is_refused_by_name(op, name, held):
    wanted = mg.Tensor(0.5, requires_grad=True, name="wanted")
    value = {"itself": wanted, "in a list": [1, wanted], "in a tuple in a list": [(0, wanted)]}[held]
    with pytest.raises(TypeError, match=f"^{op.name}: {name}= is wanted 0.5, .*does not differentiate {name}="):
        call(op, 1, **{name: value})


def is_number(value):
    return not isinstance(value, (str, tuple, type, list)) and np.asarray(value).dtype.kind in "fiu"


@pytest.mark.parametrize(
    ("op", "name"),
    [(op, name) for op, name in EVERY_OPTION if is_number(drawn_inputs(op, RandomDraw(3))[1].get(name, "left out"))],
)
def test_an_option_that_is_a_tensor_without_a_gradient_is_taken_as_its_plain_value(op, name):
    value = drawn_inputs(op, RandomDraw(3))[1][name]
    plain, taken = call(op, 3), call(op, 3, **{name: mg.Tensor(value)})
    for a, b in zip(flat(plain), flat(taken), strict=True):
        np.testing.assert_array_equal(a, b)


def flat(y):
    return [getattr(x, "data", x) for x in y] if isinstance(y, (list, tuple)) else [getattr(y, "data", y)]


def check(f, *points):
    assert mg.testing.check_gradients(f, *points).passed


X = np.array([[0.3, -1.2, 2.5], [1.4, 0.6, -0.7]])


@pytest.mark.parametrize("method", ["linear", "weibull", "hazen", "median_unbiased", "normal_unbiased"])
def test_quantiles_are_differentiated_by_q(method):
    check(lambda x, q: np.quantile(x, q, axis=1, method=method), X, np.array([0.3, 0.6]))
    check(lambda x, q: mg.percentile(x, q, method=method), X, np.array(37.0))
    check(lambda q: np.quantile(X, q, axis=0, method=method), np.array(0.01))  # held at the end, but for "linear"


def test_the_gradient_by_q_is_0_for_methods_that_choose_an_entry():
    for method in ("lower", "higher", "nearest", "midpoint", "inverted_cdf", "closest_observation"):
        q = mg.Tensor(0.3, requires_grad=True)
        x = mg.Tensor(X, requires_grad=True)
        np.quantile(x, q, method=method).backward()
        assert q.grad is None or q.grad == 0.0


def test_a_list_of_tensors_as_q_is_joined():
    a, b = mg.Tensor(0.3, requires_grad=True), mg.Tensor(0.6, requires_grad=True)
    np.sum(np.quantile(mg.Tensor(np.arange(5.0)), [a, b])).backward()
    assert (a.grad, b.grad) == (4.0, 4.0)


@pytest.mark.parametrize("fold", [mg.sum, mg.prod, mg.max, mg.min, mg.nansum, mg.nanprod, mg.nanmax, mg.nanmin])
@pytest.mark.parametrize("start", [-5.0, 0.5, 5.0])
def test_reductions_are_differentiated_by_their_initial_value(fold, start):
    check(lambda x, initial: fold(x, axis=1, initial=initial), X, np.array(start))
    check(lambda x, initial: fold(x, initial=initial, where=X > 0, keepdims=True), X, np.array(start))
    with pytest.raises(ValueError, match=r"initial is \(2,\)"):
        fold(mg.Tensor(X), initial=mg.Tensor([1.0, 2.0], requires_grad=True))


def test_interpolation_is_differentiated_by_what_holds_beyond_the_ends():
    def f(left, right):
        return np.interp(mg.Tensor([0.0, 1.5, 9.0]), np.array([1.0, 2.0]), np.array([3.0, 5.0]), left=left, right=right)

    check(f, np.array(1.0), np.array(2.0))


def test_differences_are_differentiated_by_what_is_joined_to_them():
    check(lambda x, a, b: np.diff(x, prepend=a, append=b), X, np.array(0.4), np.array([[1.0], [2.0]]))
    check(lambda y, dx: np.trapezoid(y, dx=dx), X, np.array(0.4))
    check(lambda y, x: np.trapezoid(y, x), X, np.array([0.1, 0.5, 1.1]))
    check(lambda y, x: np.trapezoid(y, x, axis=-1), np.stack([X, X]), np.cumsum(np.abs(X), axis=1))


def test_an_option_may_hold_a_parameter_where_nothing_is_recorded():
    share = mg.Tensor(0.5, requires_grad=True)
    with mg.no_grad():
        assert mg.dropout(mg.Tensor(np.ones(3)), share, rng=0).shape == (3,)
        assert mg.leaky_relu(mg.Tensor([-1.0]), negative_slope=share).data == [-0.5]


def test_a_mask_that_is_a_tensor_is_taken_as_its_values():
    x, mask = mg.Tensor(X, requires_grad=True), mg.Tensor(X > 0)
    np.sum(x, where=mask).backward()
    np.testing.assert_array_equal(x.grad, X > 0)
    with pytest.raises(TypeError, match="sum: where= is"):
        np.sum(x, where=x)


def test_numbers_to_take_are_integers_as_in_numpy():
    x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.testing.assert_array_equal(np.take(x, [True, False]).data, [2.0, 1.0])  # numbers, and no mask
    assert mg.take(x, 2**63, mode="clip").item() == 3.0
    with pytest.raises(TypeError, match="take: indices are float64"):
        np.take(x, [0.0])


def test_equal_steps_between_integers_are_fractions():
    np.testing.assert_array_equal(mg.linspace(0, 3, 7), np.linspace(0, 3, 7))
    np.testing.assert_array_equal(mg.linspace(mg.Tensor(0), 3, 7).data, np.linspace(0, 3, 7))

"""`checkpoint`: the second computation is the first again, or an error; it leaves no trace."""

import random

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.contexts import current_context

RNG = np.random.default_rng(0)


class Dropout(mg.nn.Module):
    def __init__(self):
        self.rng = np.random.default_rng(3)

    def forward(self, x):
        return mg.dropout(x, 0.5, self.rng)


class Plain:
    def __init__(self):
        self.rng = np.random.default_rng(4)

    def method(self, x):
        return mg.dropout(x, 0.5, self.rng)


def _closing():
    rng = np.random.default_rng(1)
    return lambda x: mg.dropout(x, 0.5, rng)


RANDOM = {
    "a global generator": lambda x: mg.dropout(x, 0.5, RNG),
    "one that is closed over": _closing(),
    "a default": lambda x, rng=np.random.RandomState(0): x * (rng.rand(40) < 0.5),  # noqa: B008
    "a module's": Dropout(),
    "a method's": Plain().method,
    "NumPy's own": lambda x: x * (np.random.rand(40) < 0.5),
    "Python's own": lambda x: x * np.array([random.random() < 0.5 for _ in range(40)]),
}


@pytest.mark.parametrize("name", RANDOM)
def test_a_dropout_has_the_same_mask_when_it_is_computed_again(name):
    f = RANDOM[name]
    for _ in range(3):
        x = mg.Tensor(np.linspace(1, 2, 40), requires_grad=True)
        y = mg.checkpoint(f)(x)
        after = RNG.bit_generator.state, random.getstate(), repr(np.random.get_state())
        np.sum(y).backward()
        np.testing.assert_allclose(x.grad, y.data / x.data, rtol=1e-14)
        assert 0 < np.count_nonzero(x.grad) < 40
        assert (RNG.bit_generator.state, random.getstate(), repr(np.random.get_state())) == after
    g = mg.grad(lambda x: np.sum(mg.checkpoint(f)(x) ** 2))
    assert 0 < np.count_nonzero(g(np.ones(40))) < 40


LAYER = mg.checkpoint(lambda h: mg.dropout(np.tanh(h), 0.9, RNG))


def test_checkpoints_inside_checkpoints_have_the_masks_of_the_first_time():
    block = mg.checkpoint(lambda h: LAYER(LAYER(h)))
    x = mg.Tensor(np.linspace(1, 2, 40), requires_grad=True)
    state = RNG.bit_generator.state
    y = np.sum(block(block(x)))
    y.backward()
    by_checkpoints, x.grad = x.grad, None
    RNG.bit_generator.state = state
    h = x
    for _ in range(4):
        h = mg.dropout(np.tanh(h), 0.9, RNG)
    np.sum(h).backward()
    assert float(np.sum(h).data) == float(y.data)
    np.testing.assert_allclose(by_checkpoints, x.grad, rtol=1e-13)


def test_masks_go_on_from_one_call_to_the_next():
    f = mg.checkpoint(RANDOM["one that is closed over"])
    x = mg.Tensor(np.ones(40), requires_grad=True)
    first, second = f(x), f(x)
    assert not np.array_equal(first.data, second.data)
    np.sum(first).backward()
    np.testing.assert_array_equal(x.grad, first.data)
    np.sum(second).backward()
    np.testing.assert_array_equal(x.grad, first.data + second.data)


def test_a_generator_may_be_given():
    rng = np.random.default_rng(0)
    x = mg.Tensor(np.ones(40), requires_grad=True)
    y = mg.checkpoint(lambda x, rng: mg.dropout(x, 0.5, rng))(x, rng)
    np.sum(y).backward()
    np.testing.assert_array_equal(x.grad, y.data)


class Counter:
    """Gives a larger number each time."""

    __slots__ = ("n",)

    def __init__(self):
        self.n = 0

    def next(self):
        self.n += 1
        return self.n


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x, c: mg.dropout(x, 0.5, None), "another value, off by 2; .*Generator"),
        (lambda x, c: x * c.next(), "another value, off by 1;"),
        (lambda x, c: np.tile(x, c.next()), r"\(80,\) float64 in place of \(40,\)"),
        (lambda x, c: x * (np.nan if c.next() == 2 else 1.0), "another value"),
        (lambda x, c: x if c.next() == 1 else x.numpy(), "in place of"),
        (lambda x, c: x if c.next() == 1 else None, "in place of"),
    ],
)
def test_another_value_the_second_time_is_an_error_and_no_gradient(f, message):
    x = mg.Tensor(np.ones(40), requires_grad=True)
    counter = Counter()
    y = np.sum(mg.checkpoint(lambda x: f(x, counter))(x * 1.0))
    with pytest.raises(RuntimeError, match="checkpoint: computed again for backward, <lambda> gave .*" + message):
        y.backward()
    assert x.grad is None


def test_nan_is_the_same_value_as_nan():
    x = mg.Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        mg.checkpoint(np.sqrt)(x).backward([0.0, 1.0])
    np.testing.assert_array_equal(x.grad[1], 0.25)


def test_running_averages_move_once():
    norm, twin = mg.nn.BatchNorm(2), mg.nn.BatchNorm(2)
    x = mg.Tensor(np.random.default_rng(0).normal(size=(5, 2)), requires_grad=True)
    np.sum(mg.checkpoint(norm)(x) ** 3).backward()
    twin(x)
    np.testing.assert_array_equal(norm.running_mean, twin.running_mean)
    np.testing.assert_array_equal(norm.running_variance, twin.running_variance)


def test_it_is_computed_again_under_what_was_in_force_the_first_time():
    seen = []

    @mg.checkpoint
    def block(h):
        slope = mg.grad(lambda z: np.sum(np.sin(z * h)))(np.ones(3))  # wants the transform that is around it
        seen.append((current_context().scope, type(slope)))
        return slope

    def cost(x):
        with mg.scope("layer"):
            h = x * 1.0
            y = block(h)
        return np.sum(y * np.array([1.0, 2.0, 3.0]))

    x = np.array([0.5, -1.2, 2.0])
    expected = np.array([1.0, 2.0, 3.0]) * (np.cos(x) - x * np.sin(x))
    np.testing.assert_allclose(mg.grad(cost)(x), expected, rtol=1e-12)
    assert seen == [(("layer",), mg.Tensor)] * 2

"""What is put back after a check or a recomputation: everything that a module holds, and every random generator."""

import random
import types
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.state import found_from, generators_from, kept, state_behind
from minigrad.testing import GradientError, check_gradients

X = np.array([[0.5, -1.2], [2.0, 0.3], [1.0, -0.7]])


@dataclass
class Record:
    total: float = 0.0
    rows: list = field(default_factory=list)


class Helper:
    def __init__(self):
        self.calls = 0
        self.memory = np.zeros(2)


class Everything(mg.nn.Module):
    """Holds state in every way that we could think of, and changes all of it in each run."""

    def __init__(self):
        self.factor = mg.Tensor([2.0, 3.0], requires_grad=True)
        self.buffer = mg.Tensor([0.0, 0.0])
        self.replaced = mg.Tensor([0.0, 0.0])
        self.attribute, self.array = 0, np.zeros(2)
        self.list, self.dict, self.set, self.deque = [0], {"a": [0], "b": np.zeros(2)}, {0}, deque([0])
        self.nested = [({"deep": [np.zeros(1)]},)]
        self.record, self.helper, self.space = Record(), Helper(), types.SimpleNamespace(n=0)
        self.generator, self.state = np.random.default_rng(0), np.random.RandomState(0)
        self.others = {"python": random.Random(0), "bits": np.random.PCG64(0), "in": [np.random.default_rng(1)]}
        self.draw = partial(self.others["in"][0].random, 2)

    def forward(self, x):
        self.buffer.data[...] += 1
        self.replaced.data = self.replaced.data + 1
        self.attribute += 1
        self.array += 1
        self.list.append(1)
        self.list[0] += 1
        self.dict["a"].append(1)
        self.dict["b"] += 1
        self.dict["new"] = 1
        self.set.add(len(self.set))
        self.deque.append(1)
        self.nested[0][0]["deep"][0] += 1
        self.record.total += 1
        self.record.rows.append(1)
        self.helper.calls += 1
        self.helper.memory += 1
        self.space.n += 1
        self.added = 1
        noise = self.generator.random(2) + self.state.rand(2) + self.others["python"].random() + self.draw()
        noise = noise + np.random.Generator(self.others["bits"]).random(2)
        return x * self.factor * noise

    def look(self):
        """All of it, as something to compare."""
        parts = [
            self.buffer.data, self.replaced.data, self.buffer.index, self.attribute, self.array, self.list, self.dict,
            sorted(self.set), list(self.deque), self.nested, self.record, vars(self.helper), self.space,
            self.generator.bit_generator.state, self.state.get_state(legacy=False), self.others["python"].getstate(),
            self.others["bits"].state, self.others["in"][0].bit_generator.state, sorted(vars(self)),
        ]  # fmt: skip
        return [repr(part) for part in parts]


@pytest.mark.parametrize("how", ["the module itself", "an input", "closed over", "a method", "a pair", "wrong"])
def test_after_a_check_a_module_is_as_it_was(how):
    model = Everything()
    before = model.look()
    model.factor.grad = np.array([7.0, 7.0])
    if how == "the module itself":
        assert check_gradients(model, X).passed
    elif how == "an input":
        assert check_gradients(lambda model, x: model(x) ** 2, model, X).passed
    elif how == "closed over":
        assert check_gradients(lambda x: np.sum(model(x) ** 2), X).passed
    elif how == "a method":
        assert check_gradients(model.forward, X).passed
    elif how == "a pair":

        def cost(x):
            model(x)
            return float(np.sum(x**2))

        assert check_gradients((cost, lambda x: 2 * x), X).passed
    else:
        with pytest.raises(GradientError) as found:
            check_gradients((lambda x: float(np.sum(x**2)), lambda x: model(x).data), X)
        assert "wrong" in str(found.value)
    assert model.look() == before
    np.testing.assert_array_equal(model.factor.grad, [7.0, 7.0])


def test_running_averages_and_gradients_of_a_network_that_the_cost_closes_over_are_as_they_were():
    model = mg.nn.MLP([2, 4, 1], batch_norm=True, rng=0)
    norm = model.layers[1]
    before = norm.running_mean.copy(), norm.running_variance.copy()
    assert check_gradients(lambda x: np.sum(model(x) ** 2), X).passed
    np.testing.assert_array_equal((norm.running_mean, norm.running_variance), before)
    assert all(p.grad is None for p in model.parameters())


SHARED = np.random.default_rng(5)


def uses_a_global(x):
    return [mg.dropout(each, 0.5, SHARED) for each in x]


def test_generators_are_found_where_functions_keep_them():
    a, b, c, d = (np.random.default_rng(i) for i in range(4))

    def closes(x):
        return mg.dropout(x, 0.5, a), lambda: uses_a_global(x)

    def has_defaults(x, *, rng=b, others=(c, {"d": d})):
        return closes(x)

    found = generators_from(partial(has_defaults, 1))
    assert {id(each) for each in (a, b, c, d, SHARED)} <= {id(each) for each in found}
    assert len(found) == 7  # with NumPy's own and Python's


def test_what_is_not_a_users_state_is_not_followed():
    import logging

    holder = types.SimpleNamespace(log=logging.getLogger("x"), module=np, op=mg.tanh, kind=Helper, text="t")
    holder.itself = holder
    found = found_from(holder)
    assert logging.getLogger("x").manager not in found
    assert state_behind(mg.tanh) == []


def test_what_is_kept_is_put_back_after_an_error_too():
    content, array = [1, [2]], np.arange(3.0)

    def fails():
        with kept(found_from([content, array])):
            content[1].append(3)
            content.clear()
            array[:] = 0
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert content == [1, [2]]
    np.testing.assert_array_equal(array, np.arange(3.0))

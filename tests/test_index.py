"""Indices, orders and intervals are computed from the values that are there, traced or not."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.order import _PLACES

X, OTHER = np.array([3.0, 1.0, 2.0, 5.0]), np.array([1.0, 7.0, 0.5, -2.0])
INDEX, OTHER_INDEX = np.array([0, 2, 2]), np.array([3, 1, 3])
U, TABLE = np.array([1.0, 2.0, 3.0]), np.arange(12.0).reshape(4, 3)

#: Functions of x and an index, which is an input of the program as x is.
BY_INDEX = {
    "getitem": lambda x, i: x[i] * x[i],
    "a part of a constant": lambda x, i: mg.getitem(TABLE, key=i) * x[:3],
    "a list of indices": lambda x, i: x[[i[0], i[1]]] ** 2,
    "take": lambda x, i: np.take(x, i) ** 2 + mg.take(x, i - 4, axis=0) * mg.take(TABLE, i, axis=0)[0],
    "take, wrapped and clipped": lambda x, i: mg.take(x, i + 5, mode="wrap") * mg.take(x, i + 2, mode="clip"),
    "take_along_axis": lambda x, i: mg.take_along_axis(TABLE[:, 0], np.argsort(x), 0) * mg.take_along_axis(x, i, 0)[0],
    "choose": lambda x, i: mg.choose(i, [x[:3], x[1:] ** 2, U, -U]) * U,
    "set_at": lambda x, i: mg.at(x, i[1:2]).set(U[:1] * x[0]) ** 2,
    "add_at": lambda x, i: mg.at(x, i).add(U * x[0]) ** 2,
    "multiply_at": lambda x, i: mg.at(x, i).multiply(U * x[0]) ** 2,
    "maximum_at": lambda x, i: mg.at(x, i).max(U) ** 2,
    "minimum_at": lambda x, i: mg.at(x, i).min(U) ** 2,
}
#: Functions whose order, place or interval is another one at other values.
BY_VALUE = {
    "sort": lambda x, i: mg.sort(x) * x,
    "partition": lambda x, i: mg.partition(x, 2)[2] * x,
    "median": lambda x, i: mg.median(x) ** 2 * x,
    "quantile": lambda x, i: mg.quantile(x, (x + 3) / 10) ** 2,
    "quantile of a constant": lambda x, i: mg.quantile(TABLE, (x[0] + 3) / 10) ** 2 * x,
    "percentile": lambda x, i: mg.percentile(x, i * 20.0, method="hazen") ** 2,
    "select": lambda x, i: mg.select([x > 2, x > 0], [x**2, -x], x**3),
    "interp": lambda x, i: mg.interp(U, np.sort(x) + np.arange(4.0), x),
    "interp, a constant": lambda x, i: mg.interp(x, np.arange(4.0), TABLE[:, 1] ** 2, left=x[0]),
    "interp with a period": lambda x, i: mg.interp(x, np.array([3.0, 0.5, 1.5]), U, period=4.2),
    "maximum_at": lambda x, i: mg.at(x, INDEX).max(U) ** 2,
}


@pytest.mark.parametrize("f", [*BY_INDEX.values(), *BY_VALUE.values()], ids=[*BY_INDEX, *(f"{k} " for k in BY_VALUE)])
def test_a_program_of_it_gives_the_eager_numbers_at_other_indices_and_values(f):
    def cost(x, i):
        return np.sum(f(x, i) * 1.5)

    def slope(x, i):
        g = mg.grad(cost)(x, i)
        return np.sum(g * g) + cost(x, i)

    for each in (f, mg.grad(cost), mg.grad(slope)):
        found = mg.record(each, X, INDEX)(OTHER, OTHER_INDEX)
        np.testing.assert_allclose(found, each(OTHER, OTHER_INDEX), rtol=1e-12)


def test_a_tensor_as_an_index_is_its_values():
    x, i = mg.Tensor(X, requires_grad=True), mg.Tensor(INDEX)
    for key in (i, [i[0], i[1], i[2]], (i,)):
        np.testing.assert_array_equal(x[key].data, X[INDEX])
        np.testing.assert_array_equal(mg.grad(lambda x, key=key: np.sum(x[key]))(X), [1.0, 0.0, 2.0, 0.0])
    with pytest.raises(TypeError, match="requires a gradient"):
        x[x]


@pytest.mark.parametrize("method", _PLACES)
def test_every_method_reads_a_quantile_where_numpy_does(method):
    for n in (1, 2, 3, 4, 5, 10):
        x = np.sqrt(np.arange(n)[::-1] + 1.0)
        for q in (np.arange(41) / 40, np.array([1 / 3, 2 / 3])):
            np.testing.assert_allclose(mg.quantile(x, q, method=method), np.quantile(x, q, method=method), rtol=1e-12)
            np.testing.assert_allclose(
                mg.percentile(x, 100 * q, method=method), np.percentile(x, 100 * q, method=method), rtol=1e-12
            )


@pytest.mark.parametrize("q", [-0.1, 1.5, [0.5, 2.0], np.nan])
def test_a_share_is_from_0_to_1(q):
    for each in (q, mg.Tensor(q)):
        with pytest.raises(ValueError, match="shares from 0 to 1"):
            mg.quantile(mg.Tensor(X), each)


def test_factors_that_are_0_and_meet_at_one_entry_have_right_second_derivatives():
    key, factors = np.array([0, 0, 1, 1, 1]), np.array([0.0, 0.0, 5.0, 0.0, 2.0])
    assert mg.testing.check_gradients(lambda x, v: mg.multiply_at(x, v, key=key), U, factors, order=2).passed
    narrow = mg.multiply_at(U.astype(np.float32), factors.astype(np.float32), key=key)
    assert narrow.dtype == np.float32


def test_interpolation_has_right_second_derivatives():
    x, xp, fp = np.array([0.3, 1.4, 2.2, 4.4, 7.7]), np.array([1.0, 2.0, 3.5, 5.0]), np.array([1.0, -1.0, 2.0, 0.5])
    assert mg.testing.check_gradients(np.interp, x, xp, fp, order=2, mode="both").passed
    periodic = mg.testing.check_gradients(lambda *a: np.interp(*a, period=4.2), x, xp[::-1].copy(), fp, order=2)
    assert periodic.passed

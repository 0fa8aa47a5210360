"""`Symbol`: every operation on it is an equation; what needs numbers is refused with what to use."""

import math

import numpy as np
import pytest

import minigrad as mg

X = np.array([3.0, -1.0, 2.0, 0.5])


def same(f, *inputs):
    """The program of f recorded at zeros, checked against f at the inputs; it must hold no numbers of its own."""
    program = mg.record(f, *(np.zeros_like(x) for x in inputs))
    found, wanted = program(*inputs), f(*inputs)
    np.testing.assert_array_equal(found, wanted)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype
    return program


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + 1, lambda x: 1 - x, lambda x: x @ x, lambda x: 2**x, lambda x: x**2, lambda x: x**-1,
        lambda x: abs(x) ** 0.5, lambda x: -x // 2, lambda x: x % 2, lambda x: divmod(x, 2)[1], lambda x: x > 1,
        lambda x: (x > 0) & ~(x > 2) | (x == 0.5), lambda x: x != 2, lambda x: np.float64(2) * x, lambda x: X * x,
        lambda x: np.argsort(x), lambda x: x.argmax(), lambda x: np.searchsorted(np.sort(X), x), lambda x: x[1:][::-1],
        lambda x: x[[2, 0]], lambda x: x[None, ..., 0], lambda x: mg.take(X, x.argsort(), axis=0),
        lambda x: mg.getitem(x, (np.argsort(x),)), lambda x: np.where(x > x.mean(), x, 0), lambda x: x.reshape(2, 2).T,
        lambda x: x.astype(np.float32), lambda x: x.astype(int) & 1, lambda x: np.sum(x, where=x > 0),
        lambda x: np.cumsum(x > 0, dtype=np.int8), lambda x: np.stack(list(x)), lambda x: np.sum(x.flatten()[:2]),
        lambda x: np.modf(x)[0], lambda x: np.add.reduce(x), lambda x: np.maximum.accumulate(x),
        lambda x: np.multiply.outer(x, x), lambda x: np.median(x), lambda x: np.linalg.norm(x), lambda x: np.any(x > 2),
        lambda x: np.zeros_like(x) + np.size(x), lambda x: np.isnan(x), lambda x: np.array_equal(x, x),
        lambda x: np.split(x, 1)[0] + 1,
        lambda x: np.clip(x, 0, 1), lambda x: np.histogram(x, bins=3)[0], lambda x: np.sum(x, axis=-1, keepdims=True),
    ],
)  # fmt: skip
def test_what_numpy_computes_is_recorded(f):
    same(f, X)


def test_complex_numbers_pass_through():
    same(lambda x: np.fft.rfft(x).real, X)
    same(lambda x: np.imag(np.fft.rfft(x)) + np.abs(np.fft.rfft(x)), X)
    with pytest.raises(TypeError, match="complex128"):
        mg.record(np.tanh, np.zeros(2, dtype=complex))


def test_integers_and_booleans_are_recorded():
    same(lambda i: (i << 2) ^ 1, np.array([1, 2, 3]))
    same(lambda b: np.logical_not(b).sum(), np.array([True, False]))
    same(lambda x, i: mg.take(x, i, axis=0), X, np.array([3, 3, 0]))
    same(lambda x, i: x * (i % 2), X, np.array([1, 2, 3, 4]))


def test_an_operation_is_one_equation():
    program = mg.record(lambda x: mg.softmax(np.tanh(x)), X)
    assert [each.operation for each in program.equations] == [mg.tanh, mg.softmax]
    program = mg.record(lambda x: np.sum(mg.softmax(mg.Tensor(x, requires_grad=True))), X)
    assert [each.operation for each in program.equations] == [mg.softmax, mg.sum]


@pytest.mark.parametrize(
    ("f", "hint"),
    [
        (lambda x: x if x[0] > 0 else -x, r"np\.where\(condition, a, b\)"), (lambda x: 0 < x[0] < 1, "& | ~"),
        (lambda x: math.sin(x[0]), r"np\.sin"), (lambda x: float(x[0]), "as it is"), (lambda x: int(x[0]), "astype"),
        (lambda x: range(x.astype(int)[0]), "lengths"), (lambda x: X[np.argmax(x)], r"mg\.take|mg\.getitem"),
        (lambda x: np.asarray(x), r"np\.stack"), (lambda x: np.array([x, x]), r"np\.stack"),
        (lambda x: x.item(), "item"),
        (lambda x: x.tolist(), "item"), (lambda x: 2.0 in x, r"np\.any"), (lambda x: x[x > 0], r"np\.where\(mask"),
        (lambda x: x[x > 0].sum(), r"where=mask"), (lambda x: np.nonzero(x), r"np\.where\(mask"),
        (lambda x: np.unique(x), r"np\.sort"), (lambda x: np.where(x > 0), r"np\.where\(mask"),
        (lambda x: np.bincount(x.astype(int)), r"mg\.add_at"), (lambda x: np.repeat(X, x.astype(int)), r"mg\.take"),
        (lambda x: np.multiply(x, 2, out=X.copy()), "out="),
    ],
)  # fmt: skip
def test_what_needs_numbers_is_refused_with_what_to_use(f, hint):
    with pytest.raises(mg.SymbolError, match=hint):
        mg.record(f, X)


def test_changes_in_place_are_refused_where_an_array_would_show_them_elsewhere():
    def under_another_name(x):
        y = x * 2
        z = y
        z += 1
        return y * z

    def through_a_view(x):
        y = x * 2
        z = y[:2]
        z += 1
        return y

    def harmless(x):
        y = x * 2
        y += 1
        y **= 2
        return y

    same(harmless, X)
    for f in (under_another_name, through_a_view, lambda x: x.__setitem__(0, 1.0), lambda x: np.add.at(x, 0, 1.0)):
        with pytest.raises(mg.MutationError, match=r"in place|view|assigned into"):
            mg.record(f, X)


def test_a_symbol_of_another_recording_is_refused():
    kept = []
    with pytest.raises(mg.SymbolError, match="changed 0 of a list"):
        mg.record(lambda x: kept.append(x), X)
    leaked = {}
    mg.record(lambda x: leaked.setdefault("x", x) if False else x, X)

    class Holder:
        pass

    def leak(x, holder=Holder):
        holder.x = x
        return x

    mg.record(leak, X)
    with pytest.raises(mg.SymbolError, match="another recording"):
        Holder.x + 1
    with pytest.raises(mg.SymbolError, match="another recording"):
        mg.record(lambda x: x + Holder.x, X)


def test_beside_a_tensor_it_is_plain_data():
    w = mg.Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    for f in (lambda x: x * w, lambda x: w * x, lambda x: np.multiply(x, w), lambda x: mg.multiply(x, w)):
        np.testing.assert_array_equal(mg.record(f, np.zeros(4))(X), X * w.data)
    taken = mg.record(lambda x: mg.take(w, np.argsort(x), axis=0), np.zeros(4))
    np.testing.assert_array_equal(taken(X), w.data[X.argsort()])

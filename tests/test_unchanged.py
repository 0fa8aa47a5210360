"""What was given to a graph is still what it was when backward comes, or backward says that it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.core.registry import Op
from minigrad.core.trees import leaves_of, rebuilt
from minigrad.core.unchanged import COPIED, fingerprint
from minigrad.testing.strategies import examples_of

PRIMITIVE = [pytest.param(op, id=op.name) for op in mg.operations().values() if op.differentiable and type(op) is Op]


def parameter(*shape):
    return mg.Tensor(np.ones(shape), requires_grad=True, name="w")


@pytest.mark.parametrize("op", PRIMITIVE)
@settings(max_examples=max(1, settings().max_examples // 3))
@given(data=st.data())
def test_arrays_that_are_filled_again_after_the_call_change_no_gradient(op, data):
    example = data.draw(examples_of(op))
    for constant in range(len(example.places)):  # this input is an array, the other ones are tensors

        def gradients(fill, constant=constant):
            tensors = [mg.Tensor(x, requires_grad=True) for x in example.points]
            points = [x.copy() if i == constant else tensors[i] for i, x in enumerate(example.points)]
            inputs, options = example.arguments(points)
            call = [list(inputs), options]
            leaves = [x.copy() if isinstance(x, np.ndarray) else x for x in leaves_of(call)]
            inputs, options = rebuilt(call, leaves)
            value = op(*inputs, **options)
            if getattr(value, "requires_grad", False):
                for each in leaves:
                    if fill and isinstance(each, np.ndarray):
                        each[...] = 1 - each if each.dtype.kind != "b" else ~each
                value.backward(np.linspace(-1.0, 2.0, value.size).reshape(value.shape))
            return [t.grad for t in tensors if t.grad is not None]

        for before, after in zip(gradients(fill=False), gradients(fill=True), strict=True):
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("f", "given"),
    [
        (lambda w, x: w * x, np.arange(3.0)),
        (lambda w, x: x * w, np.arange(3.0)),
        (lambda w, x: np.where(x, w, 0.0), np.array([True, False, True])),
        (lambda w, x: w[x], np.array([0, 2, 2])),
        (lambda w, x: w[(x,)], np.array([True, False, True])),
        (lambda w, x: np.take(w, x), np.array([0, 2])),
        (lambda w, x: mg.softmax_cross_entropy(np.stack([w, w * w]), x), np.array([0, 2])),
        (lambda w, x: mg.embedding(x, w[:, None]), np.array([[1, 1], [2, 0]])),
    ],
    ids=["factor", "left factor", "condition", "index", "mask", "take", "labels", "embedding"],
)
def test_batches_masks_indices_and_labels_may_be_filled_again_before_backward(f, given):
    w, again = parameter(3), parameter(3)
    f(w, given.copy()).sum().backward()
    buffer = given.copy()
    cost = f(again, buffer).sum()
    buffer[...] = 1 - buffer if buffer.dtype.kind != "b" else ~buffer
    cost.backward()
    np.testing.assert_array_equal(again.grad, w.grad)


@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_a_large_batch_buffer_that_is_filled_again_is_noticed(order):
    rng = np.random.default_rng(0)
    columns = 50
    rows = COPIED // 8 // columns + 1
    x = rng.normal(size=(rows, 2 * columns))[:, ::2] if order == "strided" else rng.normal(size=(rows, columns))
    x = np.asfortranarray(x) if order == "F" else x
    w = parameter(columns)
    cost = np.sum((x @ w) ** 2)
    cost.backward()
    x[...] = rng.normal(size=x.shape)
    with pytest.raises(mg.StaleGraphError, match=r"float64 was changed \(written into.* after matmul used it"):
        cost.backward()


def test_the_sample_of_a_large_array_meets_every_column():
    for columns in (2, 3, 10, 50, 64, 784, 1000):
        x = np.zeros((4_000_000 // columns // 8, columns))
        was = fingerprint(x, 0)
        for column in range(min(columns, 64)):
            x[:, column] = 1.0
            assert fingerprint(x, 0) != was
            x[:, column] = 0.0


def test_one_entry_of_a_large_buffer_is_noticed_under_detect_anomaly():
    x, w = np.ones((COPIED // 8, 2)), parameter(2)
    with mg.detect_anomaly():
        cost = np.sum(x @ w)
        x[12345, 1] = 2.0
        with pytest.raises(mg.StaleGraphError, match="after matmul used it"):
            cost.backward()


def test_writing_through_data_between_forward_and_backward_is_noticed():
    w = parameter(3)
    cost = np.sum(w * w)
    w.data[...] = 5.0
    with pytest.raises(
        mg.StaleGraphError, match=r"w \(3,\) .* was changed \(by writing into its .data\) after multiply"
    ):
        cost.backward()
    assert w.grad is None


def test_writing_through_the_data_of_a_tensor_that_wants_no_gradient_is_noticed():
    w, x = parameter(3), mg.Tensor(np.ones(3), name="x")
    cost = np.sum(w * x)
    x.data[0] = 5.0
    with pytest.raises(mg.StaleGraphError, match="x "):
        cost.backward()


def test_reading_data_and_writing_before_the_forward_is_no_change():
    w = parameter(3)
    w.data[...] = 5.0
    values = w.data
    for _ in range(3):
        w.grad = None
        cost = np.sum(w * w)
        assert w.data[0] == values[0]
        cost.backward()
        np.testing.assert_array_equal(w.grad, 2 * values)
        values -= 0.5  # an optimizer written by hand on an array that it keeps


def test_writing_through_an_array_that_was_kept_is_noticed_under_detect_anomaly():
    w = parameter(3)
    kept = w.data
    with mg.detect_anomaly():
        cost = np.sum(w * w)
        kept[0] = 7.0
        with pytest.raises(mg.StaleGraphError, match="after multiply used it"):
            cost.backward()


def test_data_that_is_taken_from_another_tensor_ties_nothing():
    a, b = parameter(2), parameter(2)
    b.data = a.data
    a.data += 1.0
    np.testing.assert_array_equal(b.data, [1.0, 1.0])
    mine = np.zeros(2)
    b.data = mine
    b.data += 1.0
    np.testing.assert_array_equal(mine, [0.0, 0.0])


def test_a_results_data_cannot_be_written_into():
    y = parameter(2) * 3
    with pytest.raises(ValueError, match="read-only"):
        y.data += 1
    np.testing.assert_array_equal(y.data, [3.0, 3.0])


@pytest.mark.parametrize(
    "view",
    [
        lambda w: w[:],
        lambda w: w[0],
        lambda w: w.T,
        lambda w: w.reshape(3, 2),
        np.ravel,
        lambda w: np.broadcast_to(w, (2, 2, 3)),
    ],
    ids=["all", "row", "transposed", "reshaped", "ravelled", "broadcast"],
)
def test_what_is_cut_from_a_parameter_under_no_grad_does_not_move_with_it(view):
    w = parameter(2, 3)
    with mg.no_grad():
        cut = view(w)
    w.grad = np.ones((2, 3))
    mg.optim.GradientDescent([w], lr=0.5).step()
    assert w.data[0, 0] == 0.5
    np.testing.assert_array_equal(cut.data, np.ones(cut.shape))

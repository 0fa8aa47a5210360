"""`Tensor`: backward, broadcasting, accumulation, dtypes, mutation, staleness, errors, NumPy's protocols."""

import copy
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import operation_of
from minigrad.values.dispatch import PLAIN_FUNCTIONS, PLAIN_UFUNCS

from .strict_array import StrictArray, unwrapped


def leaf(*shape, seed=0, name=None, dtype=np.float64):
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True, name=name, dtype=dtype)


# ---- backward -------------------------------------------------------------------------------------------


def test_broadcasting_is_undone_on_both_sides():
    a, b = leaf(3, 1, seed=1), leaf(2, 1, 4, seed=2)
    weights = np.random.default_rng(3).normal(size=(2, 3, 4))
    np.sum(a * b * weights).backward()
    np.testing.assert_allclose(a.grad, (b.data * weights).sum(axis=(0, 2))[:, None])
    np.testing.assert_allclose(b.grad, (a.data * weights).sum(axis=1, keepdims=True))


def test_the_same_tensor_twice_gets_both_gradients():
    x = leaf(3, 3)
    np.sum(x @ x).backward()
    ones = np.ones((3, 3))
    np.testing.assert_allclose(x.grad, ones @ x.data.T + x.data.T @ ones)


def test_gradients_add_up_over_backward_calls_and_start_again_from_none():
    x = leaf(4)
    y = np.sum(x**3)
    y.backward()
    once = x.grad
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * once)
    np.testing.assert_allclose(once, 3 * x.data**2)
    x.grad = None
    y.backward()
    np.testing.assert_allclose(x.grad, once)


def test_gradients_of_two_leaves_share_no_memory_with_each_other_or_with_what_was_given():
    a, b = leaf(3), leaf(3, seed=1)
    g = np.ones(3)
    (a + b).backward(g)
    a.grad *= 5
    assert (b.grad == 1).all()
    assert (g == 1).all()


def test_the_gradient_of_a_single_number_is_an_array_too():
    x = mg.Tensor(2.0, requires_grad=True)
    for expected in (4.0, 8.0):
        (x * x).backward()
        assert type(x.grad) is np.ndarray
        assert x.grad.shape == ()
        assert x.grad == expected


def test_inner_nodes_keep_their_gradient_only_when_asked():
    x = leaf(3)
    y = np.tanh(x)
    z = np.sum(y * y)
    z.backward()
    assert y.grad is None
    z.backward(retain_grads=True)
    np.testing.assert_allclose(y.grad, 2 * y.data)
    assert z.grad == 1.0


def test_logistic_regression_by_hand_and_by_backward_agree():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), (rng.random(20) > 0.5).astype(float)
    w, b = leaf(3, seed=5), mg.Tensor(0.1, requires_grad=True)
    a = mg.sigmoid(X @ w + b)
    J = -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))
    J.backward()
    dZ = a.data - y
    np.testing.assert_allclose(w.grad, X.T @ dZ / 20, rtol=1e-12)
    np.testing.assert_allclose(b.grad, dZ.mean(), rtol=1e-12)


def test_a_stack_of_linear_layers_is_one_linear_layer():
    x, first, second = leaf(5, 4), leaf(3, 4, seed=1), leaf(2, 3, seed=2)
    stacked = mg.affine(mg.affine(x, first, None), second, None)
    one = mg.affine(x, second @ first, None)
    np.testing.assert_allclose(stacked.data, one.data, rtol=1e-12)


def test_a_chain_of_a_hundred_thousand_tensor_operations_needs_no_recursion():
    x = leaf(1)
    y = x
    for _ in range(100_000):
        y = y + 1e-9
    y.backward()
    assert x.grad == 1.0


def test_what_nobody_asked_for_is_not_computed():
    calls = []

    @mg.op(broadcasts=True)
    def watched(a, b, /):
        return np.multiply(a, b)

    try:
        watched.rules_by_input(lambda g, y, a, b: calls.append("a") or g * b, lambda g, y, a, b: calls.append("b") or g)
        watched(np.ones(2), leaf(2)).sum().backward()
        assert calls == ["b"]
    finally:
        mg.forget("watched")


# ---- dtypes ---------------------------------------------------------------------------------------------


def test_float32_stays_float32_through_a_whole_network():
    model = mg.nn.MLP([4, 3, 2], batch_norm=True, rng=0, dtype=np.float32)
    x = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    J = mg.nn.softmax_cross_entropy(model(x), np.arange(8) % 2)
    J.backward(retain_grads=True)
    assert all(each.node.dtype == np.float32 for each in mg.graph(J).nodes if each.kind == "operation")
    assert all(p.grad.dtype == np.float32 for p in model.parameters())


def test_mixed_dtypes_promote_as_in_numpy_and_each_gradient_has_its_inputs_dtype():
    a, b = leaf(3, dtype=np.float32), leaf(3, seed=1)
    y = np.sum(a * b)
    assert y.dtype == np.float64
    y.backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)


def test_integers_cannot_want_a_gradient():
    with pytest.raises(TypeError, match=r"int64.*'n'.*float64"):
        mg.Tensor([1, 2], requires_grad=True, name="n")


# ---- errors ---------------------------------------------------------------------------------------------


def test_backward_from_several_entries_needs_a_gradient_of_their_shape():
    y = leaf(3) * 2
    with pytest.raises(mg.ShapeError, match="3 entries"):
        y.backward()
    with pytest.raises(mg.ShapeError, match=r"\(2,\)"):
        y.backward(np.ones(2))
    with pytest.raises(RuntimeError, match="requires_grad"):
        mg.Tensor([1.0]).backward()


def test_a_shape_mismatch_names_both_inputs_and_says_what_must_fit():
    x, w = mg.Tensor(np.ones((64, 10)), name="x"), leaf(11, 3, name="w")
    with pytest.raises(mg.ShapeError, match=r"matmul: .*x \(64, 10\).*w \(11, 3\).*10.*11"):
        x @ w
    with pytest.raises(mg.ShapeError, match=r"add: .*\(64, 10\).*\(11, 3\)"):
        x + w


def test_backward_through_a_stale_graph_is_refused_and_changes_nothing():
    w, v = leaf(3, name="w"), leaf(3, seed=1)
    J = np.sum(w * v)
    optimizer = mg.optim.GradientDescent([w], lr=0.1)
    J.backward()
    optimizer.step()
    before = v.grad.copy()
    with pytest.raises(mg.StaleGraphError, match=r"w \(3,\).*multiply"):
        J.backward()
    np.testing.assert_array_equal(v.grad, before)


def test_assigning_to_data_is_noticed_and_must_fit():
    w = leaf(3, name="w")
    J = np.sum(w * w)
    w.data -= 0.1 * w.data
    with pytest.raises(mg.StaleGraphError):
        J.backward()
    with pytest.raises(mg.ShapeError, match=r"\(3,\).*\(2,\)"):
        w.data = np.ones(2)
    with pytest.raises(TypeError, match="float32"):
        w.data = np.ones(3, dtype=np.float32)
    with pytest.raises(AttributeError, match="result of sum"):
        J.data = np.ones(())


def test_a_rule_that_raises_leaves_every_gradient_as_it_was():
    @mg.op
    def breaks(x, /):
        return x * 1.0

    try:

        @breaks.rule
        def _(g, y, x):
            raise ArithmeticError("on purpose")

        a, b = leaf(2), leaf(2, seed=1)
        y = np.sum(breaks(a) + b * 2)
        with pytest.raises(ArithmeticError):
            y.backward()
        assert a.grad is None
        assert b.grad is None
    finally:
        mg.forget("breaks")


def test_assigning_into_a_tensor_says_what_to_use_instead_and_plus_equals_makes_a_new_node():
    t = leaf(3)
    with pytest.raises(mg.MutationError, match=r"mg\.at"):
        t[0] = 1.0
    u = t
    u += 1
    assert u is not t
    np.sum(mg.at(t, [0, 2]).set(5.0) * np.array([1.0, 2.0, 3.0])).backward()
    np.testing.assert_array_equal(t.grad, [0.0, 2.0, 0.0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_training_loop_by_hand_updates_its_leaf_in_place_under_no_grad_as_in_pytorch(dtype):
    torch = pytest.importorskip("torch")
    ours = mg.Tensor([1.0, -2.0], requires_grad=True, dtype=dtype)
    theirs = torch.tensor([1.0, -2.0], requires_grad=True, dtype=getattr(torch, np.dtype(dtype).name))
    held = ours
    rate = np.float64(0.1)  # float64, which must not widen a float32 leaf
    for _ in range(3):
        for w, quiet in ((ours, mg.no_grad()), (theirs, torch.no_grad())):
            (w * w * w).sum().backward()
            with quiet:
                w -= float(rate) * w.grad if w is theirs else rate * w.grad
                w *= 0.9
                w += 0.01
                w /= 1.1
            w.grad = None
    assert ours is held
    assert ours.is_leaf
    assert ours.requires_grad
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-6)
    graph = (ours * ours).sum()
    with mg.no_grad():
        held **= 2
    with pytest.raises(mg.StaleGraphError):
        graph.backward()
    with mg.no_grad(), pytest.raises(mg.ShapeError, match=r"\(3, 2\)"):
        held += np.ones((3, 2))


def test_in_place_operators_make_a_new_node_everywhere_else():
    leaf, constant = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0])
    w = leaf
    w -= 0.5
    assert w is not leaf
    assert w.op.name == "subtract"
    with mg.no_grad():
        c, inner = constant, w
        c += 1.0
        inner *= 3.0
        with mg.enable_grad():
            again = leaf
            again += 1.0
    assert again.op.name == "add"
    assert [leaf.item(), constant.item(), w.item()] == [1.0, 1.0, 0.5]
    assert [c.item(), inner.item()] == [2.0, 1.5]


def test_an_array_never_leaves_its_graph_silently():
    t = leaf(3)
    for function in (np.asarray, np.array, np.fft.fft, np.unwrap, np.histogram):
        with pytest.raises(TypeError, match=r"minigrad|graph"):
            function(t)
    with pytest.raises(mg.NotDifferentiableError, match=r"np\.modf.*mg\.trunc"):
        np.modf(t)
    with pytest.raises(mg.NotDifferentiableError, match=r"np\.putmask.*mg\.where"):
        np.putmask(t, [True, False, True], 0.0)
    with pytest.raises(TypeError, match="out="):
        np.add(t, 1.0, out=np.empty(3))
    with pytest.raises(TypeError, match=r"where=.*mg\.where"):
        np.add(t, 1.0, where=[True, False, True])
    with pytest.raises(TypeError, match="out="):
        np.median(t, out=np.empty(()))
    np.testing.assert_array_equal(np.asarray(t.detach()), t.data)


def _functions_of_numpy():
    for module in (np, np.linalg, np.fft, np.lib.stride_tricks):
        for name in dir(module):
            function = getattr(module, name)
            if isinstance(function, np.ufunc) or hasattr(function, "_implementation"):
                yield pytest.param(function, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("function", list(_functions_of_numpy()))
def test_every_function_of_numpy_is_recorded_or_answers_plainly_or_is_refused_by_name(function):
    t = leaf(2, 2)
    if operation_of(function) or function in PLAIN_FUNCTIONS | PLAIN_UFUNCS:
        return  # held by the tests that walk the registry
    if isinstance(function, np.ufunc):
        call = lambda: t.__array_ufunc__(function, "__call__", *[t] * function.nin)  # noqa: E731
    else:
        call = lambda: t.__array_function__(function, (mg.Tensor,), (t,), {})  # noqa: E731
    with pytest.raises(mg.NotDifferentiableError, match=rf"np\.(\w+\.)?{function.__name__}: .*t\.numpy\(\)"):
        call()


def test_class_indices_out_of_range_are_refused_by_place():
    z = leaf(3, 4)
    with pytest.raises(IndexError, match=r"labels\[1\] is 4.*4 classes"):
        mg.softmax_cross_entropy(z, np.array([0, 4, 1]))
    with pytest.raises(IndexError, match=r"labels\[0\] is -1"):
        mg.softmax_cross_entropy(z, [-1, 0, 1])
    with pytest.raises(TypeError, match="integers"):
        mg.softmax_cross_entropy(z, np.array([0.0, 1.0, 2.0]))
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        mg.softmax_cross_entropy(z, np.array([0, 1]))


def test_anomalies_are_named_with_their_operation_inputs_and_source_line():
    x = mg.Tensor([0.0, 1.0], requires_grad=True, name="x")
    with np.errstate(all="ignore"), mg.detect_anomaly():
        with pytest.raises(mg.AnomalyError, match=r"log gave -inf at index \(0,\).*x \(2,\).*tensor.py:\d+: mg.log"):
            mg.log(x)
        y = np.sum(np.sqrt(x))
        with pytest.raises(mg.AnomalyError, match=r"derivative of sqrt gave inf.*test_tensor.py:\d+: y = np.sum"):
            y.backward()
    assert x.grad is None


# ---- contexts and threads ---------------------------------------------------------------------------------


def test_contexts_nest_and_end_with_their_block_even_after_an_error():
    x = leaf(2)
    with mg.no_grad():
        assert not mg.is_grad_enabled()
        with mg.enable_grad():
            assert (x * 2).requires_grad
    with pytest.raises(mg.ShapeError), mg.no_grad():
        x + np.ones(3)
    assert mg.is_grad_enabled()
    with mg.scope("outer"), mg.scope("inner"):
        assert (x * 2).scope == ("outer", "inner")
    assert (x * 2).scope == ()


def test_eight_threads_train_their_own_models_as_one_thread_would():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6)), rng.integers(0, 3, size=64)

    def train(seed):
        model = mg.nn.MLP([6, 5, 3], batch_norm=True, rng=seed)
        optimizer = mg.optim.Adam(model.parameters(), lr=0.01)
        history = mg.train.fit(
            model, mg.nn.softmax_cross_entropy, optimizer, x, y, epochs=4, batch_size=16, rng=seed, progress=False
        )
        return history.cost

    alone = [train(seed) for seed in range(8)]
    together, stop = [None] * 8, threading.Event()

    def without_gradients():
        while not stop.is_set():
            with mg.no_grad():
                assert not (leaf(2) * 2).requires_grad

    def work(seed):
        together[seed] = train(seed)

    bystander = threading.Thread(target=without_gradients)
    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for each in (bystander, *workers):
        each.start()
    for each in workers:
        each.join()
    stop.set()
    bystander.join()
    assert together == alone


# ---- NumPy's protocols --------------------------------------------------------------------------------------


def test_numpys_functions_and_methods_record_the_same_node_as_minigrads():
    x = mg.Tensor(np.random.default_rng(0).uniform(0.5, 2, size=(2, 3)), requires_grad=True)
    same = [
        (np.exp(x), mg.exp(x), x.exp()),
        (np.mean(x, axis=1), mg.mean(x, 1), x.mean(axis=1)),
        (np.max(x), mg.max(x), x.max()),
        (np.reshape(x, (3, 2)), mg.reshape(x, (3, 2)), x.reshape(3, 2)),
        (np.transpose(x), mg.transpose(x), x.T),
        (np.var(x, axis=0, ddof=1), mg.var(x, 0, ddof=1), x.var(axis=0, ddof=1)),
        (np.concatenate([x, x], 1), mg.concatenate([x, x], axis=1)),
        (np.add.reduce(x), mg.sum(x, axis=0)),
        (np.sum(x, 0, None, None, True), mg.sum(x, axis=0, keepdims=True)),
        (np.max(x, 1, None, True), mg.max(x, axis=1, keepdims=True)),
        (np.std(x, 0, None, None, 1), mg.std(x, axis=0, ddof=1)),
        (np.clip(x, a_min=0.7, a_max=1.5), np.clip(x, min=0.7, max=1.5)),
        (np.sum(a=x, axis=1), mg.sum(x, axis=1)),
        (np.reshape(x, (3, 2), "F"), mg.reshape(x, (3, 2), order="F")),
        (np.clip(x, 0.7, 1.5), mg.clip(x, 0.7, 1.5), x.clip(0.7, max=1.5)),
    ]
    for first, *others in same:
        for other in others:
            assert (first.op, first.shape, first.options) == (other.op, other.shape, other.options)
            np.testing.assert_array_equal(first.data, other.data)


def test_a_plain_array_or_number_on_the_left_is_taken_into_the_graph():
    x = leaf(3)
    for y in (np.ones(3) * x, 2 - x, np.float64(2) / x, np.ones((2, 3)) @ x):
        assert isinstance(y, mg.Tensor)
        assert y.requires_grad


def test_comparisons_and_shape_questions_give_plain_answers():
    x = leaf(3)
    assert type(x > 0) is np.ndarray
    assert np.shape(x) == (3,)
    assert np.argmax(x) == x.data.argmax()
    assert np.isfinite(x).all()


def test_a_leaf_can_be_copied_and_an_inner_node_cannot():
    x = leaf(3, name="x")
    twin = copy.deepcopy(x)
    twin.data += 1
    assert (twin.name, twin.requires_grad) == ("x", True)
    assert not np.shares_memory(twin.data, x.data)
    with pytest.raises(TypeError, match="detach"):
        copy.deepcopy(x * 2)


def test_the_constructor_copies_so_that_the_users_array_stays_the_users():
    array = np.ones(3)
    t = mg.Tensor(array, requires_grad=True)
    array[0] = 5
    assert t.data[0] == 1.0


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1)])
def test_empty_and_zero_dimensional_tensors_go_forward_and_backward(shape):
    x = leaf(*shape)
    np.sum(np.tanh(x) * x).backward()
    assert x.grad.shape == shape


def test_non_contiguous_inputs_give_the_same_gradients():
    base = np.random.default_rng(0).normal(size=(6, 8))
    for view in (base[::2, ::-1], base.T, np.broadcast_to(base[0], (3, 8))):
        x, y = mg.Tensor(view, requires_grad=True), mg.Tensor(view.copy(), requires_grad=True)
        for each in (x, y):
            np.sum(mg.softmax(each @ each.T)[1:, 0]).backward()
        np.testing.assert_allclose(x.grad, y.grad, rtol=1e-12)


# ---- arrays of another class --------------------------------------------------------------------------------


def strict(*shape, seed=0, dtype=np.float64):
    return StrictArray(np.random.default_rng(seed).normal(size=shape).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_tensor_computes_with_arrays_that_only_speak_numpys_protocols(dtype):
    arrays = [strict(2, 3, dtype=dtype), strict(3, seed=1, dtype=dtype), strict(seed=2, dtype=dtype)]

    def cost(x, w, c, kept):
        h = np.tanh(x * 1.01 + 0.001 - w) @ np.transpose(w * x) * c
        return np.mean(h**2 + np.exp(-(2.0 - h)) / (1 + kept))

    glass, plain = ([mg.Tensor(each, requires_grad=True) for each in kind] for kind in (arrays, unwrapped(arrays)))
    cost(*glass, strict(2, 2, seed=3) ** 2).backward()
    cost(*plain, strict(2, 2, seed=3)._held ** 2).backward()
    for ours, theirs in zip(glass, plain):
        assert type(ours.data) is type(ours.grad) is StrictArray
        assert (ours.grad.shape, ours.grad.dtype) == (ours.shape, dtype)
        np.testing.assert_array_equal(unwrapped(ours.grad), theirs.grad)


def test_gradients_of_such_arrays_add_up_are_differentiated_again_and_are_nobody_elses():
    x = mg.Tensor(strict(3), requires_grad=True)
    y = np.sum(x * x)
    y.backward()
    y.backward(retain_grads=True)
    np.testing.assert_array_equal(unwrapped(x.grad), 4 * unwrapped(x.data))
    assert type(y.grad) is StrictArray
    (x + x).backward(given := strict(3, seed=1))
    assert not np.shares_memory(unwrapped(x.grad), unwrapped(given))
    x.grad = None
    np.sum(x**3).backward(create_graph=True)
    second = np.sum(x.grad * x.grad)
    x.grad = None
    second.backward()
    np.testing.assert_allclose(unwrapped(x.grad), 36 * unwrapped(x.data) ** 3)


def test_a_tensor_of_such_an_array_has_its_own_copy_and_leaves_nothing_plain():
    array = strict(3)
    t = mg.Tensor(array, requires_grad=True, dtype=np.float32, name="t")
    assert (t.dtype, t.is_leaf) == (np.float32, True)
    array[0] = 7.0
    assert unwrapped(t.data)[0] != 7.0
    assert type((t * 2).data) is type(t.numpy()) is type(t > 0) is StrictArray
    with mg.no_grad():
        assert type((t + 1).data) is StrictArray
        t -= 0.5
    assert type(t.data) is StrictArray
    with pytest.raises(mg.ShapeError, match=r"add: .*t \(3,\) float32"):
        t + strict(2)
    with pytest.raises(TypeError, match="does not become"):
        np.asarray(t.detach())

"""Copies of nodes and of what holds them, by `copy`, by `pickle`, and in another process."""

import copy
import multiprocessing
import pickle
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg

WAYS = [copy.copy, copy.deepcopy] + [
    lambda x, protocol=protocol: pickle.loads(pickle.dumps(x, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


def scalar():
    return mg.Scalar(2.0, name="s")


def tensor():
    return mg.Tensor(np.array([1.0, 2.0], dtype=np.float32), requires_grad=True, name="t")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [scalar, tensor])
def test_a_copied_leaf_is_a_leaf_of_its_own(make, way):
    leaf = make()
    (leaf * leaf).backward(1.0 if make is scalar else np.ones(2))
    made = way(leaf)
    assert type(made) is type(leaf)
    assert (made.name, made.requires_grad, made.is_leaf) == (leaf.name, True, True)
    np.testing.assert_array_equal(made.grad, leaf.grad)
    before = np.copy(leaf.grad)
    y = made * made * leaf
    y.backward(1.0 if make is scalar else np.ones(2))
    np.testing.assert_array_equal(made.grad, before + 2 * np.square(leaf.data))
    np.testing.assert_array_equal(leaf.grad, before + np.square(leaf.data))
    if make is tensor:
        assert (made.dtype, made.grad.dtype) == (np.float32, np.float32)
        assert not np.shares_memory(made.data, leaf.data)
        assert not np.shares_memory(made.grad, leaf.grad)
        made.data -= 1.0
        np.testing.assert_array_equal(leaf.data, [1.0, 2.0])


@pytest.mark.parametrize("way", WAYS)
def test_a_leaf_without_gradient_or_name_stays_one(way):
    made = way(mg.Tensor([1, 2]))
    assert (made.requires_grad, made.grad, made.name, made.dtype) == (False, None, None, np.dtype(int))
    assert way(mg.Scalar(1.0)).grad == 0.0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [scalar, tensor])
def test_a_node_inside_a_graph_is_not_copied_and_the_error_says_what_is(make, way):
    leaf = make()
    for node, name in ((leaf * 2.0, "multiply"), (mg.exp(leaf), "exp"), (mg.clip(leaf, 0.0, 1.0), "clip")):
        with pytest.raises(TypeError, match=rf"result of {name} .*inside a graph.*\.detach\(\)"):
            way(node)
        assert way(node.detach()).is_leaf
    (leaf**3).backward(1.0 if make is scalar else np.ones(2), create_graph=True)
    with pytest.raises(TypeError, match=r"^[st] .*its grad is inside a graph \(create_graph=True\)"):
        way(leaf)
    leaf.grad = leaf.grad.detach()
    assert way(leaf).grad.is_leaf


def test_the_view_of_a_graph_is_not_copied_and_the_error_says_so():
    for way in WAYS:
        with pytest.raises(TypeError, match="Graph: a view of live nodes"):
            way(mg.graph(scalar() * 2.0))


def test_a_node_that_two_containers_share_is_shared_by_their_copies():
    w = tensor()
    for way in WAYS[1:]:
        a, b = way([w, {"w": w}])
        assert a is b["w"]
        assert a is not w


def network():
    model = mg.nn.MLP([3, 4, 2], batch_norm=True, rng=0)
    return model, mg.optim.Adam(model.parameters(), lr=0.1), np.random.default_rng(1).normal(size=(6, 3))


def trained(model, optimizer, x, steps=3):
    for _ in range(steps):
        optimizer.zero_grad()
        np.sum(model(x) ** 2).backward()
        optimizer.step()
    return [p.data.copy() for p in model.parameters()]


@pytest.mark.parametrize("way", WAYS[1:])
def test_a_copied_model_with_its_optimizer_trains_on_alone_and_alike(way):
    model, optimizer, x = network()
    trained(model, optimizer, x)
    twin, twins_optimizer = way((model, optimizer))
    before = [p.data.copy() for p in model.parameters()]
    there = trained(twin, twins_optimizer, x)
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)
    for ours, theirs in zip(trained(model, optimizer, x), there, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_every_operation_is_pickled_by_name():
    for operation in mg.operations().values():
        if operation.__module__.startswith("minigrad."):
            assert pickle.loads(pickle.dumps(operation)) is operation


def _gradients(model, x, s):
    np.sum(model(x) ** 2).backward()
    (s * s).backward()
    return [p.grad for p in model.parameters()], s


def test_models_and_leaves_go_to_a_fresh_process_and_come_back():
    model, _, x = network()
    s = mg.Scalar(3.0, name="s")
    for _ in range(1000):  # this process has counted further than the other will
        mg.Scalar(0.0)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        gradients, back = pool.apply(_gradients, (model, x, s))
    (back * back).backward()
    assert (back.name, back.grad, s.grad) == ("s", 12.0, 0.0)
    expected, _ = _gradients(model, x, s)
    for theirs, ours in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)


def test_what_another_process_saved_can_be_loaded_first_thing(tmp_path):
    (tmp_path / "leaves").write_bytes(pickle.dumps((scalar(), tensor())))
    program = (
        "import pickle, minigrad as mg\n"
        f"s, t = pickle.load(open({str(tmp_path / 'leaves')!r}, 'rb'))\n"
        "(s * mg.Scalar(5.0)).backward()\n"
        "(t * t).sum().backward()\n"
        "print(s.grad, t.grad.tolist())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "5.0 [2.0, 4.0]"

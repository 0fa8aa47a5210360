"""Optimizers: the course's numbers, agreement with the formulas written out, groups, bad input."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim.optimizers import _PIECE


def descend(optimizer, w, cost, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        cost(w).backward()
        optimizer.step()


def test_the_frameworks_example_of_the_notes_in_float32():
    w = mg.Tensor(0.0, requires_grad=True, dtype=np.float32)
    optimizer = mg.optim.GradientDescent([w], lr=0.01)
    descend(optimizer, w, lambda w: w**2 - 10 * w + 25, 1)
    assert str(w.data) == "0.099999994"
    descend(optimizer, w, lambda w: w**2 - 10 * w + 25, 1000)
    assert f"{w.item():.5f}" == "4.99999"


def formulas(name, w, gradients):
    """The course's update, a line at a time, in plain NumPy."""
    v, s = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, start=1):
        if name == "momentum":
            v = 0.9 * v + g
            w = w - 0.05 * v
        elif name == "rmsprop":
            s = 0.8 * s + 0.2 * g**2
            w = w - 0.05 * g / (np.sqrt(s) + 1e-8)
        else:
            v, s = 0.9 * v + 0.1 * g, 0.99 * s + 0.01 * g**2
            w = w - 0.05 * (v / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.99**t)) + 1e-8)
    return w


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("momentum", lambda p: mg.optim.GradientDescent(p, lr=0.05, momentum=0.9)),
        ("rmsprop", lambda p: mg.optim.RMSprop(p, lr=0.05, beta=0.8)),
        ("adam", lambda p: mg.optim.Adam(p, lr=0.05, beta1=0.9, beta2=0.99)),
    ],
)
def test_an_optimizer_follows_its_formula_also_in_pieces(name, make):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(2, _PIECE))  # larger than the pieces that an update works on
    gradients = [rng.normal(size=start.shape) * 10.0**k for k in (-4, 0, 2, 0)]
    w = mg.Tensor(start, requires_grad=True)
    optimizer = make([w])
    for g in gradients:
        w.grad = g.copy()
        optimizer.step()
        np.testing.assert_array_equal(w.grad, g)
    np.testing.assert_allclose(w.data, formulas(name, start, gradients), rtol=1e-10, atol=1e-12)


def test_groups_have_options_of_their_own():
    a, b = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.GradientDescent([{"params": [a], "lr": 0.1}, {"params": [b]}], lr=0.01)
    (a + b).sum().backward()
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.9, 0.99])


def test_an_option_set_on_the_optimizer_is_in_force_in_every_group():
    a, b = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.GradientDescent([{"params": [a], "lr": 0.1}, {"params": [b]}], lr=0.01)
    with pytest.raises(AttributeError, match=r"the groups differ \(0.1, 0.01\)"):
        _ = optimizer.lr
    optimizer.lr = 0.5
    (a + b).sum().backward()
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.5, 0.5])
    optimizer.groups[1]["lr"] = 0.25
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], [0.0, 0.25])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind, names in {
            mg.optim.GradientDescent: ("lr", "momentum"),
            mg.optim.RMSprop: ("lr", "beta", "eps"),
            mg.optim.Adam: ("lr", "beta1", "beta2", "eps"),
        }.items()
        for name in names
    ],
)
def test_setting_any_option_is_giving_it_at_the_start(kind, name):
    steps = []
    for given in (True, False):
        w = mg.Tensor([1.0, -2.0], requires_grad=True)
        optimizer = kind([w], **({"lr": 0.1} | ({name: 0.3} if given else {})))
        if not given:
            setattr(optimizer, name, 0.3)
        assert getattr(optimizer, name) == 0.3
        for _ in range(2):
            w.grad = np.array([0.5, 3.0])
            optimizer.step()
        steps.append(w.data)
    np.testing.assert_array_equal(*steps)


def test_an_option_that_is_none_or_is_out_of_range_is_refused_also_when_set():
    w = mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.Adam([w], lr=0.1)
    with pytest.raises(AttributeError, match=r"'learning_rate'; its options are lr, beta1, beta2, eps"):
        optimizer.learning_rate = 0.5
    with pytest.raises(ValueError, match="lr is -1"):
        optimizer.lr = -1
    with pytest.raises(TypeError, match=r"beta1 is '0\.9'"):
        optimizer.beta1 = "0.9"
    assert (optimizer.lr, optimizer.beta1) == (0.1, 0.9)

    class Own(mg.optim.GradientDescent):
        def __init__(self, params):
            super().__init__(params, lr=0.1)
            self.calls = 0

    assert Own([w]).calls == 0


def test_a_copied_optimizer_keeps_its_options():
    optimizer = mg.optim.Adam([mg.Tensor([1.0], requires_grad=True)], lr=0.1)
    optimizer.lr = 0.5
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert twin.lr == 0.5
        twin.lr = 0.25
        assert (twin.groups[0]["lr"], optimizer.lr) == (0.25, 0.5)


def test_a_parameter_without_a_gradient_stays():
    a, b = mg.Tensor([1.0], requires_grad=True), mg.Tensor([1.0], requires_grad=True)
    optimizer = mg.optim.Adam([a, b], lr=0.1)
    a.sum().backward()
    optimizer.step()
    assert b.item() == 1.0
    assert a.item() == pytest.approx(0.9)


def test_fortran_ordered_parameters_are_updated_too():
    w = mg.Tensor(np.asfortranarray(np.ones((3, 4))), requires_grad=True)
    optimizer = mg.optim.GradientDescent([w], lr=0.5)
    weights = np.arange(12.0).reshape(3, 4)
    np.sum(w * weights).backward()
    optimizer.step()
    np.testing.assert_allclose(w.data, 1 - 0.5 * weights)


def test_bad_parameters_and_options_are_named():
    w = mg.Tensor([1.0], requires_grad=True, name="w")
    with pytest.raises(ValueError, match="no parameters"):
        mg.optim.Adam([])
    with pytest.raises(TypeError, match=r"Linear; pass model.parameters\(\)"):
        mg.optim.Adam(mg.nn.Linear(2, 2))
    with pytest.raises(TypeError, match=r"got Tensor; pass \[w\]"):
        mg.optim.Adam(w)
    with pytest.raises(TypeError, match=r"got dict; pass list\(params.values\(\)\)"):
        mg.optim.Adam({"w": w})
    with pytest.raises(TypeError, match=r"got Tensor; pass \[w\]"):
        mg.optim.Adam([{"params": w}])
    for group in ({"param": [w]}, w):
        with pytest.raises(TypeError, match="a group is a dict with 'params'"):
            mg.optim.Adam([{"params": [w]}, group])
    with pytest.raises(ValueError, match="given twice"):
        mg.optim.Adam([w, w])
    with pytest.raises(ValueError, match="not a leaf"):
        mg.optim.Adam([w * 2])
    with pytest.raises(TypeError, match="ndarray"):
        mg.optim.Adam([np.ones(2)])
    with pytest.raises(ValueError, match="lr is -1"):
        mg.optim.Adam([w], lr=-1)
    with pytest.raises(ValueError, match="beta1 is 1"):
        mg.optim.Adam([w], beta1=1.0)
    with pytest.raises(TypeError, match="'momentun'"):
        mg.optim.GradientDescent([{"params": [w], "momentun": 0.9}], lr=0.1)
    w.grad = np.ones(3)
    with pytest.raises(mg.ShapeError, match=r"\(3,\)"):
        mg.optim.Adam([w]).step()

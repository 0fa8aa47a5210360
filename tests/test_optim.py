"""Optimizers: the course's numbers, agreement with the formulas written out, groups, bad input."""

import numpy as np
import pytest

import minigrad as mg


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
    start = rng.normal(size=(150, 130))  # larger than the pieces that an update works on
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

"""Modules, layers, costs: the course's identities, fused against composed forms, bad input."""

import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg


def tensor(*shape, seed=0, scale=1.0):
    return mg.Tensor(np.random.default_rng(seed).normal(size=shape) * scale, requires_grad=True)


def gradients(cost, *leaves):
    for each in leaves:
        each.grad = None
    cost.backward()
    return [each.grad for each in leaves]


# ---- batch norm (course, part F) ------------------------------------------------------------------------


def test_batch_norm_forgets_the_scale_of_its_weights():
    u, W = tensor(6, 4), tensor(3, 4, seed=1)
    gamma, beta = tensor(3, seed=2), tensor(3, seed=3)
    weights = np.random.default_rng(4).normal(size=(6, 3))

    def cost(W):
        return np.sum(mg.batch_norm(mg.affine(u, W, None), gamma, beta, eps=0.0) * weights)

    by_u, by_W = gradients(cost(W), u, W)
    scaled = mg.Tensor(5.0 * W.data, requires_grad=True)
    assert cost(scaled).item() == pytest.approx(cost(W).item(), rel=1e-12)
    by_u_scaled, by_scaled = gradients(cost(scaled), u, scaled)
    np.testing.assert_allclose(by_u_scaled, by_u, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_scaled, by_W / 5.0, rtol=1e-9, atol=1e-12)


def test_batch_norm_with_gamma_the_deviation_and_beta_the_mean_gives_its_input_back():
    z = tensor(7, 3)
    gamma = np.sqrt(z.data.var(axis=0) + 1e-5)
    np.testing.assert_allclose(mg.batch_norm(z, gamma, z.data.mean(axis=0)).data, z.data, rtol=1e-12)


def test_the_bias_before_a_batch_norm_has_gradient_zero():
    x, W, bias = tensor(6, 4), tensor(3, 4, seed=1), tensor(3, seed=2)
    y = mg.batch_norm(mg.affine(x, W, bias), np.array([1.0, 2.0, 3.0]), np.zeros(3))
    np.sum(y * np.random.default_rng(0).normal(size=(6, 3))).backward()
    np.testing.assert_allclose(bias.grad, 0, atol=1e-13)


def test_fused_batch_norm_is_the_composed_one_with_all_its_derivatives():
    x, gamma, beta = tensor(5, 3), tensor(3, seed=1), tensor(3, seed=2)
    weights = np.random.default_rng(3).normal(size=(5, 3))
    fused = gradients(np.sum(mg.batch_norm(x, gamma, beta) * weights), x, gamma, beta)
    composed = gradients(np.sum(mg.nn.composed.batch_norm(x, gamma, beta) * weights), x, gamma, beta)
    for a, b in zip(fused, composed, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_running_statistics_become_those_of_the_data_and_are_used_at_test_time():
    rng = np.random.default_rng(0)
    norm = mg.nn.BatchNorm(2)
    for _ in range(300):
        norm(rng.normal(loc=[3.0, -1.0], scale=[2.0, 0.5], size=(200, 2)))
    np.testing.assert_allclose(norm.running_mean, [3, -1], atol=0.1)
    np.testing.assert_allclose(norm.running_variance, [4, 0.25], rtol=0.1)
    norm.eval()
    before = norm.running_mean.copy()
    x = np.array([[5.0, -1.0]])
    expected = (x - norm.running_mean) / np.sqrt(norm.running_variance + 1e-5)
    np.testing.assert_allclose(norm(x).data, expected, rtol=1e-12)
    np.testing.assert_array_equal(norm.running_mean, before)


def test_batch_norm_over_images_averages_over_all_but_the_channels():
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 5))
    y = mg.nn.BatchNorm(3)(x).data
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(0, 2, 3)), 1, rtol=1e-4)


def test_batch_norm_refuses_a_batch_of_one_and_a_wrong_number_of_features():
    norm = mg.nn.BatchNorm(3)
    with pytest.raises(ValueError, match="batch of 1"):
        norm(np.ones((1, 3)))
    with pytest.raises(mg.ShapeError, match=r"\(4, 2\).*3 features"):
        norm(np.ones((4, 2)))


# ---- softmax and costs (course, parts A and G) ------------------------------------------------------------


def test_softmax_of_the_notes_example():
    np.testing.assert_allclose(mg.softmax(np.array([5.0, 2.0, -1.0, 3.0])), [0.842, 0.042, 0.002, 0.114], atol=5e-4)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=5), st.data(), st.sampled_from(["index", "one-hot", "soft"]))
def test_fused_softmax_cost_is_the_composed_one(row, data, kind):
    z = mg.Tensor([row, row[::-1]], requires_grad=True)
    classes = len(row)
    labels = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=2, max_size=2)))
    if kind == "one-hot":
        labels = np.eye(classes)[labels]
    elif kind == "soft":
        labels = np.full((2, classes), 1 / classes)
    fused, composed = mg.softmax_cross_entropy(z, labels), mg.nn.composed.softmax_cross_entropy(z, labels)
    assert fused.item() == pytest.approx(composed.item(), rel=1e-9, abs=1e-9)
    (a,), (b,) = gradients(fused, z), gradients(composed, z)
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_the_softmax_cost_has_the_gradient_of_the_notes():
    z, y = tensor(4, 3), np.array([2, 0, 1, 1])
    mg.softmax_cross_entropy(z, y).backward()
    np.testing.assert_allclose(z.grad, (mg.softmax(z.data) - np.eye(3)[y]) / 4, rtol=1e-12)


def test_two_classes_of_softmax_are_logistic_regression():
    s, y = tensor(6), np.array([0, 1, 1, 0, 1, 0])
    two = mg.stack([np.zeros(6), s], axis=1)
    a, b = mg.softmax_cross_entropy(two, y), mg.sigmoid_cross_entropy(s, y.astype(float))
    assert a.item() == pytest.approx(b.item(), rel=1e-12)
    np.testing.assert_allclose(gradients(a, s)[0], gradients(b, s)[0], rtol=1e-12)


@pytest.mark.parametrize("size", [1e4, 1e-4])
def test_fused_costs_stay_finite_where_the_composed_overflow(size):
    z = mg.Tensor([[size, -size], [-size, size]], requires_grad=True)
    J = mg.softmax_cross_entropy(z, np.array([1, 1]))
    assert J.item() == pytest.approx(np.mean([np.logaddexp(2 * size, 0), np.logaddexp(-2 * size, 0)]))
    K = mg.sigmoid_cross_entropy(z, np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert K.item() == pytest.approx(0.5 * np.logaddexp(0, size) + 0.5 * np.logaddexp(0, -size))
    for cost in (J, K):
        assert np.isfinite(gradients(cost, z)[0]).all()


def test_saturated_outputs_learn_slowly_from_the_quadratic_cost_and_fast_from_the_log_likelihood():
    z = mg.Tensor([[8.0, 0.0]], requires_grad=True)
    target = np.array([[0.0, 1.0]])
    (slow,) = gradients(mg.nn.quadratic(mg.softmax(z), target), z)
    (fast,) = gradients(mg.softmax_cross_entropy(z, target), z)
    assert np.abs(slow).max() < 1e-3 < 0.99 < np.abs(fast).max()


def test_hinge_and_quadratic_costs_agree_with_their_formulas_and_refuse_other_shapes_and_labels():
    s = tensor(5)
    y = np.array([1, -1, 1, 1, -1])
    assert mg.nn.hinge(s, y).item() == pytest.approx(np.maximum(0, 1 - y * s.data).mean())
    a, t = tensor(4, 2), np.random.default_rng(9).normal(size=(4, 2))
    J = mg.nn.quadratic(a, t)
    assert J.item() == pytest.approx(((a.data - t) ** 2).sum() / 8)
    np.testing.assert_allclose(gradients(J, a)[0], (a.data - t) / 4)
    with pytest.raises(ValueError, match="−1 or"):
        mg.nn.hinge(s, np.array([0, 1, 1, 1, 0]))
    with pytest.raises(mg.ShapeError, match=r"\(4, 2\).*\(4,\)"):
        mg.nn.quadratic(a, np.zeros(4))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        mg.nn.logistic(s, np.array([1.0, -1.0, 1.0, 1.0, 0.0]))


# ---- modules ------------------------------------------------------------------------------------------------


def test_parameters_come_in_network_order_each_once_with_their_paths():
    shared = mg.nn.Linear(3, 3, rng=0)
    model = mg.nn.Sequential(shared, mg.nn.Tanh(), shared, mg.nn.BatchNorm(3))
    names = [name for name, _ in model.named_parameters()]
    assert names == ["layers.0.weight", "layers.0.bias", "layers.3.gamma", "layers.3.beta"]


@dataclasses.dataclass
class Gates:
    forget: mg.Tensor
    limit: float


class Everywhere(mg.nn.Module):
    """Parameters and modules in all the places where people put them, and things that are none."""

    def __init__(self):
        self.scales = [tensor(2), tensor(2, seed=1)]
        self.heads = {"left": mg.nn.Linear(2, 1, rng=0), "right": {"deep": (mg.nn.Linear(2, 1, rng=1), [tensor(1)])}}
        self.gates = Gates(tensor(2, seed=2), 1.0)
        self.blocks = [[mg.nn.Linear(2, 2, bias=False, rng=2)], (mg.nn.BatchNorm(2),)]
        self.fixed, self.log = mg.Tensor([1.0, 2.0]), [0.5] * 1000
        self.blocks.append(self.blocks)  # a loop
        self.heads["parent"] = self
        self.kept = None

    def forward(self, x):
        for block in self.blocks[:2]:
            x = block[0](x)
        x = x * self.scales[0] * self.scales[1] * self.gates.forget * self.fixed
        self.kept = x  # what forward keeps is no parameter
        first, (extra,) = self.heads["right"]["deep"]
        return self.heads["left"](x) + first(x) * extra


def test_parameters_are_found_in_lists_tuples_dicts_and_dataclasses_however_deep_and_all_learn():
    model = Everywhere()
    x, y = np.random.default_rng(0).normal(size=(8, 2)), np.random.default_rng(1).normal(size=(8, 1))
    model(x)
    assert [name for name, _ in model.named_parameters()] == [
        "scales.0", "scales.1", "heads.right.deep.1.0", "gates.forget", "heads.left.weight", "heads.left.bias",
        "heads.right.deep.0.weight", "heads.right.deep.0.bias", "blocks.0.0.weight", "blocks.1.0.gamma",
        "blocks.1.0.beta",
    ]  # fmt: skip
    assert len(list(model.modules())) == 5
    assert "heads.left: Linear(2, 1)" in repr(model)
    assert not model.eval().blocks[1][0].training
    before = [p.data.copy() for p in model.parameters()]
    optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
    mg.nn.quadratic(model(x), y).backward()
    optimizer.step()
    assert all((p.data != old).any() for p, old in zip(model.parameters(), before, strict=True))
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_set_of_parameters_is_refused_since_it_has_no_order():
    model = mg.nn.Module()
    model.layers = {mg.nn.Linear(2, 2), mg.nn.Linear(2, 2)}
    with pytest.raises(TypeError, match="layers is a set"):
        model.parameters()
    model.layers = {"relu", "tanh"}
    assert model.parameters() == []


@pytest.mark.parametrize(
    "value", [np.ones((2, 3)), [[1.0, 2.0, 3.0]] * 2, mg.Tensor(np.ones((2, 3))), tensor(2, 3) * 0.5], ids=type
)
def test_replacing_a_parameter_by_what_is_none_is_refused_with_what_to_write(value):
    layer = mg.nn.Linear(3, 2, rng=0)
    before = layer.weight
    with pytest.raises(TypeError, match=r"Linear.weight is a parameter.*\.weight\.data = array.*requires_grad=True\)"):
        layer.weight = value
    assert layer.weight is before
    layer.weight.data = np.ones((2, 3))
    layer.bias = None
    layer.weight = new = tensor(2, 3)
    assert layer.parameters() == [new]
    layer.weight.requires_grad = False
    assert layer.parameters() == []


def test_the_same_seed_gives_the_same_network_and_he_variance():
    a, b = (mg.nn.MLP([400, 300, 10], rng=7) for _ in range(2))
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert a[0].weight.data.var() == pytest.approx(2 / 400, rel=0.02)


def test_zero_weights_keep_hidden_units_identical_for_ever():
    model = mg.nn.MLP([3, 4, 2], activation="tanh", rng=0)
    for p in model.parameters():
        p.data = np.full_like(p.data, 0.3)
    x, y = np.random.default_rng(0).normal(size=(10, 3)), np.arange(10) % 2
    optimizer = mg.optim.GradientDescent(model.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        mg.softmax_cross_entropy(model(x), y).backward()
        optimizer.step()
    first = model[0].weight.data
    np.testing.assert_allclose(first, np.broadcast_to(first[0], first.shape), rtol=1e-12)


def test_every_module_draws_its_nodes_in_a_scope_of_its_own():
    model = mg.nn.MLP([3, 4, 2], batch_norm=True, rng=0)
    scopes = {v.scope for v in mg.graph(model(np.ones((2, 3)) * [[1], [2]])).nodes if v.kind == "operation"}
    assert scopes == {("MLP", "0 Linear"), ("MLP", "1 BatchNorm"), ("MLP", "2 ReLU"), ("MLP", "3 Linear")}


def test_a_copied_model_learns_on_its_own():
    model = mg.nn.MLP([3, 4, 2], batch_norm=True, rng=0)
    twin = copy.deepcopy(model)
    before = [p.data.copy() for p in model.parameters()]
    optimizer = mg.optim.Adam(twin.parameters(), lr=0.1)
    mg.softmax_cross_entropy(twin(np.random.default_rng(0).normal(size=(6, 3))), np.arange(6) % 2).backward()
    optimizer.step()
    for p, old in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)


def test_a_layer_given_the_wrong_number_of_features_says_what_must_fit():
    with pytest.raises(mg.ShapeError, match=r"x is \(4, 5\), weight \(2, 3\): the last axis of x"):
        mg.nn.Linear(3, 2)(np.ones((4, 5)))


def test_unknown_activations_and_layers_are_named():
    with pytest.raises(ValueError, match=r"swoosh.*relu"):
        mg.nn.MLP([2, 2], activation="swoosh")
    with pytest.raises(TypeError, match="argument 1 is Op"):
        mg.nn.Sequential(mg.nn.Linear(2, 2), mg.relu)


def test_batch_norm_is_differentiated_twice_in_beta_alone():
    x, gamma, beta = np.arange(12.0).reshape(4, 3) ** 1.5, np.array([1.0, 2.0, 0.5]), np.array([0.5, -1.0, 2.0])
    slopes = mg.grad(lambda beta: np.sum(mg.batch_norm(x, gamma, beta) ** 3))
    # y = γ x̂ + β, and x̂ has mean 0: Σ ∂²(y³)/∂β² = Σ 6 y = 6 m β
    np.testing.assert_allclose(mg.grad(lambda beta: np.sum(slopes(beta)))(beta), 6 * 4 * beta)

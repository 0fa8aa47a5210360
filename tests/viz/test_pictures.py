"""Gradient flow, training curves, confusion and pages: what they show, and reproducible files."""

import re

import numpy as np
import pytest

import minigrad as mg
import viz


def linear_chain(gain, layers=150):
    """The course's ŷ = W[L]…W[1] x with W = gain · I (part B)."""
    weights = [mg.Tensor(gain * np.eye(2), requires_grad=True, name=f"W{i + 1}") for i in range(layers)]
    x = np.ones((1, 2))
    for w in weights:
        x = x @ w
    np.sum(x).backward()
    return weights


def lines(picture):
    axes = picture.figure.axes[0]
    return {line.get_label(): line.get_ydata() for line in axes.get_lines()}


@pytest.mark.parametrize("gain", [0.5, 1.5])
def test_the_gradient_of_the_linear_chain_vanishes_or_explodes_with_its_length(gain):
    weights = linear_chain(gain)
    picture = viz.gradient_flow(weights)
    norms = lines(picture)["norm ‖g‖"]
    assert len(norms) == 150
    np.testing.assert_allclose(norms, 2 * gain**149, rtol=1e-9)
    assert picture.figure.axes[0].get_yscale() == "log"


def test_gradient_flow_takes_modules_lists_mappings_and_histories():
    model = mg.nn.MLP([3, 4, 2], rng=0)
    with pytest.raises(ValueError, match=r"backward\(\) first"):
        viz.gradient_flow(model)
    mg.softmax_cross_entropy(model(np.ones((4, 3))), np.array([0, 1, 1, 0])).backward()
    named = {name.removeprefix("layers."): p.grad for name, p in model.named_parameters()}
    norms = [np.linalg.norm(g) for g in named.values()]
    for source in (model, model.parameters(), named):
        picture = viz.gradient_flow(source)
        np.testing.assert_allclose(lines(picture)["norm ‖g‖ of weight"], norms[0::2])
        np.testing.assert_allclose(lines(picture)["norm ‖g‖ of bias"], norms[1::2])
        labels = [text.get_text() for text in picture.figure.axes[0].get_xticklabels()]
        assert labels == list(named)
    history = history_of(model)
    assert list(lines(viz.gradient_flow(history))) == list(named)


def marks(picture):
    """What stands at the edges of the picture, by kind: the places, and whether they lie inside the picture."""
    axes = picture.figure.axes[0]
    low, high = axes.get_xlim()
    found = {}
    for line in axes.get_lines():
        if line.get_label().startswith("_"):
            assert all(0 < y < 1 for y in line.get_ydata())
            assert all(low <= x <= high for x in line.get_xdata())
            found.setdefault(line.get_label()[1:], []).extend(line.get_xdata())
    return found


def legend(picture):
    return [text.get_text() for text in picture.figure.legends[0].get_texts()]


@pytest.mark.parametrize("log", [True, False])
def test_weights_and_biases_are_lines_of_their_own_and_what_is_off_the_scale_is_marked(log):
    gradients = {
        "0.weight": np.full(4, 1e-3), "0.bias": np.full(2, 0.3), "1.weight": np.zeros(3), "1.bias": np.full(2, 0.2),
        "2.weight": np.array([np.nan, np.inf, 1.0]), "2.bias": np.array([-np.inf, 1.0]), "3.weight": np.full(4, 1e-2),
        "3.bias": None,
    }  # fmt: skip
    picture = viz.gradient_flow(gradients, log=log)
    assert picture.figure.axes[0].get_yscale() == ("log" if log else "linear")
    shown = lines(picture)
    np.testing.assert_allclose(shown["norm ‖g‖ of weight"], [2e-3, np.nan if log else 0, np.nan, 2e-2])
    np.testing.assert_allclose(shown["largest |g| of bias"], [0.3, 0.2, np.nan, np.nan])
    np.testing.assert_allclose(shown["mean |g| of bias"], [0.3, 0.2, np.nan, np.nan])
    assert marks(picture) == {"nan": [4], "inf": [5], "none": [7]} | ({"0": [2]} if log else {})
    assert {"weight", "bias", "norm ‖g‖", "holds nan", "holds inf", "no gradient"} <= set(legend(picture))
    assert ("all of it is 0" in legend(picture)) is log


def test_names_of_any_kind_are_told_apart_by_what_stands_before_their_number():
    def kinds(*names):
        labels = lines(viz.gradient_flow(dict.fromkeys(names, np.ones(2))))
        return [label.partition(" of ")[2] for label in labels if label.startswith("norm")]

    assert kinds("W1", "b1", "W2", "b2") == ["W", "b"]
    assert kinds("layers.0.weight", "layers.0.bias", "layers.2.weight") == ["weight", "bias"]
    assert kinds("W₁", "W₂", "γ₁") == ["W", "γ"]
    assert kinds("scales.0", "scales.1", "0", "1") == ["scales", "parameters"]
    assert kinds("layer 1", "layer 2") == kinds("encoder", "decoder") == [""]  # one line


def test_parameters_of_one_name_are_all_shown():
    weights = [mg.Tensor(np.ones(2), requires_grad=True, name="w") for _ in range(3)]
    for i, w in enumerate(weights):
        w.grad = np.full(2, 10.0**i)
    picture = viz.gradient_flow(weights)
    np.testing.assert_allclose(lines(picture)["largest |g|"], [1, 10, 100])
    assert [text.get_text() for text in picture.figure.axes[0].get_xticklabels()] == ["w", "w #2", "w #3"]


def test_a_network_whose_gradients_are_all_zero_or_all_nan_has_a_picture_too():
    zero = viz.gradient_flow({"W1": np.zeros(2), "W2": np.zeros(2)})
    np.testing.assert_array_equal(lines(zero)["norm ‖g‖"], [0, 0])
    assert marks(viz.gradient_flow({"W1": np.full(2, np.nan), "W2": np.zeros(2)}))["nan"] == [0]
    assert zero.render("png").startswith(b"\x89PNG")


def test_gradients_of_any_size_have_their_norm():
    picture = viz.gradient_flow({"W1": np.full(4, 1e-200), "W2": np.full(4, 1e200), "W3": np.ones(4, dtype=np.float32)})
    np.testing.assert_allclose(lines(picture)["norm ‖g‖"], [2e-200, 2e200, 2], rtol=1e-12)
    assert marks(picture) == {}


def test_over_epochs_too_zero_nan_and_inf_are_marked():
    norms = {"layers.0.weight": (1.0, 0.5, 0.2, 0.1), "layers.0.bias": (1.0, 0.0, 0.0, 0.5),
             "layers.2.weight": (np.inf, 0.3, np.nan, 0.2)}  # fmt: skip
    history = mg.train.History(
        gradients={
            name: [mg.train.GradientStatistics(norm, 0.0, 0.0, 0.0) for norm in values]
            for name, values in norms.items()
        }
    )
    picture = viz.gradient_flow(history)
    shown = lines(picture)
    np.testing.assert_array_equal(shown["0.bias"], [1, np.nan, np.nan, 0.5])
    np.testing.assert_array_equal(shown["2.weight"], [np.nan, 0.3, np.nan, 0.2])
    assert marks(picture) == {"0": [2, 3], "inf": [1], "nan": [3]}
    assert set(legend(picture)[-3:]) == {"all of it is 0", "holds inf", "holds nan"}


def history_of(model):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, size=40)
    return mg.train.fit(
        model, mg.softmax_cross_entropy, mg.optim.Adam(model.parameters()), x, y, epochs=3, dev=(x, y), rng=0,
        progress=False, batch_size=10,
    )  # fmt: skip


def test_training_curves_show_what_the_history_holds():
    history = history_of(mg.nn.MLP([3, 4, 2], rng=0))
    picture = viz.training_curves(history)
    cost, accuracy = picture.figure.axes
    shown = {line.get_label(): list(line.get_ydata()) for line in cost.get_lines()}
    assert shown == {
        "each mini-batch": history.cost, "training set": history.train_cost, "dev set": history.dev_cost,
    }  # fmt: skip
    assert list(accuracy.get_lines()[1].get_ydata()) == history.dev_accuracy
    assert accuracy.get_title(loc="left") == "Accuracy"
    with pytest.raises(ValueError, match="empty"):
        viz.training_curves(mg.train.History())


def test_training_curves_of_a_regression_show_r_squared_and_without_a_score_the_cost_alone():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))

    def own(outputs, targets):
        return mg.nn.quadratic(outputs, targets)

    for cost, targets, titles in (
        (mg.nn.quadratic, x[:, :1], ["Cost", "R²"]), (own, (x[:, :1] > 0) * 1.0, ["Cost"])
    ):  # fmt: skip
        model = mg.nn.MLP([3, 4, 1], rng=0)
        optimizer = mg.optim.Adam(model.parameters())
        history = mg.train.fit(model, cost, optimizer, x, targets, epochs=2, rng=0, progress=False)
        panels = viz.training_curves(history).figure.axes
        assert [axes.get_title(loc="left") for axes in panels] == titles
        assert list(panels[-1].get_lines()[-1].get_ydata()) == (history.train_score or history.train_cost)


def test_the_confusion_matrix_counts_each_pair():
    true, predicted = [0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0]
    picture = viz.confusion_matrix(true, predicted, labels=["a", "b", "c"])
    axes = picture.figure.axes[0]
    counts = {(int(t.get_position()[1]), int(t.get_position()[0])): int(t.get_text()) for t in axes.texts}
    assert counts == {(0, 0): 1, (0, 1): 1, (1, 1): 1, (2, 2): 2, (2, 0): 1}
    assert "66.7% of 6" in axes.get_title(loc="left")
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        viz.confusion_matrix([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="1 labels for 2 classes"):
        viz.confusion_matrix([0, 1], [0, 1], labels=["a"])


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_pictures_are_saved_with_the_same_bytes_each_time(tmp_path, ending):
    files = [viz.confusion_matrix([0, 1, 1], [0, 1, 0]).save(tmp_path / f"{i}.{ending}") for i in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()
    with pytest.raises(ValueError, match="svg, png, pdf"):
        viz.confusion_matrix([0], [0]).save(tmp_path / "x.bmp")


def test_drawing_leaves_matplotlibs_settings_as_they_were():
    import matplotlib

    before = dict(matplotlib.rcParams)
    viz.confusion_matrix([0, 1], [1, 1]).svg()
    assert dict(matplotlib.rcParams) == before


def test_a_page_carries_all_it_needs_and_escapes_what_it_is_given(tmp_path):
    x = mg.Scalar(3.0, name="x")
    sections = [
        viz.Section("Graph <1>", "a & b", picture=viz.draw(x * x)),
        viz.Section("Curve", picture=viz.confusion_matrix([0, 1], [1, 1])),
        viz.Section("Report", report="1 < 2"),
    ]
    page = viz.page(tmp_path / "index.html", "A <title>", sections).read_text()
    assert "<title>A &lt;title&gt;</title>" in page
    assert "Graph &lt;1&gt;" in page
    assert "1 &lt; 2" in page
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    for target in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page):
        assert (target[0] or target[1]) in identifiers
    assert page.count('role="img" aria-label=') == 2
    assert not re.search(r"https?://(?!www\.w3\.org|purl\.org|creativecommons|matplotlib\.org)", page)

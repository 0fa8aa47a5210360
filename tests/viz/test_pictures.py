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
    for source in (model, model.parameters(), named):
        picture = viz.gradient_flow(source)
        np.testing.assert_allclose(lines(picture)["norm ‖g‖"], [np.linalg.norm(g) for g in named.values()])
        labels = [text.get_text() for text in picture.figure.axes[0].get_xticklabels()]
        assert labels == list(named)
    history = history_of(model)
    assert len(lines(viz.gradient_flow(history))) == len(named)


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
    with pytest.raises(ValueError, match="empty"):
        viz.training_curves(mg.train.History())


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

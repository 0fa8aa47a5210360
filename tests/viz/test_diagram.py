"""`viz.draw`: everything is shown, nothing overlaps or sticks out, any name survives, files are whole."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import viz
from viz import layout


def worked_example():
    a, b, c = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b"), mg.Scalar(2.0, name="c")
    J = 3 * (a + b * c)
    J.name = "J"
    J.backward()
    return J


def network():
    model = mg.nn.MLP([4, 3, 2], batch_norm=True, rng=0)
    x = mg.Tensor(np.random.default_rng(0).normal(size=(6, 4)), name="x")
    J = mg.nn.softmax_cross_entropy(model(x), np.arange(6) % 2)
    J.name = "J"
    J.backward(retain_grads=True)
    return J


def texts(diagram):
    root = ElementTree.fromstring(diagram.svg())
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


def boxes(diagram):
    """Every node's rectangle from the layout, in points."""
    laid_out = json.loads(layout.render(diagram.source, "json"))
    result = {}
    for each in laid_out["objects"]:
        if "pos" in each:
            x, y = map(float, each["pos"].split(","))
            width, height = 72 * float(each["width"]), 72 * float(each["height"])
            result[each["name"]] = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return result


@pytest.mark.parametrize("make", [worked_example, network])
def test_every_vertex_and_every_edge_is_drawn_with_its_value(make):
    graph = mg.graph(make())
    svg = viz.draw(graph).svg()
    assert svg.count('class="node"') == len(graph.nodes)
    assert svg.count('class="edge"') == len(graph.edges)


def test_the_worked_example_shows_the_notes_numbers():
    shown = texts(viz.draw(worked_example(), title="J = 3(a + bc)"))
    for text in ("J = 33", "dJ/da = 3", "dJ/db = 6", "dJ/dc = 9", "dJ/dJ = 1", "J = 3(a + bc)", "×", "+"):
        assert text in shown


def test_values_gradients_and_scopes_can_be_left_out():
    J = network()
    plain = texts(viz.draw(J, values=False, gradients=False, scopes=False))
    assert not any("float64" in text or "dJ/d" in text or text == "1 BatchNorm" for text in plain)
    assert {"0.weight", "batch norm", "x"} <= set(plain)
    assert "1 BatchNorm" in texts(viz.draw(J))


def test_the_gradients_drawn_are_those_of_the_root_that_is_drawn_and_no_grad_is_touched():
    x = mg.Scalar(3.0, name="x")
    (x * x).backward()
    y = x + 1.0
    y.name = "y"
    assert {"dy/dx = 1", "dy/dy = 1"} <= set(texts(viz.draw(y)))
    assert (x.grad, y.grad) == (6.0, 0.0)
    w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    for root, shown in ((np.sum(w * 3.0), "[3, 3]"), (np.prod(w), "[2, 1]"), (np.sum(w * 3.0), "[3, 3]")):
        root.name = "J"
        root.backward()  # w.grad adds up what several roots gave it, and is no gradient of any
        assert f"dJ/dw = {shown}" in texts(viz.draw(root))
        assert f"dJ/dw = {shown}" in texts(viz.draw(mg.graph(root)))
    np.testing.assert_array_equal(w.grad, [8, 7])


def test_a_drawing_needs_no_backward_and_has_a_gradient_on_every_node():
    a, b, c = mg.Scalar(5.0, name="a"), mg.Scalar(3.0, name="b"), mg.Scalar(2.0, name="c")
    J = 3 * (a + b * c)
    J.name = "J"
    assert {"dJ/da = 3", "dJ/db = 6", "dJ/dc = 9"} <= set(texts(viz.draw(J)))
    assert (a.grad, b.grad, c.grad) == (0.0, 0.0, 0.0)
    J = network()
    for vertex in mg.graph(J).nodes:
        if vertex.node is not None:
            vertex.node.grad = None
    view = mg.graph(J)
    J.backward(retain_grads=True)
    for vertex, gradient in zip(mg.graph(J).nodes, view.gradients(), strict=True):
        np.testing.assert_array_equal(gradient, vertex.grad)
        assert (gradient is None) == (vertex.kind in ("data", "constant"))


def test_stored_gradients_are_shown_only_when_asked_for_and_labelled_so():
    x = mg.Scalar(3.0, name="x")
    (x * x).backward()
    y = x + 1.0
    shown = texts(viz.draw(y, gradients="stored"))
    assert "x.grad = 6" in shown
    assert "grad = 0" in shown
    assert not any("d/d" in text or "gradient" in text for text in shown)
    for leaf in (mg.Scalar(3.0, name="x"), mg.Tensor(3.0, requires_grad=True, name="x")):
        (leaf * leaf).backward(create_graph=True)
        assert "x.grad = 6" in texts(viz.draw(leaf * 2.0, gradients="stored"))
    with pytest.raises(ValueError, match="'stored'"):
        viz.draw(y, gradients="store")


def test_a_root_of_several_entries_or_without_parameters_is_drawn_without_gradients():
    w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    (w * 2.0).backward([1.0, 1.0])
    for root in (w * 3.0, mg.Tensor(1.0, name="x") + 1.0):
        shown = texts(viz.draw(root))
        assert not any("d/d" in text or "gradient" in text for text in shown)


def test_a_graph_older_than_its_parameters_is_drawn_without_gradients_and_says_so():
    J = network()
    weight = next(v.node for v in mg.graph(J).nodes if v.name == "0.weight")
    weight.data = weight.data + 1.0
    shown = texts(viz.draw(J, title="A step"))
    assert shown[:2] == ["A step", "no gradients: a parameter was changed after this graph was built; "
                         "run the forward pass again"]  # fmt: skip
    assert not any("dJ/d" in text or text == "gradient =" for text in shown)
    x = mg.Scalar(3.0, name="x")
    y = x * x
    x.data = 5.0
    assert any("no gradients" in text for text in texts(viz.draw(y)))
    assert not any("no gradients" in text for text in texts(viz.draw(y, gradients="stored")))


def test_infinite_gradients_are_drawn_without_a_warning():
    x = mg.Tensor([0.0, 1.0], requires_grad=True, name="x")
    assert "d/dx = [inf, 0.5]" in texts(viz.draw(np.sum(np.sqrt(x))))
    s = mg.Scalar(0.0, name="s")
    assert "d/ds = inf" in texts(viz.draw(s**0.5))


def test_a_number_used_twice_has_two_edges():
    x = mg.Scalar(3.0, name="x")
    assert viz.draw(x * x).svg().count('class="edge"') == 2


def test_arrows_are_numbered_where_the_order_of_inputs_matters():
    a, b = mg.Scalar(2.0, name="a"), mg.Scalar(3.0, name="b")
    numbered = [line for line in viz.draw(b - a).source.splitlines() if "headlabel" in line]
    assert numbered == ["\t1 -> 2 [headlabel=1]", "\t0 -> 2 [headlabel=2]"]
    assert "headlabel" not in viz.draw(a + b * a).source


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("make", [worked_example, network])
def test_no_two_nodes_overlap(make, direction):
    rectangles = list(boxes(viz.draw(make(), direction=direction)).values())
    for i, a in enumerate(rectangles):
        for b in rectangles[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_every_text_fits_into_its_node():
    """By a font's own widths, not by the layout program's guesses."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    diagram = viz.draw(network())
    root = ElementTree.fromstring(diagram.svg())
    space = "{http://www.w3.org/2000/svg}"
    for group in root.iter(f"{space}g"):
        if group.get("class") != "node":
            continue
        shape = next(e for e in group if e.tag in (f"{space}path", f"{space}polygon", f"{space}ellipse"))
        if shape.tag.endswith("ellipse"):
            left = float(shape.attrib["cx"]) - float(shape.attrib["rx"])
            right = float(shape.attrib["cx"]) + float(shape.attrib["rx"])
        else:
            numbers = re.findall(r"-?[\d.]+", shape.get("points") or shape.attrib["d"])
            left, right = min(map(float, numbers[::2])), max(map(float, numbers[::2]))
        for text in group.iter(f"{space}text"):
            font = FontProperties(family="DejaVu Sans", size=0.88 * float(text.attrib["font-size"]))
            width = TextPath((0, 0), text.text.replace("$", r"\$"), prop=font).get_extents().width
            assert width <= right - left, text.text


@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12))
def test_any_name_survives(name):
    x = mg.Scalar(1.0, name=name)
    diagram = viz.draw(x * 2.0)
    assert any(name.split() == (text or "").split() for text in texts(diagram))


def test_kinds_differ_in_shape_and_their_colours_can_be_read_and_told_apart():
    def luminance(color):
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    def contrast(a, b):
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    theme = viz.LIGHT
    assert len({(style.shape, style.style) for style in theme.kinds.values()}) == len(theme.kinds)
    for style in theme.kinds.values():
        for text in (theme.text, theme.quiet_text, theme.gradient_text):
            assert contrast(text, style.fill) >= 4.5
        assert contrast(style.outline, theme.background) >= 3


# ---- files ----------------------------------------------------------------------------------------------


def test_every_format_is_written_and_is_what_it_says(tmp_path):
    diagram = viz.draw(network())
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}
    for ending, start in starts.items():
        path = diagram.save(tmp_path / f"graph.{ending}")
        assert path.read_bytes().startswith(start)
        assert viz.draw(network()).render(ending) == path.read_bytes(), "the same graph gives the same bytes"
    assert (tmp_path / "graph.pdf").read_bytes().count(b"/Type /Page ") == 1
    assert diagram._repr_svg_() == diagram.svg()


def test_a_failed_save_leaves_the_old_file_whole_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")

    def broken(*_, **__):
        raise viz.LayoutError("no layout today")

    monkeypatch.setattr(layout, "render", broken)
    with pytest.raises(viz.LayoutError):
        viz.draw(worked_example()).save(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_bad_input_is_answered_with_what_is_possible(tmp_path):
    diagram = viz.draw(worked_example())
    with pytest.raises(ValueError, match=r"svg, png, pdf, dot"):
        diagram.save(tmp_path / "graph.gif")
    with pytest.raises(FileNotFoundError, match="no folder"):
        diagram.save(tmp_path / "nowhere" / "graph.svg")
    with pytest.raises(ValueError, match=r"'LR'.*'TB'"):
        viz.draw(worked_example(), direction="up")
    with pytest.raises(ValueError, match=r"7 nodes, more than max_nodes=5"):
        viz.draw(worked_example(), max_nodes=5)
    with pytest.raises(TypeError, match="ndarray"):
        viz.draw(np.ones(3))


def test_a_missing_slow_or_failing_layout_program_is_told_in_one_line(monkeypatch, tmp_path):
    source = viz.draw(worked_example()).source
    with pytest.raises(viz.LayoutError, match="failed: ") as failed:
        layout.render("digraph {", "svg")
    assert "\n" not in str(failed.value)
    with pytest.raises(ValueError, match=r"'pure'.*'system'"):
        layout.program("best")
    sleeper = tmp_path / "graphviz-pure"
    sleeper.write_text("#!/bin/sh\nexec sleep 5\n")
    sleeper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(layout, "program", lambda engine: str(sleeper))
        with pytest.raises(viz.LayoutError, match=r"longer than 0\.1 s"):
            layout.render(source, "svg", time_limit=0.1)
    monkeypatch.setattr(layout.shutil, "which", lambda *_, **__: None)
    for engine in (None, "pure", "system"):
        with pytest.raises(viz.LayoutError, match="pip install graphviz-pure"):
            layout.program(engine)

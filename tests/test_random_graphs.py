"""Random graphs over the whole registry: right as they are, and what is planted in them is found and made small."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings

import minigrad as mg
from minigrad.core import backward
from minigrad.core.graph import walk
from minigrad.testing import GradientError, check_gradients, mutation
from minigrad.testing.check.culprit import gradient_fails
from minigrad.testing.draws import RandomDraw
from minigrad.testing.random_graphs import draw_graph
from minigrad.testing.shrinking import shrunk
from minigrad.testing.strategies import arrays, graphs, networks, shapes_that_broadcast


@settings(max_examples=24)
@given(graphs(max_nodes=8))
def test_a_random_graphs_gradient_is_right(graph):
    decided(graph, *graph.leaves)


def decided(f, *inputs):
    """The report of a check; where differences can't tell, so steep or so flat it is, there is no example."""
    try:
        return check_gradients(f, *inputs)
    except GradientError as error:
        assume(error.report.counts["wrong"] or not error.report.counts["inconclusive"])
        raise


@settings(max_examples=8)
@given(networks())
def test_a_random_networks_gradient_is_right_by_its_input_and_all_parameters(network):
    model, x = network
    report = decided(model, x)
    assert len(report.by_input) == 1 + len(model.parameters())


def test_graphs_have_values_used_twice_broadcasting_and_many_operations():
    drawn = [draw_graph(RandomDraw(seed), 8) for seed in range(200)]
    names = {each.operation.name for graph in drawn for each in graph.equations}
    assert len(names) > 100
    sources = [[x for each in graph.equations for x in each.used if x not in graph.constants] for graph in drawn]
    assert sum(len(each) > len(set(each)) for each in sources) > 20
    assert max(len(graph.equations) for graph in drawn) >= 6
    lengths = {n for graph in drawn for x in graph.leaves for n in x.shape}
    assert {0, 1} <= lengths


def changed(function, *replaced):
    """A function of the engine with lines of it replaced."""
    source = "from __future__ import annotations\n" + inspect.getsource(function)
    for old, new in replaced:
        assert old in source
        source = source.replace(old, new)
    namespace = dict(vars(sys.modules[function.__module__]))
    exec(compile(source, "planted.py", "exec"), namespace)
    return namespace[function.__name__]


def wrong_order(root):
    """The leaves, and then operations of which some are before their inputs: an order by depth first, reversed."""
    nodes = {node for node in walk(root) if not node.is_leaf}
    leaves, order, stack = [node for node in walk(root) if node.is_leaf], [], [root]
    while stack:
        node = stack.pop()
        if node in nodes:
            nodes.remove(node)
            order.append(node)
            stack.extend(x for x in node.inputs if isinstance(x, mg.Tensor))
    return leaves + order[::-1]


def smallest(fails):
    """What Hypothesis and then we ourselves make of the first failing graph."""
    quiet = settings(
        max_examples=3000, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return shrunk(find(graphs(max_nodes=8), fails, settings=quiet), fails)


#: A line of the plain algorithm, and what it is replaced by; `test_fast` plants the same in the hot path.
PLANTED = {
    "lost parent": (
        "in zip(node.inputs, contributions(node, g, create_graph)):",
        "in {id(x): (x, c) for x, c in zip(node.inputs, contributions(node, g, create_graph))}.values():",
    ),
    "wrong order": ("nodes = walk(root, boundary=boundary)", "nodes = wrong_order(root)"),
    "overwritten gradient": ("gradients[each] + contribution if each in gradients else ", ""),
}


@pytest.mark.parametrize(
    "mistake", [pytest.param(name, marks=[pytest.mark.full] if name != "wrong order" else []) for name in PLANTED]
)
def test_a_planted_mistake_of_the_engine_is_shrunk_to_four_nodes(monkeypatch, mistake):
    monkeypatch.setattr(backward, "use_hot_paths", False)
    monkeypatch.setattr(backward, "wrong_order", wrong_order, raising=False)
    monkeypatch.setattr(backward, "plain_backward", changed(backward.plain_backward, PLANTED[mistake]))

    def fails(graph):
        try:
            return gradient_fails(graph)
        except (ArithmeticError, ValueError, TypeError):
            return False

    small = smallest(fails)
    assert len(small.equations) == 1 or len(small.equations) + len(small.leaves) <= 4  # a cell has four inputs
    with pytest.raises(GradientError) as found:
        check_gradients(small, *small.leaves)
    assert "chains them wrongly" in str(found.value)


@pytest.mark.parametrize("name", ["tanh", "matmul", "cumsum"])
def test_a_planted_wrong_rule_is_shrunk_to_its_own_node_and_the_reproducer_fails_alone(name):
    op = mg.operations()[name]
    mutant = next(each for each in mutation.mutants_of(op) if each.kind == "sign")
    with mutant:
        drawn = (draw_graph(RandomDraw(seed), 8) for seed in range(2000))
        failing = next(
            graph for graph in drawn if len(graph.equations) > 3 and name in str(graph) and gradient_fails(graph)
        )
        with pytest.raises(GradientError) as found:
            check_gradients(failing, *failing.leaves)
    culprit = found.value.report.culprit
    assert culprit.text == f"the rule of {name!r} is wrong"
    assert len(culprit.program.equations) == 1
    assert len(culprit.program.leaves) <= 3
    assert len(culprit.reproducer.splitlines()) == 4
    assert culprit.picture.read_text().count(f">{op.label}<") == 1
    assert "its gradient is wrong" in culprit.picture.read_text()
    exec(culprit.reproducer, {})  # right again, now that the rule is
    with mutant, pytest.raises(GradientError):
        exec(culprit.reproducer, {})


def test_a_reproducer_runs_as_it_stands_with_an_operation_from_a_file_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np, minigrad as mg\n@mg.op(inputs=[mg.domain()])\ndef careless(x, /):\n    return np.tanh(x)\n"
        "careless.rule(lambda g, y, x: g * (1 - y))\n"
    )
    (tmp_path / "program.py").write_text(
        "import numpy as np, minigrad as mg, mine\n"
        "try:\n    mg.testing.check_gradients(lambda x: mine.careless(x @ x) ** 2, np.eye(2) + 0.5)\n"
        "except mg.testing.GradientError as error:\n    print(error.report.culprit.reproducer)\n"
    )
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    run = {"capture_output": True, "text": True, "cwd": tmp_path, "env": here}
    printed = subprocess.run([sys.executable, "program.py"], **run)
    assert "mine.careless(x0)" in printed.stdout, printed.stderr
    again = subprocess.run([sys.executable, "-c", printed.stdout], **run)
    assert "the rule of 'careless' is wrong" in again.stderr


def test_where_a_function_leaves_the_graph_it_is_said_and_no_rule_is_blamed(tmp_path):
    x = np.array([0.3, -0.7])
    with pytest.raises(GradientError, match=r"a part of it left the graph") as found:
        check_gradients(lambda x: np.sum(x * mg.Tensor(np.exp(x.data))), x)
    assert found.value.report.culprit.program is None


@given(shapes_that_broadcast(3))
def test_shapes_that_broadcast_do(shapes):
    np.broadcast_shapes(*shapes)


@given(arrays((3,), domain=mg.domain(0.5, 2)))
def test_arrays_keep_to_their_domain(x):
    assert x.shape == (3,)
    assert np.all((x >= 0.5) & (x <= 2))

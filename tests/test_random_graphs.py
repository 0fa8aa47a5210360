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
from minigrad.core.backward import walk_backward
from minigrad.testing import GradientError, check_gradients, mutation
from minigrad.testing.check.culprit import expression_fails
from minigrad.testing.draws import RandomDraw
from minigrad.testing.expression import Expression, shrunk
from minigrad.testing.random_graphs import draw_graph
from minigrad.testing.strategies import arrays, graphs, networks, shapes_that_broadcast


@settings(max_examples=150)
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


@settings(max_examples=40)
@given(networks())
def test_a_random_networks_gradient_is_right_by_its_input_and_all_parameters(network):
    model, x = network
    report = decided(model, x)
    assert len(report.by_input) == 1 + len(model.parameters())


def test_graphs_have_values_used_twice_broadcasting_and_many_operations():
    drawn = [draw_graph(RandomDraw(seed), 8) for seed in range(200)]
    names = {step.call.op.name for graph in drawn for _, step in graph.steps}
    assert len(names) > 100
    sources = [[i for _, step in graph.steps for i in step.sources] for graph in drawn]
    assert sum(len(each) > len(set(each)) for each in sources) > 20
    assert max(len(graph.steps) for graph in drawn) >= 6
    lengths = {n for graph in drawn for x in graph.leaves for n in x.shape}
    assert {0, 1} <= lengths


def changed_chain(*replaced):
    """The engine's own walk backward with lines of it replaced."""
    source = "from __future__ import annotations\n" + inspect.getsource(backward._chain)
    for old, new in replaced:
        assert old in source
        source = source.replace(old, new)
    namespace = dict(vars(backward))
    exec(compile(source, "planted.py", "exec"), namespace)
    return namespace["_chain"]


def wrong_order(root):
    """An engine that goes to an operation before all of its users have been."""
    right, leaves = walk_backward(root)
    nodes, order, stack = {id(node) for node in right}, [], [root]  # `in` would compare values
    while stack:
        node = stack.pop()
        if id(node) in nodes:
            nodes.remove(id(node))
            order.append(node)
            stack.extend(x for x in node.inputs if isinstance(x, mg.Tensor))
    return order, leaves


def smallest(fails):
    """What Hypothesis and then we ourselves make of the first failing graph."""
    quiet = settings(
        max_examples=3000, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return shrunk(find(graphs(max_nodes=8), fails, settings=quiet), fails)


PLANTED = {
    "lost parent": lambda: changed_chain(
        ("in zip(inputs, contributions):", "in {id(x): (x, c) for x, c in zip(inputs, contributions)}.values():")
    ),
    "overwritten gradient": lambda: changed_chain(
        ("gradients[each] = gradients[each] + contribution", "gradients[each] = contribution"),
        ("add(gradients[each], contribution, gradients[each])", "gradients[each] = contribution"),
    ),
}


@pytest.mark.parametrize("mistake", ["lost parent", "wrong order", "overwritten gradient"])
def test_a_planted_mistake_of_the_engine_is_shrunk_to_four_nodes(monkeypatch, mistake):
    if mistake == "wrong order":
        monkeypatch.setattr(backward, "walk_backward", wrong_order)
    else:
        monkeypatch.setattr(backward, "_chain", PLANTED[mistake]())

    def fails(graph):
        try:
            return expression_fails(graph)
        except (ArithmeticError, ValueError, TypeError):
            return False

    small = smallest(fails)
    assert len(small.rows) <= 4
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
            graph for graph in drawn if len(graph.steps) > 3 and name in str(graph) and expression_fails(graph)
        )
        with pytest.raises(GradientError) as found:
            check_gradients(failing, *failing.leaves)
    culprit = found.value.report.culprit
    assert culprit.text == f"the rule of {name!r} is wrong"
    assert len(culprit.expression.steps) == 1
    assert len(culprit.expression.rows) <= 4
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
    assert found.value.report.culprit.expression is None


def test_an_expression_of_a_recorded_graph_computes_the_same_and_writes_itself():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = mg.tanh(x)
    expression = Expression.of(mg.concatenate([y, np.exp(y)[::-1]]) * 2.0)
    np.testing.assert_array_equal(expression(*expression.leaves), expression(np.array([1.0, 2.0])))
    assert expression.formula() == (
        "mg.multiply(mg.concatenate([(y1 := mg.tanh(x0)), mg.getitem(mg.exp(y1), key=slice(None, None, -1))]), 2.0)"
    )
    assert eval(expression.formula(), {"np": np, "mg": mg, "x0": np.zeros(1)}).tolist() == [0.0, 2.0]


@given(shapes_that_broadcast(3))
def test_shapes_that_broadcast_do(shapes):
    np.broadcast_shapes(*shapes)


@given(arrays((3,), domain=mg.domain(0.5, 2)))
def test_arrays_keep_to_their_domain(x):
    assert x.shape == (3,)
    assert np.all((x >= 0.5) & (x <= 2))

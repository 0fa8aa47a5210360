"""The walk over a graph that everything uses: its order, its bounds, and chains longer than any stack."""

import minigrad as mg
from minigrad.core.graph import walk


def test_inputs_come_before_their_users_and_each_node_once():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    y = mg.tanh(x)
    z = mg.sum(y * y + x)
    nodes = walk(z, y)
    assert len(nodes) == len(set(nodes)) == 5
    place = {node: number for number, node in enumerate(nodes)}
    assert all(place[each] < place[node] for node in nodes for each in node.inputs)


def test_a_leaf_comes_first_though_it_was_changed_since():
    w, x = mg.Scalar(1.0), mg.Scalar(2.0)
    y = w * x
    w.data = 3.0
    assert walk(y)[-1] is y


def test_what_lies_behind_a_boundary_or_before_a_number_is_left_out():
    x = mg.Scalar(2.0)
    y = x * x
    z = y * x
    assert walk(z, boundary={y}) == [x, y, z]
    assert walk(y * 2.0, boundary={y})[0] is y
    w = y + 1.0
    assert walk(w, since=w.index) == [y, w]


def test_a_chain_of_a_hundred_thousand_nodes_needs_no_recursion():
    for x in (mg.Scalar(1.0), mg.Tensor([1.0], requires_grad=True)):
        y = x
        for _ in range(100_000):
            y = y + 1.0
        assert len(walk(y)) == 100_001

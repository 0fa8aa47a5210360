"""The hot paths give what the general code gives: on random graphs bit by bit, for every operator and operand."""

import operator
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.core import backward
from minigrad.core.graph import walk
from minigrad.testing.draws import RandomDraw
from minigrad.testing.random_graphs import draw_graph
from minigrad.values import fast
from minigrad.values.recording import apply

from .test_random_graphs import changed, wrong_order


def random_root(seed):
    """The root of a random graph of tensors, some of its leaves data without a gradient."""
    expression = draw_graph(RandomDraw(seed), 10)
    rng = np.random.default_rng(seed)
    leaves = [mg.Tensor(x, requires_grad=bool(i == 0 or rng.integers(4))) for i, x in enumerate(expression.leaves)]
    try:
        return expression(*leaves)
    except mg.NotDifferentiableError:  # np.take of a list, say
        return None


CALLS = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / b, lambda a, b: 2.0 - a,
    lambda a, b: 3 * a, lambda a, b: a / 1.5, lambda a, b: 1 / a, lambda a, b: a**3, lambda a, b: abs(a) ** b,
    lambda a, b: -a, lambda a, b: abs(a), lambda a, b: a.tanh(), lambda a, b: a.relu(), lambda a, b: a.exp(),
    lambda a, b: a.log(), lambda a, b: a.sqrt(), lambda a, b: a.clip(-1.0, 1.0), lambda a, b: a.maximum(b),
    lambda a, b: mg.where(a > b, a, b), lambda a, b: a // b, lambda a, b: a.leaky_relu(),
]  # fmt: skip


def tangle(values, seed):
    """The sum of a random graph of elementwise operations on some leaves, most values used several times."""
    rng = np.random.default_rng(seed)
    values = list(values)
    with np.errstate(all="ignore"):
        for _ in range(25):
            a, b = (values[i] for i in rng.integers(len(values), size=2))
            values.append(CALLS[rng.integers(len(CALLS))](a, b))
        return sum(values[5:], start=values[4])


def tangled_tensors(seed):
    rng = np.random.default_rng(seed)
    kinds = [((2, 3), np.float64), ((3,), np.float64), ((), np.float64), ((2, 1), np.float32), ((3,), np.float32)]
    leaves = [
        mg.Tensor(rng.normal(size=n), dtype=t, requires_grad=bool(i < 3 or i % 2)) for i, (n, t) in enumerate(kinds)
    ]
    return tangle(leaves, seed)


def differences(root, **options):
    """The nodes for which the hot path gives another gradient than the plain loop."""
    gradient = np.random.default_rng(0).normal(size=root.shape)
    with np.errstate(all="ignore"):
        plain = backward.plain_backward(root, gradient, **options)
        hot = root.hot_backward(
            gradient, options.get("wanted"), options.get("boundary", frozenset()), options.get("every", False)
        )
    assert all(type(g) is np.ndarray or g.ndim == 0 for g in hot.values())
    same = {x for x in plain.keys() & hot.keys() if plain[x].dtype == hot[x].dtype and equal(plain[x], hot[x])}
    return (plain.keys() | hot.keys()) - same


def equal(a, b):
    return np.array_equal(a, b, equal_nan=True)


@pytest.fixture(scope="module")
def roots():
    with np.errstate(all="ignore"):
        drawn = [random_root(seed) for seed in range(120)]
    drawn = [root for root in drawn if isinstance(root, mg.Tensor) and root.requires_grad]
    return drawn + [tangled_tensors(seed) for seed in range(60)]


def test_on_random_graphs_the_hot_path_gives_the_plain_loops_gradients_bit_by_bit(roots):
    assert len(roots) > 140
    for root in roots:
        assert not differences(root)
        assert not differences(root, every=True)


def test_so_it_does_for_inner_nodes_and_within_a_boundary(roots):
    bounded = 0
    for root in roots:
        inner = [node for node in walk(root) if node.requires_grad]
        some = inner[:: max(1, len(inner) // 3)]
        assert not differences(root, wanted=some)
        assert not differences(root, wanted=some, boundary=frozenset(some))
        bounded += len(walk(root, boundary=frozenset(some))) < len(walk(root))
    assert bounded > 20


@pytest.mark.parametrize(
    ("name", "replaced"),
    [
        ("_tensor_chain", [("in zip(inputs, parts):", "in {id(x): (x, c) for x, c in zip(inputs, parts)}.values():")]),
        ("_tensor_chain", [("add(gradients[each], contribution, gradients[each])", "pass")]),
        ("_tensor_chain", [("gradients[each] = gradients[each] + contribution", "gradients[each] = contribution")]),
        ("_tensor_chain", [("a not in gradients", "True")]),
        ("_tensor_order", [("order.sort(key=_index_of, reverse=True)", "order = wrong_order(root)[::-1]")]),
    ],
)
def test_mistakes_planted_in_the_hot_path_are_seen_on_the_same_graphs(monkeypatch, roots, name, replaced):
    monkeypatch.setattr(fast, "wrong_order", lambda root: [x for x in wrong_order(root) if x.op], raising=False)
    monkeypatch.setattr(fast, name, changed(getattr(fast, name), *replaced))
    monkeypatch.setattr(mg.Tensor, "hot_backward", changed(fast.tensor_backward))
    assert any(differences(root) for root in roots)


# ---- recording ------------------------------------------------------------------------------------------

OPERATORS = {
    operator.add: ops.add, operator.sub: ops.subtract, operator.mul: ops.multiply, operator.truediv: ops.divide,
    operator.floordiv: ops.floor_divide, operator.mod: ops.remainder, operator.matmul: ops.matmul,
    operator.pow: ops.power,
}  # fmt: skip
ANSWERS = {
    operator.eq: ops.equal, operator.ne: ops.not_equal, operator.lt: ops.less, operator.le: ops.less_equal,
    operator.gt: ops.greater, operator.ge: ops.greater_equal,
}  # fmt: skip
OPERANDS = [
    2.5, -0.0, float("inf"), 3, 10**30, 10**400, True, np.float32(1.5), np.int8(2), np.float64(0.1), None, 1j,
    np.array([0.5, 2.0]), np.array([1, 2], np.int8), np.array([True, False]), np.array([1.0, 2.0], np.float32),
    np.array(3.0), np.ones((2, 2)), np.ones(3), np.ones(2, complex), np.array(["a", "b"]), np.ma.array([1.0, 2.0]),
    [1.0, 2.0],
]  # fmt: skip


def outcome(call):
    """What a call gives, as far as it can be compared: value, dtype, operation and inputs; or its error."""
    try:
        with np.errstate(all="ignore"):
            y = call()
    except Exception as error:
        return type(error), str(error)
    if not isinstance(y, mg.Tensor):
        return type(y), np.asarray(y).tolist()
    inputs = [id(x) if isinstance(x, mg.Tensor) else (type(x), np.asarray(x).tolist()) for x in y.inputs]
    return str(y.data.tolist()), y.dtype, y.op, inputs, y.requires_grad, y.scope


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("within", [None, mg.no_grad, lambda: mg.scope("s")], ids=["", "no_grad", "scope"])
@pytest.mark.parametrize("other", OPERANDS, ids=lambda x: f"{type(x).__name__}{np.shape(x)}")
def test_operators_record_what_apply_records(other, within):
    leaves = [
        mg.Tensor([1.5, -2.0], requires_grad=True), mg.Tensor([1.5, -2.0], requires_grad=True, dtype=np.float32),
        mg.Tensor(0.5, requires_grad=True), mg.Tensor([1, 2]), mg.Tensor([1.0, 2.0]),
    ]  # fmt: skip
    with within() if within else mg.enable_grad():
        for x in leaves:
            for sign, op in (OPERATORS | ANSWERS).items():
                if sign is operator.pow and type(other) in (int, float) and other == 2:
                    continue
                hot = outcome(partial(sign, x, other))
                if not isinstance(other, (np.ndarray, np.generic)) and hot[0] is TypeError and op in ANSWERS.values():
                    continue  # Python's own words
                general = outcome(
                    partial(apply, mg.Tensor, op, (x, other), None) if op.differentiable else partial(op, x, other)
                )
                assert hot == general, (sign, x)
                if op.differentiable and not isinstance(other, (np.ndarray, np.generic)):
                    general = outcome(partial(apply, mg.Tensor, op, (other, x), None))
                    assert outcome(partial(sign, other, x)) == general, (sign, x)


def test_an_array_in_an_expression_stays_what_it_was_in_the_graph():
    x, array = mg.Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    y = np.sum(x * array)
    array[:] = 0.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])


def test_no_gradient_is_computed_for_a_constant(monkeypatch):
    asked = []
    counted = [
        lambda g, y, a, b, i=i, rule=rule: asked.append(i) or rule(g, y, a, b)
        for i, rule in enumerate(ops.divide.rules)
    ]
    monkeypatch.setattr(ops.divide, "rules", tuple(counted))
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    for constant in (2.0, 2, np.float32(2.0), np.ones(2), mg.Tensor([1.0, 1.0])):
        np.sum(x / constant).backward()
    np.sum(3.0 / x).backward()
    assert asked == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_gradient_keeps_its_tensors_shape_and_dtype_beside_a_constant(dtype):
    tried = 0
    for op in mg.operations().values():
        if op.elementwise and op.differentiable and len(op.input_names) == 2 and not op.option_defaults:
            for place in (0, 1):
                x = mg.Tensor([0.5, 0.75], requires_grad=True, dtype=dtype)
                try:
                    y = op(x, 0.25) if place == 0 else op(0.25, x)
                except TypeError:  # integers are wanted there
                    continue
                y.backward(np.ones(2))
                assert (x.grad.shape, x.grad.dtype) == ((2,), dtype), op.name
                tried += 1
    assert tried > 30


# ---- Scalars --------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_on_random_graphs_of_scalars_the_hot_path_gives_the_plain_loops_gradients():
    finite = 0
    for seed in range(200):
        root = tangle(map(mg.Scalar, [0.0, *np.random.default_rng(seed).normal(size=3)]), seed)
        hot, plain = root.hot_backward(1.5, None, frozenset(), True), backward.plain_backward(root, 1.5, every=True)
        assert plain.keys() <= hot.keys()
        for node, g in hot.items():
            assert equal(g, plain.get(node, 0.0)) or g == pytest.approx(plain[node], rel=1e-12)
        finite += all(map(np.isfinite, hot.values()))
    assert 20 < finite < 200


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_method_of_a_scalar_is_the_operation():
    tried = 0
    for value in (0.5, -2.0, 0.0, 1e4):
        for name, op in mg.operations().items():
            if op.elementwise and op.differentiable and len(op.input_names) == 1 and hasattr(mg.Scalar, name):
                tried += 1
                s = mg.Scalar(value)
                mine, general = getattr(s, name)(), op(s)
                assert (mine.op, mine.inputs) == (op, (s,))
                assert equal(mine.data, general.data)
                assert type(mine.data) is float
    assert tried > 80
    with mg.no_grad():
        assert mg.Scalar(1.0).exp().is_leaf
    with mg.scope("s"):
        assert (-mg.Scalar(1.0)).scope == ("s",)

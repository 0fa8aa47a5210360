"""Every operation where samplers seldom go: empty, 0-d and length-1 arrays, axes that do not exist, both triangles.

NumPy's own function is the judge: what it refuses is refused with its class of error, what it computes is computed, and
what works forward works backward.
"""

import inspect
import warnings
import zlib

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import Op
from minigrad.core.trees import leaves_of, rebuilt
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import Example, as_one, drawn_inputs, in_real_numbers

from .depth import seeds

AXIS_OPTIONS = ("axis", "axes", "axis1", "axis2", "source", "destination", "axisa", "axisb", "axisc")
EDGE_SHAPES = ((), (0,), (1,), (0, 3), (3, 0), (0, 0), (1, 1), (2, 0, 2), (0, 2, 2), (2, 2, 0))
WITH_AXES = [
    pytest.param(op, id=op.name)
    for op in mg.operations().values()
    if op.numpy_functions and not set(AXIS_OPTIONS).isdisjoint(inspect.signature(op.forward).parameters)
]
DIFFERENTIABLE = [pytest.param(op, id=op.name) for op in mg.operations().values() if op.differentiable]
#: Where NumPy goes on by accident: the operation, and what its value is there.
NUMPYS_ACCIDENTS = {
    "cross": "vectors of two, which NumPy gives up",
    "tensorsolve": "an a without axes for the solution, where a.shape[-0:] is all of its shape",
    "trapezoid": "an empty x of another number of axes than y",
    "interp": "no points at all, which NumPy 2.5 takes where there is no x either",
    "take": "the last entry of nothing, with mode clip",
}


def outcome(function):
    """The value, or the error that came instead."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(), None
        except Exception as error:
            return None, error


def drawn(op, seed):
    return drawn_inputs(op, RandomDraw([seed, zlib.crc32(op.name.encode())]))


def assert_goes_back(example):
    """First and second gradients exist, with the shapes of the inputs; so does the forward derivative."""
    leaves = [mg.Tensor(x, requires_grad=True) for x in example.points]
    y = example(*leaves)
    if not isinstance(y, mg.Tensor) or not y.requires_grad:
        return
    with np.errstate(all="ignore"):
        y.backward(np.ones(y.shape))
        for leaf in leaves:
            assert leaf.grad is None or (type(leaf.grad) is np.ndarray and leaf.grad.shape == leaf.shape)
            leaf.grad = None
        example(*leaves).backward(np.ones(y.shape), create_graph=True)
        for leaf in leaves:
            gradient = leaf.grad
            if isinstance(gradient, mg.Tensor) and gradient.requires_grad:
                np.sum(gradient * gradient).backward()
        mg.jvp(example, tuple(example.points), tuple(np.ones_like(x) for x in example.points))


def assert_same(ours, theirs, what):
    ours, theirs = as_one(ours), as_one(theirs)
    assert np.shape(ours) == np.shape(theirs), what
    np.testing.assert_allclose(getattr(ours, "data", ours), theirs, rtol=1e-9, atol=1e-10, err_msg=what)


def with_axis(op, inputs, options, name, value):
    """The same call with another axis, given by name or in its place."""
    place = list(inspect.signature(op.forward).parameters).index(name)
    if isinstance(op, Op) or name in options or place >= len(inputs):
        return Example(op, inputs, options | {name: value})
    return Example(op, tuple(value if i == place else x for i, x in enumerate(inputs)), options)


@pytest.mark.parametrize("op", WITH_AXES)
@pytest.mark.parametrize("seed", seeds(3))
def test_axes_are_taken_and_refused_as_numpy_takes_and_refuses_them(op, seed):
    inputs, options = drawn(op, seed)
    ndim = np.ndim(inputs[0][0] if isinstance(inputs[0], list) else inputs[0])
    axes = (ndim, -ndim - 1, ndim + 3, -ndim - 5, (0, 0), (0, -ndim), (0, ndim), 0, -1)
    for name in AXIS_OPTIONS:
        for axis in axes if name in inspect.signature(op.forward).parameters else ():
            example = with_axis(op, inputs, options, name, axis)
            theirs, refused = outcome(lambda e=example: e.by_numpy(op.numpy_functions[0]))
            leaves = [mg.Tensor(x, requires_grad=True) for x in example.points]
            ours, error = outcome(lambda e=example, x=leaves: e.op(*e.arguments(x)[0], **e.arguments(x)[1]))
            what = f"{op.name} with {name}={axis}: NumPy {refused!r}, ours {error!r}"
            if refused is None:
                assert error is None, what
                assert_same(ours, theirs, what)
                assert_goes_back(example)
            elif isinstance(refused, (ValueError, IndexError)):
                kinds = (
                    (np.exceptions.AxisError,)
                    if isinstance(refused, np.exceptions.AxisError)
                    else (ValueError, IndexError)
                )
                assert isinstance(error, kinds), what


@pytest.mark.parametrize("op", DIFFERENTIABLE)
@pytest.mark.parametrize("seed", seeds(2))
def test_what_works_forward_works_backward_at_edge_shapes(op, seed):
    """The inputs all of an edge's shape, or one of them; NumPy decides what works."""
    inputs, options = drawn(op, seed)
    example = Example(op, inputs, options)
    tree = [list(inputs), options]
    leaves = leaves_of(tree)
    whole = Example(op, inputs, {} if isinstance(op, Op) else options)
    for shape in EDGE_SHAPES:
        for which in (None, *range(len(example.points))):
            changed = list(leaves)
            for i, place in enumerate(whole.places):
                if which in (None, i) and np.size(leaves[place]):
                    changed[place] = np.resize(np.asarray(leaves[place], dtype=np.float64), shape)
            new_inputs, new_options = rebuilt(tree, changed)
            edge = Example(op, tuple(new_inputs), new_options)
            _holds_at(edge, f"{op.name} with inputs {[x.shape for x in edge.points]} and {options}")


def _holds_at(edge, what):
    op = edge.op
    plain, failed = outcome(lambda: edge(*edge.points))
    theirs, refused = outcome(lambda: edge.by_numpy(op.numpy_functions[0])) if op.numpy_functions else (plain, failed)
    assert failed is None or isinstance(failed, (ValueError, TypeError, IndexError, type(refused))), (
        f"{what}: {failed!r}"
    )
    leaves = [mg.Tensor(x, requires_grad=True) for x in edge.points]
    ours, error = outcome(lambda: edge(*leaves))
    assert (error is None) == (failed is None), f"{what}: {error!r} for tensors, {failed!r} for arrays"
    if refused is None and op.name not in NUMPYS_ACCIDENTS:
        assert error is None, f"{what}: {error!r}, but NumPy gives {theirs!r}"
        assert_same(ours, theirs, what)
    if isinstance(refused, np.linalg.LinAlgError) and error is not None:
        assert isinstance(error, np.linalg.LinAlgError), f"{what}: NumPy {refused!r}, ours {error!r}"
    if error is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # means of nothing warn, as NumPy's
            assert_goes_back(edge)


# ---- the value under a transform ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "op", [p for p in DIFFERENTIABLE if p.values[0].numpy_functions and p.values[0].name != "astype"]
)
@pytest.mark.parametrize("seed", seeds(4))
def test_the_value_under_a_transform_is_numpys_also_where_a_matrix_is_not_symmetric(op, seed):
    inputs, options = drawn(op, seed)
    example = Example(op, inputs, options)
    # beside the diagonals of the linear algebra nothing is symmetric now; elsewhere numbers stay in their domains
    disturbed = op.__module__.endswith((".decomposition", ".linalg", ".norms"))
    rng = np.random.default_rng(seed)
    points = [x + 0.02 * rng.normal(size=x.shape) if disturbed else x for x in example.points]
    weights = np.cos(np.arange(np.size(example(*points)))).reshape(np.shape(example(*points)))

    def cost(*points):
        arguments, named = example.arguments(points)
        named = {k: v for k, v in named.items() if not (k == "initial" and v is None)}
        value = as_one(in_real_numbers(op.numpy_functions[0](*arguments, **named)))
        return np.sum(value * weights) + 0.0 * sum(np.sum(np.where(np.isnan(x), 0.0, x)) for x in points)

    argnums = tuple(range(len(points)))
    value, gradients = mg.value_and_grad(cost, argnums=argnums)(*points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, such as that of np.fix
        np.testing.assert_allclose(value, cost(*points), rtol=1e-11, atol=1e-12)
    assert [g.shape for g in gradients] == [x.shape for x in points]


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.linalg.eigh(a, "L"), lambda a: np.linalg.eigh(a, "U"), lambda a: np.linalg.eigvalsh(a, "l"),
        lambda a: np.linalg.eigvalsh(a, "u"), lambda a: np.linalg.cholesky(a),
        lambda a: np.linalg.pinv(a, hermitian=True),
        lambda a: np.linalg.cholesky(a, upper=True), lambda a: np.linalg.svd(a, hermitian=True),
        lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True),
    ],
)  # fmt: skip
def test_functions_of_symmetric_matrices_read_one_triangle_and_send_the_gradient_there(f):
    a = np.array([[4.0, 0.5, -0.3], [0.2, 7.0, 0.7], [-0.6, 0.1, 11.0]])
    assert_same(f(mg.Tensor(a, requires_grad=True)), f(a), "")
    report = mg.testing.check_gradients(lambda a: as_one(f(a)), a, order=2)
    assert report.passed
    gradient = mg.grad(lambda a: np.sum(as_one(f(a)) ** 3))(a)
    assert np.any(np.tril(gradient, -1)) != np.any(np.triu(gradient, 1))

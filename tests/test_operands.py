"""The border between a graph and plain values: what may stand beside a tensor, and how a value leaves."""

import cmath
import math
import operator
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import operations
from minigrad.core.trees import leaves_of, rebuilt
from minigrad.testing.draws import RandomDraw
from minigrad.testing.operations import Example, drawn_inputs

N = np.array([1.0, 2.0, 3.0])
OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul)


def leaf(values=N):
    return mg.Tensor(values, requires_grad=True, name="x")


class Convertible:
    """A foreign array: it offers its values and no arithmetic."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


class WithUnits(np.ndarray):
    """A subclass of arrays with arithmetic of its own."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return NotImplemented


def agrees(function, foreign, array):
    """Whether value and gradient with a foreign operand are those with an array."""
    (x, y), results = (leaf(), leaf()), []
    for t, other in ((x, foreign), (y, array)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = function(t, other)
            assert type(result) is mg.Tensor
            result.backward(np.ones(result.shape))
        results.append(result.data)
    np.testing.assert_allclose(*results)
    np.testing.assert_allclose(x.grad, y.grad)
    return True


# ---- numbers and arrays of others -----------------------------------------------------------------------


@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
@pytest.mark.parametrize(
    "foreign",
    [
        N.tolist(),
        tuple(N),
        memoryview(N),
        Convertible(N),
        range(1, 4),
        N.astype(np.float32),
        N > 0,
    ],
    ids=["list", "tuple", "memoryview", "__array__", "range", "float32", "bools"],
)
def test_what_holds_real_numbers_is_taken_as_an_array_on_both_sides(op, foreign):
    assert agrees(op, foreign, np.asarray(foreign))
    assert agrees(lambda t, other: op(other, t), foreign, np.asarray(foreign))


@pytest.mark.parametrize(
    "function", [mg.arctan2, mg.convolve, mg.maximum, mg.dot, mg.hypot, mg.trapezoid, mg.correlate]
)
def test_functions_of_two_arrays_take_lists_on_both_sides(function):
    assert agrees(function, [0.5, 2.0, 4.0], np.array([0.5, 2.0, 4.0]))
    assert agrees(lambda t, other: function(other, t), [0.5, 2.0, 4.0], np.array([0.5, 2.0, 4.0]))


def test_fractions_are_numbers_as_for_pythons_floats_and_decimals_are_not():
    assert agrees(operator.mul, Fraction(1, 4), 0.25)
    s = mg.Scalar(2.0)
    (s * Fraction(1, 4)).backward()
    assert s.grad == 0.25
    for x in (leaf(), mg.Scalar(2.0)):
        with pytest.raises(TypeError, match=r"multiply: .*Decimal"):
            x * Decimal("0.25")


def pandas_tables():
    pandas = pytest.importorskip("pandas", reason="tables are pandas'")
    return pandas.Series(N), pandas.DataFrame(np.arange(9.0).reshape(3, 3) + 1), pandas.DataFrame({"a": N})


@pytest.mark.parametrize("op", OPERATORS[:-1], ids=lambda op: op.__name__)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_tables_of_pandas_are_their_values_on_both_sides(op, which):
    table = pandas_tables()[which]
    assert agrees(op, table, table.to_numpy())
    assert agrees(lambda t, other: op(other, t), table, table.to_numpy())
    assert agrees(lambda t, other: np.multiply(other, t), table, table.to_numpy())


def test_a_product_with_a_table_is_computed_or_says_how_to_write_it():
    series, frame, _ = pandas_tables()
    assert agrees(operator.matmul, frame, frame.to_numpy())
    assert agrees(lambda t, other: mg.matmul(other, t), frame, frame.to_numpy())
    assert agrees(lambda t, other: np.dot(other, t), series, series.to_numpy())
    for product in (lambda: frame @ leaf(), lambda: np.matmul(frame, leaf()), lambda: series @ leaf()):
        with pytest.raises(TypeError, match=r"df\.to_numpy\(\) @ t"):
            product()
    assert type(leaf() < series) is np.ndarray


def test_a_table_of_text_or_mixed_columns_is_refused_with_the_kind_of_its_entries():
    pandas = pytest.importorskip("pandas", reason="tables are pandas'")
    with pytest.raises(TypeError, match=r"multiply: b is a pandas.*first is a str.*dtype=float"):
        leaf() * pandas.Series(["a", "b", "c"], dtype=object)
    with pytest.raises(TypeError, match="multiply: b is a pandas"):
        leaf() * pandas.DataFrame({"a": [True, False, True], "b": N, "c": N})


def test_arrays_of_other_frameworks_are_their_values_unless_they_want_a_gradient():
    torch = pytest.importorskip("torch", reason="a framework to mix with")
    for op in OPERATORS:
        assert agrees(op, torch.tensor(N), N)
        assert agrees(lambda t, other, op=op: op(other, t), torch.tensor(N), N)
    with pytest.raises(TypeError, match=r"multiply: b is a torch\.Tensor.*requires grad"):
        leaf() * torch.tensor(N, requires_grad=True)


def test_arrays_of_jax_are_their_values():
    jnp = pytest.importorskip("jax.numpy", reason="a framework to mix with")
    for op in OPERATORS:
        assert agrees(op, jnp.array(N), N)
        assert agrees(lambda t, other, op=op: op(other, t), jnp.array(N), N)


def test_labelled_arrays_give_the_right_gradient_or_refuse():
    xarray = pytest.importorskip("xarray", reason="labelled arrays are xarray's")
    labelled = xarray.DataArray(N)
    for op in OPERATORS:
        assert agrees(op, labelled, N)
    x = leaf()
    inside = (labelled * x).data
    inside.sum().backward()
    np.testing.assert_array_equal(x.grad, N)
    for leaves in (lambda: (labelled * x).values, lambda: (labelled * x).sum(), lambda: x * (labelled * x)):
        with pytest.raises(TypeError, match="leave its graph"):
            leaves()


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "coo_array"])
def test_sparse_arrays_are_refused_on_both_sides_with_the_dense_form_named(kind):
    sparse = pytest.importorskip("scipy.sparse", reason="sparse arrays are scipy's")
    matrix = getattr(sparse, kind)(np.eye(3))
    for op in (operator.add, operator.mul, operator.matmul):
        for call in (lambda op=op: op(leaf(), matrix), lambda op=op: op(matrix, leaf())):
            with pytest.raises(TypeError, match=r"\.toarray\(\)"):
                call()
    with pytest.raises(TypeError, match=r"dot: b is a sparse .*\.toarray\(\)"):
        np.dot(leaf(), matrix)


# ---- what is no real number -----------------------------------------------------------------------------

MASKED = np.ma.masked_array(N, [0, 1, 0])
UNREAL = {
    "complex": (3 + 4j, "complex numbers"),
    "complex array": (N * 1j, "complex numbers"),
    "complex list": ([1j, 2, 3], "complex numbers"),
    "complex64": (np.complex64(1j), "complex numbers"),
    "masked": (MASKED, "masked array"),
    "matrix": (np.eye(3).view(np.matrix), r"numpy\.matrix.*np\.asarray"),
    "units": (N.view(WithUnits), "WithUnits"),
    "objects": (N.astype(object), "first is a float"),
    "text": (np.array(["a", "b", "c"]), "real number"),
    "str": ("a", "real number"),
    "bytes": (b"abc", "real number"),
    "dates": (np.array(["2020-01-01"] * 3, "M8[D]"), "dates and times"),
    "durations": (np.array([1, 2, 3], "m8[D]"), r"np\.timedelta64"),
    "records": (np.zeros(3, [("a", float)]), "fields one by one"),
    "set": ({1.0, 2.0}, "set"),
    "dict": ({"a": 1.0}, "dict"),
    "generator": ((x for x in N), "generator"),
    "Decimal": (Decimal(2), r"float\(x\)"),
}


@pytest.mark.parametrize("name", list(UNREAL))
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.__name__)
def test_what_is_no_real_number_is_refused_by_name_on_both_sides(op, name):
    value, words = UNREAL[name]
    for make in (leaf, lambda: mg.Tensor(N)):
        with pytest.raises(TypeError, match=words):
            op(make(), value)
    if name == "matrix" and op is operator.pow:
        return  # a matrix to the power of a tensor is refused by NumPy before it asks
    with pytest.raises(TypeError, match={"units": "WithUnits", "masked": r"np\.ma|masked"}.get(name, words)):
        op(value, leaf())


def test_numpys_functions_refuse_the_same():
    for function in (np.multiply, np.matmul, np.dot, np.hypot, lambda a, b: np.where(N > 1, a, b), np.append):
        for value in (N * 1j, MASKED, N.astype(object)):
            for pair in ((leaf(), value), (value, leaf())):
                with pytest.raises(TypeError, match=r"complex numbers|masked array|first is a float"):
                    function(*pair)
    with pytest.raises(TypeError, match=r"concatenate: 1 is a numpy.ndarray of complex128"):
        np.concatenate([leaf(), N * 1j])


def test_the_gradient_of_the_modulus_is_refused_and_not_zero():
    with pytest.raises(TypeError, match=r"multiply: b is a complex: .*3\+4j.*z\.real"):
        mg.grad(lambda x: np.sum(np.abs(x * (3 + 4j))))(N)


def test_no_operation_gives_a_complex_tensor():
    for call in (lambda: leaf().astype(complex), lambda: np.sum(leaf(), dtype=complex), lambda: leaf().astype(str)):
        with pytest.raises(TypeError, match=r"gives (complex128|<U32)"):
            call()
    with pytest.raises(TypeError, match=r"backward: grad.*complex"):
        (leaf() * 2).backward(N * 1j)
    with pytest.raises(TypeError, match="complex"):
        mg.jvp(np.sin, N, N * 1j)
    with pytest.raises(TypeError, match="complex"):
        mg.vjp(np.sin, N)[1](N * 1j)
    with pytest.raises(TypeError, match="masked"):
        mg.grad(np.sum)(MASKED)
    with pytest.raises(TypeError, match="masked"):
        mg.Tensor(MASKED)


def test_scalars_refuse_complex_numbers_in_every_position():
    for call in (
        lambda s: s * 2j, lambda s: 2j * s, lambda s: np.complex128(2j) * s, lambda s: s**2j, lambda s: 2j**s,
        lambda s: mg.where(True, s, 1j), lambda s: mg.clip(s, 0.0, 1j), lambda s: mg.leaky_relu(s, 1j),
        lambda s: mg.nan_to_num(s, nan=1j), lambda s: s.backward(1j), lambda s: mg.Scalar(1j),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="complex"):
            call(mg.Scalar(2.0))


def _replaced(change):
    """Every operation with one of its numbers changed and all other arrays tensors: ``(what, call)``."""
    for op in operations().values():
        if op.inputs is None or not op.differentiable:
            continue
        for seed in range(4):
            example = Example(op, *drawn_inputs(op, RandomDraw(seed)))
            tree = [list(example.inputs), example.options]
            leaves = leaves_of(tree)
            arrays = [i for i, x in enumerate(leaves) if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size]
            for place, x in enumerate(leaves):
                others = [i for i in arrays if i != place]
                if not others or (place not in arrays and type(x) is not float):
                    continue
                new = [mg.Tensor(y, requires_grad=True) if i in others else y for i, y in enumerate(leaves)]
                new[place] = change(x)
                inputs, options = rebuilt(tree, new)
                given = [inputs] if op.variadic else inputs
                yield f"{op.name}, argument {place}", lambda o=op, i=given, k=options: o(*i, **k)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x * (1 + 2j),
        lambda x: np.asarray(x).astype(object),
        lambda x: np.ma.masked_array(x, np.ones(np.shape(x), dtype=bool)),
    ],
    ids=["complex", "object", "masked"],
)
def test_no_argument_or_option_of_any_operation_takes_what_is_no_real_number(change):
    accepted, count = [], 0
    for what, call in _replaced(change):
        count += 1
        try:
            call()
        except TypeError:
            continue
        accepted.append(what)
    assert count > 200
    assert not accepted


# ---- the way out ----------------------------------------------------------------------------------------

EXITS = {
    "float": float,
    "int": int,
    "complex": complex,
    "math.sin": math.sin,
    "math.floor": math.floor,
    "math.fsum": lambda t: math.fsum([t, t]),
    "cmath.exp": cmath.exp,
    "x * math.sin(x)": lambda t: t * math.sin(t),
    "x * float(x)": lambda t: t * float(t),
    "%f": lambda t: "%.2f" % t,  # noqa: UP031
    "np.float64": np.float64,
    "np.array": lambda t: np.array([t, t]),
    "np.asarray": np.asarray,
    "np.full": lambda t: np.full(3, t),
    "np.full of a dtype": lambda t: np.full(3, t, dtype=float),
    "np.full_like": lambda t: np.full_like(N, t),
    "np.full_like of it": lambda t: np.full_like(t, t),
    "np.unique": np.unique,
    "np.arange": np.arange,
    "np.vectorize": lambda t: np.vectorize(math.sin)(t),
    "rng.normal": lambda t: np.random.default_rng(0).normal(t),
    "np.ma": lambda t: np.ma.exp(t),
}


def single():
    return mg.Tensor(1.5, requires_grad=True)


@pytest.mark.parametrize("name", list(EXITS))
def test_a_number_that_wants_a_gradient_never_leaves_silently(name):
    for enter in (lambda f: f(single()), lambda f: f(single() * 2), lambda f: mg.grad(f)(1.5)):
        with pytest.raises(TypeError, match=r"requires a gradient and would leave its graph|does not differentiate"):
            enter(EXITS[name])
    with pytest.raises(TypeError, match=r"leave its graph|does not differentiate"):
        mg.jvp(EXITS[name], 1.5, 1.0)
    with pytest.raises(TypeError, match=r"leave its graph|does not differentiate"):
        mg.hessian(EXITS[name])(np.array(1.5))


def test_the_refusal_says_what_to_write_instead():
    for call, words in (
        (lambda t: math.sin(t), r"np\.sin.*np\.stack.*mg\.at.*t\.item\(\).*t\.detach\(\)"),
        (lambda t: np.array([t, t]), r"np\.stack"),
        (lambda t: np.full(3, t), r"np\.stack.*np\.broadcast_to"),
        (lambda t: np.full(3, t, dtype=float), r"np\.stack.*np\.broadcast_to"),
    ):
        with pytest.raises(mg.NotDifferentiableError, match=words):
            call(single())


def test_a_tensor_cannot_be_written_into_an_array():
    x, z = leaf(), np.zeros(3)

    def one():
        z[0] = x[0]

    def slice_():
        z[:] = x

    def fill():
        z.fill(x[0])

    def euler():
        rate, y = single(), np.ones(5)
        for i in range(4):
            y[i + 1] = y[i] - 0.1 * rate * y[i]

    def transform():
        def f(v):
            w = np.zeros(3)
            w[0] = v[0]
            return np.sum(w)

        mg.grad(f)(N)

    for write in (one, slice_, fill, euler, transform):
        # for single entries NumPy puts words of its own on top: a ValueError, with ours as its cause
        with pytest.raises((TypeError, ValueError)) as caught:
            write()
        told = caught.value if isinstance(caught.value, TypeError) else caught.value.__cause__
        assert isinstance(told, mg.NotDifferentiableError)
        assert "np.stack" in str(told)
    np.testing.assert_array_equal(z, 0)


def test_the_ways_out_stay_open():
    t = single()
    assert t.item() == float(t.detach()) == float(t.data) == 1.5
    assert f"{t * 2:.3f}" == "3.000"
    assert bool(t > 1)
    assert t
    assert mg.grad(lambda x: x * x.item())(1.5) == 1.5
    assert f"{mg.grad(lambda x: x if x > 1 else 2 * x)(1.5)}" == "1.0"
    with mg.no_grad():
        assert float(t) == math.floor(t) + 0.5 == 1.5
        assert float(t * 2) == 3.0
        np.testing.assert_array_equal(np.asarray(t), 1.5)
    assert [10, 20][mg.Tensor(1)] == 20
    np.testing.assert_array_equal(np.unique(mg.Tensor([2, 1, 2])), [1, 2])
    np.testing.assert_array_equal(np.full_like(mg.Tensor(N), 2.0), 2.0)


def test_a_scalar_keeps_to_the_same_rule():
    s = mg.Scalar(2.5, name="s")
    for leaves in (float, math.sin, lambda s: s * math.exp(s), lambda s: np.array([s], dtype=float)):
        with pytest.raises((TypeError, ValueError), match=r"s 2\.5.*mg\.sin.*s\.data|sequence"):
            leaves(s)
    assert s.item() == s.data == 2.5
    assert f"{s:.2f}" == "2.50"
    with mg.no_grad():
        assert float(s) == 2.5


def test_masked_arrays_do_not_take_the_values_of_a_tensor_behind_its_back():
    for op in (operator.add, operator.mul, operator.truediv):
        with pytest.raises(TypeError, match=r"np\.ma: .*requires a gradient"):
            op(MASKED, leaf())
    with pytest.raises(TypeError, match=r"np\.ma|masked array"):
        mg.sum(MASKED * leaf())
    assert not np.ma.is_masked(mg.Tensor(N))


def test_remainders_and_floor_division_are_operators_too():
    x = leaf()
    np.sum(7.5 % x + x % 2 + x // 2 + 7.5 // x + np.stack(divmod(7.5, x)) + np.stack(divmod(x, 2))).backward()
    expected = mg.grad(lambda v: 3 * np.sum(np.remainder(7.5, v) + np.remainder(v, 2)))(N)
    np.testing.assert_allclose(x.grad, expected)
    for a, b in ((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0)):
        s, r = mg.Scalar(a), mg.Scalar(b)
        assert ((s % r).data, (s // r).data, (s % b).data, (a // r).data) == (a % b, a // b, a % b, a // b)
        assert tuple(y.data for y in divmod(s, r)) == divmod(a, b) == tuple(y.data for y in divmod(a, r))
        (s % r).backward()
        assert (s.grad, r.grad) == (1.0, -(a // b))
    bound = leaf()
    np.array([0.5, 2.5, 9.0]).clip(0.0, bound).sum().backward()
    np.testing.assert_array_equal(bound.grad, [0.0, 1.0, 1.0])

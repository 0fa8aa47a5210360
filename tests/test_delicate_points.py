"""Points where a derivative is delicate: each decision that a docstring states, held."""

import numpy as np
import pytest

import minigrad as mg

BIG = 1e4


def gradient(f, *points):
    """The gradient of Σ f by every point, as arrays."""
    leaves = [mg.Tensor(x, requires_grad=True) for x in points]
    y = f(*leaves)
    y.backward(np.ones(y.shape))
    found = [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]
    return found[0] if len(found) == 1 else found


def second(f, x):
    """The second derivative of a function of one number."""
    return float(mg.grad(mg.grad(f))(float(x)))


# ---- ties -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "at"), [(np.max, [1.0, 3.0, 3.0]), (np.min, [5.0, 2.0, 2.0])])
def test_extremes_share_the_gradient_equally_among_ties(f, at):
    np.testing.assert_array_equal(gradient(f, np.array(at)), [0.0, 0.5, 0.5])


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_the_larger_or_smaller_of_two_equals_has_half_of_the_gradient_each(f):
    a, b = gradient(f, np.array([1.0]), np.array([1.0]))
    assert (a, b) == ([0.5], [0.5])


def test_a_sort_gives_equal_entries_their_gradients_in_their_order():
    x = mg.Tensor([2.0, 1.0, 2.0], requires_grad=True)
    np.sum(np.sort(x) * np.array([1.0, 10.0, 100.0])).backward()
    np.testing.assert_array_equal(x.grad, [10.0, 1.0, 100.0])


def test_a_median_of_equals_goes_to_what_a_stable_sort_puts_in_the_middle():
    np.testing.assert_array_equal(gradient(np.median, np.array([1.0, 1.0, 1.0])), [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(gradient(np.median, np.array([1.0, 1.0])), [0.5, 0.5])


def test_pooling_shares_the_gradient_among_ties_as_a_maximum_does():
    g = gradient(lambda x: mg.max_pool2d(x, 2), np.zeros((1, 1, 2, 2)))
    np.testing.assert_array_equal(g, np.full((1, 1, 2, 2), 0.25))


def test_a_norm_by_the_largest_entry_shares_among_ties():
    g = gradient(lambda x: np.linalg.norm(x, np.inf), np.array([3.0, -3.0, 1.0]))
    np.testing.assert_array_equal(g, [0.5, -0.5, 0.0])


# ---- kinks and ends of domains --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (mg.relu, 0.0), (np.absolute, 0.0), (np.sign, 0.0), (np.sqrt, np.inf), (np.cbrt, np.inf), (np.floor, 0.0),
        (lambda x: mg.leaky_relu(x, 0.1), 0.1), (lambda x: np.clip(x, 0.0, 1.0), 1.0),
        (lambda x: np.heaviside(x, 0.5), 0.0), (lambda x: np.copysign(x, 2.0), 0.0), (lambda x: x**0.5, np.inf),
        (lambda x: np.hypot(x, 0.0), 0.0), (np.log, np.inf), (np.sinc, 0.0),
    ],
)  # fmt: skip
def test_the_derivative_at_zero_is_the_one_that_is_stated(f, slope):
    with np.errstate(divide="ignore"):
        assert gradient(f, np.array(0.0)) == slope


def test_powers_at_zero():
    assert gradient(lambda x: x**0, np.array(0.0)) == 0.0
    assert gradient(lambda x: x**1, np.array(0.0)) == 1.0
    assert gradient(lambda x: x**2, np.array(0.0)) == 0.0
    assert second(lambda x: x**2, 0.0) == 2.0
    assert second(lambda x: x**3, 0.0) == 0.0
    assert gradient(lambda b: 0.0**b, np.array(2.0)) == 0.0
    assert gradient(lambda b: 0.0**b, np.array(0.0)) == 0.0  # by convention
    a, b = gradient(np.power, np.array(0.0), np.array(0.0))
    assert (a, b) == (0.0, 0.0)
    with np.errstate(invalid="ignore"):
        assert np.isnan(gradient(lambda b: (-2.0) ** b, np.array(2.0)))


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 2.5, np.inf])
def test_a_norm_at_zero_has_the_subgradient_zero(ord):
    np.testing.assert_array_equal(gradient(lambda x: np.linalg.norm(x, ord), np.zeros(3)), np.zeros(3))


def test_a_norm_neither_overflows_nor_vanishes():
    for scale in (1e200, 1e-200):
        x = np.array([3.0, 4.0]) * scale
        np.testing.assert_allclose(np.linalg.norm(mg.Tensor(x)).data, 5 * scale, rtol=1e-15)
        np.testing.assert_allclose(gradient(np.linalg.norm, x), [0.6, 0.8], rtol=1e-15)


def test_the_spread_of_equal_values_has_the_subgradient_zero():
    np.testing.assert_array_equal(gradient(np.std, np.full(3, 2.0)), np.zeros(3))
    np.testing.assert_array_equal(gradient(np.var, np.full(3, 2.0)), np.zeros(3))


@pytest.mark.parametrize("order", range(6))
def test_every_derivative_of_sinc_at_zero_is_exact(order):
    f = np.sinc
    for _ in range(order):
        f = mg.grad(f)
    exact = 0.0 if order % 2 else (-1) ** (order // 2) * np.pi**order / (order + 1)
    assert float(f(0.0)) == pytest.approx(exact, rel=1e-14, abs=1e-14)


def test_log_softmax_of_huge_scores_is_exact():
    z = np.array([BIG, 0.0, -BIG])
    np.testing.assert_array_equal(mg.log_softmax(z), [0.0, -BIG, -2 * BIG])
    np.testing.assert_array_equal(gradient(lambda z: mg.log_softmax(z)[0], z), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(gradient(lambda z: mg.log_softmax(z)[2], z), [-1.0, 0.0, 1.0])


@pytest.mark.parametrize("f", [np.logaddexp, np.logaddexp2])
def test_logaddexp_at_infinities(f):
    for at, shares in (
        ((np.inf, 0.0), (1.0, 0.0)), ((-np.inf, 0.0), (0.0, 1.0)), ((-np.inf, -np.inf), (0.5, 0.5)),
        ((np.inf, np.inf), (0.5, 0.5)), ((800.0, 800.0), (0.5, 0.5)),
    ):  # fmt: skip
        assert tuple(gradient(f, *map(np.array, at))) == shares


# ---- numbers that are missing or zero -------------------------------------------------------------------


def test_a_nan_in_the_branch_that_was_not_taken_does_not_reach_the_other():
    x = np.array([-1.0, 4.0])
    a, b = gradient(lambda a, b: np.where(np.array([True, False]), a, b), x, np.array([np.nan, 2.0]))
    np.testing.assert_array_equal(a, [1.0, 0.0])
    np.testing.assert_array_equal(b, [0.0, 1.0])


def test_a_branch_beyond_its_domain_is_nan_unless_its_argument_is_made_safe_as_wheres_documentation_says():
    x = np.array([-1.0, 4.0])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(gradient(lambda x: np.where(x > 0, np.sqrt(x), 0.0), x), [np.nan, 0.25])
    safe = lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)), 0.0)  # noqa: E731
    np.testing.assert_array_equal(gradient(safe, x), [0.0, 0.25])


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_products_with_zeros_have_every_derivative(zeros):
    x = np.array([2.0, 3.0, 5.0])
    x[:zeros] = 0.0
    others = np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]])
    np.testing.assert_array_equal(gradient(np.prod, x), others)
    hessian = np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])
    np.testing.assert_array_equal(mg.hessian(np.prod)(x), hessian)
    running = np.array([1 + x[1] + x[1] * x[2], x[0] + x[0] * x[2], x[0] * x[1]])
    np.testing.assert_array_equal(gradient(np.cumprod, x), running)
    np.testing.assert_array_equal(mg.hessian(lambda x: np.cumprod(x)[2])(x), hessian)


def test_missing_numbers_have_no_gradient_and_take_none():
    x = np.array([1.0, np.nan, 3.0])
    for f, expected in ((np.nansum, 1.0), (np.nanmean, 0.5)):
        np.testing.assert_array_equal(gradient(f, x), [expected, 0.0, expected])
    np.testing.assert_array_equal(gradient(np.nanmax, x), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(gradient(np.nan_to_num, x), [1.0, 0.0, 1.0])
    assert np.isnan(np.nanmax(mg.Tensor([np.nan, np.nan])).data)
    assert np.isnan(np.median(mg.Tensor(x)).data)


# ---- matrices -------------------------------------------------------------------------------------------


def test_a_singular_matrix_has_the_cofactors_for_the_gradient_of_its_determinant():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(gradient(np.linalg.det, a), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    np.testing.assert_allclose(gradient(np.linalg.det, np.zeros((3, 3))), np.zeros((3, 3)), atol=1e-14)
    hessian = mg.hessian(np.linalg.det)(a)
    exact = np.zeros((2, 2, 2, 2))
    exact[0, 0, 1, 1] = exact[1, 1, 0, 0] = 1.0
    exact[0, 1, 1, 0] = exact[1, 0, 0, 1] = -1.0
    np.testing.assert_allclose(hessian, exact, atol=1e-14)


@pytest.mark.parametrize("matrix", [np.eye(3), np.diag([1.0, 1.0, 2.0]), np.zeros((3, 3))])
def test_repeated_eigenvalues_have_a_gradient_and_their_vectors_none(matrix):
    trace_of_cube = lambda a: np.sum(np.linalg.eigvalsh(a) ** 3)  # noqa: E731
    np.testing.assert_allclose(gradient(trace_of_cube, matrix), 3 * matrix @ matrix, atol=1e-12)
    by_vectors = gradient(lambda a: np.linalg.eigh(a).eigenvectors * np.arange(9.0).reshape(3, 3), matrix)
    assert np.isnan(by_vectors).any()


def test_the_vector_of_a_single_eigenvalue_beside_repeated_ones_has_a_gradient():
    a = np.diag([1.0, 1.0, 4.0])
    g = gradient(lambda a: np.linalg.eigh(a).eigenvectors[:, 2] ** 2, a)
    np.testing.assert_allclose(g, np.zeros((3, 3)), atol=1e-15)
    g = gradient(lambda a: np.linalg.eigh(a).eigenvectors[0, 2] * np.linalg.eigh(a).eigenvectors[2, 2], a)
    expected = np.zeros((3, 3))
    expected[2, 0] = 1 / 3  # v₀ grows by a₂₀/(4 − 1); only the lower triangle is read
    np.testing.assert_allclose(g, expected, atol=1e-15)


@pytest.mark.parametrize("matrix", [np.eye(3), np.zeros((3, 2)), np.diag([2.0, 2.0, 1.0])])
def test_repeated_singular_values_have_a_gradient_and_their_vectors_none(matrix):
    squares = lambda a: np.sum(np.linalg.svd(a, compute_uv=False) ** 2)  # noqa: E731
    np.testing.assert_allclose(gradient(squares, matrix), 2 * matrix, atol=1e-12)
    u = lambda a: np.linalg.svd(a, full_matrices=False).U  # noqa: E731
    weights = np.arange(9.0).reshape(3, 3)[:, : matrix.shape[1]]
    assert np.isnan(gradient(lambda a: u(a) * weights, matrix)).any()


def test_decompositions_without_a_derivative_are_refused_with_what_is_wanted():
    tall = mg.Tensor(np.ones((3, 2)), requires_grad=True)
    with pytest.raises(mg.NotDifferentiableError, match=r"svd.*\(3, 2\).*full_matrices=False"):
        np.linalg.svd(tall)
    with pytest.raises(mg.NotDifferentiableError, match=r"qr.*complete.*reduced"):
        np.linalg.qr(tall, "complete")
    with pytest.raises(mg.NotDifferentiableError, match=r"eig.*complex.*eigh"):
        np.linalg.eig(mg.Tensor([[0.0, 1.0], [-1.0, 0.0]], requires_grad=True))
    with pytest.raises(mg.ShapeError, match=r"det.*\(3, 2\).*square"):
        np.linalg.det(tall)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.inv(mg.Tensor(np.zeros((2, 2)), requires_grad=True))
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(mg.Tensor(-np.eye(2), requires_grad=True))


# ---- shapes, memory and dtypes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        np.sum, np.prod, np.cumsum, np.cumprod, np.sort, np.exp, lambda x: x[::-1], lambda x: np.concatenate([x, x]),
        lambda x: np.reshape(x, (0, 3)), lambda x: x @ np.zeros((0, 2)), lambda x: np.linalg.norm(x), np.diag,
        lambda x: np.max(x, initial=0.0), lambda x: np.einsum("i,i", x, x), lambda x: np.pad(x, 1),
        lambda x: np.tile(x, 2),
    ],
)  # fmt: skip
def test_empty_arrays_have_empty_gradients(f):
    assert gradient(f, np.zeros(0)).shape == (0,)


@pytest.mark.parametrize(
    "f",
    [
        np.sum, np.mean, np.prod, np.max, np.var, np.median, np.exp, np.ravel, np.atleast_3d, np.cumsum, np.squeeze,
        lambda x: np.sort(x, axis=None), lambda x: np.stack([x, x]), lambda x: np.broadcast_to(x, (2, 3)),
        lambda x: x[None], lambda x: np.where(True, x, 0.0), lambda x: np.dot(x, 3.0), np.transpose, np.linalg.norm,
    ],
)  # fmt: skip
def test_a_0_d_array_has_a_0_d_gradient(f):
    g = gradient(f, np.array(1.5))
    assert isinstance(g, np.ndarray)
    assert g.shape == ()


def test_overlapping_views_of_one_array_add_their_gradients():
    x = np.arange(5.0)
    g = gradient(lambda x: x[:-1] * x[1:], x)
    np.testing.assert_array_equal(g, np.append(x[1:], 0) + np.append(0, x[:-1]))
    windows = np.lib.stride_tricks.sliding_window_view
    np.testing.assert_array_equal(gradient(lambda x: windows(x, 3), x), [1.0, 2.0, 3.0, 2.0, 1.0])


@pytest.mark.parametrize("f", [np.add, np.multiply, np.maximum, np.matmul, np.outer, np.vdot, np.hypot, np.cross])
def test_the_same_tensor_twice_has_both_gradients(f):
    x = np.array([1.0, 2.0, 3.0])
    both = sum(gradient(f, x, x.copy()))
    np.testing.assert_allclose(gradient(lambda x: f(x, x), x), both, rtol=1e-15)


def test_broadcasting_on_both_sides_sums_both_gradients():
    a, b = np.arange(3.0).reshape(3, 1), np.arange(4.0)
    by_a, by_b = gradient(np.multiply, a, b)
    np.testing.assert_array_equal(by_a, np.full((3, 1), b.sum()))
    np.testing.assert_array_equal(by_b, np.full(4, a.sum()))
    ga, gb = gradient(np.matmul, np.ones((2, 1, 2, 3)), np.ones((4, 3, 2)))
    assert ga.shape == (2, 1, 2, 3)
    assert gb.shape == (4, 3, 2)


def test_mixed_dtypes_promote_as_numpys_do_and_each_gradient_has_its_inputs_dtype():
    a = mg.Tensor(np.ones(2, dtype=np.float32), requires_grad=True)
    b = mg.Tensor(np.ones(2), requires_grad=True)
    y = a * b + np.arange(2)
    assert y.dtype == np.float64
    np.sum(y).backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)
    assert (a * 2.0).dtype == np.float32
    assert (a * np.float64(2.0)).dtype == np.float64
    assert np.sum(a, dtype=np.float64).dtype == np.float64
    a.grad = None
    np.sum(a, dtype=np.float64).backward()
    assert a.grad.dtype == np.float32


# ---- second derivatives of what is fused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x: mg.batch_norm(x, np.array([1.0, 2.0]), np.zeros(2)) ** 3, (3, 2)),
        (lambda z: mg.softmax_cross_entropy(z, np.array([0, 1, 1])), (3, 2)),
        (lambda x: mg.conv2d(x, np.arange(8.0).reshape(2, 1, 2, 2)) ** 2, (1, 1, 3, 3)),
        (lambda w: mg.conv2d(np.arange(9.0).reshape(1, 1, 3, 3), w) ** 3, (1, 1, 2, 2)),
        (lambda x: np.einsum("ij,kj,ik->i", x, x, x @ x.T) ** 2, (2, 2)),
        (lambda x: np.linalg.cholesky(x @ x.T + 3 * np.eye(2)) ** 2, (2, 2)),
        (lambda x: x[[0, 0, 1], [1, 1, 0]] ** 3 * x[1:], (2, 3)),
        (lambda x: mg.layer_norm(x, np.ones(3), np.zeros(3)) ** 3, (2, 3)),
        (lambda x: mg.max_pool2d(x, 2) ** 2, (1, 1, 4, 4)),
    ],
)
def test_second_derivatives_are_right_and_symmetric(f, shape):
    x = np.random.default_rng(0).normal(size=shape)
    weights = np.random.default_rng(1).normal(size=np.shape(f(x)))
    cost = lambda x: np.sum(f(x) * weights)  # noqa: E731
    hessian = mg.hessian(cost)(x).reshape(x.size, x.size)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-10)
    h, slope = 1e-5, mg.grad(cost)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(shape)
        difference = (slope(x + step) - slope(x - step)).ravel() / (2 * h)
        np.testing.assert_allclose(hessian[i], difference, rtol=1e-6, atol=1e-6)

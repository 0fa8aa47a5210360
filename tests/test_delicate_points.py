"""Points where a derivative is delicate: each decision that a docstring states, tested."""

import gc
import itertools
import warnings
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.norms import length

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


@pytest.mark.parametrize("exponent", [0, 0.0, np.array(0.0), np.float32(0)])
@pytest.mark.parametrize("base", [0.0, 5e-324, 1e-310, -1e-310, 1e-300, 1e-160, 1e-100, 2.0])
def test_what_is_raised_to_the_power_zero_is_flat_everywhere(base, exponent):
    f = lambda x: np.power(x, exponent)  # noqa: E731
    for _ in range(3):
        f = mg.grad(f)
        assert f(base) == 0.0
    s = mg.Scalar(base)
    (s ** float(exponent)).backward()
    assert s.grad == 0.0
    assert gradient(lambda x: np.float_power(x, exponent), np.array(base)) == 0.0
    assert gradient(lambda x: x**0, np.array(base, dtype=np.float32)) == 0.0


@pytest.mark.parametrize("base", [5e-324, 1e-310, 1e-160])
def test_powers_one_to_three_of_tiny_numbers_have_every_derivative(base):
    for n, values in ((1, [1.0, 0.0, 0.0]), (2, [2 * base, 2.0, 0.0, 0.0]), (3, [0.0, 6 * base, 6.0, 0.0])):
        f = lambda x, n=n: np.power(x, n)  # noqa: E731
        for value in values:
            f = mg.grad(f)
            assert float(f(base)) == pytest.approx(value, rel=1e-14, abs=1e-300)


def test_the_mixed_derivative_of_a_power_is_nan_where_it_overflows():
    a, b = mg.Tensor(1e-310, requires_grad=True), mg.Tensor(0.0, requires_grad=True)
    by_a = mg.grad(np.power)
    assert by_a(a.data, b.data) == 0.0
    assert np.isnan(mg.grad(lambda b: by_a(1e-310, b))(0.0))
    assert mg.grad(lambda b: by_a(2.0, b))(0.0) == 0.5


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 2.5, 0.5, -1, np.inf])
def test_a_norm_at_zero_has_the_subgradient_zero(ord):
    with np.errstate(divide="ignore"):  # 0⁻¹ on the way to the −1-norm
        np.testing.assert_array_equal(gradient(lambda x: np.linalg.norm(x, ord), np.zeros(3)), np.zeros(3))


def test_a_norm_neither_overflows_nor_vanishes():
    for scale in (1e200, 1e-200):
        x = np.array([3.0, 4.0]) * scale
        np.testing.assert_allclose(np.linalg.norm(mg.Tensor(x)).data, 5 * scale, rtol=1e-15)
        np.testing.assert_allclose(gradient(np.linalg.norm, x), [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize("ord", [None, 2, 1, 3, 2.5, 0.5, -1, -2, np.inf, -np.inf])
@pytest.mark.parametrize("scale", [1e-200, 1e-117, 1e-30, 1e30, 1e150, 1e300])
def test_the_gradient_of_a_norm_does_not_depend_on_the_scale(ord, scale):
    x = np.array([1.0, -2.0, 3.5])
    for norm in (np.linalg.norm, lambda x, ord: np.linalg.vector_norm(x, ord=2 if ord is None else ord)):
        at_one = gradient(lambda x, norm=norm: norm(x, ord), x)
        assert np.linalg.norm(at_one) > 0
        np.testing.assert_allclose(gradient(lambda x, norm=norm: norm(x, ord), x * scale), at_one, rtol=1e-13)
        size = norm(mg.Tensor(x * scale), ord).data
        np.testing.assert_allclose(size / scale, norm(x, ord), rtol=1e-13)


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.norm, np.linalg.vector_norm, length, np.std, lambda x: np.hypot(x[0], x[1]),
        lambda x: np.linalg.norm(x, 3), lambda x: np.linalg.norm(x, 2.5), lambda x: np.linalg.vector_norm(x, ord=4),
        lambda x: np.linalg.norm(x[None]), lambda x: np.linalg.matrix_norm(x[None]),
    ],
)  # fmt: skip
def test_a_norm_has_no_second_derivative_at_the_origin(f):
    np.testing.assert_array_equal(gradient(f, np.zeros(2)), np.zeros(2))
    assert np.isnan(mg.hessian(f)(np.zeros(2))).all()
    assert np.isfinite(mg.hessian(f)(np.array([1.0, -2.0]))).all()


def test_a_row_of_zeros_leaves_the_second_derivatives_of_the_others_alone():
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    hessian = mg.hessian(lambda x: np.sum(np.linalg.norm(x, axis=1)))(x)
    assert np.isnan(hessian[0, :, 0, :]).all()
    np.testing.assert_allclose(hessian[1, :, 1, :], [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]], rtol=1e-13)


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


@pytest.mark.parametrize("f", [np.var, np.std, np.nanvar, np.nanstd])
def test_a_spread_that_is_not_defined_is_nan_and_so_is_its_gradient(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of it
        for x, ddof in ((np.ones(1), 1), (np.ones(1), 2), (np.array(3.0), 1)):
            assert np.isnan(f(mg.Tensor(x, requires_grad=True), ddof=ddof).data)
            assert np.isnan(gradient(lambda x, ddof=ddof: f(x, ddof=ddof), x)).all()
        assert gradient(f, np.zeros(0)).shape == (0,)
        assert gradient(lambda x: f(x, axis=0), np.zeros((0, 2))).shape == (0, 2)


def test_nanvar_of_no_more_entries_than_ddof_is_numpys_nan():
    x = np.array([[1.0, np.nan], [np.nan, np.nan], [1.0, 3.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for ddof in (0, 1, 2):
            theirs = np.nanvar(x, axis=1, ddof=ddof)
            np.testing.assert_array_equal(np.nanvar(mg.Tensor(x), axis=1, ddof=ddof).data, theirs)


def test_between_infinite_points_interp_is_what_numpy_says():
    xp, x = np.array([0.0, 1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 1.0, 1.5, 2.0, 2.5, 9.0])
    for fp in ([np.inf, np.inf, 1.0, 2.0], [-np.inf, np.inf, 0.0, -np.inf], [0.0, 1.0, np.inf, np.inf]):
        with np.errstate(invalid="ignore"):
            ours = np.interp(mg.Tensor(x, requires_grad=True), xp, np.array(fp))
            np.testing.assert_array_equal(ours.data, np.interp(x, xp, fp))
            assert gradient(lambda x, fp=fp: np.interp(x, xp, np.array(fp)), x).shape == x.shape


# ---- matrices -------------------------------------------------------------------------------------------


def golub_pereyra(w, a):
    """The gradient of Σ w · A⁺ along the matrices of A's rank, from numbers alone: by differences of a projection."""
    u, s, vt = np.linalg.svd(a)
    rank, h, found = int(np.sum(s > 1e-10 * s[0])), 1e-6, np.zeros_like(a)
    out, across = np.eye(len(u)) - u[:, :rank] @ u[:, :rank].T, np.eye(len(vt)) - vt[:rank].T @ vt[:rank]
    for i in np.ndindex(a.shape):
        step = np.zeros_like(a)
        step[i] = 1.0
        step = step - out @ step @ across  # the part that would raise the rank to first order
        values = []
        for sign in (1, -1):
            left, sizes, right = np.linalg.svd(a + sign * h * step, full_matrices=False)
            values.append(np.sum(w * ((right[:rank].T / sizes[:rank]) @ left[:, :rank].T)))
        found[i] = (values[0] - values[1]) / (2 * h)
    return found


@pytest.mark.parametrize(
    ("m", "n", "rank"), [(2, 2, 1), (3, 3, 2), (4, 2, 1), (2, 4, 1), (5, 3, 2), (3, 5, 1), (4, 2, 2)]
)
def test_the_gradient_of_pinv_is_right_along_matrices_of_the_same_rank(m, n, rank):
    rng = np.random.default_rng(m * n + rank)
    a, w = rng.normal(size=(m, rank)) @ rng.normal(size=(rank, n)), rng.normal(size=(n, m))
    found = mg.grad(lambda a: np.sum(w * np.linalg.pinv(a, rcond=1e-10)))(a)
    np.testing.assert_allclose(found, golub_pereyra(w, a), rtol=1e-5, atol=1e-6 * np.abs(found).max())
    mg.hessian(lambda a: np.sum(w * np.linalg.pinv(a, rcond=1e-10)))(a)


def test_the_gradient_of_pinv_at_a_matrix_of_rank_one_worked_out_by_hand():
    w = np.array([[1.0, 2.0], [3.0, 5.0]])
    found = mg.grad(lambda a: np.sum(w * np.linalg.pinv(a)))(np.array([[1.0, 2.0], [2.0, 4.0]]))
    np.testing.assert_allclose(found, [[-0.0528, -0.0816], [-0.1216, -0.1952]], rtol=1e-12)
    np.testing.assert_array_equal(mg.grad(lambda a: np.sum(w * np.linalg.pinv(a)))(np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize("p", [None, 1, 2, "fro", np.inf, -1])
@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.array([[1.0, 2.0], [0.0, 0.0]]), np.diag([1.0, 0.0])])
def test_the_condition_number_of_a_singular_matrix_is_infinite_and_has_no_gradient(p, matrix):
    assert np.linalg.cond(mg.Tensor(matrix, requires_grad=True), p).data == np.linalg.cond(matrix, p) == np.inf
    with np.errstate(all="ignore"):
        assert np.isnan(gradient(lambda a: np.linalg.cond(a, p), matrix)).any()
    stack = np.stack([matrix, np.diag([3.0, 1.0])])
    np.testing.assert_allclose(np.linalg.cond(mg.Tensor(stack, requires_grad=True), p).data, np.linalg.cond(stack, p))


def test_the_condition_number_of_nothing_is_refused_and_that_of_no_matrices_empty():
    with pytest.raises(np.linalg.LinAlgError, match=r"cond.*\(0, 0\)"):
        np.linalg.cond(mg.Tensor(np.zeros((0, 0)), requires_grad=True))
    assert gradient(np.linalg.cond, np.zeros((0, 2, 2))).shape == (0, 2, 2)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.linalg.eigh(a).eigenvectors, np.linalg.eigvalsh, np.linalg.eigvals, np.linalg.cholesky,
        lambda a: np.linalg.svd(a)[0], np.linalg.svdvals, lambda a: np.linalg.qr(a).R, np.linalg.inv, np.linalg.det,
        np.linalg.pinv, lambda a: np.linalg.slogdet(a)[1], lambda a: np.linalg.matrix_power(a, 3),
        lambda a: np.linalg.matrix_norm(a, ord="nuc"), lambda a: np.linalg.solve(a, np.ones((1, 2, 3))),
    ],
)  # fmt: skip
def test_an_empty_stack_of_matrices_has_an_empty_gradient(f):
    assert gradient(f, np.zeros((0, 2, 2))).shape == (0, 2, 2)


def test_a_singular_matrix_has_the_cofactors_for_the_gradient_of_its_determinant():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(gradient(np.linalg.det, a), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    np.testing.assert_allclose(gradient(np.linalg.det, np.zeros((3, 3))), np.zeros((3, 3)), atol=1e-14)
    hessian = mg.hessian(np.linalg.det)(a)
    exact = np.zeros((2, 2, 2, 2))
    exact[0, 0, 1, 1] = exact[1, 1, 0, 0] = 1.0
    exact[0, 1, 1, 0] = exact[1, 0, 0, 1] = -1.0
    np.testing.assert_allclose(hessian, exact, atol=1e-14)


@pytest.mark.parametrize("rank", range(4))
def test_the_third_derivative_of_a_determinant_of_three_rows_is_the_same_for_every_rank(rank):
    rng = np.random.default_rng(rank)
    a = rng.normal(size=(3, rank)) @ rng.normal(size=(rank, 3))
    signs = np.zeros((3, 3, 3))
    for order in itertools.permutations(range(3)):
        signs[order] = np.linalg.det(np.eye(3)[list(order)]).round()
    third = mg.jacobian(mg.hessian(np.linalg.det))(a)
    np.testing.assert_allclose(third, np.einsum("ikm,jln->ijklmn", signs, signs), atol=1e-12)
    second = np.einsum("ikm,jln,mn->ijkl", signs, signs, a)
    np.testing.assert_allclose(mg.hessian(np.linalg.det)(a), second, atol=1e-12 * (1 + np.abs(a).max()))


def test_the_determinants_of_a_large_stack_with_singular_matrices_and_nan_have_their_own_gradients():
    rng = np.random.default_rng(0)
    stack = rng.normal(size=(4, 6, 6))
    stack[1, 0], stack[2, 0, 0] = stack[1, 1], np.nan
    with np.errstate(invalid="ignore"):
        found = gradient(np.linalg.det, stack)
    for i in (0, 3):
        np.testing.assert_allclose(found[i], np.linalg.det(stack[i]) * np.linalg.inv(stack[i]).T, rtol=1e-9)
    minors = [[np.linalg.det(np.delete(np.delete(stack[1], i, 0), j, 1)) for j in range(6)] for i in range(6)]
    signs = (-1.0) ** np.add.outer(np.arange(6), np.arange(6))
    np.testing.assert_allclose(found[1], signs * minors, atol=1e-12 * np.abs(minors).max())
    assert np.isnan(found[2]).all()


def test_the_product_of_a_chain_of_matrices_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        arrays = [mg.Tensor(np.ones((2, 2)), requires_grad=True) for _ in range(4)]
        product = np.linalg.multi_dot(arrays)
        held = weakref.ref(arrays[0].data)
        del arrays, product
        assert held() is None
    finally:
        gc.enable()


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
        lambda x: np.tile(x, 2), mg.softmax, mg.log_softmax, lambda x: np.dot(x, x), np.linalg.norm,
        lambda x: np.linalg.norm(x, 3), lambda x: np.linalg.norm(x, np.inf), lambda x: np.linalg.norm(x, 1),
        lambda x: np.dot(x.reshape(0, 2), np.ones((2, 3))), lambda x: np.dot(np.ones((3, 0)), x.reshape(0, 2)),
        lambda x: mg.group_norm(x.reshape(0, 2, 3), 2, np.ones(2), np.ones(2)), lambda x: np.vdot(x, x),
        lambda x: mg.affine(x.reshape(0, 2), np.ones((3, 2)), np.zeros(3)), lambda x: mg.logsumexp(x.reshape(0, 2), 1),
        lambda x: np.tensordot(x, x, 1), lambda x: np.outer(x, x),
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
        lambda x: np.sum(x, axis=0), lambda x: np.prod(x, axis=-1), lambda x: np.max(x, axis=0), lambda x: x.sum(-1),
        lambda x: np.convolve(x, np.array([1.0, 2.0])), lambda x: np.repeat(x, 3, axis=0),
        lambda x: np.cumsum(x, axis=0),
        lambda x: np.outer(x, [1.0, 2.0]), lambda x: np.interp(x, [0.0, 2.0], [1.0, 5.0]),
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


def test_integers_are_taken_by_softmax_and_pooling():
    scores = np.array([[1, 2, 3], [0, -5, 2]])
    for f in (mg.softmax, mg.log_softmax, mg.logsumexp):
        np.testing.assert_array_equal(f(scores), f(scores.astype(float)))
        np.testing.assert_array_equal(f(scores.tolist()), f(scores.astype(float)))
        np.testing.assert_array_equal(f(mg.Tensor(scores)).data, f(scores.astype(float)))
    image = np.arange(-8, 8).reshape(1, 1, 4, 4)
    for padding in (0, 1):
        pooled = mg.max_pool2d(image, 2, padding=padding)
        assert pooled.dtype == image.dtype
        np.testing.assert_array_equal(pooled, mg.max_pool2d(image.astype(float), 2, padding=padding))


@pytest.mark.parametrize(
    "q", [30, 30.0, np.float64(30), np.float32(30), [30.0, 60.0], np.array([30.0], dtype=np.float32)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_percentile_has_the_dtype_that_numpy_gives_it(q, dtype):
    x = np.array([1.0, 2.0, 4.0, 8.0], dtype=dtype)
    for f, share in ((np.percentile, q), (np.quantile, 0.3 if isinstance(q, (int, float)) else np.asarray(q) / 100)):
        t = mg.Tensor(x, requires_grad=True)
        y = f(t, share)
        assert y.dtype == f(x, share).dtype
        np.testing.assert_allclose(y.data, f(x, share), rtol=1e-6)
        np.sum(y).backward()
        assert t.grad.dtype == dtype


@pytest.mark.parametrize("f", [np.vstack, np.hstack, np.concatenate, np.stack])
def test_arrays_are_joined_with_the_dtype_and_the_casting_asked_for(f):
    a, b = np.ones((2, 2)), np.zeros((2, 2))
    t = mg.Tensor(a, requires_grad=True)
    y = f([t, b], dtype=np.float32, casting="same_kind")
    assert y.dtype == f([a, b], dtype=np.float32, casting="same_kind").dtype == np.float32
    np.sum(y).backward()
    assert t.grad.dtype == np.float64
    with pytest.raises(TypeError, match="safe"):
        f([t, b], dtype=np.float32, casting="safe")


def test_lists_are_the_other_operand_of_vectors():
    t, other = np.array([1.0, 2.0, 3.0]), [2.0, 0.5, 1.5]
    for f in (
        np.convolve, np.correlate, np.trapezoid, np.vdot, np.dot, np.inner, np.outer, np.kron, np.cross,
        np.append, lambda a, b: np.interp(a, [0.0, 1.0, 5.0], b), np.tensordot, np.vecdot,
    ):  # fmt: skip
        options = {"axes": 1} if f is np.tensordot else {}
        as_list = gradient(lambda t, f=f, o=options: f(t, other, **o), t)
        np.testing.assert_array_equal(as_list, gradient(lambda t, f=f, o=options: f(t, np.array(other), **o), t))
        as_list = gradient(lambda t, f=f, o=options: f(other, t, **o), t)
        np.testing.assert_array_equal(as_list, gradient(lambda t, f=f, o=options: f(np.array(other), t, **o), t))


def test_an_axis_of_length_one_is_repeated_in_einsum_and_its_gradient_summed():
    for subscripts, shapes in (
        ("ia,i->", [(2, 3), (1,)]), ("ia,i->a", [(2, 3), (1,)]), ("i,i->i", [(1,), (4,)]),
        ("ij,jk->ik", [(2, 1), (3, 2)]), ("ii,i->", [(1, 1), (3,)]), ("ij,ij->", [(1, 3), (2, 1)]),
        ("i,j->", [(1,), (3,)]),
    ):  # fmt: skip
        x, y = (np.arange(1.0, 1 + np.prod(s)).reshape(s) for s in shapes)
        mg.testing.check_gradients(lambda x, y, s=subscripts: np.einsum(s, x, y) ** 2, x, y, order=2)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_transposed_convolutions_go_backward_with_any_output_padding(n):
    conv = (mg.conv_transpose1d, mg.conv_transpose2d, mg.conv_transpose3d)[n - 1]
    rng = np.random.default_rng(n)
    x, weight = rng.normal(size=(1, 2) + (2,) * n), rng.normal(size=(2, 1) + (2,) * n)
    for stride, dilation, extra in ((1, 2, 1), (2, 3, 2), (2, 1, 1), (1, 3, 2)):
        options = {"stride": stride, "dilation": dilation, "output_padding": extra}
        f = lambda x, w, o=options: conv(x, w, **o) ** 2  # noqa: E731
        mg.testing.check_gradients(f, x, weight)
    mg.testing.check_gradients(lambda x: conv(x, weight, dilation=2, output_padding=1) ** 2, x, order=2)


def test_a_vector_is_transposed_by_its_axis():
    t = mg.Tensor([1.0, 2.0], requires_grad=True)
    for y in (t.transpose(0), t.transpose(-1), np.transpose(t, 0), t.transpose((0,))):
        np.sum(y * np.array([1.0, 3.0])).backward()
        np.testing.assert_array_equal(t.grad, [1.0, 3.0])
        t.grad = None


def test_gradients_of_numbers_add_up_beside_gradients_with_graphs_of_their_own():
    a, b = mg.Tensor(2.0, requires_grad=True), mg.Tensor(3.0, requires_grad=True)
    (a * a * b).backward(create_graph=True)
    by_a, a.grad = a.grad, None
    by_a.backward()
    assert (float(a.grad), b.grad.item()) == (6.0, 4.0 + 4.0)


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

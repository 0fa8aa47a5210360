"""Decompositions of matrices, and of stacks of matrices: Cholesky, eigenvalues, singular values, QR, least squares.

A decomposition has several results, and a node has one value: it is computed as one node that holds all of them in a
row, and its results are cut out of it. Rules follow Giles (2008), Murray (2016), Townsend (2016) and Walter and
Lehmann (2018).
"""

import itertools
import math
from collections import namedtuple

import numpy as np

from ..core.errors import MatrixError, NotDifferentiableError
from ..core.registry import composed, op
from .arguments import as_array, check_number
from .linalg import (
    draw_well_conditioned,
    identity,
    is_recorded,
    matrix_checked,
    mirrored,
    one_triangle,
    pinv,
    solve,
    square_checked,
    transposed,
)
from .table import example

EighResult = namedtuple("EighResult", "eigenvalues eigenvectors")
EigResult = namedtuple("EigResult", "eigenvalues eigenvectors")
SVDResult = namedtuple("SVDResult", "U S Vh")
QRResult = namedtuple("QRResult", "Q R")

# ---- several results in one node ------------------------------------------------------------------------


def _packed(parts, a):
    """The results for the matrices a (*batch, m, n) side by side in one row (*batch, entries)."""
    batch = np.shape(a)[:-2]
    rows = [np.reshape(part, (*batch, math.prod(np.shape(part)[len(batch) :]))) for part in parts]
    return np.concatenate(rows, axis=-1)


def _unpacked(row, *shapes):
    """The arrays of the given shapes cut out of a row again."""
    batch, stops = np.shape(row)[:-1], [0, *itertools.accumulate(map(math.prod, shapes))]
    cut = zip(stops, stops[1:], shapes)
    return [np.reshape(row[..., start:stop], (*batch, *shape)) for start, stop, shape in cut]


def _over(numerator, difference, values):
    """numerator/difference. Where the difference is no more than rounding of the ``values`` the value is repeated.

    The vectors of a repeated value have no derivative: it is nan there if they take part, 0 if they don't.
    """
    largest = np.expand_dims(np.max(np.absolute(values), axis=-1, initial=0.0), (-2, -1))
    equal = np.absolute(difference) <= 8 * np.finfo(difference.dtype).eps * largest
    undefined = np.where(numerator == 0, numerator.dtype.type(0), np.nan)
    return np.where(equal, undefined, numerator / np.where(equal, 1.0, difference))


def _turned(inner, w):
    """What turning the vectors into each other does: innerᵢⱼ/(wⱼ − wᵢ), where the diagonal of inner is 0."""
    return _over(inner, np.expand_dims(w, -2) - np.expand_dims(w, -1), w)


def _beside_diagonal(a):
    return a * (1.0 - identity(np.shape(a)[-1], a))


def _diagonal(w):
    """Matrices with the vectors w on their diagonals."""
    return np.expand_dims(w, -1) * identity(np.shape(w)[-1], w)


def _spectrum(a):
    """The shapes of eigenvalues and eigenvectors."""
    n = np.shape(a)[-1]
    return (n,), (n, n)


def _near(draw, m, n, diagonal, **options):
    """Stacks of matrices near one of this diagonal.

    No entry is 0, since LAPACK takes another sign for the vectors, or another order, where a matrix is triangular, also
    on its way to the answer, than for those beside it.
    """
    a = draw.array((*draw.shape(max_dims=1), m, n), low=-0.5, high=0.5, avoid=[0]) + np.eye(m, n) * diagonal
    return (a,), options


# ---- Cholesky and eigenvalues ---------------------------------------------------------------------------


@op(numpy=np.linalg.cholesky, inputs=lambda draw: ((draw_well_conditioned(draw),), {"upper": draw.boolean()}))
@example("mg.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 2.0]])).tolist() → [[2.0, 0.0], [1.0, 1.0]]")
def cholesky(a, /, *, upper=False):
    """The lower triangle L with L Lᵀ = A, for symmetric positive definite A (..., n, n); its transpose with ``upper``.

    Only the lower triangle of A is read (with ``upper`` the upper one), and it has all of the gradient: with Φ halving
    the diagonal and dropping what is above it, S = L⁻ᵀ Φ(Lᵀ g) L⁻¹ (Murray 2016), and ∂A is S + Sᵀ beside the diagonal.
    For the symmetric gradient of JAX and PyTorch write ``cholesky((A + A.T) / 2)``.

    Raises numpy.linalg.LinAlgError if A is not positive definite.
    """
    return np.linalg.cholesky(square_checked("cholesky", a), upper=upper)


@cholesky.rule
def _(g, y, a, upper):
    lt, g = (y, transposed(g)) if upper else (transposed(y), g)
    n = np.shape(y)[-1]
    inner = (lt @ g) * (np.tri(n, dtype=y.dtype) - 0.5 * identity(n, y))
    return one_triangle(solve(lt, transposed(solve(lt, inner))), "U" if upper else "L")


def _draw_spectrum(draw):
    """Matrices of which either triangle is that of a symmetric one whose eigenvalues are well apart."""
    n = draw.integer(1, 3)
    return _near(draw, n, n, 3.0 * np.arange(n), UPLO=draw.choice(["L", "U"]))


@op(label="eigen-\ndecomposition", inputs=_draw_spectrum, internal=True)
@example("np.abs(eigh_row(np.diag([1.0, 2.0]))) → array([1., 2., 1., 0., 0., 1.])")
def eigh_row(a, /, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues and eigenvectors of symmetric matrices side by side in one row: what `eigh` records.

    S = V (diag(∂w) + F ∘ (Vᵀ ∂V)) Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ), 0 on the diagonal (Giles 2008, 3.1); ∂A is S + Sᵀ on the
    triangle that is read, S on the diagonal.
    """
    return _packed(np.linalg.eigh(square_checked("eigh", a), UPLO), a)


@eigh_row.rule
def _(g, y, a, UPLO):  # noqa: N803
    (w, v), (grad_w, grad_v) = _unpacked(y, *_spectrum(a)), _unpacked(g, *_spectrum(a))
    core = _diagonal(grad_w) + _turned(_beside_diagonal(transposed(v) @ grad_v), w)
    return one_triangle(v @ core @ transposed(v), UPLO)


@composed(numpy=np.linalg.eigh, inputs=_draw_spectrum, several=True)
@example("mg.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues → array([1., 3.])")
def eigh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues (..., n) of symmetric matrices, the smallest first, and eigenvectors (..., n, n) in columns.

    The result is ``(eigenvalues, eigenvectors)``. Only the lower triangle of A is read (with ``UPLO`` "U" the upper
    one), and it has all of the gradient; for the symmetric gradient of JAX and PyTorch write ``eigh((A + A.T) / 2)``.
    The gradient through repeated eigenvalues is right; that through their vectors, which are an arbitrary basis, does
    not exist and is nan.
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError(f"eigh: UPLO is {UPLO!r}; it must be 'L' or 'U'")
    return EighResult(*_unpacked(eigh_row(square_checked("eigh", a), UPLO=UPLO.upper()), *_spectrum(a)))


@composed(numpy=np.linalg.eigvalsh, inputs=_draw_spectrum)
@example("mg.linalg.eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]])) → array([1., 3.])")
def eigvalsh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues of symmetric matrices, the smallest first; see `eigh`."""
    return eigh(a, UPLO).eigenvalues


def _draw_real_spectrum(draw):
    """Matrices near a diagonal with entries well apart: their eigenvalues are real. No two entries are of one size."""
    n = draw.integer(1, 3)
    shape = (*draw.shape(max_dims=1), n, n)
    sizes = 0.1 + 0.4 * np.reshape(draw.permutation(math.prod(shape)), shape) / math.prod(shape)
    return (np.where(draw.booleans(shape), sizes, -sizes) + np.diag(np.arange(n) * 3.0),), {}


@op(label="eigen-\ndecomposition", inputs=_draw_real_spectrum, internal=True)
@example("eig_row(np.diag([1.0, 2.0])) → array([1., 2., 1., 0., 0., 1.])")
def eig_row(a, /):
    """Real eigenvalues and eigenvectors of square matrices side by side in one row: what `eig` records.

    ∂A = V⁻ᵀ (diag(∂w) + F ∘ (Vᵀ ∂V − Vᵀ V diag(Vᵀ ∂V))) Vᵀ, the second part holding the columns' length at 1.

    Raises NotDifferentiableError if an eigenvalue is complex.
    """
    w, v = np.linalg.eig(square_checked("eig", a))
    real = np.imag(w) == 0
    return _packed([np.where(real, np.real(w), np.nan), np.where(np.expand_dims(real, -2), np.real(v), np.nan)], a)


@eig_row.validate
def _(a):
    if np.any(np.imag(np.linalg.eigvals(square_checked("eig", a)))):
        raise NotDifferentiableError(
            "eig: the matrix has complex eigenvalues, and minigrad differentiates real numbers; use eigh for symmetric "
            "matrices, or t.numpy() for the values alone"
        )


@eig_row.rule
def _(g, y, a):
    (w, v), (grad_w, grad_v) = _unpacked(y, *_spectrum(a)), _unpacked(g, *_spectrum(a))
    vt = transposed(v)
    turned = vt @ grad_v - vt @ v * np.sum(v * grad_v, axis=-2, keepdims=True)
    return solve(vt, (_diagonal(grad_w) + _turned(_beside_diagonal(turned), w)) @ vt)


@composed(numpy=np.linalg.eig, inputs=_draw_real_spectrum, several=True)
@example("mg.linalg.eig(np.array([[2.0, 1.0], [0.0, 3.0]])).eigenvalues → array([2., 3.])")
def eig(a):
    """Eigenvalues (..., n) of square matrices, all real, in NumPy's order, and eigenvectors in columns of length 1.

    The result is ``(eigenvalues, eigenvectors)``. Raises NotDifferentiableError for a tensor with a complex eigenvalue;
    plain arrays may have them.
    """
    if not is_recorded(a):  # NumPy 2.5 gives complex numbers also where all imaginary parts are 0
        least = np.finfo(float).smallest_subnormal
        return EigResult(*(np.real_if_close(x, tol=least) for x in np.linalg.eig(a)))
    return EigResult(*_unpacked(eig_row(square_checked("eig", a)), *_spectrum(a)))


@composed(numpy=np.linalg.eigvals, inputs=_draw_real_spectrum)
@example("mg.linalg.eigvals(np.array([[2.0, 1.0], [0.0, 3.0]])) → array([2., 3.])")
def eigvals(a):
    """Eigenvalues of square matrices whose eigenvalues are real; see `eig`."""
    return eig(a).eigenvalues


# ---- singular values and QR -----------------------------------------------------------------------------


def draw_singular(draw, **options):
    """Matrices whose singular values are well apart and not near 0."""
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (2, 3), (3, 3)])
    return _near(draw, m, n, 2.5 * np.arange(1.0, n + 1), **options)


def _draw_svd(draw):
    (a,), options = draw_singular(draw, full_matrices=False, compute_uv=draw.boolean())
    return (a,), {**options, "hermitian": a.shape[-1] == a.shape[-2] and draw.boolean()}


def _reduced(a):
    """The shapes of U, S and Vᵀ."""
    m, n = np.shape(a)[-2:]
    k = m if m < n else n
    return (m, k), (k,), (k, n)


@op(label="singular value\ndecomposition", inputs=draw_singular, internal=True)
@example("np.abs(svd_row(np.array([[3.0]]))) → array([1., 3., 1.])")
def svd_row(a, /, hermitian=False):
    """U, S and Vᵀ of the reduced singular value decomposition side by side in one row: what `svd` records.

    With Fᵢⱼ = 1/(sⱼ² − sᵢ²):  ∂A = U [F∘(Uᵀ∂U − ∂UᵀU) S + S F∘(Vᵀ∂V − ∂VᵀV) + ∂S] Vᵀ
    + (I − UUᵀ) ∂U S⁻¹ Vᵀ + U S⁻¹ ∂Vᵀ (I − VVᵀ)   (Townsend 2016). With ``hermitian`` only the lower triangle is read.
    """
    return _packed(np.linalg.svd(a, full_matrices=False, hermitian=hermitian), a)


@svd_row.rule
def _(g, y, a, hermitian):
    (u, s, vt), (grad_u, grad_s, grad_vt) = _unpacked(y, *_reduced(a)), _unpacked(g, *_reduced(a))
    (m, n), row = np.shape(a)[-2:], np.expand_dims(s, -2)
    grad_v, of_u, of_v = transposed(grad_vt), transposed(u) @ grad_u, vt @ transposed(grad_vt)
    core = _turned(of_u - transposed(of_u), s * s) * row + _diagonal(grad_s)
    core = core + np.expand_dims(s, -1) * _turned(of_v - transposed(of_v), s * s)
    total = u @ core @ vt
    if m > n:
        total = total + _over(grad_u - u @ of_u, row, s) @ vt
    elif n > m:
        total = total + u @ transposed(_over(grad_v - transposed(vt) @ of_v, row, s))
    return one_triangle(total, "L") if hermitian else total


@composed(numpy=np.linalg.svd, inputs=_draw_svd, several=True)
@example("mg.linalg.svd(np.diag([3.0, 2.0]), compute_uv=False) → array([3., 2.])")
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular value decomposition A = U diag(S) Vᵀ, as ``(U, S, Vh)``, or S alone without ``compute_uv``.

    U is (..., m, k), S (..., k), the largest first, Vᵀ (..., k, n), k the smaller of m and n. For a tensor that is not
    square the extra vectors of ``full_matrices=True`` are arbitrary and have no derivative: it raises
    NotDifferentiableError, and ``full_matrices=False`` is what is wanted. The gradient through repeated singular values
    is right; that through their vectors, an arbitrary choice, does not exist and is nan.
    """
    if not is_recorded(a):
        found = np.linalg.svd(a, full_matrices, compute_uv, hermitian)
        return SVDResult(*found) if compute_uv else found
    m, n = np.shape(square_checked("svd", a) if hermitian else matrix_checked("svd", a))[-2:]
    if compute_uv and full_matrices and m != n:
        raise NotDifferentiableError(
            f"svd: a is {np.shape(a)}, and the extra vectors of full_matrices=True have no derivative; "
            "give full_matrices=False"
        )
    u, s, vt = _unpacked(svd_row(a, hermitian=hermitian), *_reduced(a))
    return SVDResult(u, s, vt) if compute_uv else s


@composed(numpy=np.linalg.svdvals, inputs=draw_singular)
@example("mg.linalg.svdvals(np.diag([3.0, 2.0])) → array([3., 2.])")
def svdvals(x, /):
    """Singular values, the largest first; see `svd`."""
    return svd(x, compute_uv=False)


def _draw_tall(draw, more=(), **options):
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (3, 3), *more])
    return _near(draw, m, n, 2.5, **options)


@op(label="QR", inputs=_draw_tall, internal=True)
@example("np.abs(qr_row(np.array([[2.0]]))) → array([1., 2.])")
def qr_row(a, /):
    """Q and R of tall matrices (..., m, n), m ≥ n, side by side in one row: what `qr` records.

    With M = R ∂Rᵀ − ∂Qᵀ Q:  ∂A = (∂Q + Q·copyltu(M)) R⁻ᵀ, copyltu copying the lower triangle to the upper
    (Walter and Lehmann 2018).
    """
    m, n = np.shape(matrix_checked("qr", a))[-2:]
    if m < n:
        raise MatrixError(f"qr_row: a is {np.shape(a)}; tall matrices (m ≥ n) are wanted, and mg.linalg.qr takes any")
    return _packed(np.linalg.qr(a), a)


@qr_row.rule
def _(g, y, a):
    m, n = np.shape(a)[-2:]
    (q, r), (grad_q, grad_r) = _unpacked(y, (m, n), (n, n)), _unpacked(g, (m, n), (n, n))
    copied = mirrored(r @ transposed(grad_r) - transposed(grad_q) @ q, "L")
    return transposed(solve(r, transposed(grad_q + q @ copied)))


def _draw_qr(draw):
    return _draw_tall(draw, [(1, 2), (2, 3)], mode=draw.choice(["reduced", "r"]))


@composed(numpy=np.linalg.qr, inputs=_draw_qr, several=True)
@example("abs(mg.linalg.qr(np.diag([3.0, 2.0])).R).tolist() → [[3.0, 0.0], [0.0, 2.0]]")
def qr(a, mode="reduced"):
    """A = Q R with orthonormal columns Q and an upper triangle R, as ``(Q, R)``; R alone with mode "r".

    A wide A (m < n) is decomposed by its first m columns, which must be independent. Mode "complete" is the same for
    matrices that are not tall; else its extra columns are arbitrary and have no derivative (NotDifferentiableError).
    """
    if not is_recorded(a):
        found = np.linalg.qr(a, mode)
        return QRResult(*found) if mode in ("reduced", "complete") else found
    m, n = np.shape(matrix_checked("qr", a))[-2:]
    if mode not in ("reduced", "complete", "r") or (mode == "complete" and m > n):
        raise NotDifferentiableError(f"qr: mode {mode!r} of a matrix {np.shape(a)} has no derivative; use 'reduced'")
    k = m if m < n else n
    q, r = _unpacked(qr_row(a[..., :k]), (m, k), (k, k))
    if n > k:
        r = np.concatenate([r, transposed(q) @ a[..., k:]], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# ---- least squares --------------------------------------------------------------------------------------


def _draw_least_squares(draw):
    n, m = draw.choice([(2, 2), (4, 2), (2, 3)])
    a = draw.array((n, m), low=-1, high=1) + np.eye(n, m) * [3.0, 7.0, 0.0][:m]
    return (a, draw.array(draw.choice([(n,), (n, 2)]))), {"rcond": None}


@op(label="least squares", inputs=_draw_least_squares, internal=True)
@example("least_squares(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).round(12) → array([2.])")
def least_squares(a, b, /, rcond=None):
    """The shortest x of those for which ‖A x − b‖ is least, x = A⁺ b: what `lstsq` records for its solution.

    ∂b = A⁺ᵀ g, ∂A = −∂b xᵀ + (b − A x)(A⁺ ∂b)ᵀ + A⁺ᵀ x (g − Aᵀ ∂b)ᵀ, where the rank is the same nearby.
    """
    if rcond is not None:
        check_number("least_squares", "rcond", rcond)
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


@least_squares.rule
def _(g, y, a, b, rcond):
    vector = np.ndim(b) == 1
    if vector:
        g, y, b = (np.expand_dims(x, -1) for x in (g, y, b))
    inverse = pinv(a)
    it = transposed(inverse)
    grad_b = it @ g
    grad_a = (b - a @ y) @ transposed(inverse @ grad_b) + it @ y @ transposed(g - transposed(a) @ grad_b)
    return grad_a - grad_b @ transposed(y), np.squeeze(grad_b, -1) if vector else grad_b


@op(label="rank", inputs=_draw_least_squares, differentiable=False, internal=True)
@example("least_squares_rank(np.ones((2, 2)), np.ones(2)) → np.int32(1)")
def least_squares_rank(a, b, /, rcond=None):
    """The rank of A that `lstsq` solves with."""
    return np.linalg.lstsq(a, b, rcond=rcond)[2]


@composed(numpy=np.linalg.lstsq, inputs=_draw_least_squares, several=True)
@example("mg.linalg.lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0].round(12) → array([2.])")
def lstsq(a, b, rcond=None):
    """Least squares: ``(x, residuals, rank, singular values)``; the rank is a plain number, the rest differentiated.

    The residuals are empty, as NumPy's, unless the rank is n < m.
    """
    a, b = as_array(a), as_array(b)
    if np.ndim(a) != 2 or np.ndim(b) not in (1, 2):
        raise MatrixError(f"lstsq: a is {np.shape(a)}, b {np.shape(b)}; a matrix and a vector or matrix are wanted")
    m, n = np.shape(a)
    x, rank = least_squares(a, b, rcond=rcond), least_squares_rank(a, b, rcond=rcond)
    residuals = np.zeros(0, dtype=a.dtype)
    if n < m:
        residuals = np.atleast_1d(np.sum((b - a @ x) ** 2, axis=0))
        if not is_recorded(rank):  # a symbol: in a program no shape depends on numbers, and the residuals are there
            residuals = residuals[np.broadcast_to(rank == n, np.shape(residuals))]
    return x, residuals, rank, svdvals(a)

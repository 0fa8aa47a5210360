"""Decompositions of matrices, and of stacks of matrices: Cholesky, eigenvalues, singular values, QR, least squares.

A decomposition has several results, and a node has one value: it is computed as one node that holds all of them in a
row, and its results are cut out of it. Rules follow Giles (2008), Murray (2016), Townsend (2016) and Walter and
Lehmann (2018).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import MatrixError, NotDifferentiableError
from ..core.registry import composed, op
from .arguments import as_array, check_number, plain
from .linalg import (
    draw_well_conditioned,
    matrix_checked,
    one_triangle,
    pinv,
    solve,
    square_checked,
    transposed,
)
from .product import matmul

# ---- several results in one node ------------------------------------------------------------------------


def _packed(parts, batch):
    """Arrays (*batch, …) side by side in one row (*batch, entries)."""
    rows = [np.reshape(part, (*batch, math.prod(np.shape(part)[len(batch) :]))) for part in parts]
    return np.concatenate(rows, axis=-1)


def _unpacked(row, shapes):
    """The arrays of the given shapes cut out of a row again."""
    batch, parts, start = np.shape(row)[:-1], [], 0
    for shape in shapes:
        stop = start + math.prod(shape)
        parts.append(np.reshape(row[..., start:stop], (*batch, *shape)))
        start = stop
    return parts


def _over(numerator, difference, scale):
    """numerator/difference. Where the difference is no more than rounding of ``scale`` the value is repeated.

    The vectors of a repeated value have no derivative: it is nan there if they take part, 0 if they don't.
    """
    size = plain(difference)
    equal = np.abs(size) <= 8 * np.finfo(size.dtype).eps * plain(scale)
    undefined = np.where(plain(numerator) == 0, 0.0, np.nan).astype(size.dtype)
    return np.where(equal, undefined, numerator / np.where(equal, 1.0, difference))


def _turned(inner, w, scale):
    """What turning the vectors into each other does: innerᵢⱼ/(wⱼ − wᵢ) beside the diagonal."""
    others = 1.0 - np.eye(np.shape(w)[-1], dtype=plain(w).dtype)
    return _over(inner * others, _differences(w), scale)


def _differences(w):
    """wⱼ − wᵢ for every pair."""
    return np.expand_dims(w, -2) - np.expand_dims(w, -1)


def _largest(w):
    return np.max(np.abs(plain(w)), axis=-1, initial=0.0)[..., None, None]


def _matrix_of_diagonal(w):
    """Matrices with the vectors w on their diagonals."""
    return np.expand_dims(w, -1) * np.eye(np.shape(w)[-1], dtype=plain(w).dtype)


# ---- Cholesky, eigenvalues, singular values, QR ---------------------------------------------------------


def _draw_definite(draw):
    """Matrices either triangle of which is that of a positive definite one."""
    return (draw_well_conditioned(draw),), {"upper": draw.boolean()}


@op(numpy=np.linalg.cholesky, inputs=_draw_definite)
def cholesky(a, /, *, upper=False):
    """The lower triangle L with L Lᵀ = A, for symmetric positive definite A (..., n, n); its transpose with ``upper``.

    Only the lower triangle of A is read (with ``upper`` the upper one), and it has all of the gradient: with Φ halving
    the diagonal and dropping what is above it, S = L⁻ᵀ Φ(Lᵀ g) L⁻¹ (Murray 2016), and ∂A is S + Sᵀ beside the diagonal.
    For the symmetric gradient of JAX and PyTorch write ``cholesky((A + A.T) / 2)``.

    Raises numpy.linalg.LinAlgError if A is not positive definite.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 2.0]]))
    array([[2., 0.],
           [1., 1.]])
    """
    return np.linalg.cholesky(square_checked("cholesky", a), upper=upper)


@cholesky.rule
def _(g, y, a, upper):
    lower, g = (transposed(y), transposed(g)) if upper else (y, g)
    n = np.shape(y)[-1]
    halved = np.tri(n, dtype=plain(y).dtype) - 0.5 * np.eye(n, dtype=plain(y).dtype)
    inner = matmul(transposed(lower), g) * halved
    right = solve(transposed(lower), transposed(solve(transposed(lower), inner)))  # (L⁻ᵀ Φ L⁻¹)ᵀ
    return one_triangle(right, "U" if upper else "L")


class EighResult(NamedTuple):
    """Eigenvalues (..., n), the smallest first, and eigenvectors (..., n, n) in columns."""

    eigenvalues: Any
    eigenvectors: Any


def _draw_spectrum(draw):
    """Matrices of which either triangle is that of a symmetric one whose eigenvalues are well apart."""
    n = draw.integer(1, 3)
    a = draw.array((*draw.shape(max_dims=1), n, n), low=-0.5, high=0.5, avoid=[0])  # why: see `_draw_real_spectrum`
    return (a + np.diag(np.arange(n) * 3.0),), {"UPLO": draw.choice(["L", "U"])}


@op(label="eigen-\ndecomposition", inputs=_draw_spectrum, internal=True)
def eigh_row(a, /, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues and eigenvectors of symmetric matrices side by side in one row: what `eigh` records.

    S = V (diag(∂w) + F ∘ (Vᵀ ∂V)) Vᵀ with Fᵢⱼ = 1/(wⱼ − wᵢ), 0 on the diagonal (Giles 2008, 3.1); ∂A is S + Sᵀ on the
    triangle that is read, S on the diagonal.

    >>> import numpy as np, minigrad as mg
    >>> np.abs(eigh_row(np.diag([1.0, 2.0])))
    array([1., 2., 1., 0., 0., 1.])
    """
    return _packed(np.linalg.eigh(square_checked("eigh", a), UPLO), np.shape(a)[:-2])


@eigh_row.rule
def _(g, y, a, UPLO):  # noqa: N803
    n = np.shape(a)[-1]
    (w, v), (by_w, by_v) = _unpacked(y, [(n,), (n, n)]), _unpacked(g, [(n,), (n, n)])
    turning = _turned(matmul(transposed(v), by_v), w, _largest(w))
    return one_triangle(matmul(matmul(v, _matrix_of_diagonal(by_w) + turning), transposed(v)), UPLO)


@composed(numpy=np.linalg.eigh, inputs=_draw_spectrum, several=True)
def eigh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues and eigenvectors of symmetric matrices, as ``(eigenvalues, eigenvectors)``, the smallest first.

    Only the lower triangle of A is read (with ``UPLO`` "U" the upper one), and it has all of the gradient; for the
    symmetric gradient of JAX and PyTorch write ``eigh((A + A.T) / 2)``. The gradient through repeated eigenvalues is
    right; that through their vectors, which are an arbitrary basis, does not exist and is nan.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    array([1., 3.])
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError(f"eigh: UPLO is {UPLO!r}; it must be 'L' or 'U'")
    n = np.shape(square_checked("eigh", a))[-1]
    return EighResult(*_unpacked(eigh_row(a, UPLO=UPLO.upper()), [(n,), (n, n)]))


@composed(numpy=np.linalg.eigvalsh, inputs=_draw_spectrum)
def eigvalsh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """Eigenvalues of symmetric matrices, the smallest first; see `eigh`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return eigh(a, UPLO).eigenvalues


class EigResult(NamedTuple):
    """Eigenvalues (..., n) and eigenvectors (..., n, n) in columns, each of length 1."""

    eigenvalues: Any
    eigenvectors: Any


def _draw_real_spectrum(draw):
    """Matrices near a diagonal with entries well apart: their eigenvalues are real.

    No entry is 0 and no two are of one size, since LAPACK takes another sign for the vectors, or another order, where
    a matrix is triangular, also on its way to the answer, than for those beside it.
    """
    n = draw.integer(1, 3)
    shape = (*draw.shape(max_dims=1), n, n)
    sizes = 0.1 + 0.4 * np.reshape(draw.permutation(math.prod(shape)), shape) / math.prod(shape)
    return (np.where(draw.booleans(shape), sizes, -sizes) + np.diag(np.arange(n) * 3.0),), {}


@op(label="eigen-\ndecomposition", inputs=_draw_real_spectrum, internal=True)
def eig_row(a, /):
    """Real eigenvalues and eigenvectors of square matrices side by side in one row: what `eig` records.

    ∂A = V⁻ᵀ (diag(∂w) + F ∘ (Vᵀ ∂V − Vᵀ V diag(Vᵀ ∂V))) Vᵀ, the second part holding the columns' length at 1.

    Raises NotDifferentiableError if an eigenvalue is complex.

    >>> import numpy as np, minigrad as mg
    >>> eig_row(np.diag([1.0, 2.0]))
    array([1., 2., 1., 0., 0., 1.])
    """
    w, v = _real_if_all_are(np.linalg.eig(square_checked("eig", a)))
    if np.iscomplexobj(w):
        raise NotDifferentiableError(
            "eig: the matrix has complex eigenvalues, and minigrad differentiates real numbers; use eigh for symmetric "
            "matrices, or t.numpy() for the values alone"
        )
    return _packed([w, v], np.shape(a)[:-2])


def _real_if_all_are(found):
    """Eigenvalues and vectors without their imaginary parts where these are 0; NumPy 2.5 always gives them."""
    if np.iscomplexobj(found[0]) and not np.any(found[0].imag):
        return found[0].real, found[1].real
    return found


@eig_row.rule
def _(g, y, a):
    n = np.shape(a)[-1]
    (w, v), (by_w, by_v) = _unpacked(y, [(n,), (n, n)]), _unpacked(g, [(n,), (n, n)])
    along = matmul(transposed(v), by_v)
    lengths = np.expand_dims(np.sum(v * by_v, axis=-2), -2)
    turning = _turned(along - matmul(transposed(v), v) * lengths, w, _largest(w))
    return solve(transposed(v), matmul(_matrix_of_diagonal(by_w) + turning, transposed(v)))


@composed(numpy=np.linalg.eig, inputs=_draw_real_spectrum, several=True)
def eig(a):
    """Eigenvalues and eigenvectors of square matrices whose eigenvalues are real, in NumPy's order.

    Raises NotDifferentiableError for a tensor with a complex eigenvalue; plain arrays may have them.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eig(np.array([[2.0, 1.0], [0.0, 3.0]])).eigenvalues
    array([2., 3.])
    """
    if not hasattr(a, "_data"):
        return EigResult(*_real_if_all_are(np.linalg.eig(a)))
    n = np.shape(square_checked("eig", a))[-1]
    return EigResult(*_unpacked(eig_row(a), [(n,), (n, n)]))


@composed(numpy=np.linalg.eigvals, inputs=_draw_real_spectrum)
def eigvals(a):
    """Eigenvalues of square matrices whose eigenvalues are real; see `eig`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.eigvals(np.array([[2.0, 1.0], [0.0, 3.0]]))
    array([2., 3.])
    """
    return eig(a).eigenvalues


class SVDResult(NamedTuple):
    """U (..., m, k), the singular values S (..., k), the largest first, and Vᵀ (..., k, n)."""

    U: Any
    S: Any
    Vh: Any


def draw_singular(draw):
    """Matrices whose singular values are well apart and not near 0."""
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (2, 3), (3, 3)])
    a = draw.array((*draw.shape(max_dims=1), m, n), low=-0.5, high=0.5, avoid=[0])
    k = m if m < n else n
    a[..., range(k), range(k)] += 2.5 * np.arange(1.0, k + 1)
    return (a,), {}


def _draw_svd(draw):
    (a,), _ = draw_singular(draw)
    square = a.shape[-1] == a.shape[-2]
    return (a,), {"full_matrices": False, "compute_uv": draw.boolean(), "hermitian": square and draw.boolean()}


@op(label="singular value\ndecomposition", inputs=draw_singular, internal=True)
def svd_row(a, /, hermitian=False):
    """U, S and Vᵀ of the reduced singular value decomposition side by side in one row: what `svd` records.

    With Fᵢⱼ = 1/(sⱼ² − sᵢ²):  ∂A = U [F∘(Uᵀ∂U − ∂UᵀU) S + S F∘(Vᵀ∂V − ∂VᵀV) + ∂S] Vᵀ
    + (I − UUᵀ) ∂U S⁻¹ Vᵀ + U S⁻¹ ∂Vᵀ (I − VVᵀ)   (Townsend 2016). With ``hermitian`` only the lower triangle is read.

    >>> import numpy as np, minigrad as mg
    >>> np.abs(svd_row(np.array([[3.0]])))
    array([1., 3., 1.])
    """
    return _packed(np.linalg.svd(a, full_matrices=False, hermitian=hermitian), np.shape(a)[:-2])


@svd_row.rule
def _(g, y, a, hermitian):
    m, n = np.shape(a)[-2:]
    k = m if m < n else n
    shapes = [(m, k), (k,), (k, n)]
    (u, s, vh), (by_u, by_s, by_vh) = _unpacked(y, shapes), _unpacked(g, shapes)
    v, by_v, ut = transposed(vh), transposed(by_vh), transposed(u)
    row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)

    def turning(basis, by_basis):
        inner = matmul(transposed(basis), by_basis)
        return _turned(inner - transposed(inner), s * s, _largest(s) ** 2)

    core = turning(u, by_u) * row + column * turning(v, by_v) + _matrix_of_diagonal(by_s)
    total = matmul(matmul(u, core), vh)
    if m > k:
        outside = by_u - matmul(u, matmul(ut, by_u))
        total = total + matmul(_over(outside, row, _largest(s)), vh)
    if n > k:
        outside = by_v - matmul(v, matmul(vh, by_v))
        total = total + matmul(u, transposed(_over(outside, row, _largest(s))))
    return one_triangle(total, "L") if hermitian else total


@composed(numpy=np.linalg.svd, inputs=_draw_svd, several=True)
def svd(a, full_matrices=True, compute_uv=True, hermitian=False):
    """Singular value decomposition A = U diag(S) Vᵀ, as ``(U, S, Vh)``, or S alone without ``compute_uv``.

    For a tensor that is not square the extra vectors of ``full_matrices=True`` are arbitrary and have no derivative:
    it raises NotDifferentiableError, and ``full_matrices=False`` is what is wanted. The gradient through
    repeated singular values is right; that through their vectors, an arbitrary choice, does not exist and is nan.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.svd(np.diag([3.0, 2.0]), compute_uv=False)
    array([3., 2.])
    """
    if not hasattr(a, "_data"):
        found = np.linalg.svd(a, full_matrices, compute_uv, hermitian)
        return SVDResult(*found) if compute_uv else found
    m, n = np.shape(square_checked("svd", a) if hermitian else matrix_checked("svd", a))[-2:]
    if compute_uv and full_matrices and m != n:
        raise NotDifferentiableError(
            f"svd: a is {np.shape(a)}, and the extra vectors of full_matrices=True have no derivative; "
            "give full_matrices=False"
        )
    k = m if m < n else n
    u, s, vh = _unpacked(svd_row(a, hermitian=hermitian), [(m, k), (k,), (k, n)])
    return SVDResult(u, s, vh) if compute_uv else s


@composed(numpy=np.linalg.svdvals, inputs=draw_singular)
def svdvals(x, /):
    """Singular values, the largest first; see `svd`.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.svdvals(np.diag([3.0, 2.0]))
    array([3., 2.])
    """
    return svd(x, compute_uv=False)


class QRResult(NamedTuple):
    """Q with orthonormal columns, and the upper triangle R."""

    Q: Any
    R: Any


def _draw_tall(draw):
    m, n = draw.choice([(1, 1), (2, 2), (3, 2), (3, 3)])
    a = draw.array((*draw.shape(max_dims=1), m, n), low=-0.5, high=0.5, avoid=[0])
    a[..., range(n), range(n)] += 2.5
    return (a,), {}


@op(label="QR", inputs=_draw_tall, internal=True)
def qr_row(a, /):
    """Q and R of tall matrices (..., m, n), m ≥ n, side by side in one row: what `qr` records.

    With M = R ∂Rᵀ − ∂Qᵀ Q:  ∂A = (∂Q + Q·copyltu(M)) R⁻ᵀ, copyltu copying the lower triangle to the upper
    (Walter and Lehmann 2018).

    >>> import numpy as np, minigrad as mg
    >>> np.abs(qr_row(np.array([[2.0]])))
    array([1., 2.])
    """
    m, n = np.shape(matrix_checked("qr", a))[-2:]
    if m < n:
        raise MatrixError(f"qr_row: a is {np.shape(a)}; tall matrices (m ≥ n) are wanted, and mg.linalg.qr takes any")
    return _packed(np.linalg.qr(a), np.shape(a)[:-2])


@qr_row.rule
def _(g, y, a):
    m, n = np.shape(a)[-2:]
    (q, r), (by_q, by_r) = _unpacked(y, [(m, n), (n, n)]), _unpacked(g, [(m, n), (n, n)])
    inner = matmul(r, transposed(by_r)) - matmul(transposed(by_q), q)
    strict = np.tri(n, k=-1, dtype=plain(r).dtype)
    lower = inner * strict
    copied = lower + transposed(lower) + inner * np.eye(n, dtype=plain(r).dtype)
    return transposed(solve(r, transposed(by_q + matmul(q, copied))))


def _draw_qr(draw):
    (a,), _ = _draw_tall(draw)
    if draw.boolean():
        a = np.concatenate([a, draw.array((*a.shape[:-1], 1))], axis=-1) if a.shape[-1] == a.shape[-2] else a
    return (a,), {"mode": draw.choice(["reduced", "r"])}


@composed(numpy=np.linalg.qr, inputs=_draw_qr, several=True)
def qr(a, mode="reduced"):
    """A = Q R with orthonormal columns Q and an upper triangle R, as ``(Q, R)``; R alone with mode "r".

    A wide A (m < n) is decomposed by its first m columns, which must be independent. Mode "complete" is the same for
    matrices that are not tall; else its extra columns are arbitrary and have no derivative (NotDifferentiableError).

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.qr(np.diag([3.0, 2.0])).R.round(12) ** 2
    array([[9., 0.],
           [0., 4.]])
    """
    if not hasattr(a, "_data"):
        found = np.linalg.qr(a, mode)
        return QRResult(*found) if mode in ("reduced", "complete") else found
    m, n = np.shape(matrix_checked("qr", a))[-2:]
    if mode not in ("reduced", "complete", "r") or (mode == "complete" and m > n):
        raise NotDifferentiableError(f"qr: mode {mode!r} of a matrix {np.shape(a)} has no derivative; use 'reduced'")
    k = m if m < n else n
    q, r = _unpacked(qr_row(a[..., :k]), [(m, k), (k, k)])
    if n > k:
        r = np.concatenate([r, matmul(transposed(q), a[..., k:])], axis=-1)
    return r if mode == "r" else QRResult(q, r)


# ---- least squares --------------------------------------------------------------------------------------


def _draw_least_squares(draw):
    n, m = draw.choice([(2, 2), (4, 2), (2, 3)])
    a = draw.array((n, m), low=-1, high=1)
    a[range(2), range(2)] += [3.0, 7.0]
    return (a, draw.array(draw.choice([(n,), (n, 2)]))), {"rcond": None}


@op(label="least squares", inputs=_draw_least_squares, internal=True)
def least_squares(a, b, /, rcond=None):
    """The shortest x of those for which ‖A x − b‖ is least, x = A⁺ b: what `lstsq` records for its solution.

    ∂b = A⁺ᵀ g, ∂A = −∂b xᵀ + (b − A x)(A⁺ ∂b)ᵀ + A⁺ᵀ x (g − Aᵀ ∂b)ᵀ, where the rank is the same nearby.

    >>> import numpy as np, minigrad as mg
    >>> least_squares(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).round(12)
    array([2.])
    """
    if rcond is not None:
        check_number("least_squares", "rcond", rcond)
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


@least_squares.rule
def _(g, y, a, b, rcond):
    columns = np.ndim(b) == 1
    if columns:
        g, y, b = np.expand_dims(g, -1), np.expand_dims(y, -1), np.expand_dims(b, -1)
    inverse = pinv(a)
    by_b = matmul(transposed(inverse), g)
    by_a = -matmul(by_b, transposed(y))
    by_a = by_a + matmul(b - matmul(a, y), transposed(matmul(inverse, by_b)))
    by_a = by_a + matmul(matmul(transposed(inverse), y), transposed(g - matmul(transposed(a), by_b)))
    return by_a, np.squeeze(by_b, -1) if columns else by_b


@composed(numpy=np.linalg.lstsq, inputs=_draw_least_squares, several=True)
def lstsq(a, b, rcond=None):
    """Least squares: ``(x, residuals, rank, singular values)``; the rank is a plain number, the rest differentiated.

    >>> import numpy as np, minigrad as mg
    >>> mg.linalg.lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0].round(12)
    array([2.])
    """
    a, b = as_array(a), as_array(b)
    if np.ndim(a) != 2 or np.ndim(b) not in (1, 2):
        raise MatrixError(f"lstsq: a is {np.shape(a)}, b {np.shape(b)}; a matrix and a vector or matrix are wanted")
    m, n = np.shape(a)
    rank = int(np.linalg.lstsq(plain(a), plain(b), rcond=rcond)[2])
    x = least_squares(a, b, rcond=rcond)
    residuals = np.zeros(0, dtype=plain(a).dtype)
    if rank == n < m:
        residuals = np.atleast_1d(np.sum((b - matmul(a, x)) ** 2, axis=0))
    return x, residuals, rank, svdvals(a)

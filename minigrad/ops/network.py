"""Functions of networks made of other operations: embedding, dropout and the cells of recurrent networks."""

import numpy as np

from ..core.draws import uniform
from ..core.errors import ShapeError
from ..core.registry import composed, op
from .activation import sigmoid, tanh
from .arguments import as_array
from .index import scatter_add
from .product import affine


def _draw_embedding(draw):
    n = draw.integer(1, 4)
    return (draw.indices(n, size=draw.integer(0, 5)), draw.array((n, 2))), {}


@op(inputs=_draw_embedding)
def embedding(indices, weight, /):
    """Rows of a table: indices (…) and weight (n, width) give (…, width); repeated rows add their gradients.

    Raises IndexError for an index outside 0 … n − 1.

    >>> import numpy as np, minigrad as mg
    >>> mg.embedding(np.array([1, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [3., 4.]])
    """
    indices = as_array(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be integers, got {indices.dtype}")
    return weight[indices]


@embedding.validate
def _(indices, weight):
    indices, n = as_array(indices), np.shape(weight)[0]
    if np.size(indices) and indices.dtype.kind in "iu" and (np.min(indices) < 0 or np.max(indices) >= n):
        wrong = indices[(indices < 0) | (indices >= n)][0]
        raise IndexError(f"embedding: index {wrong}, but the table has the rows 0 to {n - 1}")


embedding.rules_by_input(None, lambda g, y, indices, weight: scatter_add(g, key=indices, shape=np.shape(weight)))


def _draw_dropout(draw):
    return (draw.array(draw.shape(max_dims=2)),), {"keep_prob": draw.choice([0.5, 0.8, 1.0]), "rng": draw.integer(0, 5)}


@composed(inputs=_draw_dropout, differentiated="x")
def dropout(x, keep_prob, rng=None):
    """Inverted dropout: each entry kept with probability keep_prob and divided by it, else 0 (course, part C).

    ``rng`` is a `numpy.random.Generator`, a seed, or None. The gradient is g where x was kept, over keep_prob.

    >>> import numpy as np, minigrad as mg
    >>> mg.dropout(np.ones(4), 0.5, rng=0)
    array([0., 2., 2., 2.])
    """
    if not 0 < keep_prob <= 1:
        raise ValueError(f"dropout: keep_prob is {keep_prob}; the probability of keeping an entry lies in (0, 1]")
    drawn = uniform(rng, np.shape(x))  # the one random draw
    return x * ((drawn < keep_prob) / keep_prob).astype(as_array(x).dtype)


def _draw_cell(gates, states):
    def drawn(draw):
        batch, width, hidden = draw.integer(1, 2), draw.integer(1, 2), draw.integer(1, 2)
        inputs = [
            draw.array((batch, width), low=-1, high=1),
            *(draw.array((batch, hidden), low=-1, high=1) for _ in range(states)),
        ]
        weights = [draw.array((gates * hidden, n), low=-1, high=1) for n in (width, hidden)]
        biases = [draw.array((gates * hidden,), low=-1, high=1) for _ in range(2)] if draw.boolean() else []
        return (*inputs, *weights, *biases), {}

    return drawn


def _gates(name, count, x, h, weight_x, weight_h, bias_x, bias_h):
    """Both affine parts, cut into so many gates."""
    hidden = np.shape(h)[-1]
    if np.shape(weight_x) != (count * hidden, np.shape(x)[-1]) or np.shape(weight_h) != (count * hidden, hidden):
        raise ShapeError(
            f"{name}: x is {np.shape(x)}, h {np.shape(h)}: weight_x must be {(count * hidden, np.shape(x)[-1])} and "
            f"weight_h {(count * hidden, hidden)}, got {np.shape(weight_x)} and {np.shape(weight_h)}"
        )
    from_x, from_h = affine(x, weight_x, bias_x), affine(h, weight_h, bias_h)
    cut = [slice(i * hidden, (i + 1) * hidden) for i in range(count)]
    return [from_x[..., each] for each in cut], [from_h[..., each] for each in cut]


@composed(inputs=_draw_cell(1, 1), differentiated="x h weight_x weight_h bias_x bias_h")
def rnn_cell(x, h, weight_x, weight_h, bias_x=None, bias_h=None):
    """One step of a recurrent network: h′ = tanh(x Wₓᵀ + bₓ + h Wₕᵀ + bₕ), x (N, width), h (N, hidden).

    >>> import numpy as np, minigrad as mg
    >>> mg.rnn_cell(np.zeros((1, 2)), np.zeros((1, 1)), np.ones((1, 2)), np.ones((1, 1)))
    array([[0.]])
    """
    (from_x,), (from_h,) = _gates("rnn_cell", 1, x, h, weight_x, weight_h, bias_x, bias_h)
    return tanh(from_x + from_h)


@composed(inputs=_draw_cell(3, 1), differentiated="x h weight_x weight_h bias_x bias_h")
def gru_cell(x, h, weight_x, weight_h, bias_x=None, bias_h=None):
    """One step of a gated recurrent unit (Cho et al. 2014), the gates in PyTorch's order r, z, n.

    r = σ(·), z = σ(·), n = tanh(xₙ + r · hₙ), h′ = (1 − z) n + z h;  x is (N, width), h (N, hidden),
    weight_x (3·hidden, width), weight_h (3·hidden, hidden), biases (3·hidden,).

    >>> import numpy as np, minigrad as mg
    >>> mg.gru_cell(np.zeros((1, 2)), np.ones((1, 1)), np.ones((3, 2)), np.zeros((3, 1)))
    array([[0.5]])
    """
    (xr, xz, xn), (hr, hz, hn) = _gates("gru_cell", 3, x, h, weight_x, weight_h, bias_x, bias_h)
    z = sigmoid(xz + hz)
    n = tanh(xn + sigmoid(xr + hr) * hn)
    return n + z * (h - n)


@composed(inputs=_draw_cell(4, 2), differentiated="x h c weight_x weight_h bias_x bias_h", several=True)
def lstm_cell(x, h, c, weight_x, weight_h, bias_x=None, bias_h=None):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997): ``(h′, c′)``, gates ordered i, f, g, o.

    c′ = σ(f) c + σ(i) tanh(g), h′ = σ(o) tanh(c′);  x is (N, width), h and c (N, hidden), weight_x (4·hidden, width),
    weight_h (4·hidden, hidden), biases (4·hidden,), as in PyTorch.

    >>> import numpy as np, minigrad as mg
    >>> mg.lstm_cell(np.zeros((1, 2)), np.zeros((1, 1)), np.ones((1, 1)), np.ones((4, 2)), np.ones((4, 1)))[1]
    array([[0.5]])
    """
    from_x, from_h = _gates("lstm_cell", 4, x, h, weight_x, weight_h, bias_x, bias_h)
    i, f, g, o = (a + b for a, b in zip(from_x, from_h))
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c

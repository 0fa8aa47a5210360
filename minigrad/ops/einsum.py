"""Einstein's summation: `einsum` by NumPy's rules, and the contraction that it records."""

import string

import numpy as np

from ..core.registry import composed, op
from .arguments import plain
from .index import scatter_add


def _draw_einsum(draw):
    n, m, k = draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)
    size = {"i": n, "j": m, "k": k, "b": 2, "c": 1}
    subscripts = draw.choice(
        [
            "ij,jk->ik", "ij,jk", "i,i", "ij->ji", "ij->", "ij->j", "ij,ij->i", "i,j->ij", "bij,bjk->bik", "ij,jk,ki->",
            "ii->i", "ii", "iij->j", "ij,kj,k->i", "bi,bj->ij", "i,j,k->kji", "ij,k->i", "iji->j", "ij,i->", "ii,i->",
        ]
    )  # fmt: skip
    if draw.boolean():
        left, right = draw.choice(
            [("...ij", "...jk->...ik"), ("...i", "...i->..."), ("i...", "i->..."), ("...ij", "j")]
        )
        batch = draw.shape(max_dims=2)
        shapes = [
            _filled_shape(batch if draw.boolean() else draw.broadcastable_to(batch), part, size)
            for part in (left, right.split("->")[0])
        ]
        return (f"{left},{right}", *(draw.array(shape) for shape in shapes)), {}
    operands = [tuple(size[letter] for letter in part) for part in subscripts.split("->")[0].split(",")]
    if len(operands) > 1 and draw.boolean():  # a length of 1 is repeated, as in any broadcasting
        operands[-1] = (1,) * len(operands[-1])
    return (subscripts, *(draw.array(shape) for shape in operands)), {"optimize": draw.boolean()}


def _filled_shape(batch, part, size):
    """The shape of an operand with its ellipsis filled in."""
    before, dots, after = part.partition("...")
    lengths = tuple(size[letter] for letter in before), tuple(size[letter] for letter in after)
    return (*lengths[0], *(batch if dots else ()), *lengths[1])


@composed(numpy=np.einsum, inputs=_draw_einsum)
def einsum(subscripts, /, *operands, optimize=False):
    """Sums of products by Einstein's convention, as in `numpy.einsum`: "ij,jk->ik" is a matrix product.

    Parameters
    ----------
    subscripts
        The axes of each operand, one letter an axis; a letter that the output lacks is summed over; a letter twice
        in one operand takes its diagonal; "..." stands for axes that broadcast. Without "->" the output has the
        letters that occur once, in alphabetical order. Also NumPy's other form: operands and lists of numbers.
    optimize
        Contract pairwise in a good order, as NumPy finds it.

    >>> import numpy as np, minigrad as mg
    >>> mg.einsum("ij,ij->i", np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([11.])
    """
    if not isinstance(optimize, (bool, str, list, tuple)) or optimize == ():
        raise TypeError(f"einsum: optimize is {optimize!r}; True, False, 'greedy', 'optimal' or a path is wanted")
    if not isinstance(subscripts, str):
        subscripts, operands = _with_letters([subscripts, *operands])
    operands = [x if hasattr(x, "dtype") else np.asarray(x) for x in operands]
    inputs, output = _canonical(subscripts, [np.ndim(x) for x in operands])
    if optimize is False or (len(operands) < 3 and not isinstance(optimize, (list, tuple))):
        return contraction(operands, inputs=inputs, output=output)
    path = np.einsum_path(f"{','.join(inputs)}->{output}", *map(plain, operands), optimize=optimize)[0]
    for step in path[1:]:
        taken = [inputs[i] for i in step], [operands[i] for i in step]
        inputs = tuple(x for i, x in enumerate(inputs) if i not in step)
        operands = [x for i, x in enumerate(operands) if i not in step]
        needed = set(output).union(*inputs)
        between = output if not inputs else "".join(sorted(set("".join(taken[0])) & needed))
        operands.append(contraction(taken[1], inputs=tuple(taken[0]), output=between))
        inputs = (*inputs, between)
    return operands[0]


def _with_letters(arguments):
    """NumPy's other form, ``einsum(a, [0, 1], b, [1, 2], [0, 2])``, as subscripts and operands."""
    pairs, last = arguments[: len(arguments) // 2 * 2], arguments[len(arguments) // 2 * 2 :]
    written = [
        "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in part) for part in pairs[1::2] + last
    ]
    count = len(pairs) // 2
    return ",".join(written[:count]) + ("->" + written[-1] if last else ""), pairs[::2]


def _canonical(subscripts, ndims):
    """The letters of every operand and of the output, with letters of their own for the axes of an ellipsis."""
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(ndims):
        raise ValueError(f"einsum: {subscripts!r} names {len(inputs)} operands, but {len(ndims)} were given")
    spare = [letter for letter in string.ascii_letters if letter not in text]
    widths = []
    for part, ndim in zip(inputs, ndims):
        width = ndim - len(part.replace("...", ""))
        if width < 0 or (width and "..." not in part):
            raise ValueError(f"einsum: {part!r} in {subscripts!r} names the axes of an operand that has {ndim}")
        widths.append(width)
    most = max(widths, default=0)
    filled = tuple(part.replace("...", "".join(spare[most - width : most])) for part, width in zip(inputs, widths))
    if arrow:
        return filled, output.replace("...", "".join(spare[:most]))
    letters = text.replace("...", "").replace(",", "")
    return filled, "".join(spare[:most]) + "".join(sorted(x for x in set(letters) if letters.count(x) == 1))


def _draw_contraction(draw):
    n, m = draw.integer(1, 3), draw.integer(1, 3)
    return (draw.array((n, m)), draw.array((m, 2))), {"inputs": ("ij", "jk"), "output": "ik"}


@op(label="einsum", inputs=_draw_contraction, broadcasts=True, internal=True)
def contraction(*operands, inputs, output):
    """One sum of products with every axis named: what `einsum` records, and its own derivative.

    The gradient of an operand is the contraction of g with the other operands; it is repeated along axes that only
    this operand has, and put on the diagonal where a letter stands twice.

    >>> import numpy as np, minigrad as mg
    >>> contraction([np.array([1.0, 2.0]), np.array([3.0, 4.0])], inputs=("i", "i"), output="")
    np.float64(11.0)
    """
    return np.einsum(f"{','.join(inputs)}->{output}", *operands)


@contraction.rule
def _(g, y, *operands, inputs, output, wanted):
    length = {x: n for part, a in zip(inputs, operands) for x, n in zip(part, np.shape(a)) if n != 1}
    gradients = []
    for i, a in enumerate(operands):
        if not wanted[i]:
            gradients.append(None)
            continue
        part, shape = inputs[i], np.shape(a)
        others = [x for j, x in enumerate(operands) if j != i]
        names = [x for j, x in enumerate(inputs) if j != i]
        letters = "".join(dict.fromkeys(part))
        reached = "".join(x for x in letters if any(x in name for name in (output, *names)))
        by = contraction([g, *others], inputs=(output, *names), output=reached)
        if reached != letters:  # axes that only this operand has were summed away
            found = dict(zip(reached, np.shape(by)))
            by = np.reshape(by, tuple(found.get(x, 1) for x in letters))
        by = np.broadcast_to(by, tuple(length.get(x, 1) for x in letters))
        if letters != part:
            own = dict(zip(part, shape))
            repeated = tuple(k for k, x in enumerate(letters) if own[x] == 1 != length.get(x, 1))
            by = np.sum(by, axis=repeated, keepdims=True) if repeated else by
            grid = np.indices([own[x] for x in letters], sparse=True)
            by = scatter_add(by, key=tuple(grid[letters.index(x)] for x in part), shape=shape)
        gradients.append(by)
    return gradients


@contraction.forward_rule
def _(tangents, y, *operands, inputs, output):
    total = None
    for i, tangent in enumerate(tangents):
        if tangent is not None:
            changed = [tangent if j == i else x for j, x in enumerate(operands)]
            part = contraction(changed, inputs=inputs, output=output)
            total = part if total is None else total + part
    return total

"""Einstein's summation: `einsum` by NumPy's rules, and the contraction that it records."""

import string
from functools import reduce

import numpy as np

from ..core.registry import composed, op
from .arguments import as_array
from .index import scatter_add
from .table import example

_PLAIN = (
    "ij,jk->ik", "ij,jk", "i,i", "ij->ji", "ij->", "ij->j", "ij,ij->i", "i,j->ij", "bij,bjk->bik", "ij,jk,ki->",
    "ii->i", "ii", "iij->j", "ij,kj,k->i", "bi,bj->ij", "i,j,k->kji", "ij,k->i", "iji->j", "ij,i->", "ii,i->",
)  # fmt: skip
_DOTTED = ("...ij,...jk->...ik", "...i,...i->...", "i...,i->...", "...ij,j")


def _draw_einsum(draw):
    subscripts = draw.choice(_DOTTED if draw.boolean() else _PLAIN)
    shapes = [part.replace("...", draw.choice("*~")) for part in subscripts.split("->")[0].split(",")]
    if len(shapes) > 1 and subscripts in _PLAIN and draw.boolean():  # a length of 1 is repeated, as in any broadcasting
        shapes[-1] = "1" * len(shapes[-1])
    operands, options = draw.arrays(*shapes, optimize=draw.boolean())
    return (subscripts, *operands), options


@composed(numpy=np.einsum, inputs=_draw_einsum)
@example('mg.einsum("ij,ij->i", np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])) → array([11.])')
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
    """
    if not isinstance(optimize, (bool, str, list, tuple)) or optimize == ():
        raise TypeError(f"einsum: optimize is {optimize!r}; True, False, 'greedy', 'optimal' or a path is wanted")
    if not isinstance(subscripts, str):
        subscripts, operands = _with_letters([subscripts, *operands])
    operands = [as_array(x) for x in operands]
    inputs, output = _canonical(subscripts, [np.ndim(x) for x in operands])
    if optimize is False or (len(operands) < 3 and not isinstance(optimize, (list, tuple))):
        return contraction(operands, inputs=inputs, output=output)
    # a path is a matter of shapes: one number stands for all entries
    standing = [np.ndarray(np.shape(x), np.float64, bytes(8), strides=(0,) * np.ndim(x)) for x in operands]
    for step in np.einsum_path(f"{','.join(inputs)}->{output}", *standing, optimize=optimize)[0][1:]:
        taken, part = [operands[i] for i in step], tuple(inputs[i] for i in step)
        inputs, operands = ([x for i, x in enumerate(each) if i not in step] for each in (inputs, operands))
        needed = set(output).union(*inputs)
        between = "".join(sorted(set("".join(part)) & needed)) if inputs else output
        operands.append(contraction(taken, inputs=part, output=between))
        inputs.append(between)
    return operands[0]


def _with_letters(arguments):
    """NumPy's other form, ``einsum(a, [0, 1], b, [1, 2], [0, 2])``, as subscripts and operands."""
    count = len(arguments) // 2
    parts = arguments[1 : 2 * count : 2] + arguments[2 * count :]
    written = ["".join("..." if i is Ellipsis else string.ascii_letters[i] for i in part) for part in parts]
    return ",".join(written[:count]) + "".join("->" + each for each in written[count:]), arguments[: 2 * count : 2]


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


@op(label="einsum", broadcasts=True, internal=True, inputs=lambda draw: (
    draw.arrays("nm", "m2", inputs=("ij", "jk"), output="ik")
))  # fmt: skip
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
    gradients = [None] * len(operands)
    for i, a in enumerate(operands):
        if not wanted[i]:
            continue
        part, shape = inputs[i], np.shape(a)
        names = (output, *inputs[:i], *inputs[i + 1 :])
        letters = "".join(dict.fromkeys(part))
        reached = "".join(x for x in letters if any(x in name for name in names))
        by = contraction([g, *operands[:i], *operands[i + 1 :]], inputs=names, output=reached)
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
        gradients[i] = by
    return gradients


@contraction.forward_rule
def _(tangents, y, *operands, inputs, output):
    return reduce(np.add, [
        contraction([*operands[:i], tangent, *operands[i + 1 :]], inputs=inputs, output=output)
        for i, tangent in enumerate(tangents)
        if tangent is not None
    ])  # fmt: skip

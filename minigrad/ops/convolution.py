"""Convolutions and pooling over one, two or three axes, batch first: x is (N, channels, *lengths).

Three operations are each other's derivatives: `convolution` of x with a weight, `convolution_transpose`, its gradient
with respect to x, and `convolution_weight`, its gradient with respect to the weight. Each is linear in both of its
inputs, and the gradient of any of them is one of the other two: so they can be differentiated to any order. Each is one
matrix product for a sample, of the weight and the columns: the windows of x, laid out side by side.
"""

import itertools
import math

import numpy as np

from ..core.composed import Composed
from ..core.errors import ShapeError
from ..core.registry import composed, op
from .arguments import as_array


def _places(lengths, kernel, stride, dilation, padding=None):
    """How many windows there are along each of the lengths."""
    whole = lengths if padding is None else [n + sum(p) for n, p in zip(lengths, padding)]
    return tuple([(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(whole, kernel, stride, dilation)])


def _window_view(x, kernel, stride, dilation):
    """Every window of x (N, C, *lengths), as a view (N, C, *kernel, *places)."""
    lengths = x.shape[2:]
    n = len(lengths)
    if not n == len(kernel) == len(stride) == len(dilation):
        raise ShapeError(
            f"x is {x.shape}, kernel {kernel}, stride {stride}, dilation {dilation}; each needs a number for each of "
            f"x's {n} lengths"
        )
    places = _places(lengths, kernel, stride, dilation)
    if min(places, default=1) < 1:
        raise ShapeError(f"a window {kernel} with dilation {dilation} does not fit into lengths {lengths}")
    if type(x) is np.ndarray:  # takes a third of the time of what other arrays offer
        steps = x.strides[2:]
        inside, between = ([step * m for step, m in zip(steps, each)] for each in (dilation, stride))
        shape, strides = (*x.shape[:2], *kernel, *places), (*x.strides[:2], *inside, *between)
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)
    reach = tuple([d * (k - 1) + 1 for k, d in zip(kernel, dilation)])
    view = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(2, 2 + n)))
    if max(stride + dilation, default=1) > 1:
        view = view[(..., *[slice(None, None, s) for s in stride + dilation])]
    return np.transpose(view, (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)))


def _added_windows(windows, lengths, stride, dilation):
    """Windows (N, C, *kernel, *places) added up where they came from, in an array (N, C, *lengths)."""
    n = len(lengths)
    kernel, places = windows.shape[2 : 2 + n], windows.shape[2 + n :]
    total = np.zeros_like(windows, shape=(*windows.shape[:2], *lengths))
    whole = slice(None)
    for offset in itertools.product(*map(range, kernel)):
        where = [slice(o * d, o * d + s * (p - 1) + 1, s) for o, d, s, p in zip(offset, dilation, stride, places)]
        total[(whole, whole, *where)] += windows[(whole, whole, *offset)]
    return total


def _padded(x, padding):
    if len(padding) != x.ndim - 2:
        raise ShapeError(f"padding is {padding} for x {x.shape}; a pair (before, after) for each length is wanted")
    return np.pad(x, ((0, 0), (0, 0), *padding)) if any(map(any, padding)) else x


# ---- windows, and their transpose -----------------------------------------------------------------------


def _draw_unfold(draw):
    kernel, stride, dilation = draw.integer(1, 2), draw.integer(1, 2), draw.integer(1, 2)
    x = draw.array((draw.integer(1, 2), draw.integer(1, 2), draw.integer(3, 4), 3))
    return (x,), {"kernel": (kernel, 2), "stride": (stride, 1), "dilation": (dilation, 1)}


@op(inputs=_draw_unfold, linear=True)
def unfold(x, /, kernel, stride, dilation):
    """Every window of x (N, C, *lengths), side by side: (N, C, *kernel, *places).  ∂: `fold`, which adds them up.

    ``kernel``, ``stride`` and ``dilation`` hold a number for each length.

    >>> import numpy as np, minigrad as mg
    >>> mg.unfold(np.arange(4.0).reshape(1, 1, 4), kernel=(2,), stride=(2,), dilation=(1,))[0, 0]
    array([[0., 2.],
           [1., 3.]])
    """
    return np.copy(_window_view(x, kernel, stride, dilation), order="C")


def _draw_fold(draw):
    (x,), options = _draw_unfold(draw)
    windows = draw.array(_window_view(x, **options).shape)
    return (windows,), {"lengths": x.shape[2:], "stride": options["stride"], "dilation": options["dilation"]}


@op(inputs=_draw_fold, linear=True)
def fold(windows, /, lengths, stride, dilation):
    """Windows (N, C, *kernel, *places) added up where they came from: (N, C, *lengths).  ∂: `unfold`.

    >>> import numpy as np, minigrad as mg
    >>> mg.fold(np.ones((1, 1, 2, 3)), lengths=(4,), stride=(1,), dilation=(1,))[0, 0]
    array([1., 2., 2., 1.])
    """
    if np.ndim(windows) != 2 + 2 * len(lengths):
        raise ShapeError(
            f"fold: windows are {np.shape(windows)}; (N, C, *kernel, *places) for lengths {lengths} is wanted"
        )
    return _added_windows(windows, lengths, stride, dilation)


unfold.rules_by_input(lambda g, y, x, kernel, **how: fold(g, lengths=np.shape(x)[2:], **how))
fold.rules_by_input(
    lambda g, y, windows, lengths, **how: unfold(g, kernel=np.shape(windows)[2 : 2 + len(lengths)], **how)
)


# ---- the three convolutions -----------------------------------------------------------------------------


def _columns(x, kernel, stride, padding, dilation, groups, places=None):
    """The windows of x as matrices (N, groups, entries of a window, places), and how many places there are."""
    view = _window_view(_padded(x, padding), kernel, stride, dilation)
    if places is not None:
        view = view[(..., *map(slice, places))]
    places = view.shape[2 + len(kernel) :]
    entries = x.shape[1] // groups * math.prod(kernel)
    return view.reshape(x.shape[0], groups, entries, math.prod(places)), places


def _drawn(inputs, *more):
    """A sampler of two of ``x``, ``weight`` and ``y`` (of their convolution's shape), with the options, by name."""

    def drawn(draw):
        count = draw.integer(1, 2)
        (x, weight, _), options = _draw_conv(count)(draw)
        groups, sizes = options.pop("groups"), {"lengths": x.shape[2:], "kernel": weight.shape[2:]}
        how = _options("convolution", count, sizes["kernel"], **options)
        shapes = {"x": x.shape, "weight": weight.shape, "y": (len(x), len(weight), *_places(**sizes, **how))}
        arrays = tuple(draw.array(shapes[each]) for each in inputs.split())
        return arrays, {**how, "groups": groups, **{each: sizes[each] for each in more}}

    return drawn


@op(label="conv", inputs=_drawn("x weight"), linear=True, internal=True)
def convolution(x, weight, /, stride, padding, dilation, groups):
    """Cross-correlation of x (N, C, *lengths) with filters (O, C/groups, *kernel): (N, O, *places).

    What `conv1d`, `conv2d` and `conv3d` record. ``padding`` holds a pair (before, after) for each length.
    ∂x is `convolution_transpose` of g, ∂weight `convolution_weight` of x and g.

    >>> import numpy as np, minigrad as mg
    >>> x, w = np.arange(4.0).reshape(1, 1, 4), np.array([[[1.0, 10.0]]])
    >>> convolution(x, w, stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    array([[[10., 21., 32.]]])
    """
    filters, kernel = weight.shape[0], weight.shape[2:]
    if x.shape[1] != groups * weight.shape[1]:  # NumPy would not notice where a length is 0
        raise ShapeError(f"convolution: x {x.shape} has not {groups} × the channels of weight {weight.shape}")
    columns, places = _columns(x, kernel, stride, padding, dilation, groups)
    y = np.matmul(weight.reshape(groups, filters // groups, columns.shape[2]), columns)
    return y.reshape(x.shape[0], filters, *places)


@op(label="conv\ntransposed", inputs=_drawn("y weight", "lengths"), linear=True, internal=True)
def convolution_transpose(y, weight, /, lengths, stride, padding, dilation, groups):
    """The gradient of `convolution` in x, for its gradient y (N, O, *places): (N, C, *lengths), linear in both.

    >>> import numpy as np, minigrad as mg
    >>> y, w = np.ones((1, 1, 3)), np.array([[[1.0, 10.0]]])
    >>> convolution_transpose(y, w, lengths=(4,), stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    array([[[ 1., 11., 11., 10.]]])
    """
    each = {len(lengths), len(stride), len(padding), len(dilation), y.ndim - 2, weight.ndim - 2}
    if len(each) > 1 or y.shape[1] != weight.shape[0]:
        raise ShapeError(
            f"convolution_transpose: y is {y.shape}, weight {weight.shape}, lengths {lengths}, stride {stride}, "
            f"padding {padding}, dilation {dilation}; (N, O, …), (O, C/groups, …) and one of the others for each "
            "length are wanted"
        )
    batch, filters, *places = y.shape
    matrix = weight.reshape(groups, filters // groups, math.prod(weight.shape[1:]))
    rows = y.reshape(batch, groups, filters // groups, math.prod(places))
    windows = np.matmul(np.swapaxes(matrix, 1, 2), rows)
    windows = windows.reshape(batch, weight.shape[1] * groups, *weight.shape[2:], *places)
    whole = [n + before + after for n, (before, after) in zip(lengths, padding)]
    inside = [slice(before, before + n) for n, (before, _) in zip(lengths, padding)]
    return _added_windows(windows, whole, stride, dilation)[(slice(None), slice(None), *inside)]


@op(label="conv\nweight", inputs=_drawn("x y", "kernel"), linear=True, internal=True)
def convolution_weight(x, y, /, kernel, stride, padding, dilation, groups):
    """The gradient of `convolution` in the weight, for its gradient y: (O, C/groups, *kernel), linear in both.

    >>> import numpy as np, minigrad as mg
    >>> x, y = np.arange(4.0).reshape(1, 1, 4), np.ones((1, 1, 3))
    >>> convolution_weight(x, y, kernel=(2,), stride=(1,), padding=((0, 0),), dilation=(1,), groups=1)
    array([[[3., 6.]]])
    """
    if y.ndim != x.ndim or y.ndim != len(kernel) + 2 or y.shape[0] != x.shape[0]:
        raise ShapeError(
            f"convolution_weight: x is {x.shape}, y {y.shape}, kernel {kernel}; (N, C, …), (N, O, …) are wanted"
        )
    batch, filters, *places = y.shape
    columns, _ = _columns(x, kernel, stride, padding, dilation, groups, places)
    rows = y.reshape(batch, groups, filters // groups, math.prod(places))
    total = np.matmul(rows, np.swapaxes(columns, 2, 3)).sum(axis=0)
    return total.reshape(filters, x.shape[1] // groups, *kernel)


def _first_places(y, like):
    """A convolution's first places, as many as ``like`` has: lengths with output padding hold more windows."""
    places = np.shape(like)[2:]
    return y if np.shape(y)[2:] == places else y[(..., *map(slice, places))]


convolution.rules_by_input(
    lambda g, y, x, weight, **how: convolution_transpose(g, weight, lengths=np.shape(x)[2:], **how),
    lambda g, y, x, weight, **how: convolution_weight(x, g, kernel=np.shape(weight)[2:], **how),
)
convolution_transpose.rules_by_input(
    lambda g, y, a, weight, lengths, **how: _first_places(convolution(g, weight, **how), a),
    lambda g, y, a, weight, lengths, **how: convolution_weight(g, a, kernel=np.shape(weight)[2:], **how),
)
convolution_weight.rules_by_input(
    lambda g, y, x, a, kernel, **how: convolution_transpose(a, g, lengths=np.shape(x)[2:], **how),
    lambda g, y, x, a, kernel, **how: _first_places(convolution(x, g, **how), a),
)


# ---- by PyTorch's names: one function, over one, two and three axes ---------------------------------------


def _over_axes(make, draw, differentiated, shapes, one, three) -> list[Composed]:
    """The function that ``make(count)`` gives for one, two and three axes, each registered with its documentation.

    The function's own is that of two axes; ``one`` and ``three`` are the examples of the others: a call, its result.
    """
    made = []
    for count, over, example in ((1, "one axis", one), (2, "", ()), (3, "three axes", three)):
        function = make(count)
        name = f"{function.__name__}{count}d"
        if example:
            lengths, kernel = ("L", "k") if count == 1 else ("D, H, W", "kd, kh, kw")
            given = shapes.format(lengths=lengths, kernel=kernel)
            lines = (f"`{function.__name__}2d` over {over}: {given}.", "", f">>> mg.{name}{example[0]}", example[1])
            function.__doc__ = "\n".join(lines).replace(">>>", ">>> import numpy as np, minigrad as mg\n>>>")
        function.__name__ = function.__qualname__ = name
        made.append(composed(inputs=draw(count), differentiated=differentiated)(function))
    return made


def _each(name, value, count, what):
    """A number for each of the lengths."""
    values = (value,) * count if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != count or min(values) < 0:
        raise ValueError(f"{name}: {what}={value}; one number or {count}, none of them negative, are wanted")
    return tuple(map(int, values))


def _options(name, count, kernel, stride, padding, dilation):
    stride, dilation = _each(name, stride, count, "stride"), _each(name, dilation, count, "dilation")
    if min(stride + dilation) < 1:
        raise ValueError(f"{name}: stride={stride}, dilation={dilation}; both must be 1 or more")
    if padding == "valid":
        padding = 0
    if padding == "same":
        if max(stride) > 1:
            raise ValueError(f"{name}: padding='same' requires stride 1, got {stride}")
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        pairs = tuple((n // 2, n - n // 2) for n in total)
    else:
        if isinstance(padding, str):
            raise ValueError(f"{name}: padding={padding!r}; a number, a tuple, 'same' or 'valid' is wanted")
        pairs = tuple([(p, p) for p in _each(name, padding, count, "padding")])
    return {"stride": stride, "padding": pairs, "dilation": dilation}


def _with_bias(name, y, bias):
    filters, *lengths = np.shape(y)[1:]
    if bias is None:
        return y
    if np.shape(bias) != (filters,):
        raise ShapeError(f"{name}: bias is {np.shape(bias)}; one number for each of {filters} filters is wanted")
    return y + np.reshape(bias, (-1, *(1 for _ in lengths)))


def _draw_conv(count, transposed=False):
    def drawn(draw):
        def each(low):
            """``low`` or the next number, for all axes or for each of them."""
            return draw.choice([draw.integer(low, low + 1), tuple(draw.integer(low, low + 1) for _ in range(count))])

        groups, dilation = draw.integer(1, 2), each(1)
        channels = groups * draw.integer(1, 2)
        filters = (channels, draw.integer(1, 2)) if transposed else (2, channels // groups)
        lengths, kernel = ([draw.integer(n, n + 1) for _ in range(count)] for n in ((2, 2) if transposed else (3, 1)))
        x, weight = draw.array((draw.integer(1, 2), channels, *lengths)), draw.array((*filters, *kernel))
        bias = draw.choice([None, draw.array((filters[1] * groups if transposed else 2,))])
        padding = each(0) if transposed else draw.choice([each(0), "same"])
        stride = 1 if padding == "same" else each(1)
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        if transposed:
            options["output_padding"] = draw.integer(0, int(np.min(np.maximum(stride, dilation))) - 1)
        return (x, weight, bias), options

    return drawn


def _conv(count):
    name = f"conv{count}d"

    def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """Images filtered: y[n, o] = bias[o] + Σ over channels of the cross-correlation of x[n, c] and weight[o, c].

        Parameters
        ----------
        x : (N, C, H, W)
        weight : (O, C/groups, kh, kw)
        bias : (O,) or None
        stride, padding, dilation
            A number, or one for each of the two axes; padding also "same" (the places are those of x) or "valid" (0).
        groups
            The channels and the filters are cut into so many groups, each filtered alone.

        Returns (N, O, places, places), with (H + 2·padding − dilation·(kh − 1) − 1) // stride + 1 places.

        Raises ShapeError where channels, groups or sizes don't fit.

        >>> import numpy as np, minigrad as mg
        >>> mg.conv2d(np.ones((1, 1, 3, 3)), np.ones((2, 1, 2, 2)), np.array([0.0, 1.0]))[0, :, 0, 0]
        array([4., 5.])
        """
        shape, filters = np.shape(x), np.shape(weight)
        if len(shape) != count + 2 or len(filters) != count + 2:
            raise ShapeError(f"{name}: x is {shape}, weight {filters}; (N, C, …) and (O, C/groups, …) are wanted")
        if groups < 1 or shape[1] != filters[1] * groups or filters[0] % groups:
            raise ShapeError(
                f"{name}: x is {shape}, weight {filters}, groups {groups}: x's {shape[1]} channels must be groups × "
                f"weight's {filters[1]}, and the {filters[0]} filters must divide into the groups"
            )
        how = _options(name, count, filters[2:], stride, padding, dilation)
        if min(_places(shape[2:], filters[2:], **how)) < 1:
            raise ShapeError(f"{name}: the weight {filters} with {how} is larger than x {shape}; pad x, or use less")
        return _with_bias(name, convolution(x, weight, groups=groups, **how), bias)

    return conv


conv1d, conv2d, conv3d = _over_axes(
    _conv, _draw_conv, "x weight bias", "x (N, C, {lengths}), weight (O, C/groups, {kernel}), y (N, O, places)",
    one=("(np.arange(4.0).reshape(1, 1, 4), np.array([[[1.0, 10.0]]]))", "array([[[10., 21., 32.]]])"),
    three=("(np.ones((1, 1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))", "array([[[[[8.]]]]])"),
)  # fmt: skip


def _conv_transpose(count):
    name = f"conv_transpose{count}d"

    def conv_transpose(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        """The transpose of `conv2d` as a layer: entries of x (N, C, H, W) spread filters, weight (C, O/groups, kh, kw).

        Returns (N, O, …) of lengths (H − 1)·stride − 2·padding + dilation·(kh − 1) + output_padding + 1.

        >>> import numpy as np, minigrad as mg
        >>> mg.conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)))[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
        """
        shape, filters = np.shape(x), np.shape(weight)
        if len(shape) != count + 2 or len(filters) != count + 2 or shape[1] != filters[0] or filters[0] % groups:
            raise ShapeError(
                f"{name}: x is {shape}, weight {filters}, groups {groups}: (N, C, …) and (C, O/groups, …) with C "
                "divided by groups are wanted"
            )
        if isinstance(padding, str):
            raise ValueError(f"{name}: padding={padding!r}; a number or a tuple is wanted")
        how = _options(name, count, filters[2:], stride, padding, dilation)
        extra = _each(name, output_padding, count, "output_padding")
        sizes = zip(shape[2:], filters[2:], extra, how["stride"], how["padding"], how["dilation"])
        lengths = tuple([(n - 1) * s - sum(p) + d * (k - 1) + e + 1 for n, k, e, s, p, d in sizes])
        if any(e >= max(s, d) for e, s, d in zip(extra, how["stride"], how["dilation"])) or min(lengths) < 1:
            raise ValueError(
                f"{name}: output_padding={extra} must be smaller than stride or dilation, and leave lengths {lengths} "
                "≥ 1"
            )
        return _with_bias(name, convolution_transpose(x, weight, lengths=lengths, groups=groups, **how), bias)

    return conv_transpose


conv_transpose1d, conv_transpose2d, conv_transpose3d = _over_axes(
    _conv_transpose, lambda count: _draw_conv(count, transposed=True), "x weight bias",
    "x (N, C, {lengths}), weight (C, O/groups, {kernel})",
    one=("(np.ones((1, 1, 2)), np.array([[[1.0, 10.0]]]), stride=2)", "array([[[ 1., 10.,  1., 10.]]])"),
    three=("(np.ones((1, 1, 1, 1, 1)), np.ones((1, 2, 2, 2, 2))).shape", "(1, 2, 2, 2, 2)"),
)  # fmt: skip


# ---- pooling --------------------------------------------------------------------------------------------


def _pooled(name, count, x, size, stride, padding, reduce, fill):
    x = as_array(x)
    if reduce is np.max and x.dtype.kind in "iu":
        fill = np.iinfo(x.dtype).min
    shape = np.shape(x)
    if len(shape) != count + 2:
        raise ShapeError(f"{name}: x is {shape}; (N, C, …) with {count} lengths is wanted")
    size = _each(name, size, count, "size")
    stride = size if stride is None else _each(name, stride, count, "stride")
    padding = _each(name, padding, count, "padding")
    if min(size + stride) < 1 or any(2 * p > k for p, k in zip(padding, size)):
        raise ValueError(
            f"{name}: size={size}, stride={stride}, padding={padding}: padding must be at most half the size"
        )
    if any(n + 2 * p < k for n, p, k in zip(shape[2:], padding, size)):
        raise ShapeError(f"{name}: the window {size} is larger than x {shape} with padding {padding}")
    if any(padding):
        x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)), constant_values=fill)
    lengths = np.shape(x)[2:]
    if stride == size and not any(n % k for n, k in zip(lengths, size)):  # side by side: no window has to be copied
        apart = [part for n, k in zip(lengths, size) for part in (n // k, k)]
        return reduce(np.reshape(x, (*shape[:2], *apart)), axis=tuple(range(3, 3 + 2 * count, 2)))
    windows = unfold(x, kernel=size, stride=stride, dilation=(1,) * count)
    return reduce(windows, axis=tuple(range(2, 2 + count)))


def _draw_pool(count):
    def drawn(draw):
        size = draw.integer(1, 3)
        x = draw.distinct((draw.integer(1, 2), draw.integer(1, 2), *(draw.integer(3, 4) for _ in range(count))))
        stride = draw.choice([None, 1, 2])
        return (x,), {"size": size, "stride": stride, "padding": draw.integer(0, size // 2)}

    return drawn


def _max_pool(count):
    def max_pool(x, size, stride=None, padding=0):
        """The largest entry of every window of images x (N, C, H, W); ties share the gradient, as in `max`.

        ``size``, ``stride`` (the size by default) and ``padding`` (with −∞) are a number or one for each axis.

        >>> import numpy as np, minigrad as mg
        >>> mg.max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
        array([[ 5.,  7.],
               [13., 15.]])
        """
        return _pooled(f"max_pool{count}d", count, x, size, stride, padding, np.max, -math.inf)

    return max_pool


def _avg_pool(count):
    def avg_pool(x, size, stride=None, padding=0):
        """The mean of every window of images x (N, C, H, W); zeros of the padding count, as in PyTorch.

        >>> import numpy as np, minigrad as mg
        >>> mg.avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
        array([[ 2.5,  4.5],
               [10.5, 12.5]])
        """
        return _pooled(f"avg_pool{count}d", count, x, size, stride, padding, np.mean, 0.0)

    return avg_pool


max_pool1d, max_pool2d, max_pool3d = _over_axes(
    _max_pool, _draw_pool, "x", "x (N, C, {lengths})",
    one=("(np.arange(4.0).reshape(1, 1, 4), 2)", "array([[[1., 3.]]])"),
    three=("(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)", "array([[[[[7.]]]]])"),
)  # fmt: skip
avg_pool1d, avg_pool2d, avg_pool3d = _over_axes(
    _avg_pool, _draw_pool, "x", "x (N, C, {lengths})",
    one=("(np.arange(4.0).reshape(1, 1, 4), 2)", "array([[[0.5, 2.5]]])"),
    three=("(np.arange(8.0).reshape(1, 1, 2, 2, 2), 2)", "array([[[[[3.5]]]]])"),
)  # fmt: skip

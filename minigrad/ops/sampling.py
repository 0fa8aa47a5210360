"""Samplers that several families share: one array, and arguments and options that depend on its shape."""


def array_with(min_dims=0, max_dims=3, *more, sides=(1, 3), kind="array", **options):
    """A sampler of an array, of ``more`` arguments and of options, each a function of the draw and the array's shape.

    ``sides`` are the least and the largest length of an axis, ``kind`` is "array", or "distinct" for one without ties.
    """

    def draw_call(draw):
        shape = draw.shape(min_dims=min_dims, max_dims=max_dims, min_side=sides[0], max_side=sides[1])
        arguments = (getattr(draw, kind)(shape), *(each(draw, shape) for each in more))
        return arguments, {name: each(draw, shape) for name, each in options.items()}

    return draw_call


def one_of(*values):
    """One of some values."""
    return lambda draw, shape: draw.choice(values)


def an_axis(draw, shape):
    """One of the axes."""
    return draw.axis(len(shape))


def an_axis_or_none(draw, shape):
    """None, which stands for the flat array, or one of the axes."""
    return draw.choice([None, draw.axis(len(shape))])


def some_axes(draw, shape):
    """None, one of the axes or several."""
    return draw.axes(len(shape))


def a_flag(draw, shape):
    """True or False."""
    return draw.boolean()

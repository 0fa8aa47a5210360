"""Runs calls, each first thing in a process of its own, for ``test_fresh_process.py``.

It reads them pickled from its input and writes the answers to its output.

This process imports minigrad and nothing else of it, and forks before each call, which takes a millisecond.
"""

import os
import pickle
import sys

import minigrad as mg


def answer(call):
    """The value and the gradients of one call, as plain numbers, or the error that it ended in.

    A call is ``(name, arguments, options, create_graph)``: an operation's name, or that of a method after a dot, and
    arguments in which ``("scalar", 2.0)`` and ``("tensor", array)`` stand for leaves.
    """
    name, arguments, options, create_graph = call
    leaves = []

    def made(x):
        if type(x) is tuple and isinstance(x[0] if x else None, str) and x[0] in ("scalar", "tensor"):
            leaf = mg.Scalar(x[1]) if x[0] == "scalar" else mg.Tensor(x[1], requires_grad=True)
            leaves.append(leaf)
            return leaf
        if type(x) in (list, tuple):
            return type(x)(map(made, x))
        return x

    def plain(x):
        if isinstance(x, (list, tuple)):
            return [plain(each) for each in x]
        return x.data if isinstance(x, mg.Node) else x

    try:
        arguments, options = made(arguments), {key: made(x) for key, x in options.items()}
        if name.startswith("."):
            value = getattr(arguments[0], name[1:])(*arguments[1:], **options)
        else:
            value = mg.operations()[name](*arguments, **options)
        results = value if isinstance(value, (list, tuple)) else [value]
        for y in results:
            if isinstance(y, mg.Scalar):
                y.backward(create_graph=create_graph)
            elif isinstance(y, mg.Tensor) and y.requires_grad:
                y.sum().backward(create_graph=create_graph)
        return plain(value), [plain(leaf.grad) for leaf in leaves]
    except Exception as error:
        return type(error).__name__, str(error)


def in_a_child(call):
    """`answer`, pickled, from a fork of this process as it is now."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(answer(call), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        pickled = stream.read()
    os.waitpid(child, 0)
    return pickled


if __name__ == "__main__":
    calls = pickle.load(sys.stdin.buffer)
    pickle.dump([in_a_child(call) for call in calls], sys.stdout.buffer)

"""The tables of derivatives: what a row says is what its operation does, its formulas included."""

import doctest
import importlib
import inspect
import math
import pickle
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.core.registry import Op
from minigrad.ops.table import described, documentation
from minigrad.testing.draws import RandomDraw
from minigrad.testing.mutation.dropped_terms import without_terms
from minigrad.testing.operations import drawn_inputs

FAMILIES = ("elementwise", "exponential", "trigonometric", "choice", "activation", "comparison")
ROWS = [op for op in mg.operations().values() if (op.__module__ or "").removeprefix("minigrad.ops.") in FAMILIES]

#: How the documentation's signs are written in Python, in this order.
SIGNS = [
    ("−", "-"), ("·", "*"), ("²", "**2"), ("³", "**3"), ("π", "pi"), (r"⌊([^⌋]+)⌋", r"floor(\1)"),
    (r"\|([^|]+)\|", r"abs(\1)"), ("⁻ˣ", "**(-x)"), ("ᵇ⁻¹", "**(b-1)"), ("ˣ", "**x"), ("ᵃ", "**a"), ("ᵇ", "**b"),
    (r"√(\w)", r"sqrt(\1)"), (r"∛(\w)", r"cbrt(\1)"), ("√", "sqrt"), (r"log₂", "log2"),
    (r"\b(sin|cos|tan|cot|sinh|cosh|tanh|log|sign) (\w+)", r"\1(\2)"),
    (r"(?<![a-z])(\d)([a-z])", r"\1*\2"), (r"\b([xyab])\(", r"\1*("), (r"\) (?=[a-z])", ")*"),
]  # fmt: skip
NAMES = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "log": np.log,
    "log2": np.log2, "sign": np.sign, "sqrt": np.sqrt, "cbrt": np.cbrt, "floor": np.floor, "trunc": np.trunc,
    "cot": lambda x: 1 / np.tan(x), "σ": lambda x: 1 / (1 + np.exp(-x)), "max": np.maximum, "min": np.minimum,
    "arccos": np.arccos, "arcsin": np.arcsin, "arctan": np.arctan, "pi": math.pi, "e": math.e,
}  # fmt: skip


#: A name and its formula, up to a comma, a semicolon or a full stop that is outside of all brackets.
FORMULA = re.compile(r"(?:∂y/∂([xab])|\by) = ((?:[^,;.(]|\([^()]*(?:\([^()]*\))*[^()]*\))+)")


def formulas(op):
    """What the first paragraph says of the value (under "y") and of each derivative, compiled; words are left out."""
    text = " ".join(op.__doc__.split("\n\n")[0].split())
    text = text.replace("∂y/∂a = ∂y/∂b = 1", "∂y/∂a = 1, ∂y/∂b = 1").replace(" (course, part A)", "")
    found = {}
    for name, formula in FORMULA.findall(text):
        for sign, python in SIGNS:
            formula = re.sub(sign, python, formula)
        try:
            found[name or "y"] = compile(formula.strip(), op.name, "eval")
        except SyntaxError:
            continue
    return found


WITH_FORMULAS = [(op, name, code) for op in ROWS if isinstance(op, Op) for name, code in formulas(op).items()]


@pytest.mark.parametrize(("op", "name", "code"), WITH_FORMULAS, ids=lambda each: getattr(each, "name", ""))
def test_a_formula_is_what_is_computed(op, name, code):
    for seed in range(6):
        inputs, options = drawn_inputs(op, RandomDraw(seed))
        inputs = np.broadcast_arrays(*inputs)
        y = op.forward(*inputs, **options)
        told = eval(code, NAMES, {**dict(zip(op.input_names, inputs)), "y": y})
        if name != "y":
            y = op.rules[op.input_names.index(name)](np.ones_like(y), y, *inputs, **options)
        np.testing.assert_allclose(*np.broadcast_arrays(y, told), rtol=1e-9, atol=1e-12)


def test_most_operations_have_formulas_that_can_be_tried():
    tried = {(op.name, name) for op, name, _ in WITH_FORMULAS}
    assert {("sin", "x"), ("arctan2", "b"), ("power", "a"), ("arcsec", "x"), ("logaddexp", "a"), ("csc", "y")} <= tried
    assert len(tried) > 80


@pytest.mark.parametrize("family", FAMILIES)
def test_every_operations_example_is_found_by_doctest_in_its_file(family):
    module = importlib.import_module(f"minigrad.ops.{family}")
    with_examples = {test.name.rpartition(".")[2] for test in doctest.DocTestFinder().find(module) if test.examples}
    assert {op.forward.__name__ for op in ROWS if op.__module__ == module.__name__} <= with_examples


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_a_row_is_an_operation_like_any_other(op):
    name = op.forward.__name__
    assert getattr(importlib.import_module(op.__module__), name) is op
    assert pickle.loads(pickle.dumps(op)) is op
    if isinstance(op, Op):
        assert (op.forward.__module__, name.removesuffix("_")) == (op.__module__, op.name)
        assert tuple(inspect.signature(op).parameters)[: len(op.input_names)] == op.input_names
        ufuncs = [f for f in op.numpy_functions if isinstance(f, np.ufunc)]
        assert op.kernel is (ufuncs[0] if ufuncs and op.numpy_functions[0] is ufuncs[0] else op.forward)


def test_the_source_of_an_operation_is_its_row():
    assert inspect.getsource(mg.sin).startswith("sin = row(np.sin, ")
    assert "1 / np.cos(x)" in inspect.getsource(mg.sec)


def test_a_rule_within_a_row_is_broken_term_by_term():
    assert [text for text, _ in without_terms(mg.csc.rules[0])] == [
        "-g * y * y * np.cos(x) as -g * y * y", "-g * y * y as -g * y", "-g * y as -g",
    ]  # fmt: skip
    broken = {text: rule(1.0, 2.0, 3.0, 4.0) for text, rule in without_terms(mg.arctan2.rules[1])}
    assert broken["-g * a / (a * a + b * b) as -g * a"] == -3.0


def test_a_rows_words_make_its_documentation():
    assert described("Half", ["x"], ["1/2"], "Euclid") == "Half, elementwise.  ∂y/∂x = 1/2 (Euclid)."
    assert described("Sum: y = a + b", "ab", ["1", "1"], "") == "Sum, elementwise: y = a + b.  ∂y/∂a = ∂y/∂b = 1."
    assert described("Of a, elementwise, b", "ab", [""], "") == "Of a, elementwise, b."
    text = documentation("Half.", "A note.", "mg.half(np.ones(2) * math.pi) → 1.57")
    example = ">>> import math, numpy as np, minigrad as mg\n>>> mg.half(np.ones(2) * math.pi)\n1.57"
    assert text == f"Half.\n\nA note.\n\n{example}"

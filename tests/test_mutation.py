"""Who checks the checker: every mutant of every rule is killed, and right rules give no alarm."""

from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import GradientError, check_gradients, mutation
from minigrad.testing.draws import RandomDraw
from minigrad.testing.mutation.dropped_terms import without_terms
from minigrad.testing.operations import drawn_example

ROOT = Path(__file__).parent.parent


PUBLISHED = (ROOT / "docs/mutation.md").read_text(encoding="utf-8")
OUT_OF_DATE = "out of date: run python -m minigrad.testing.mutation --page docs/mutation.md"
#: The operations with rules, by the file that they are in. A usual run takes one of the files.
FAMILIES: dict[str, list[mg.Op]] = {}
for _op in mg.operations().values():
    if isinstance(_op, mg.Op) and _op.differentiable:
        FAMILIES.setdefault(_op.__module__.rpartition(".")[2], []).append(_op)


def published_cells():
    """The matrix in the document: operation, kind of break, killed and made."""
    header, _, *rows = [line.strip("| ").split(" | ") for line in PUBLISHED.split("\n\n")[3].splitlines()]
    return {
        (row[0].strip("`"), kind): tuple(map(int, cell.split("/")))
        for row in rows
        for kind, cell in zip(header[1:], row[1:])
        if cell.strip()
    }


@pytest.mark.parametrize(
    "family", [pytest.param(name, marks=[] if name == "activation" else pytest.mark.full) for name in FAMILIES]
)
def test_every_mutant_of_every_rule_is_killed_and_published(family):
    matrix = mutation.run(operations=FAMILIES[family])
    assert matrix.survivors == ()
    names = {op.name for op in FAMILIES[family]}
    published = {key: cell for key, cell in published_cells().items() if key[0] in names}
    assert published == {key: (matrix.killed[key], made) for key, made in matrix.made.items()}, OUT_OF_DATE
    for mutant, reason in matrix.equivalent.items():
        assert len(reason) > 10, mutant
        assert reason in PUBLISHED, OUT_OF_DATE


def test_the_published_matrix_has_every_rule_and_every_kind_and_readme_counts_it():
    cells = published_cells()
    assert {name for name, _ in cells} == {op.name for family in FAMILIES.values() for op in family}, OUT_OF_DATE
    assert {kind for _, kind in cells} == set(mutation.KINDS)
    count = (
        f"mutants killed: {sum(killed for killed, _ in cells.values())} of {sum(made for _, made in cells.values())}"
    )
    assert count in PUBLISHED
    assert count in (ROOT / "README.md").read_text(encoding="utf-8")


DIFFERENTIABLE = [op for op in mg.operations().values() if op.differentiable]
#: Constant between jumps, or steep as a comb: at 10¹⁰ they jump more often than a step of a difference is wide.
COMBS = {"floor", "ceil", "trunc", "rint", "round", "floor_divide", "divmod", "remainder", "fmod"}


def float32(example):
    """The example computed in float32."""
    return lambda *points: example(*(x.astype(np.float32) for x in points))


def report_of(f, points):
    """The report, passed or not; None for a function that is not finite there."""
    try:
        return check_gradients(f, *points)
    except GradientError as error:
        return error.report
    except ValueError as error:
        if "the cost is" in str(error) or "not finite" in str(error):
            return None
        raise


@pytest.mark.full
@pytest.mark.parametrize(
    ("what", "options", "precision"),
    [
        ("plain", {}, float),
        ("kinks and ties", {"kinks": True}, float),
        ("1e-5", {"scale": 1e-5}, float),
        ("1e10", {"scale": 1e10}, float),
        ("float32", {}, np.float32),
    ],
)
def test_thousands_of_checks_of_right_rules_give_no_alarm(what, options, precision):
    """Five times two thousand checks: not one entry is called wrong, and nearly all are decided."""
    checks, undecided = 0, 0
    for op in DIFFERENTIABLE:
        if what == "1e10" and op.name in COMBS:
            continue
        for seed in range(10):
            with np.errstate(all="ignore"):
                example = drawn_example(op, RandomDraw((seed, len(op.name)), **options))
                if not example.points or (options and not example.is_continuous()):
                    continue
                f = float32(example) if precision is np.float32 else example
                if precision is np.float32 and np.asarray(f(*example.points)).dtype == np.float64:
                    continue  # fine numbers of inputs rounded to coarse ones: a staircase
                report = report_of(f, example.points)
            if report is None:  # exp(1e10) is no number
                continue
            checks += 1
            assert not report.counts["wrong"], f"{example}: {report}"
            assert all(found == "holds" for found in report.exact.values()), f"{example}: {report}"
            undecided += not report.passed
    assert checks >= 2000
    assert undecided <= (0.35 if precision is np.float32 else 0.03) * checks


def test_a_suite_of_ones_own_is_graded():
    def at_one_point(op):
        check_gradients(op, np.array([0.5, -0.5]))

    matrix = mutation.run(at_one_point, operations=["tanh"])
    assert not matrix.passed
    assert {mutant.kind for mutant in matrix.survivors} == {"wrong where x > 1", "wrong at x = 0", "wrong at ties",
                                                           "transposed", "stale value"}  # fmt: skip
    assert "survived: <mutant tanh: wrong at x = 0 (x)>" in str(matrix)
    with pytest.raises(ValueError, match="the suite fails for tanh as it is"):
        mutation.run(lambda op: 1 / 0, operations=["tanh"])
    with pytest.raises(ValueError, match="'vstack' is no registered operation with a rule"):
        mutation.run(operations=["vstack"])
    with pytest.raises(ValueError, match="unknown kinds"):
        mutation.run(operations=["tanh"], kinds=["upside down"])


def test_a_mutant_is_whole_again_even_where_the_test_fails():
    rules = mg.tanh.rules
    for mutant in mutation.mutants_of(mg.tanh):
        with pytest.raises(RuntimeError), mutant:
            raise RuntimeError
    assert mg.tanh.rules is rules
    s = mg.Scalar(0.0)
    mg.tanh(s).backward()
    assert s.grad == 1.0


def test_a_wrong_operation_of_ones_own_fails_the_suite_and_a_right_one_has_its_mutants_killed():
    @mg.op(inputs=[mg.domain(), mg.domain(0.5, 2)])
    def scaled(x, by, /):
        return np.tanh(x) * by

    try:
        scaled.rule(lambda g, y, x, by: (g * by * (1 - np.tanh(x) ** 2), np.sum(g * np.tanh(x)) * np.ones_like(by)))
        with pytest.raises(ValueError, match="the suite fails for scaled as it is"):
            mutation.run(operations=["scaled"])
    finally:
        mg.forget("scaled")

    @mg.op(inputs=[mg.domain()])
    def squashed(x, /):
        return np.tanh(x) ** 3

    try:
        squashed.rule(lambda g, y, x: g * 3 * np.tanh(x) ** 2 * (1 - np.tanh(x) ** 2))
        matrix = mutation.run(operations=[squashed])
        assert matrix.passed
        assert matrix.killed["squashed", "dropped term"] == 5
    finally:
        mg.forget("squashed")


def test_terms_are_found_in_lambdas_functions_and_their_helpers():
    texts = [text for text, _ in without_terms(mg.operations()["std"].rules[0])]
    assert any(text.startswith("in _share_of_spread: a - mean") for text in texts)
    assert list(without_terms(len)) == []

"""The benchmarks' arithmetic, and that all implementations of a workload compute the same. Nothing is timed."""

import numpy as np
import pytest

from benchmarks import chain, convolution, derivatives, digits_mlp, gradient_check, measure, scalar_moons


class Recorder:
    """A worker that notes when it was asked."""

    def __init__(self, name, log, seconds):
        self.name, self.log, self.seconds = name, log, iter(seconds)

    def ask(self, question):
        self.log.append(self.name)
        return str(next(self.seconds))


def test_rounds_rotate_and_the_first_two_do_not_count():
    log = []
    workers = {name: Recorder(name, log, [9.0, 9.0, 1.0, 3.0, 2.0]) for name in "abc"}
    results = measure.interleave(workers, rounds=3, repeat=1)
    assert ["".join(log[i : i + 3]) for i in range(0, 15, 3)] == ["bca", "cab", "abc", "bca", "cab"]
    assert all(each == measure.Result(median=2.0, best=1.0) for each in results.values())


def test_a_goal_is_met_or_missed_by_the_ratio_of_the_medians():
    results = {"minigrad": measure.Result(2.0, 1.0), "x": measure.Result(4.0, 3.0), "y": measure.Result(1.0, 1.0)}
    table = measure.table(results, [measure.Goal("x", 0.5), measure.Goal("y", 1.9)], 1e3, "ms")
    assert "| x | 4e+03 | 3e+03 | 0.5 | ≤ 0.5: met |" in table
    assert "| y | 1e+03 | 1e+03 | 2 | ≤ 1.9: missed |" in table


@pytest.mark.parametrize("name", digits_mlp.IMPLEMENTATIONS)
def test_every_training_step_has_the_gradients_worked_out_by_hand(name):
    if name == digits_mlp.PRODUCTS:
        digits_mlp.program(name, 8)()
        return
    try:
        digits_mlp.check(name, 16)
    except ImportError as missing:
        pytest.skip(f"{missing.name} is in the extra 'bench'")


def test_two_steps_of_adam_by_hand_and_by_minigrad_agree():
    ours, by_hand = digits_mlp.Minigrad(16), digits_mlp.ByHand(16)
    for _ in range(2):
        assert ours.step() == pytest.approx(by_hand.step(), rel=1e-4)
    for p, q in zip(ours.model.parameters(), by_hand.p, strict=True):
        assert np.linalg.norm(p.data - q) <= 1e-3 * np.linalg.norm(q) + 1e-4


@pytest.mark.parametrize("which", chain.CHAINS)
@pytest.mark.parametrize("name", chain.IMPLEMENTATIONS)
def test_every_chain_has_the_gradients_worked_out_by_hand(name, which):
    try:
        chain.program(name, which)
    except ImportError as missing:
        pytest.skip(f"{missing.name} is in the extra 'bench'")


def test_micrograd_and_minigrad_take_the_same_steps():
    try:
        programs = [scalar_moons.program(name, points=10) for name in scalar_moons.IMPLEMENTATIONS]
    except ImportError as missing:
        pytest.skip(f"{missing.name} is in the extra 'bench'")
    for _ in range(3):
        ours, theirs = (run() for run in programs)
        assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        *((convolution.program, name) for name in convolution.IMPLEMENTATIONS),
        *((derivatives.jvp_program, name) for name in derivatives.JVP),
        *((derivatives.hessian_program, name) for name in derivatives.HESSIAN),
    ],
)
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch's own, on its first jvp
def test_every_program_of_the_derivatives_gives_the_numbers_worked_out_by_hand(program, name):
    try:
        program(name)
    except ImportError as missing:
        pytest.skip(f"{missing.name} is in the extra 'bench'")


def test_a_gradient_check_stays_within_its_evaluations():
    entries = sum(int(np.prod(s)) for s in gradient_check.SHAPES)
    assert gradient_check.minigrad_check(fast=False)[1] <= 2.2 * entries
    assert gradient_check.minigrad_check(fast=True)[1] <= 20

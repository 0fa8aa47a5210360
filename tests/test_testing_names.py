"""What `mg.testing` offers after a plain ``import minigrad``, with Hypothesis and without: each in a fresh process."""

import subprocess
import sys

import pytest

WITHOUT_HYPOTHESIS = "import sys; sys.modules['hypothesis'] = None\n"


def fresh(program):
    """What a program in a process of its own prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_minigrad_imports_neither_hypothesis_nor_what_needs_it():
    program = "import sys, minigrad as mg\nprint({'hypothesis', 'minigrad.testing.mutation'} & {*sys.modules})"
    assert fresh(program) == "set()"


@pytest.mark.parametrize("name", ["strategies.arrays", "mutation.run", "operations.Example"])
def test_modules_of_testing_are_there_by_their_names(name):
    module = name.partition(".")[0]
    assert (
        fresh(f"import minigrad as mg\nprint(callable(mg.testing.{name}), '{module}' in dir(mg.testing))")
        == "True True"
    )


def test_what_testing_does_not_have_is_an_attribute_error():
    program = "import minigrad as mg\ntry: mg.testing.nothing\nexcept AttributeError as error: print(error)"
    assert fresh(program) == "module 'minigrad.testing' has no attribute 'nothing'"


@pytest.mark.parametrize(
    "use", ["mg.testing.strategies", "mg.testing.gradient_property(mg.tanh)", "mg.testing.gradient_property()(abs)"]
)
def test_without_hypothesis_what_needs_it_names_it(use):
    program = f"{WITHOUT_HYPOTHESIS}import minigrad as mg\ntry: {use}\nexcept ImportError as error: print(error)"
    message = fresh(program)
    assert message.endswith("pip install hypothesis")
    assert "minigrad[" not in message


def test_without_hypothesis_gradients_are_checked_and_rules_broken():
    program = (
        f"{WITHOUT_HYPOTHESIS}import minigrad as mg, numpy as np\n"
        "assert mg.testing.check_gradients(np.tanh, np.ones(2)).passed\n"
        "print(mg.testing.mutation.__name__)"
    )
    assert fresh(program) == "minigrad.testing.mutation"

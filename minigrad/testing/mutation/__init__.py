"""Mutants: rules broken on purpose, and the checks that must notice each of them.

A suite of tests that passes says little unless it would fail for a wrong rule. `run` breaks each rule in the registry,
one break at a time, and asks the suite. A mutant that the suite does not notice is a survivor: a mistake of this kind
would go unseen. Some breaks change nothing, a mistake at x = 0 of an operation that is not defined there, say; they are
listed as equivalent, each with its reason.

``python -m minigrad.testing.mutation`` prints the matrix for the operations named behind it, or for all.
"""

from .matrix import KillMatrix, main, run
from .mutants import BREAKS, FURTHER, KINDS, Mutant, mutants_of
from .suite import PropertySuite

__all__ = ["BREAKS", "FURTHER", "KINDS", "KillMatrix", "Mutant", "PropertySuite", "main", "mutants_of", "run"]

"""Mutants: rules broken on purpose, and the checks that must notice each of them."""

from .mutants import BREAKS, FURTHER, KINDS, KillMatrix, Mutant, PropertySuite, main, mutants_of, run

__all__ = ["BREAKS", "FURTHER", "KINDS", "KillMatrix", "Mutant", "PropertySuite", "main", "mutants_of", "run"]

"""Deciding whether a gradient is right: numerical derivatives, comparisons, kinks, and the wrong part of a graph."""

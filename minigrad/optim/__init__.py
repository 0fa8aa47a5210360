"""Optimizers: what turns gradients into steps."""

from .optimizers import Adam, GradientDescent, Optimizer, RMSprop

__all__ = ["Adam", "GradientDescent", "Optimizer", "RMSprop"]

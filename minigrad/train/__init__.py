"""Training: the fit loop, its history, predictions and scores."""

from .loop import GradientStatistics, History, evaluate, fit, outputs_of, predict

__all__ = ["GradientStatistics", "History", "evaluate", "fit", "outputs_of", "predict"]

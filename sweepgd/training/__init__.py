"""One run: from a configuration, data and a seed to evaluations, weights and an outcome."""

from sweepgd.training.points import Best, Point
from sweepgd.training.run import Training
from sweepgd.training.start import initial_parameters

__all__ = ["Best", "Point", "Training", "initial_parameters"]

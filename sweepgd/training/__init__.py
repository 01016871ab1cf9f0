"""One training run: a configuration, data and a seed in; a curve, weights and an outcome out."""

from sweepgd.training.points import Best, Point
from sweepgd.training.run import Training
from sweepgd.training.start import beginning

__all__ = ["Best", "Point", "Training", "beginning"]

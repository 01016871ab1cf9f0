"""One training run and one trial: batches, the compiled loop, evaluations, the outcome, and its rows of the record.

This package knows nothing of other trials, workers or files.
"""

from sweepgd.training.evaluation import Best, Evaluation
from sweepgd.training.run import Training
from sweepgd.training.start import initial_parameters

__all__ = ["Best", "Evaluation", "Training", "initial_parameters"]

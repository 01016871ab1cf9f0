"""One training run and one trial. The package draws batches, calls the compiled loop, evaluates, and makes rows for the record.

Code in this package does not use other trials, workers or files.
"""

from sweepgd.training.evaluation import Best, Evaluation
from sweepgd.training.run import Training
from sweepgd.training.start import initial_parameters
from sweepgd.training.start_evaluation import StartEvaluation

__all__ = ["Best", "Evaluation", "StartEvaluation", "Training", "initial_parameters"]

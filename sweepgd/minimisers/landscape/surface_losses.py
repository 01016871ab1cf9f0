"""The loss of a recorded model that has two parameters, on a grid of these parameters."""

import numpy as np
import numpy.typing as npt

from sweepgd.curvature.objective import Objective
from sweepgd.minimisers.recorded_contexts import RecordedContexts
from sweepgd.record import Results
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.training.sweep_context import SweepContext

Array = npt.NDArray[np.float64]


def surface_losses(results: Results, trial: int, x: Array, y: Array) -> Array:
    """Return the train loss of a trial's model at the parameters (x, y), of shape (len(y), len(x)).

    Losses beyond the floating-point range are NaN. Raises SweepgdError if the model or its data cannot be made again.
    """
    sweep = recorded_sweep(results.sweep_toml, f"{results.directory}/sweep.toml")
    context = RecordedContexts(results, SweepContext(sweep)).of(trial)
    objective = Objective(context.architecture, context.data(0).train)
    with np.errstate(over="ignore", invalid="ignore"):
        losses = np.array([[objective.loss(np.array([first, second])) for first in x] for second in y])
    return np.where(np.isfinite(losses), losses, np.nan)

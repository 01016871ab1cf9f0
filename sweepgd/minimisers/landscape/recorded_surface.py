"""The loss of a recorded model that has two parameters: on a grid of these parameters, and where it is lowest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.curvature.objective import Objective
from sweepgd.minimisers.recorded_contexts import RecordedContexts
from sweepgd.plugins import registry
from sweepgd.record import Results
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.training.sweep_context import SweepContext

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RecordedSurface:
    """The train loss of a model at its two parameters, and a description of the model with its settings."""

    objective: Objective
    description: str

    @classmethod
    def of(cls, results: Results, trial: int) -> "RecordedSurface":
        """Return the surface of a trial. Raises SweepgdError if the model or its data cannot be made again."""
        context = RecordedContexts(results, SweepContext(recorded_sweep(results.sweep_toml, f"{results.directory}/sweep.toml")))
        own = context.of(trial)
        model = own.sweep.model
        settings = [f"{name} {value:g}" for name, value in (model.model_extra or {}).items() if isinstance(value, int | float)]
        words = ", ".join([registry.get("models", model.name).description, *settings])
        return cls(Objective(own.architecture, own.data(0).train), words)

    def losses(self, x: Array, y: Array) -> Array:
        """Return the loss at the parameters (x, y), of shape (len(y), len(x)). Losses beyond the range of floats are NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            losses = np.array([[self.objective.loss(np.array([first, second])) for first in x] for second in y])
        return np.where(np.isfinite(losses), losses, np.nan)

    def lowest_near(self, start: Array, x: Array, y: Array) -> Array:
        """Return the parameters, (2,), with the lowest loss that the Nelder-Mead method finds from `start` in the grid."""
        from scipy.optimize import minimize  # takes 0.2 s to import

        bounds = [(values[0], values[-1]) for values in (x, y)]
        found = minimize(self.objective.loss, start, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-6, "fatol": 0.0})
        return np.asarray(found.x)

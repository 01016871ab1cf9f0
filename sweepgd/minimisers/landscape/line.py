"""The loss on the line through two minimisers (Goodfellow et al. 2015; Keskar et al. 2017, section 2.2.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.core.errors import UsageError
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.landscape_files import table_of
from sweepgd.minimisers.landscape.loss_evaluation import evaluated, parts_of
from sweepgd.minimisers.landscape.run_selection import RunKey

# The values of α, from −1 to 2 as in the paper's figures. The step is 1/20, so that the minimisers at 0 and 1 are included.
ALPHAS = np.arange(-20, 41) / 20


@dataclass(frozen=True)
class Segment:
    """The line through two points of shape (recorded,): x₀ at α = 0, and x₁ at α = 1.

    Buffers that are recorded after the `parameters` are interpolated, but not extrapolated, because a running variance would
    become negative.
    """

    x0: npt.NDArray[np.float64]
    x1: npt.NDArray[np.float64]
    parameters: int

    def at(self, coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the parameters and buffers at the coordinates (α,)."""
        alpha = np.full(len(self.x0), coordinates[0])
        alpha[self.parameters :] = min(max(coordinates[0], 0.0), 1.0)
        return (1.0 - alpha) * self.x0 + alpha * self.x1


def line(
    landscape: LandscapeContext,
    small: RunKey,
    large: RunKey,
    *,
    workers: int | None = None,
    executor: Any = None,
    advance: Callable[[], None] = lambda: None,
) -> pa.Table:
    """Return loss and error on all rows at (1 − α)·x₀ + α·x₁, where x₀ are the weights of `small` and x₁ the weights of
    `large`.

    The table has the columns of LANDSCAPES and one row for each α of ALPHAS. `LandscapeContext.minimum` selects the weights.
    Raises SweepgdError if a run has no weights, and UsageError if the runs are equal or have different data or models.
    """
    settings = line_settings(landscape, small, large)
    ends = [landscape.minimum(run).parameters.astype(np.float64) for run in (small, large)]
    segment = Segment(ends[0], ends[1], landscape.architecture(small).parameters)
    columns = evaluated(landscape, small, ALPHAS[:, None], segment, workers=workers, executor=executor, advance=advance)
    return table_of("line", small, {"alpha": ALPHAS, **columns}, settings, other=large)


def line_settings(landscape: LandscapeContext, small: RunKey, large: RunKey) -> dict[str, object]:
    """Return the settings of a line. Raises UsageError if no line can be drawn between the two runs."""
    if small == large:
        raise UsageError(f"a line needs two different runs, but both ends are {small}: name a second run")
    if landscape.context.data_seed(small.replicate) != landscape.context.data_seed(large.replicate):
        raise UsageError(f"runs {small} and {large} were trained on different data: choose two runs of the same replicate")
    if landscape.of(small).settings != landscape.of(large).settings:
        raise UsageError(
            f"runs {small} and {large} have different settings of model or data: choose two runs with equal settings"
        )
    runs = {"runs": [str(small), str(large)], **landscape.weights(small, large)}
    return {"kind": "line", **runs, "rows": parts_of(landscape, small)}

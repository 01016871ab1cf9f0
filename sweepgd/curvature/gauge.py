"""Measures minimisers of one model on one data set."""

from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.curvature.objective import Objective, subset
from sweepgd.data import Data
from sweepgd.models import Architecture
from sweepgd.sweep.spec import MeasureSpec


@dataclass(frozen=True)
class Measurement:
    """One measured value: `error` is its residual or standard error, `message` says why there is none or what it lacks.

    `rescaling` is the factor of the layers' rescaling, 1 for the weights as they were trained; `grid` and `density` are
    those of a spectral density, each (points,).
    """

    measure: str
    value: float | None
    error: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    message: str | None = None
    rescaling: float = 1.0
    seconds: float | None = None
    grid: npt.NDArray[np.float64] | None = None
    density: npt.NDArray[np.float64] | None = None


class Gauge:
    """The measures of a `[measure]` table, ready for any parameters of a model."""

    def __init__(self, architecture: Architecture, data: Data, spec: MeasureSpec) -> None:
        self.spec = spec
        self.objective = Objective(architecture, subset(data.train, spec.rows, spec.seed))

    def measure(
        self,
        parameters: npt.NDArray[np.floating],
        initial: npt.NDArray[np.floating],
        *,
        names: tuple[str, ...] | None = None,
        deadline: float = inf,
    ) -> list[Measurement]:
        """All measures at `parameters`, or those `names`; `initial` is where training began, both (parameters,).

        What is not begun by `deadline`, of the monotonic clock, has a message in place of a value.
        """
        return []

"""The evaluation of initial parameters, which are the same in all trials of a sweep that have the same seed, model and data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.kernels.trainer import EvaluationResult

Evaluate = Callable[[npt.NDArray[Any]], EvaluationResult]


class StartEvaluation:
    """Remembers the latest evaluation before the first update.

    One object serves all runs of a model on the same data. On 10,000 images, LeNet-5 then needs a tenth less time for a run of
    5 epochs that is evaluated at its end.
    """

    def __init__(self) -> None:
        self._known: tuple[npt.NDArray[Any], EvaluationResult] | None = None

    def of(self, parameters: npt.NDArray[Any], evaluate: Evaluate) -> EvaluationResult:
        """Return `evaluate(parameters)`, without a call if these are the parameters of the latest call."""
        if self._known is None or not np.array_equal(self._known[0], parameters):
            self._known = parameters.copy(), evaluate(parameters)
        return self._known[1]

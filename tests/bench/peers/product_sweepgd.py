"""This project: products with the Hessian at parameters that change from one to the next, so that nothing is kept."""

from itertools import cycle

import numpy as np

from sweepgd.curvature.objective import Objective, subset

from ..minimum import Minimum
from ..work import load
from .lambda_sweepgd import architecture_of
from .sweepgd import data_of


class Peer:
    def __init__(self, case: Minimum) -> None:
        work = load(case.work)
        self.objective = Objective(architecture_of(work), subset(data_of(work).train, case.rows, seed=0))
        self._minima = cycle((case.parameters, case.parameters * (1 + 1e-5)))
        self._direction = np.random.default_rng(0).standard_normal(work.parameters)

    def reset(self) -> None:
        pass

    def epochs(self, count: int) -> None:
        for _ in range(count):
            self.call(next(self._minima))

    def call(self, parameters: np.ndarray) -> None:
        self.objective.hessian(parameters)(self._direction)

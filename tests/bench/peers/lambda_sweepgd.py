"""This project: the measure lambda_max as every search and `sweepgd measure` make it."""

from itertools import cycle

from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import Measurer
from sweepgd.models import Architecture, Shape, build

from ..minimum import Minimum
from ..work import Work, load
from .sweepgd import data_of


def architecture_of(work: Work) -> Architecture:
    return build("mlp", {"hidden": work.widths[1:-1]}, Shape("classification", work.widths[0], 1, work.classes))


class Peer:
    def __init__(self, case: Minimum) -> None:
        work = load(case.work)
        spec = MeasureSpec(rows=case.rows, settings={"lambda_max": {"tolerance": case.tolerance}})
        self._measurer = Measurer(architecture_of(work), data_of(work), spec)
        self.value, self.residual = float("nan"), float("nan")
        # What was computed at the parameters of the last call is not computed again: two in turn, each of which is new.
        self._minima = cycle((case.parameters, case.parameters * (1 + 1e-5)))
        self.reset()

    def reset(self) -> None:
        pass

    def epochs(self, count: int) -> None:
        for _ in range(count):
            parameters = next(self._minima)
            (measurement,) = self._measurer.measure(parameters, parameters)
            assert measurement.value is not None, measurement.message
            assert measurement.error is not None
            self.value, self.residual = measurement.value, measurement.error / abs(measurement.value)

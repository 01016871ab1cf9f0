"""Measure the largest Hessian eigenvalue every few epochs of a run, as far as the runs of a trial leave time before the
deadline.
"""

from collections.abc import Iterator, Mapping
from math import inf
from time import monotonic

from sweepgd.core.outcome import DIVERGED
from sweepgd.training import Evaluation, Training
from sweepgd.training.measure_minimisers import PATH, MeasureRequest, Minimiser, Row, measurements
from sweepgd.training.sweep_context import SweepContext

MEASURE = "lambda_max"
"""The measure that is taken along a run."""
# The share of the spare time that one measure may take. The share is below 1, because the time that the runs still need is an
# estimate.
SHARE = 0.5


class MeasurementsAlongRun:
    """Advances the runs of one trial, by replicate, and collects the `rows` of measures along the runs.

    If no time is left for a measure before the `deadline`, its row has a message. Once a measure has been given up, no further
    measure begins, because a measure can exceed its time by a whole Hessian product.
    """

    def __init__(self, context: SweepContext, trial: int, trainings: Mapping[int, Training], deadline: float = inf) -> None:
        self._context, self._trial, self._trainings, self._deadline = context, trial, trainings, deadline
        self._every = None if context.sweep.measure is None else context.sweep.measure.every
        self._started, self._measuring_seconds = monotonic(), 0.0
        self._given_up = False
        self.rows: list[Row] = []

    def advance(self, replicate: int) -> Iterator[Evaluation]:
        """Advance a run and yield its evaluations. If `measure.every` is set, measure at the start and every `measure.every`
        epochs.
        """
        training = self._trainings[replicate]
        return training.advance() if self._every is None else self._advance(replicate, training, self._every)

    def _advance(self, replicate: int, training: Training, every: int) -> Iterator[Evaluation]:
        waiting: list[Minimiser] = []
        for point in training.advance():
            if point.epoch % every == 0.0 and (training.outcome is None or training.outcome.status != DIVERGED):
                waiting.append(Minimiser(self._trial, replicate, PATH, point.update, training.parameters))
            # The time that the runs need cannot be estimated before their first update.
            if training.percent > 0.0 or training.outcome is not None:
                for minimiser in waiting:
                    self._measure(minimiser)
                waiting.clear()
            yield point

    def _measure(self, minimiser: Minimiser) -> None:
        start = monotonic()
        limit = 0.0 if self._given_up else SHARE * max(0.0, self._spare_seconds(start))
        self.rows.extend(measurements(self._context, minimiser, [MeasureRequest(MEASURE)], start + limit))
        elapsed = monotonic() - start
        self._measuring_seconds += elapsed
        self._given_up = self._given_up or 0.0 < limit <= elapsed

    def _spare_seconds(self, now: float) -> float:
        """Return the seconds before the deadline that the runs will not need at their present pace."""
        percents = [100.0 if training.outcome is not None else training.percent for training in self._trainings.values()]
        done = sum(percents) / (100.0 * len(percents))
        trained = now - self._started - self._measuring_seconds
        return self._deadline - now - (trained * (1.0 - done) / done if done else 0.0)

"""Looks along training: the largest eigenvalue every so many epochs, in time that the runs do not need themselves."""

from collections.abc import Iterator, Mapping
from math import inf
from time import monotonic

from sweepgd.lab import Lab
from sweepgd.minimisers import PATH, Minimiser, Row, Wanted, measurements
from sweepgd.outcome import DIVERGED
from sweepgd.training import Point, Training

LOOKED_AT = "lambda_max"
"""The measure along training."""
# How much of the spare time one look may take: how long the runs will still take is an estimate.
SHARE = 0.5


class Looks:
    """The looks at the runs of one trial, by replicate. A look that the time limit leaves no time for is a row that says so.

    After one that had to be given up none is begun: it may have taken a whole Hessian product longer than it was to.
    """

    def __init__(self, lab: Lab, trial: int, trainings: Mapping[int, Training], deadline: float = inf) -> None:
        self._lab, self._trial, self._trainings, self._deadline = lab, trial, trainings, deadline
        self._every = None if lab.sweep.measure is None else lab.sweep.measure.every
        self._begun, self._took = monotonic(), 0.0
        self._over = False
        self.rows: list[Row] = []

    def advance(self, replicate: int) -> Iterator[Point]:
        """Advances a run, and looks at it at its beginning and every so many epochs, where `[measure]` asks."""
        training = self._trainings[replicate]
        return training.advance() if self._every is None else self._looking(replicate, training, self._every)

    def _looking(self, replicate: int, training: Training, every: int) -> Iterator[Point]:
        held: list[Minimiser] = []
        for point in training.advance():
            if point.epoch % every == 0.0 and (training.outcome is None or training.outcome.status != DIVERGED):
                held.append(Minimiser(self._trial, replicate, PATH, point.update, training.parameters))
            if training.percent > 0.0 or training.outcome is not None:  # at the beginning nobody knows how long it will take
                for minimiser in held:
                    self._look(minimiser)
                held.clear()
            yield point

    def _look(self, minimiser: Minimiser) -> None:
        begun = monotonic()
        time = 0.0 if self._over else SHARE * max(0.0, self._spare(begun))
        self.rows.extend(measurements(self._lab, minimiser, [Wanted(LOOKED_AT)], begun + time))
        took = monotonic() - begun
        self._took += took
        self._over = self._over or 0.0 < time <= took

    def _spare(self, now: float) -> float:
        """The seconds up to the deadline that the runs will not need themselves, if they go on as they did."""
        percents = [100.0 if training.outcome is not None else training.percent for training in self._trainings.values()]
        done = sum(percents) / (100.0 * len(percents))
        ran = now - self._begun - self._took
        return self._deadline - now - (ran * (1.0 - done) / done if done else 0.0)

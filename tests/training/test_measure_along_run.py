"""Slow measures along a run are given up, and take no time from the runs."""

import pytest
from linear_sweep import sweep
from run_builders import configuration

from sweepgd.curvature import measurer, point
from sweepgd.curvature.catalogue import UNMEASURED
from sweepgd.curvature.objective import Objective
from sweepgd.training import measure_along_run, trial
from sweepgd.training import run as training
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial import TrialTask, run

PRODUCT_SECONDS = 0.1
# λmax of a plane's three parameters takes three products.
MEASURE_SECONDS = 3 * PRODUCT_SECONDS


class Clock:
    """A clock that moves only by `sleep`."""

    now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of trials and measures: a Hessian product takes PRODUCT_SECONDS, everything else no time."""
    clock = Clock()
    for module in (trial, training, measure_along_run, measurer, point):
        monkeypatch.setattr(module, "monotonic", clock)
    hessian = Objective.hessian

    def made(self, theta):
        product = hessian(self, theta)
        return lambda direction: clock.sleep(PRODUCT_SECONDS) or product(direction)

    monkeypatch.setattr(Objective, "hessian", made)
    return clock


def take_time(context, clock, monkeypatch):
    """Make every update take 0.05 s of the clock: 0.2 s an epoch of 4 updates."""
    plain = context.training

    def slow(*given):
        run = plain(*given)
        train = run.kernels.train
        run.kernels.train = lambda *given: clock.sleep(0.05 * len(given[2])) or train(*given)
        return run

    monkeypatch.setattr(context, "training", slow)


def ended(context, limit):
    """Return the statuses of the replicates of a trial with a time limit, and the rows of measures along its runs."""
    context.compile(["sgd"], print)
    _ = context.measurer(0)
    result = run(context, TrialTask(0, configuration(batch_size=10), time_limit=limit))
    measured = [row for row in result.finished.curvature if row["which"] == "path"]
    return [row["status"] for row in result.finished.rows], measured


def test_a_measure_that_takes_longer_than_the_spare_time_is_given_up(clock):
    statuses, measured = ended(SweepContext(sweep("measure={measures=['weight_norm'],every=1}")), limit=MEASURE_SECONDS)
    assert statuses == ["completed"]
    assert [row["update"] for row in measured] == [0, 4, 8]
    assert {(row["value"], row["message"]) for row in measured} == {(None, UNMEASURED + "out of time")}


@pytest.mark.parametrize(("limit", "taken"), [(2.5, 3), (10.0, 8)], ids=["2.5 s", "10 s"])
def test_measures_leave_all_replicates_the_time_that_they_need(limit, taken, clock, monkeypatch):
    """Two runs of 0.6 s and eight measures of 0.3 s."""
    context = SweepContext(sweep("measure={measures=['weight_norm'],every=1}", "budget.epochs=3", "search.replicates=2"))
    take_time(context, clock, monkeypatch)
    statuses, measured = ended(context, limit)
    assert statuses == ["completed"] * 2
    assert [row["update"] for row in measured] == [0, 4, 8, 12] * 2
    assert sum(row["value"] is not None for row in measured) == taken
    assert {row["message"] for row in measured if row["value"] is None} <= {UNMEASURED + "out of time"}

"""Looks along training that take long: they cost themselves, and not the run."""

from time import sleep

import pytest
from small import configuration
from tiny import sweep

from sweepgd.curvature.objective import Objective
from sweepgd.lab import Lab
from sweepgd.measures import UNMEASURED
from sweepgd.trial import Task, run

PRODUCT_SECONDS = 0.1
# λmax of a plane's three parameters takes three products.
LOOK_SECONDS = 3 * PRODUCT_SECONDS


@pytest.fixture
def slow(monkeypatch):
    """Makes every Hessian product take long."""
    hessian = Objective.hessian

    def made(self, theta):
        product = hessian(self, theta)
        return lambda direction: sleep(PRODUCT_SECONDS) or product(direction)

    monkeypatch.setattr(Objective, "hessian", made)


class Unhurried(Lab):
    """Whose runs take 0.2 s an epoch of 4 updates."""

    def training(self, configuration, replicate, rungs=()):
        training = super().training(configuration, replicate, rungs)
        train = training._binding.train
        training._binding.train = lambda *given: sleep(0.05 * len(given[2])) or train(*given)
        return training


def ended(lab, limit):
    """How the replicates of a trial with a time limit ended, and what its looks found."""
    lab.compile(["sgd"], print)
    _ = lab.gauge(0)
    result = run(lab, Task(0, configuration(batch_size=10), time_limit=limit))
    looks = [row for row in result.finished.curvature if row["which"] == "path"]
    return [row["status"] for row in result.finished.rows], looks


def test_a_look_that_takes_longer_than_there_is_time_is_given_up(slow):
    statuses, looks = ended(Lab(sweep("measure={measures=['weight_norm'],every=1}")), limit=LOOK_SECONDS)
    assert statuses == ["completed"]
    assert [row["update"] for row in looks] == [0, 4, 8]
    assert {(row["value"], row["message"]) for row in looks} == {(None, UNMEASURED + "out of time")}


def test_looks_leave_all_replicates_the_time_that_they_still_need(slow):
    """Two runs of 0.6 s and looks of 2.4 s: with 2.5 s, some are taken."""
    asked = ("measure={measures=['weight_norm'],every=1}", "budget.epochs=3", "search.replicates=2")
    statuses, looks = ended(Unhurried(sweep(*asked)), limit=2.5)
    assert statuses == ["completed"] * 2
    assert [row["update"] for row in looks] == [0, 4, 8, 12] * 2
    taken = [row["value"] is not None for row in looks]
    assert 1 <= sum(taken) < 4
    assert {row["message"] for row in looks if row["value"] is None} == {UNMEASURED + "out of time"}

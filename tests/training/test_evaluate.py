"""Runs with `budget.evaluate`: evaluated every so many updates or only at the end, they train as any other."""

import numpy as np
import pytest
from linear_sweep import sweep

from sweepgd.core.errors import UsageError
from sweepgd.sweep import configuration_of, space_of
from sweepgd.training import stretches
from sweepgd.training.sweep_context import SweepContext

SPACE = "space={optimizer='momentum',learning_rate=0.02,batch_size=5,schedule='cosine',warmup=0.7}"
GROWTH = ("space.batch_schedule='growth'", "batch_schedule.growth={after=2,factor=2.0}")


def ran(*overrides, rungs=()):
    context = SweepContext(sweep(SPACE, "optimizer={}", *overrides))
    configuration = configuration_of(next(space_of(context.sweep).grid()))
    return context.training(configuration, 0, rungs).run()


def updates(run):
    return [point.update for point in run.points]


def assert_equal_runs(one, other):
    """Both end with the same weights and the same last evaluation; training times differ."""
    np.testing.assert_array_equal(one.parameters, other.parameters)
    np.testing.assert_array_equal(*(point._replace(seconds=0.0) for point in (one.points[-1], other.points[-1])))
    assert (one.updates, one.samples, one.outcome) == (other.updates, other.samples, other.outcome)


@pytest.mark.parametrize("budget", ["{epochs=6}", "{updates=29}", "{samples=150}"])
@pytest.mark.parametrize("more", [(), ("data.last_batch='drop'",), GROWTH, ("data.shuffle='never'",)])
@pytest.mark.parametrize("limits", [(4096, 1 << 20), (10, 1 << 20), (4096, 80)])
def test_a_run_that_only_ends_trains_as_one_with_evaluations(budget, more, limits, monkeypatch):
    whole = ran(*more, f"budget={budget}")
    monkeypatch.setattr(stretches, "MOST_UPDATES", limits[0])
    monkeypatch.setattr(stretches, "MOST_ROWS", limits[1])
    ended = ran(*more, f"budget={budget}", "budget.evaluate='end'")
    assert updates(ended) == [0, whole.updates]
    assert_equal_runs(ended, whole)
    some = ran(*more, f"budget={budget}", "budget.evaluate=4")
    assert updates(some) == [*range(0, whole.updates, 4), whole.updates]
    assert_equal_runs(some, whole)


def test_an_evaluation_between_epochs_has_the_progress_there():
    each = ran("budget={updates=20,eval_every=5}")  # every update, of 5 rows each but the last of 34
    third = ran("budget={updates=20,evaluate=3}")
    by_update = {point.update: point for point in each.points}
    for point in third.points[1:]:
        np.testing.assert_array_equal(point, by_update[point.update]._replace(seconds=point.seconds))


def test_rungs_are_for_the_pruner_only():
    run = ran("budget={epochs=6,evaluate='end'}", rungs=(10, 50))
    assert updates(run) == [0, 42]
    context = SweepContext(sweep(SPACE, "optimizer={}", "budget={epochs=6,evaluate='end'}"))
    run = context.training(configuration_of(next(space_of(context.sweep).grid())), 0, (10, 50))
    assert [point.update for point in run.advance()] == [0, 5, 21, 42]


def test_a_divergence_between_evaluations_is_found_at_its_update():
    given = ("space={optimizer='sgd',learning_rate=3.0,batch_size='full'}", "budget={updates=400,divergence=100.0}")
    whole, ended = (ran(*given, *more) for more in ((), ("budget.evaluate='end'",)))
    assert whole.outcome.status == ended.outcome.status == "diverged"
    # Before the update in which the loss of the mini-batch is too large; evaluated at every update, it is after the one before.
    assert whole.outcome.diverged_at_update == ended.outcome.diverged_at_update
    assert updates(ended) == [0, ended.updates]
    np.testing.assert_array_equal(ended.parameters, whole.parameters)


def test_a_budget_in_seconds_ends_with_an_evaluation():
    run = ran("budget={seconds=0.05,length=10,evaluate='end'}")
    assert run.outcome.message == "budget spent"
    assert updates(run) == [0, run.updates]


def test_the_two_ways_to_space_evaluations_exclude_each_other():
    with pytest.raises(UsageError, match="budget: evaluate and eval_every contradict each other: give one of them"):
        sweep("budget.evaluate='end'", "budget.eval_every=5")
    with pytest.raises(UsageError, match=r"budget\.evaluate = 'start': give a whole number or 'end'"):
        sweep("budget.evaluate='start'")
    with pytest.raises(UsageError, match=r"budget\.evaluate = 0"):
        sweep("budget.evaluate=0")
    with pytest.raises(UsageError, match=r"measure\.every needs evaluations at epoch ends"):
        sweep("budget.evaluate=3", "measure={every=1}")

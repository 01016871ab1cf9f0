"""The best weights of a run, the updates to its goal, and its end by the budget, by patience or at a rung."""

import numpy as np
import pytest
from kernel_calls import loss_and_error
from run_builders import configuration, data_of, model_for, training
from training.linear_runs import GROWTH, LINEAR, TEN, column, run_of

from sweepgd.core.outcome import PRUNED, Outcome
from sweepgd.data import DataSpec, prepare
from sweepgd.training import run as run_module


@pytest.mark.parametrize(
    ("budget", "updates", "samples"),
    [
        ({"epochs": 2}, 8, 20),
        ({"updates": 7}, 7, 19),
        ({"updates": 8}, 8, 20),
        ({"samples": 9}, 3, 9),
        ({"samples": 10}, 4, 10),
        ({"samples": 11}, 5, 13),
        ({"samples": 17}, 7, 19),
        ({"samples": 20}, 8, 20),
    ],
)
def test_budgets(budget, updates, samples):
    run = run_of(**budget).run()
    assert (run.updates, run.samples) == (updates, samples)
    assert run.points[-1].update == updates
    assert run.plan.length(run.budget) == updates
    assert run.percent >= 100
    assert (run.outcome.status, run.outcome.message) == ("completed", "budget spent")


@pytest.mark.parametrize("samples", range(1, 45))
def test_a_run_is_as_long_as_planned(samples):
    growing = {"batch_size": 3, "batch_schedule": "growth", "batch_schedule_settings": GROWTH}
    for others in ({}, {"last_batch": "drop"}, growing):
        run = run_of(samples=samples, **others).run()
        assert run.plan.length(run.budget) == run.updates


def test_a_budget_in_seconds_counts_training_and_is_checked_after_each_call(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(run_module, "perf_counter", lambda: next(ticks))
    run = run_of(seconds=3).run()
    # Each call takes a second: the first makes an epoch's 4 updates, and later ones are cut to one.
    assert (run.seconds, run.updates) == (3, 6)
    assert run.points[-1].update == 6
    assert run.plan.length(run.budget) is None
    assert run.outcome.message == "budget spent"


def test_stop_at():
    free = run_of(epochs=20).run()
    enough = free.points[5].train_loss
    run = run_of(epochs=20, stop_at=enough).run()
    assert column(run, "train_loss") == column(free, "train_loss")[:6]
    assert run.outcome.status == "completed"
    assert run.outcome.message.startswith("train loss at or below")


def test_patience_counts_evaluations_without_a_better_validation_loss():
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, -TEN.train.targets))
    initial = np.zeros(4)
    run = training(configuration(batch_size=3), data, LINEAR, initial=initial, epochs=50, patience=3).run()
    losses = column(run, "validation_loss")
    lowest = int(np.argmin(losses))
    assert len(losses) == lowest + 4
    assert run.best.point == run.points[lowest]
    assert run.outcome.message == "no better loss in 3 evaluations"


def test_steps_to_goal_is_the_first_update_strictly_below_it():
    losses = column(run_of(epochs=20).run(), "validation_loss")
    assert losses[3] == min(losses[:4])
    run = run_of(epochs=20, goal=losses[3]).run()
    assert run.steps_to_goal == 4 * (3 + int(np.argmax(np.array(losses[3:]) < losses[3])))
    assert run_of(epochs=20, goal=0.0).run().steps_to_goal is None


def test_the_goal_of_a_classification_is_an_error():
    data = prepare(DataSpec(name="wine"))
    model = model_for(data, "softmax")
    run = training(configuration(), data, model, dtype="float32", epochs=10, goal=0.2).run()
    first = next(point for point in run.points if point.validation_error < 0.2)
    assert run.steps_to_goal == first.update > 0


def test_the_best_weights_have_the_lowest_validation_loss():
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, 0.3 * TEN.train.targets))
    run = training(configuration(batch_size=3), data, LINEAR, initial=np.zeros(4), epochs=40).run()
    losses = column(run, "validation_loss")
    assert 0 < int(np.argmin(losses)) < 40
    assert run.best.point.validation_loss == min(losses)
    assert loss_and_error(LINEAR, run.best.parameters, data.validation)[0] == min(losses)
    assert loss_and_error(LINEAR, run.parameters, data.validation)[0] == losses[-1] > min(losses)
    assert loss_and_error(LINEAR, run.parameters, data.train)[0] == run.points[-1].train_loss


def test_without_a_validation_part_the_best_weights_have_the_lowest_train_loss():
    data = data_of(TEN.train.inputs, TEN.train.targets)
    run = training(configuration(batch_size=3), data, LINEAR, epochs=5).run()
    assert run.best.point.train_loss == min(column(run, "train_loss"))


def test_a_run_yields_at_the_first_update_at_or_after_a_rungs_percent():
    run = run_of(batch_size=3, updates=30, rungs=(4, 12, 36))
    halts = [point for point in run.advance() if point not in run.points]
    assert [point.update for point in halts] == [2, 11]  # the one after update 4 ends an epoch, and is an evaluation
    assert column(run, "update") == [0, 4, 8, 12, 16, 20, 24, 28, 30]


def recorded(run):
    """Return the results of a run except its seconds."""
    points = [str(point._replace(seconds=0)) for point in run.points]
    best = (run.best.point.update, run.best.parameters.tolist())
    return points, best, run.parameters.tolist(), run.steps_to_goal, run.outcome


@pytest.mark.parametrize("budget", [{"patience": 3}, {"eval_every": 14}, {"stop_at": 0.2}, {"goal": 0.03}])
def test_rungs_change_no_result_of_a_run(budget):
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, 0.3 * TEN.train.targets))

    def run(rungs):
        return training(configuration(batch_size=3), data, LINEAR, initial=np.zeros(4), epochs=40, rungs=rungs, **budget).run()

    assert recorded(run(range(1, 100))) == recorded(run(()))


def test_a_run_ended_at_a_rung_has_its_last_evaluation_there():
    run = run_of(batch_size=3, updates=30, rungs=(36,))
    for point in run.advance():
        if point.update == 11:
            assert run.latest is point
            run.end(Outcome(PRUNED, "no use"))
    assert column(run, "update") == [0, 4, 8, 11]
    assert run.outcome.status == "pruned"
    assert run.best.point.update == 11

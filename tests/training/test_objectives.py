"""The values that a sampler gets: objectives, their means over replicates, and finite penalties."""

from math import inf

import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

from sweepgd.training import objectives

RNG = np.random.default_rng(3)
ROWS = (RNG.normal(size=(8, 2)), np.arange(8) % 2)
CLASSES = data_of(*ROWS, classes=2, validation=ROWS)
NUMBERS = data_of(*ROWS, validation=ROWS)


def run(data=NUMBERS, learning_rate=0.1, scale=1.0, **budget):
    model = model_for(data, "softmax" if data.classes else "linear", init="normal", scale=scale)
    chosen = configuration(batch_size=8, learning_rate=learning_rate)
    return training(chosen, data, model, **{"epochs": 5} | budget).run()


def test_each_objective_of_a_run():
    ended = run(CLASSES, goal=0.9)
    last = ended.points[-1]
    for name in ("train_loss", "validation_loss", "train_error", "validation_error"):
        assert objectives.value(name, ended) == getattr(last, name)
    assert objectives.value("best_validation_loss", ended) == min(point.validation_loss for point in ended.points)
    assert objectives.value("train_seconds", ended) == ended.seconds > 0
    assert objectives.value("steps_to_goal", ended) == ended.steps_to_goal


def test_penalty_for_a_goal_not_reached_is_ten_times_the_updates():
    ended = run(goal=1e-12)
    assert objectives.value("steps_to_goal", ended) is None
    assert objectives.objective_values(["steps_to_goal"], [ended]) == [50.0]


def test_penalty_for_divergence_is_ten_times_the_initial_loss():
    diverged = run(learning_rate=1e9)
    begin = diverged.points[0].train_loss
    assert diverged.outcome.status == "diverged"
    for name in ("train_loss", "validation_loss", "best_validation_loss"):
        assert objectives.objective_values([name], [diverged]) == [10 * max(1.0, begin)]
    assert objectives.objective_values(["train_seconds"], [diverged]) == [10 * diverged.seconds / diverged.updates * 5]


def test_penalty_for_divergence_is_at_least_ten_and_an_error_of_one():
    diverged = run(CLASSES, learning_rate=1e9, scale=0.0, divergence=1.0001)
    assert diverged.outcome.status == "diverged"
    assert diverged.points[0].train_loss == pytest.approx(np.log(2))
    assert objectives.objective_values(["train_loss", "validation_error"], [diverged]) == [10.0, 1.0]


def test_a_diverged_replicate_counts_in_the_mean():
    fine, diverged = run(), run(learning_rate=1e9)
    mean = (fine.points[-1].validation_loss + 10 * max(1.0, diverged.points[0].train_loss)) / 2
    assert objectives.objective_values(["validation_loss", "train_loss"], [fine, diverged])[0] == pytest.approx(mean)


@pytest.mark.parametrize("loss", [inf, np.nan])
def test_objective_values_are_always_finite(loss):
    ended = run()
    ended.points[-1] = ended.points[-1]._replace(validation_loss=loss)
    assert objectives.objective_values(["validation_loss"], [ended]) == [10 * max(1.0, ended.points[0].train_loss)]

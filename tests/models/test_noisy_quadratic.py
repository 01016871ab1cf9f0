"""Runs on the noisy quadratic model follow the recursion of E θ² of SGD and of momentum (Zhang et al. 2019)."""

import naive
import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

from sweepgd.data import DataSpec, prepare

DIMENSION = 20
CURVATURES = VARIANCES = 1 / np.arange(1.0, DIMENSION + 1)


def data(rows):
    return data_of(np.zeros((rows, 0)), np.zeros((rows, 0)))


def runs(batch, rate, updates, replicates, optimizer="sgd", beta=None):
    """The run of each seed, trained to the end and evaluated after each update."""
    rows = data(batch)
    model = model_for(rows, "noisy_quadratic", dimension=DIMENSION, start=2.0)
    given = configuration(optimizer, None if beta is None else {"beta": beta}, learning_rate=rate, batch_size=batch)
    return [training(given, rows, model, seed=seed, updates=updates).run() for seed in range(replicates)]


@pytest.mark.parametrize(
    ("batch", "rate", "optimizer", "beta"),
    [(1, 0.3, "sgd", None), (16, 1.5, "sgd", None), (4, 0.1, "momentum", 0.9), (32, 0.5, "momentum", 0.5)],
)
def test_the_loss_curve_is_within_three_standard_errors_of_the_recursion(batch, rate, optimizer, beta):
    updates, replicates = 100, 400
    losses = np.array(
        [[point.train_loss for point in run.points] for run in runs(batch, rate, updates, replicates, optimizer, beta)]
    )
    squares = naive.noisy_quadratic_squares(CURVATURES, VARIANCES, batch, rate, updates, 2.0, beta or 0.0)
    expected = squares @ CURVATURES / 2
    assert losses[:, 0] == pytest.approx(expected[0])
    at = np.linspace(5, updates, 20).astype(int)
    errors = losses.std(axis=0, ddof=1)[at] / np.sqrt(replicates)
    assert (abs(losses.mean(axis=0)[at] - expected[at]) / errors).max() < 3
    assert (errors / expected[at]).max() < 0.06


@pytest.mark.parametrize(("batch", "rate"), [(1, 0.5), (8, 1.2)])
def test_stationary_squares_are_those_of_the_formula(batch, rate):
    """E θᵢ² = ηcᵢ/(B hᵢ(2 − ηhᵢ)), as the mean over a long run."""
    dimension, updates = 4, 400_000
    rows, curvatures = data(20 * batch), CURVATURES[:dimension]
    model = model_for(rows, "noisy_quadratic", dimension=dimension)
    run = training(configuration(learning_rate=rate, batch_size=batch), rows, model, updates=updates)
    squares = np.array([run.parameters**2 for _ in run.advance()])
    assert len(squares) == updates // 20 + 1
    expected = rate * curvatures / (batch * curvatures * (2 - rate * curvatures))
    np.testing.assert_allclose(squares[10:].mean(axis=0), expected, rtol=0.03)


def test_a_data_set_of_rows_without_inputs_allows_any_batch_size():
    rows = prepare(DataSpec(name="empty_rows", rows=5000), dtype="float32")
    assert (rows.rows, rows.task, rows.train.inputs.shape, rows.validation) == (5000, "none", (5000, 0), None)
    model = model_for(rows, "noisy_quadratic", dimension=3)
    run = training(configuration(learning_rate=0.1, batch_size=1250), rows, model, dtype="float32", epochs=2).run()
    assert run.updates == 8
    assert run.points[-1].train_loss < run.points[0].train_loss

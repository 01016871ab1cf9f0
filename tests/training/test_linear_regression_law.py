"""Full-batch linear regression is known in closed form, rates that change included."""

import numpy as np
import pytest
from run_builders import configuration, model_for, training

from sweepgd.data import DataSpec, prepare


@pytest.mark.parametrize("learning_rate", [0.999, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_the_full_batch_follows_the_closed_form(seed, learning_rate):
    """w* + Π(I - ηₜH)(w₀ - w*), with H = XᵀX/n, the bias' column of ones included, and w* the least squares fit."""
    data = prepare(DataSpec(name="synthetic_linear", standardize=False, validation=0, test=0), seed=seed, dtype="float64")
    run = training(
        configuration(
            learning_rate=learning_rate,
            batch_size="full",
            schedule="step",
            schedule_settings={"after": 2, "every": 1, "factor": 0.1},
        ),
        data,
        model_for(data, "linear", scale=1.0),
        seed=seed,
        epochs=4,
    )
    found = [run.parameters for _ in run.advance()]

    x = np.column_stack((data.train.inputs, np.ones(data.rows)))
    hessian = x.T @ x / data.rows
    best = np.linalg.lstsq(x, data.train.targets[:, 0])[0]
    expected = [found[0]]
    for factor in (1, 1, 0.1, 0.01):
        expected.append(best + (np.eye(3) - factor * learning_rate * hessian) @ (expected[-1] - best))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert run.updates == 4

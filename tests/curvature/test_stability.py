"""Gradient descent on a quadratic is stable exactly where the learning rate is below 2/λmax (Polyak 1964), as measured."""

import numpy as np
import pytest
from places import bowl, measured
from small import no_data

import sweepgd

CURVATURES = (0.3, 7.0, 42.5, 42.0, 1.0, 3.0, 0.01, 20.0, 15.0, 9.0, 5.0, 2.0, 11.0, 13.0, 17.0)


@pytest.mark.parametrize(("share", "status"), [(0.995, "completed"), (1.005, "diverged")])
def test_gradient_descent_converges_below_2_over_lambda_max_and_diverges_above(share, status):
    start = np.linspace(-1.0, 1.0, len(CURVATURES))
    lambda_max = measured(bowl(CURVATURES), no_data(), start, "lambda_max")["lambda_max"].value
    run = sweepgd.train(
        "none", "quadratic", "sgd", learning_rate=share * 2 / lambda_max,
        overrides=[
            f"model.curvatures={list(CURVATURES)}", f"model.start={start.tolist()}", 'model.dtype="float64"',
            "budget.updates=5000",
        ],
    )  # fmt: skip
    assert run.outcome.status == status
    if status == "completed":
        # The sharpest direction shrinks by 1 − 2·0.995 = −0.99 an update.
        assert abs(run.parameters[2]) < 1e-20

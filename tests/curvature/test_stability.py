"""Gradient descent on a quadratic is stable exactly if the learning rate is below 2/λmax (Polyak 1964), as measured."""

import numpy as np
import pytest
from curvature_points import measured, quadratic
from run_builders import no_data

import sweepgd
from sweepgd.analysis.stability import edge_of_stability, thresholds

CURVATURES = (0.3, 7.0, 42.5, 42.0, 1.0, 3.0, 0.01, 20.0, 15.0, 9.0, 5.0, 2.0, 11.0, 13.0, 17.0)


@pytest.mark.parametrize(("share", "status"), [(0.995, "completed"), (1.005, "diverged")])
def test_gradient_descent_diverges_exactly_above_2_over_lambda_max(share, status):
    start = np.linspace(-1.0, 1.0, len(CURVATURES))
    lambda_max = measured(quadratic(CURVATURES), no_data(), start, "lambda_max")["lambda_max"].value
    run = sweepgd.train(
        "none", "quadratic", "sgd", learning_rate=share * 2 / lambda_max,
        overrides=[
            f"model.curvatures={list(CURVATURES)}", f"model.start={start.tolist()}", 'model.dtype="float64"',
            "budget.updates=5000",
        ],
    )  # fmt: skip
    assert run.outcome.status == status
    if status == "completed":
        # The component along the largest eigenvalue is multiplied by 1 − 2·0.995 = −0.99 at each update.
        assert abs(run.parameters[2]) < 1e-20


@pytest.mark.parametrize(("share", "status"), [(0.99, "completed"), (1.01, "diverged")])
@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov"])
def test_an_l2_penalty_adds_its_decay_to_lambda_max(tmp_path, rule, share, status):
    """Linear regression on the full batch; with this decay, λmax alone is a fifth of the threshold."""
    shared = ['data={name="synthetic_linear",rows=200,standardize=false}', 'model.dtype="float64"']
    shared += [] if rule == "sgd" else [f"optimizer.{rule}.beta=0.8"]

    def trained(rate, out, *overrides):
        given = [*shared, *overrides]
        run = sweepgd.train("synthetic_linear", "linear", rule, rate, "full", overrides=given, out=tmp_path / out)
        return run, sweepgd.load(tmp_path / out)

    _, first = trained(1e-6, "first", "budget.updates=1", "measure.every=1")
    lambda_max = first.curvature["value"][0].as_py()
    decay = 4.0 * lambda_max
    [edge] = thresholds([rule], np.array([0.8]), np.array([1.0]))
    decayed = f"space.weight_decay={decay}"
    run, results = trained(share * edge / (5.0 * lambda_max), "run", decayed, "budget.updates=3000", "measure.every=500")
    assert run.outcome.status == status
    table = edge_of_stability(results.trials, results.curves, results.curvature).to_pylist()
    assert table[0]["weight_decay"] is None  # before the first update there is no learning rate, and no threshold
    if status == "completed":
        assert [row["ratio"] for row in table[1:]] == pytest.approx([share] * 6, rel=1e-4)
        assert {row["weight_decay"] for row in table[1:]} == {decay}
        assert table[-1]["lambda_max"] / table[-1]["threshold"] == pytest.approx(share / 5, rel=1e-4)

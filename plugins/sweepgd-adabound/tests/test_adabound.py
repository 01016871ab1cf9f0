"""AdaBound follows the path of the authors' equations. Both bounds are active, and most rates are between the bounds."""

import numpy as np
import pytest
from optimizers.paths import TOLERANCE, largest_difference, naive_path, own_path, run_of

HYPERPARAMETERS = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "final_ratio": 30.0, "gamma": 0.02}


def equations(w, g, memory, rate, t, *, beta1, beta2, epsilon, final_ratio, gamma, clipped_shares):
    """Make an update of the authors' code. Append the shares of weights at the lower and upper bound to `clipped_shares`."""
    m = memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    own = rate * np.sqrt(1 - beta2**t).item() / (1 - beta1**t) / (np.sqrt(v) + epsilon)
    final = rate * final_ratio
    lower, upper = final * (1 - 1 / (gamma * t + 1)), final * (1 + 1 / (gamma * t))
    clipped_shares.append([np.mean(own < lower), np.mean(own > upper)])
    return w - np.clip(own, lower, upper) * m


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_adabound_follows_the_authors_equations(dtype):
    run = run_of("adabound", HYPERPARAMETERS, 0.01, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    clipped_shares = []
    expected = naive_path(equations, own, **HYPERPARAMETERS, clipped_shares=clipped_shares)
    assert largest_difference(own.weights, expected) < TOLERANCE[dtype]
    at_lower, at_upper = np.mean(clipped_shares, axis=0)
    assert at_lower > 0.05
    assert at_upper > 0.05
    assert at_lower + at_upper < 0.95

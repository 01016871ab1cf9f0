"""The test error that the README states for one command."""

import numpy as np

import sweepgd


def test_an_mlp_with_adam_has_at_most_4_percent_error_on_digits():
    errors = [sweepgd.train("digits", "mlp", "adam", 1e-3, 32, 20, seed=seed).points[-1].test_error for seed in range(10)]
    assert np.mean(errors) <= 0.04

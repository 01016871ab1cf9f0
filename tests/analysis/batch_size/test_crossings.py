"""The crossing of the isotonic fit equals that of SciPy's isotonic regression, and is nearly free of the bias of noise."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from sweepgd.analysis.batch_size.crossings import LOWEST, crossings


def by_scipy(losses, target):
    fit = isotonic_regression(np.log(losses / target), increasing=False).x
    if fit[-1] > 0:
        return np.nan
    first = int(np.argmax(fit <= 0))
    return 0.0 if first == 0 else first - 1 + fit[first - 1] / (fit[first - 1] - fit[first])


def test_crossings_are_those_of_isotonic_regression():
    rng = np.random.default_rng(0)
    losses = np.exp(rng.normal(size=(300, 25)) - np.linspace(-1, 3, 25) * rng.uniform(0, 1.5, (300, 1)))
    found = crossings(losses, 0.5)
    np.testing.assert_allclose(found, [by_scipy(curve, 0.5) for curve in losses], rtol=1e-9)
    assert 20 < np.isnan(found).sum() < 200
    np.testing.assert_array_equal(crossings(losses.reshape(3, 100, 25), 0.5).ravel(), found)


def test_between_two_evaluations_the_logarithm_is_interpolated():
    losses = np.array([4.0, 2.0, 0.5, 0.25])
    assert crossings(losses, 1.0) == pytest.approx(1.5)
    assert crossings(losses, 2**-1.5) == pytest.approx(2.5)


def test_targets_reached_at_once_or_never_and_zero_losses():
    assert crossings(np.array([0.5, 0.4]), 1.0) == 0.0
    assert np.isnan(crossings(np.array([4.0, 2.0]), 1.0))
    assert crossings(np.array([np.inf, 2.0, 0.0]), 1.0) == pytest.approx(1 + np.log(2) / np.log(2 / LOWEST))


def test_noise_moves_the_crossing_less_than_a_first_passage():
    rng = np.random.default_rng(1)
    logs = np.linspace(2, -2, 401)
    noisy = np.exp(logs + 0.3 * rng.normal(size=(400, 401)))
    assert np.mean(crossings(noisy, 1.0)) == pytest.approx(200, abs=4)
    assert np.mean(np.argmax(noisy <= 1, axis=1)) < 160

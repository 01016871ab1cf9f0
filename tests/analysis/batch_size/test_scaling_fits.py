"""Fits of steps against batch size recover the laws that they are fitted to."""

import numpy as np
import pytest

from sweepgd.analysis.batch_size.scaling_fits import hyperbola, perfect_scaling_end, slope

SIZES = 2.0 ** np.arange(10)


@pytest.mark.parametrize(("least", "critical"), [(20.0, 5.0), (3.0, 60.0), (1000.0, 900.0)])
def test_the_hyperbola_is_recovered(least, critical):
    found_least, found_critical = hyperbola(SIZES, np.log(least * (1 + critical / SIZES)))
    assert np.exp(found_least) == pytest.approx(least, rel=1e-3)
    assert np.exp(found_critical) == pytest.approx(critical, rel=1e-3)


def test_each_row_has_its_own_fit_and_nan_stays_nan():
    logs = np.log(10 * (1 + np.array([[4.0], [40.0]]) / SIZES))
    logs = np.vstack([logs, np.full(10, np.nan)])
    _, critical = hyperbola(SIZES, logs)
    np.testing.assert_allclose(np.exp(critical[:2]), [4, 40], rtol=1e-3)
    assert np.isnan(critical[2])


def test_a_law_without_an_end_or_of_two_sizes_has_no_critical_size():
    assert np.isnan(hyperbola(SIZES, -np.log(SIZES))[1])
    assert np.isnan(hyperbola(SIZES, np.zeros(10))[1])
    assert np.isnan(hyperbola(SIZES[:2], np.zeros(2))).all()


@pytest.mark.parametrize("critical", [20.0, 100.0])
def test_perfect_scaling_of_a_hyperbola_ends_at_a_fifth_of_its_critical_size(critical):
    """(B + B_crit)/(1 + B_crit) = 1.2 at B = 0.2 B_crit + 1.2."""
    end = perfect_scaling_end(SIZES, np.log(7 * (1 + critical / SIZES)))
    assert np.exp(end) == pytest.approx(0.2 * critical + 1.2, rel=0.01)


def test_perfect_scaling_of_a_power_law():
    """With S = 1/B^0.9, samples grow as B^0.1: by 20 % at 1.2^10."""
    assert np.exp(perfect_scaling_end(SIZES[:6], -0.9 * np.log(SIZES[:6]))) == pytest.approx(1.2**10, rel=0.02)
    assert perfect_scaling_end(SIZES, -np.log(SIZES)) == np.inf
    assert np.isnan(perfect_scaling_end(SIZES[:3], -np.log(SIZES[:3])))
    assert np.isnan(perfect_scaling_end(SIZES, np.full(10, np.nan)))


def test_slope_and_intercept_of_lines():
    exponents, intercepts = slope(np.log(SIZES), np.array([[0.5], [-1.0]]) * np.log(SIZES) + 3)
    np.testing.assert_allclose(exponents, [0.5, -1])
    np.testing.assert_allclose(intercepts, [3, 3])

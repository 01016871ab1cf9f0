"""Standard errors over configurations and replicates, against closed forms of means."""

import numpy as np
import pytest

from sweepgd.analysis.claims.two_way_jackknife import MOST_GROUPS, standard_error

pytestmark = pytest.mark.quick


def of_mean(values):
    """The error of the mean of values (units, replicates)."""
    units, replicates = (index.ravel() for index in np.indices(values.shape))
    flat = values.ravel()
    return standard_error(lambda keep: float(flat[keep].mean()), units, replicates, len(values))


def test_the_variance_of_a_mean_is_that_of_unit_means_plus_that_of_replicate_means():
    values = np.random.default_rng(0).normal(size=(7, 4))
    over_units = values.mean(axis=1).var(ddof=1) / 7
    over_replicates = values.mean(axis=0).var(ddof=1) / 4
    error = of_mean(values)
    assert error.standard_error == pytest.approx(np.sqrt(over_units + over_replicates))
    expected = (over_units + over_replicates) ** 2 / (over_units**2 / 6 + over_replicates**2 / 3)
    assert error.freedom == pytest.approx(expected)


def test_a_single_unit_has_the_error_of_its_replicates():
    values = np.random.default_rng(1).normal(size=(1, 5))
    error = of_mean(values)
    assert error.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(5))
    assert error.freedom == pytest.approx(4)


def test_one_replicate_has_no_error():
    assert np.isnan(of_mean(np.arange(6.0)[:, None]).standard_error)


def test_equal_values_have_no_variance():
    assert of_mean(np.ones((3, 2))).standard_error == 0


def test_many_units_are_deleted_in_groups():
    values = np.random.default_rng(2).normal(size=(10 * MOST_GROUPS, 2))
    calls = []
    units, replicates = (index.ravel() for index in np.indices(values.shape))

    def mean(keep):
        calls.append(keep)
        return float(values.ravel()[keep].mean())

    error = standard_error(mean, units, replicates, len(values))
    assert len(calls) == MOST_GROUPS + 2
    over_units = values.mean(axis=1).var(ddof=1) / len(values)
    assert error.standard_error == pytest.approx(np.sqrt(over_units), rel=0.1)

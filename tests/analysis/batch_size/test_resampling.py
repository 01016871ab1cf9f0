"""Draws of replicates keep the two halves apart, and intervals of means contain them as often as they should."""

import numpy as np
import pytest

from sweepgd.analysis.batch_size.resampling import (
    DRAWS,
    drawn_configurations,
    draws_of,
    estimate,
    interval,
    percentiles,
    resampled_quantiles,
)


@pytest.mark.parametrize("replicates", [4, 5, 16])
def test_weights_are_means_over_two_halves(replicates):
    draws = draws_of(replicates)
    assert (draws.number, draws.replicates) == (DRAWS + 1, replicates)
    for weights in draws:
        np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert not (draws.first * draws.second).any()
    np.testing.assert_allclose(draws.every[0], 1 / replicates)
    assert len(np.unique(draws.first, axis=0)) > 2
    np.testing.assert_array_equal(draws_of(replicates).every, draws.every)


def test_few_replicates_are_not_resampled():
    assert [draws_of(count).number for count in (0, 1, 2, 3)] == [1, 1, 1, 1]
    np.testing.assert_array_equal(draws_of(1).first, draws_of(1).second)
    np.testing.assert_allclose(draws_of(3).first, [[0.5, 0, 0.5]])
    assert np.isnan(interval(np.array([1.0]), 3)).all()
    assert estimate("x", np.array([0.0]), 3) == {"x": 1.0, "x_low": None, "x_high": None}


@pytest.mark.parametrize(("replicates", "least"), [(4, 0.9), (16, 0.93)])
def test_intervals_of_means_contain_them(replicates, least):
    rng, draws = np.random.default_rng(2), draws_of(replicates)
    bounds = np.array([interval(draws.every @ rng.normal(size=replicates), replicates) for _ in range(1000)])
    inside = np.mean((bounds[:, 0] <= 0) & (bounds[:, 1] >= 0))
    assert least <= inside <= 0.98


def test_an_interval_needs_a_value_in_nine_of_ten_draws():
    values = np.arange(101.0)
    values[1:9] = np.nan
    assert np.isfinite(interval(values, 8)).all()
    values[1:13] = np.inf
    assert np.isnan(interval(values, 8)).all()


def test_configurations_are_drawn_with_replacement():
    drawn = drawn_configurations(50, 101)
    assert drawn[0].all()
    assert drawn[1:].mean() == pytest.approx(1 - (1 - 1 / 50) ** 50, abs=0.02)


def test_medians_and_their_percentiles():
    values = np.random.default_rng(3).exponential(size=101)
    found = percentiles("time", resampled_quantiles(values))
    assert found["time"] == np.median(values)
    assert found["time_low"] < found["time"] < found["time_high"]
    assert percentiles("time", resampled_quantiles(values[:2])) == {
        "time": pytest.approx(values[:2].mean()), "time_low": None, "time_high": None
    }  # fmt: skip

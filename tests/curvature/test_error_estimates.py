from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from sweepgd.curvature.error_estimates import rows_error, shortfall, standard_error


@pytest.mark.parametrize(("count", "factor"), [(2, 12.7062 / 1.95996), (8, 2.36462 / 1.95996), (200, 1.97196 / 1.95996)])
def test_a_standard_error_has_the_factor_of_students_t(count, factor):
    draws = np.arange(count, dtype=float)
    assert standard_error(draws) == pytest.approx(factor * np.std(draws, ddof=1) / sqrt(count), rel=1e-5)


@pytest.mark.parametrize("count", [2, 4, 8, 64])
def test_standard_errors_cover_the_mean_for_any_number_of_draws(count):
    samples = np.random.default_rng(3).normal(5.0, 2.0, (4000, count))
    covered = [abs(sample.mean() - 5.0) <= 1.95996 * standard_error(sample) for sample in samples]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.011)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_shortfall_is_the_mean_over_all_halves(count):
    rises = np.random.default_rng(count).exponential(size=count)
    halves = [max(half) for half in combinations(rises, (count + 1) // 2)]
    assert shortfall(rises) == pytest.approx(rises.max() - np.mean(halves))


def test_the_shortfall_is_0_for_equal_rises_and_unknown_for_one_start():
    assert shortfall(np.full(24, 3.0)) == 0.0
    assert shortfall(np.array([3.0])) is None
    assert shortfall(np.array([0.0, 1.0])) == 0.5


def test_the_error_of_rows_covers_the_mean_of_the_population():
    rng = np.random.default_rng(9)
    population = rng.exponential(size=600)
    covered = []
    for _ in range(2000):
        rows = rng.choice(population, 400, replace=False)
        error = rows_error(rows.reshape(8, 50).mean(axis=1), 400, 600)
        covered.append(abs(rows.mean() - population.mean()) <= 1.95996 * error)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)

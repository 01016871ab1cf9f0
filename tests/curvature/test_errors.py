from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from sweepgd.curvature.errors import rows_error, shortfall, standard_error


@pytest.mark.parametrize(("count", "widening"), [(2, 12.7062 / 1.95996), (8, 2.36462 / 1.95996), (200, 1.97196 / 1.95996)])
def test_a_standard_error_is_widened_by_students_t(count, widening):
    draws = np.arange(count, dtype=float)
    assert standard_error(draws) == pytest.approx(widening * np.std(draws, ddof=1) / sqrt(count), rel=1e-5)


@pytest.mark.parametrize("count", [2, 4, 8, 64])
def test_it_covers_the_mean_however_few_the_draws_are(count):
    samples = np.random.default_rng(3).normal(5.0, 2.0, (4000, count))
    covered = [abs(sample.mean() - 5.0) <= 1.95996 * standard_error(sample) for sample in samples]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.011)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_the_shortfall_is_the_mean_over_all_halves(count):
    rises = np.random.default_rng(count).exponential(size=count)
    halves = [max(half) for half in combinations(rises, (count + 1) // 2)]
    assert shortfall(rises) == pytest.approx(rises.max() - np.mean(halves))


def test_starts_that_agree_have_no_shortfall_and_one_start_has_none_that_is_known():
    assert shortfall(np.full(24, 3.0)) == 0.0
    assert shortfall(np.array([3.0])) is None
    assert shortfall(np.array([0.0, 1.0])) == 0.5


def test_the_error_of_rows_covers_their_mean_over_the_population():
    rng = np.random.default_rng(9)
    population = rng.exponential(size=600)
    covered = []
    for _ in range(2000):
        rows = rng.choice(population, 400, replace=False)
        error = rows_error(rows.reshape(8, 50).mean(axis=1), 400, 600)
        covered.append(abs(rows.mean() - population.mean()) <= 1.95996 * error)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)

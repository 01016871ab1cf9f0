"""The configurations that may be the best one."""

import numpy as np
import pytest
from scipy.stats import t as student
from study_tables import run, trials

from sweepgd.analysis.best_subset import best_subset


def study(values):
    """Trials with the objectives `values`, (configurations, replicates)."""
    return trials(*(run(trial, value, replicate) for trial, row in enumerate(values) for replicate, value in enumerate(row)))


def test_the_margin_is_that_of_gupta_from_the_residuals_of_the_better_half():
    values = np.random.default_rng(0).normal(size=(6, 3)) + np.arange(6)[:, None]
    means = values.mean(axis=1)
    better = values[np.argsort(means)[:3]]
    squares = 0.0
    for row in range(3):
        for column in range(3):
            squares += (better[row, column] - better[row].mean() - better[:, column].mean() + better.mean()) ** 2
    margin = student.ppf(1 - 0.05 / 5, 4) * np.sqrt(squares / 4) * np.sqrt(2 / 3)
    found = best_subset(study(values))
    assert found.margin == pytest.approx(margin, rel=1e-12)
    assert found.candidates == 6
    assert found.rows["trial"].to_pylist() == [trial for trial in np.argsort(means) if means[trial] <= means.min() + margin]


def test_the_truly_best_configuration_is_in_the_subset_in_95_of_100_studies():
    random, hits, sizes = np.random.default_rng(1), 0, []
    for _ in range(100):
        seeds, noise = random.normal(size=(1, 3)), 0.3 * random.normal(size=(8, 3))
        found = best_subset(study(np.array([0, 0.1, 0.2, 0.3, 1, 2, 3, 4])[:, None] + seeds + noise)).rows["trial"].to_pylist()
        hits += 0 in found
        sizes.append(len(found))
    assert hits >= 95
    assert np.mean(sizes) < 6  # the two or three worst are told apart


def test_there_is_no_subset_without_replicates_or_a_second_configuration():
    assert best_subset(study([[0.1], [0.2]])) is None
    assert best_subset(study([[0.1, 0.2]])) is None
    assert best_subset(trials(run(0, 0.1, 0), run(0, 0.2, 1), run(1, 0.1, 0), run(1, None, 1))) is None

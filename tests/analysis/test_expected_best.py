"""The expected best of k configurations, compared with all draws of k."""

from itertools import product

import numpy as np
import pytest
from study_tables import run, study_of_rates, trials

from sweepgd.analysis import expected_best
from sweepgd.analysis.expected_best import expectation


def test_it_is_the_mean_over_all_draws_with_replacement():
    values = np.array([9.0, 4.0, 4.0, 2.5, 1.0])
    for draws in (1, 2, 4):
        every = np.mean([min(chosen) for chosen in product(values, repeat=draws)])
        assert expectation(values, np.ones(5), np.array([draws]))[0] == pytest.approx(every, rel=1e-12)


def test_values_that_occur_several_times_are_as_good_as_written_out():
    values, counts, draws = np.array([5.0, 3.0, 2.0]), np.array([2.0, 0.0, 3.0]), np.array([1, 3, 10])
    written_out = expectation(np.array([5.0, 5.0, 2.0, 2.0, 2.0]), np.ones(5), draws)
    np.testing.assert_allclose(expectation(values, counts, draws), written_out, rtol=1e-12)


def test_each_optimizer_has_its_line_and_what_did_not_complete_counts_as_worst():
    table = trials(
        *(run(trial, float(trial + 1), optimizer="sgd") for trial in range(4)),
        *(run(4 + trial, 0.5 if trial else None, optimizer="adam") for trial in range(3)),
        *(run(7 + trial, 1.0, optimizer="rare") for trial in range(2)),
    )
    rows = {(row["optimizer"], row["draws"]): row for row in expected_best(table).to_pylist()}
    assert list(rows) == [("adam", 1), ("adam", 2), ("adam", 3), ("sgd", 1), ("sgd", 2), ("sgd", 3), ("sgd", 4)]
    adam, sgd = rows["adam", 1], rows["sgd", 2]
    assert adam["expected"] == pytest.approx((4.0 + 2 * 0.5) / 3)
    assert (adam["configurations"], adam["without_objective"]) == (3, 1)
    assert sgd["expected"] == pytest.approx((1 * 7 + 2 * 5 + 3 * 3 + 4 * 1) / 16)
    assert sgd["expected_low"] < sgd["expected"] < sgd["expected_high"]


def test_more_draws_are_never_worse_and_nothing_is_known_without_an_objective():
    for optimizer in ("adam", "sgd"):
        expected = [row["expected"] for row in expected_best(study_of_rates()[0]).to_pylist() if row["optimizer"] == optimizer]
        assert expected == sorted(expected, reverse=True)
        assert len(expected) > 10
    assert expected_best(trials(run(0, None), run(1, None), run(2, None))).num_rows == 0

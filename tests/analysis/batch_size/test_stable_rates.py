"""The largest stable rate against that allowed by λmax."""

import pytest
from study_tables import curvature, run, trials, value

from sweepgd.analysis.batch_size import stable_rates

RATES = (0.1, 0.5, 1.0)


def table(lambdas, optimizer="sgd", diverged=(1.0,), hyperparameters=None, **columns):
    rows, measured = [], []
    for trial, rate in enumerate(RATES):
        for replicate in range(4):
            objective = None if rate in diverged and replicate == 3 else 1.0
            given = {"learning_rate": rate, "optimizer": optimizer, "hyperparameters": hyperparameters or {}}
            rows.append(run(trial, objective, replicate, **given))
            if lambdas is not None:
                measured.append(value(trial, lambdas[trial] * (1 + replicate / 100), replicate=replicate, **columns))
    return stable_rates(trials(*rows), curvature(*measured)).to_pylist()


def test_the_rate_below_the_lowest_that_diverged_against_two_over_lambda():
    (row,) = table((9.0, 5.0, 1.0))
    assert (row["largest_stable"], row["lowest_diverged"], row["runs"], row["message"]) == (0.5, 1.0, 4, None)
    assert row["lambda_max"] == pytest.approx(5 * 1.015)
    assert row["allowed"] == pytest.approx(2 / (5 * 1.015), rel=1e-3)
    assert row["ratio"] == pytest.approx(0.5 * 5 * 1.015 / 2, rel=1e-3)
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]


def test_momentum_and_decay_change_what_is_allowed():
    (row,) = table((9.0, 5.0, 1.0), "momentum", hyperparameters={"beta": 0.9, "weight_decay": 1.0})
    assert row["allowed"] == pytest.approx(3.8 / (5 * 1.015 + 1), rel=1e-3)
    (row,) = table((9.0, 5.0, 1.0), "adam")
    assert (row["allowed"], row["ratio"], row["largest_stable"]) == (None, None, 0.5)


def test_no_divergence_no_stable_rate_and_no_measures():
    (row,) = table((9.0, 5.0, 1.0), diverged=())
    assert (row["largest_stable"], row["lowest_diverged"]) == (1.0, None)
    assert row["message"] == "no rate diverged: the largest stable rate is at least this"
    assert table((1.0, 1.0, 1.0), diverged=RATES) == []
    assert table(None) == []
    assert table((9.0, 5.0, 1.0), which="path") == []

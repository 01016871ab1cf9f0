import math

import numpy as np
import pytest
import scipy.stats
from analysis.measurements import runs

from sweepgd.analysis import bootstrap
from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.ranks import kendall, spearman
from sweepgd.problem import UsageProblem


def rows(table, **options):
    return {row["among"]: row for row in correlations(table, **options).to_pylist()}


def confounded(configurations=40, replicates=2):
    """A gap and a measure that both follow the learning rate, and nothing else."""
    rng = np.random.default_rng(1)
    rate = 10.0 ** (np.arange(configurations * replicates) // replicates % 10 - 9)
    gap, measure = (np.log10(rate) + 0.3 * rng.normal(size=len(rate)) for _ in range(2))
    trial = np.arange(len(rate)) // replicates
    columns = {"trial": trial, "replicate": np.arange(len(rate)) % replicates, "learning_rate": rate}
    return runs({"lambda_max": measure}, gap, **columns)


@pytest.mark.parametrize("ties", [5, 1000])
def test_tau_b_and_rho_are_scipys(ties):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, ties, 60).astype(float), rng.integers(0, ties, 60).astype(float)
    row = rows(runs({"lambda_max": x}, y))["all runs"]
    assert row["kendall"] == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)
    assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
    assert (row["runs"], row["configurations"], row["pairs"]) == (60, 60, 60 * 59 // 2)


def test_within_strata_only_their_pairs_count():
    rng = np.random.default_rng(0)
    strata, x, y = rng.integers(0, 6, 80), rng.integers(0, 9, 80).astype(float), rng.normal(size=80)
    sign_x, sign_y = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    same = strata[:, None] == strata
    by_hand = (same * sign_x * sign_y).sum() / math.sqrt((same * abs(sign_x)).sum() * (same * abs(sign_y)).sum())
    assert kendall(x, y, strata) == pytest.approx(by_hand, abs=1e-12)


def test_a_draw_is_the_correlation_of_what_was_drawn():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 20, 30).astype(float), rng.normal(size=30)
    everyone, configurations = np.zeros(30, dtype=np.int64), np.arange(30)
    weights = bootstrap.draws(configurations, 0)
    repeated = [np.repeat(np.arange(30), weight.astype(int)) for weight in weights[:5]]
    taus = bootstrap.kendall_draws(x, y, everyone, configurations, weights)
    assert taus[:5] == pytest.approx([scipy.stats.kendalltau(x[i], y[i]).statistic for i in repeated], abs=1e-5)
    rhos = bootstrap.spearman_draws(x, y, weights)
    assert rhos[:5] == pytest.approx([spearman(x[i], y[i]) for i in repeated], abs=1e-5)


def test_replicates_are_drawn_with_their_configuration():
    configurations = np.repeat(np.arange(10), 3)
    weights = bootstrap.draws(configurations, 0)
    assert (weights[:, ::3] == weights[:, 1::3]).all()
    assert (weights[:, ::3].sum(axis=1) == 10).all()
    # As evidence, each run three times over is no more than each once: neither estimate nor interval may shrink.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=20), rng.normal(size=20)
    once = rows(runs({"lambda_max": x}, y))["all runs"]
    thrice = runs(
        {"lambda_max": np.repeat(x, 3)}, np.repeat(y, 3), trial=np.repeat(np.arange(20), 3), replicate=np.tile(range(3), 20)
    )
    for name in ("kendall", "kendall_low", "kendall_high", "spearman"):
        assert rows(thrice)["all runs"][name] == pytest.approx(once[name], abs=1e-6)


def test_intervals_hold_the_true_value_as_often_as_they_say():
    rng = np.random.default_rng(0)
    everyone, configurations, held = np.zeros(24, dtype=np.int64), np.repeat(np.arange(12), 2), 0
    weights = bootstrap.draws(configurations, 0)
    for _ in range(200):
        x, y = (np.repeat(rng.normal(size=12), 2) + 0.5 * rng.normal(size=24) for _ in range(2))
        low, high = bootstrap.interval(bootstrap.kendall_draws(x, y, everyone, configurations, weights))
        held += low <= 0 <= high
    assert 0.90 <= held / 200 <= 0.99


def test_a_confounder_makes_a_correlation_that_is_gone_at_equal_rates():
    found = rows(confounded())
    assert (found["all runs"]["verdict"], found["equal rate, batch"]["verdict"]) == ("larger gap", "inconclusive")
    assert found["all runs"]["kendall"] > 0.7
    assert abs(found["equal rate, batch"]["kendall"]) < 0.2
    assert found["equal rate, batch"]["message"] == "the interval holds 0"
    assert found["equal rate, batch"]["pairs"] == 10 * 8 * 7 // 2


def test_a_confounder_that_acts_through_the_batch_size_alone_is_gone_at_equal_batch_sizes():
    rng = np.random.default_rng(1)
    size = 2 ** (np.arange(80) % 10)
    gap, measure = (np.log2(size) + 0.3 * rng.normal(size=80) for _ in range(2))
    found = rows(runs({"lambda_max": measure}, gap, batch_size=size.tolist()))
    assert (found["all runs"]["verdict"], found["equal rate, batch"]["verdict"]) == ("larger gap", "inconclusive")
    assert found["equal rate, batch"]["pairs"] == 10 * 8 * 7 // 2


def test_a_smaller_gap_is_said_of_a_falling_one_and_an_error_is_named():
    x = np.arange(20.0)
    table = runs({"lambda_max": x}, -x, test_error=x / 20)
    assert rows(table)["all runs"]["verdict"] == "smaller gap"
    assert rows(table, target="test_error")["all runs"]["verdict"] == "larger error"
    with pytest.raises(UsageProblem, match=r"unknown target 'gap'"):
        correlations(table, "gap")


def test_at_equal_train_loss_only_runs_of_the_same_tenth_of_a_decade_are_compared():
    losses = [0.0101, 0.0120, 0.0130, 0.5, 0.51, 7.0, 0.0, None]
    gaps = [1.0, 2.0, 3.0, 5.0, 4.0, 0.0, 9.0, 9.0]
    row = rows(runs({"lambda_max": gaps}, gaps, train_loss=losses))["equal train loss"]
    # 0.0130 is beyond 10^-1.9, and 0.5 and 0.51 lie either side of 10^-0.3 = 0.501.
    assert (row["runs"], row["pairs"], row["kendall"]) == (2, 1, 1.0)
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.0101, 0.0120)
    assert (row["verdict"], row["message"]) == ("too few", "fewer than 10 configurations")


def test_a_large_study_is_ranked_whole_and_its_interval_is_as_narrow_as_its_size_allows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000)
    y = x + 2 * rng.normal(size=5000)
    row = rows(runs({"lambda_max": x}, y))["all runs"]
    assert row["kendall"] == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)
    # The standard error of τ of two normals is about 0.66/√n: an interval of 4 × 0.0093.
    assert row["kendall_high"] - row["kendall_low"] == pytest.approx(0.037, rel=0.25)
    assert row["kendall_low"] < row["kendall"] < row["kendall_high"]


def test_the_same_seed_gives_the_same_table():
    assert correlations(confounded(), seed=3).equals(correlations(confounded(), seed=3))
    assert not correlations(confounded(), seed=3).equals(correlations(confounded(), seed=4))


@pytest.mark.parametrize(
    ("measure", "gaps", "message"),
    [
        ([1.0] * 12, range(12), "the measure is constant"),
        (range(12), [1.0] * 12, "the generalization gap is constant"),
        ([None] * 12, range(12), "no runs with measure and generalization gap"),
        (range(12), [None] * 12, "no runs with measure and generalization gap"),
        ([1.0], [1.0], "1 run with measure and generalization gap"),
        (range(3), range(3), "fewer than 10 configurations"),
    ],
)
def test_what_allows_no_verdict_says_why(measure, gaps, message):
    row = rows(runs({"lambda_max": measure}, gaps))["all runs"]
    assert (row["verdict"], row["message"]) == ("too few" if "fewer than" in message else "undefined", message)
    assert (row["kendall"] is None) == ("fewer than" not in message)
    assert not any(isinstance(number, float) and math.isnan(number) for number in row.values())

import math

import numpy as np
import pytest
import scipy.stats
from analysis.measurements import runs

from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.granulated import granulated
from sweepgd.analysis.jackknife import Comparison, Jackknife, group_jackknife, interval, kendall_jackknife, spearman_jackknife
from sweepgd.analysis.ranks import kendall, pairs_in, spearman
from sweepgd.core.errors import UsageError


def rows(table, **options):
    return {row["among"]: row for row in correlations(table, **options).to_pylist()}


def confounded(configurations=40, replicates=2):
    """Return runs whose gap and measure both follow the learning rate, plus noise."""
    rng = np.random.default_rng(1)
    rate = 10.0 ** (np.arange(configurations * replicates) // replicates % 10 - 9)
    gap, measure = (np.log10(rate) + 0.3 * rng.normal(size=len(rate)) for _ in range(2))
    trial = np.arange(len(rate)) // replicates
    columns = {"trial": trial, "replicate": np.arange(len(rate)) % replicates, "learning_rate": rate}
    return runs({"lambda_max": measure}, gap, **columns)


@pytest.mark.parametrize("ties", [5, 1000])
def test_tau_b_and_rho_agree_with_scipy(ties):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, ties, 60).astype(float), rng.integers(0, ties, 60).astype(float)
    row = rows(runs({"lambda_max": x}, y))["all runs"]
    assert row["kendall"] == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)
    assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(x, y).statistic, abs=1e-12)
    assert (row["runs"], row["configurations"], row["pairs"]) == (60, 60, 60 * 59 // 2)


def test_tau_within_groups_counts_only_pairs_of_the_same_group():
    rng = np.random.default_rng(0)
    strata, x, y = rng.integers(0, 6, 80), rng.integers(0, 9, 80).astype(float), rng.normal(size=80)
    sign_x, sign_y = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    same = strata[:, None] == strata
    by_hand = (same * sign_x * sign_y).sum() / math.sqrt((same * abs(sign_x)).sum() * (same * abs(sign_y)).sum())
    assert kendall(x, y, strata) == pytest.approx(by_hand, abs=1e-12)


def replicated(x, y):
    """Return the runs of measures `x` and gaps `y`, (configurations, replicates)."""
    trial, replicate = (index.ravel().tolist() for index in np.indices(x.shape))
    return runs({"lambda_max": np.ravel(x)}, np.ravel(y).tolist(), trial=trial, replicate=replicate)


def test_configurations_are_compared_within_a_replicate():
    rng = np.random.default_rng(0)
    # The seed shifts measure and gap in opposite directions, by more than all other variation.
    seed = np.array([0, 9, 18])
    x, y = rng.normal(size=(12, 3)) + seed, rng.normal(size=(12, 3)) - seed
    row = rows(replicated(x, y))["all runs"]
    agreement = sum(np.sign((x[i, r] - x[j, r]) * (y[i, r] - y[j, r])) for r in range(3) for i in range(12) for j in range(i))
    assert (row["runs"], row["configurations"], row["pairs"]) == (36, 12, 3 * 66)
    assert row["kendall"] == pytest.approx(agreement / (3 * 66))
    assert row["verdict"] == "inconclusive"


def test_identical_replicates_add_no_evidence():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=20), rng.normal(size=20)
    once = rows(runs({"lambda_max": x}, y))["all runs"]
    thrice = rows(replicated(np.repeat(x[:, None], 3, axis=1), np.repeat(y[:, None], 3, axis=1)))["all runs"]
    names = [f"{name}{end}" for name in ("kendall", "spearman") for end in ("", "_low", "_high")]
    assert [thrice[name] for name in names] == pytest.approx([once[name] for name in names], abs=1e-12)


@pytest.mark.parametrize(
    ("jackknife", "statistic"),
    [
        (kendall_jackknife, kendall),
        (spearman_jackknife, spearman),
        (group_jackknife, lambda x, y, groups: mean_of_taus(x, y, groups)),
    ],
)
def test_the_jackknife_leaves_out_one_configuration_at_a_time(jackknife, statistic):
    rng = np.random.default_rng(0)
    configurations, replicates = (index.ravel() for index in np.indices((9, 3)))
    groups = replicates * 2 + (configurations > 4)
    x, y = rng.integers(0, 4, (2, 27)).astype(float)
    found = jackknife(x, y, Comparison(configurations, groups, pairs_in(groups, configurations), 3))
    masks = [configurations != one for one in range(9)]
    assert found.value == pytest.approx(statistic(x, y, groups))
    assert found.leave_one_out == pytest.approx([statistic(x[mask], y[mask], groups[mask]) for mask in masks])
    assert found.in_pairs.all()


def mean_of_taus(x, y, groups):
    taus = [scipy.stats.kendalltau(x[groups == one], y[groups == one]).statistic for one in np.unique(groups)]
    return np.mean(taus)


def test_the_interval_is_a_t_interval_with_a_least_width():
    values = np.array([0.30, 0.34, 0.26, 0.38, 0.32])
    jackknife = Jackknife(0.32, values, np.ones(5, dtype=bool), 0.01)
    half_width = scipy.stats.t.ppf(0.975, 3) * math.sqrt(((values - values.mean()) ** 2).sum())
    assert interval(0.3, jackknife) == pytest.approx((0.3 - half_width, 0.3 + half_width))
    # For six agreeing pairs, τ shrunk to 0 is 1 / (1 + t²/6).
    t = scipy.stats.t.ppf(0.975, 10)
    half_width = t * math.sqrt(0.6 / 6 * (1 - 1 / (1 + t**2 / 6) ** 2))
    assert interval(1.0, Jackknife(1.0, np.ones(12), np.ones(12, dtype=bool), 1 / 6)) == pytest.approx((1 - half_width, 1.0))
    assert np.isnan(interval(1.0, Jackknife(1.0, np.append(values, np.nan), np.ones(6, dtype=bool), 0.1))).all()


def test_a_measure_that_depends_on_the_seed_only_is_undefined():
    # As for a linear model with a random split per seed: λmax depends on the split, and so does most of the gap.
    rng = np.random.default_rng(0)
    measure, split = np.array([4.00, 4.07, 4.08]), np.array([90.0, -20.0, 5.0])
    table = replicated(np.tile(measure, (24, 1)), split + 10 * rng.random((24, 3)))
    for row in [*correlations(table).to_pylist(), *granulated(table).to_pylist()]:
        assert (row["verdict"], row["message"]) == ("undefined", "the measure does not vary within a replicate")
    assert {row["kendall"] for row in correlations(table).to_pylist()} == {None}


def test_replicates_of_a_configuration_are_not_paired():
    rng = np.random.default_rng(0)
    alone = rows(replicated(rng.normal(size=(1, 30)), rng.normal(size=(1, 30))))["all runs"]
    assert (alone["pairs"], alone["verdict"], alone["kendall"]) == (0, "too few", None)
    # In a continuous search, no two configurations have the same level of the learning rate.
    trial, replicate = (index.ravel() for index in np.indices((12, 3)))
    table = runs(
        {"lambda_max": rng.normal(size=36)}, rng.normal(size=36).tolist(), trial=trial, replicate=replicate,
        learning_rate=10.0 ** (trial - 9),
    )  # fmt: skip
    row = rows(table)["equal rate, batch"]
    assert (row["runs"], row["pairs"], row["kendall"]) == (0, 0, None)
    assert (row["verdict"], row["message"]) == ("too few", "fewer than 10 configurations can be compared")


@pytest.mark.parametrize(("strata", "verdict"), [(5, "too few"), (6, "larger gap")])
def test_five_agreeing_pairs_are_too_few(strata, verdict):
    x = np.arange(2.0 * strata)
    row = rows(runs({"lambda_max": x}, x, learning_rate=(10.0 ** (x // 2 - 5)).tolist()))["equal rate, batch"]
    assert (row["configurations"], row["pairs"], row["kendall"], row["verdict"]) == (2 * strata, strata, 1.0, verdict)


def test_repeats_of_a_configuration_count_once():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 12))
    drawn = [*range(12), *rng.integers(0, 12, 28)]
    once = runs({"lambda_max": x}, y.tolist())
    again = runs({"lambda_max": x[drawn]}, y[drawn].tolist(), config_id=[f"c{number}" for number in drawn])
    assert correlations(again).equals(correlations(once))
    assert granulated(again).equals(granulated(once))


def test_runs_that_did_not_complete_are_counted_with_the_range_of_diverged_rates():
    rates = [0.1] * 12 + [0.5, 2.0, 0.1, 0.1]
    endings = ["completed"] * 12 + ["diverged", "diverged", "pruned", "failed"]
    table = runs({"lambda_max": np.arange(16.0)}, list(range(16)), learning_rate=rates, status=endings)
    row = rows(table)["all runs"]
    assert (row["runs"], row["left_out"]) == (12, 4)
    assert (row["diverged"], row["pruned"], row["failed"], row["timed_out"]) == (2, 1, 1, 0)
    assert (row["diverged_rate_from"], row["diverged_rate_to"]) == (0.5, 2.0)
    [*_, overall] = granulated(table).to_pylist()
    assert (overall["left_out"], overall["diverged"]) == (16 - overall["runs"], 2)


def test_a_correlation_by_learning_rate_vanishes_at_equal_rates():
    found = rows(confounded())
    assert (found["all runs"]["verdict"], found["equal rate, batch"]["verdict"]) == ("larger gap", "inconclusive")
    assert found["all runs"]["kendall"] > 0.7
    assert abs(found["equal rate, batch"]["kendall"]) < 0.2
    assert found["equal rate, batch"]["message"] == "the interval contains 0"
    assert found["equal rate, batch"]["pairs"] == 2 * 10 * 4 * 3 // 2


def test_a_correlation_by_batch_size_vanishes_at_equal_batch_sizes():
    rng = np.random.default_rng(1)
    size = 2 ** (np.arange(80) % 10)
    gap, measure = (np.log2(size) + 0.3 * rng.normal(size=80) for _ in range(2))
    found = rows(runs({"lambda_max": measure}, gap, batch_size=size.tolist()))
    assert (found["all runs"]["verdict"], found["equal rate, batch"]["verdict"]) == ("larger gap", "inconclusive")
    assert found["equal rate, batch"]["pairs"] == 10 * 8 * 7 // 2


def test_a_verdict_names_its_direction_and_target():
    x = np.arange(20.0)
    table = runs({"lambda_max": x}, -x, test_error=x / 20)
    assert rows(table)["all runs"]["verdict"] == "smaller gap"
    assert rows(table, target="test_error")["all runs"]["verdict"] == "larger error"
    with pytest.raises(UsageError, match=r"unknown target 'gap'"):
        correlations(table, "gap")


def test_equal_train_loss_means_the_same_tenth_of_a_decade():
    losses = [0.0101, 0.0120, 0.0130, 0.5, 0.51, 7.0, 0.0, None]
    gaps = [1.0, 2.0, 3.0, 5.0, 4.0, 0.0, 9.0, 9.0]
    row = rows(runs({"lambda_max": gaps}, gaps, train_loss=losses))["equal train loss"]
    # 0.0130 is above 10^-1.9, and 0.5 and 0.51 are on different sides of 10^-0.3 = 0.501.
    assert (row["runs"], row["pairs"], row["kendall"]) == (2, 1, 1.0)
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.0101, 0.0120)
    assert (row["verdict"], row["message"]) == ("too few", "fewer than 10 configurations can be compared")


def test_a_large_study_uses_all_runs_and_has_a_narrow_interval():
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000)
    y = x + 2 * rng.normal(size=5000)
    row = rows(runs({"lambda_max": x}, y))["all runs"]
    assert row["kendall"] == pytest.approx(scipy.stats.kendalltau(x, y).statistic, abs=1e-12)
    # The standard error of τ of two normal variables is about 0.66/√n, and the interval is four times 0.0093 wide.
    assert row["kendall_high"] - row["kendall_low"] == pytest.approx(0.037, rel=0.25)
    assert row["kendall_low"] < row["kendall"] < row["kendall_high"]


def test_the_same_seed_draws_the_same_sample_of_a_large_study():
    x, y = np.random.default_rng(0).normal(size=(2, 1000))
    table = runs({"lambda_max": x}, y.tolist())
    assert correlations(table, seed=3).equals(correlations(table, seed=3))
    assert not correlations(table, seed=3).equals(correlations(table, seed=4))


@pytest.mark.parametrize(
    ("measure", "gaps", "message"),
    [
        ([1.0] * 12, range(12), "the measure is constant"),
        (range(12), [1.0] * 12, "the generalization gap is constant"),
        ([None] * 12, range(12), "no run has both the measure and the generalization gap"),
        (range(12), [None] * 12, "no run has both the measure and the generalization gap"),
        ([1.0], [1.0], "only one run has both the measure and the generalization gap"),
        (range(3), range(3), "fewer than 10 configurations can be compared"),
    ],
)
def test_an_undefined_verdict_has_a_reason(measure, gaps, message):
    row = rows(runs({"lambda_max": measure}, gaps))["all runs"]
    assert (row["verdict"], row["message"]) == ("too few" if "fewer than" in message else "undefined", message)
    assert (row["kendall"] is None) == ("fewer than" not in message)
    assert not any(isinstance(number, float) and math.isnan(number) for number in row.values())

import math

import numpy as np
import pytest
import scipy.stats
from analysis.measurements import runs

from sweepgd.analysis.small_large import small_large

SMALL, LARGE = [1.0, 2.0, 4.0], [40.0, 80.0, 20.0]


def found(measure, sizes, **columns):
    columns = {"train_loss": [0.01] * len(measure)} | columns
    table = small_large(runs({"lambda_max": measure}, [0.5] * len(measure), batch_size=sizes, **columns))
    return {row["quantity"]: row for row in table.to_pylist()}


def three_seeds(**columns):
    return found(SMALL + LARGE, [16] * 3 + [400] * 3, trial=[0] * 3 + [1] * 3, replicate=[0, 1, 2] * 2, **columns)


def test_means_deviations_and_the_ratio_of_geometric_means_with_welchs_interval():
    rows = three_seeds(test_error=[0.1, 0.2, 0.3, 0.2, 0.3, 0.4])
    row = rows["lambda_max"]
    assert (row["small_batch_size"], row["large_batch_size"], row["small_runs"], row["large_runs"]) == (16, 400, 3, 3)
    assert (row["small_mean"], row["small_sd"]) == pytest.approx((7 / 3, np.std(SMALL, ddof=1)))
    assert (row["large_mean"], row["large_sd"]) == pytest.approx((140 / 3, np.std(LARGE, ddof=1)))
    welch = scipy.stats.ttest_ind(np.log(LARGE), np.log(SMALL), equal_var=False).confidence_interval(0.95)
    assert row["ratio"] == pytest.approx(20.0)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((math.exp(welch.low), math.exp(welch.high)))
    assert (row["verdict"], row["message"]) == ("larger", None)
    assert rows["test_error"]["small_mean"] == pytest.approx(0.2)
    assert (rows["test_error"]["verdict"], rows["test_error"]["message"]) == ("inconclusive", "the interval holds 1")
    assert list(rows) == ["train_loss", "test_loss", "train_error", "test_error", "generalization_gap", "lambda_max"]


def test_only_runs_in_the_fullest_window_of_train_loss_are_compared():
    rows = three_seeds(train_loss=[0.010, 0.011, 0.1, 0.012, 0.0124, 0.0009])
    row = rows["lambda_max"]
    assert (row["matched"], row["small_runs"], row["large_runs"], row["outside"]) == (True, 2, 2, 2)
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.010, 0.0124)
    assert (row["small_mean"], row["large_mean"]) == (1.5, 60.0)


def test_where_no_window_holds_two_of_both_all_runs_are_compared_and_it_says_so():
    rows = three_seeds(train_loss=[0.1, 0.1, 0.1, 0.001, 0.001, 0.1])
    row = rows["lambda_max"]
    assert (row["matched"], row["small_runs"], row["large_runs"], row["outside"]) == (False, 3, 3, 0)
    assert {row["verdict"] for row in rows.values()} == {"not comparable"}
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.001, 0.1)


def test_several_configurations_are_compared_by_their_means_and_not_by_their_replicates():
    values = [1.0, 1.2, 3.0, 3.2, 10.0, 10.2, 30.0, 30.2]
    row = found(values, [8] * 4 + [64] * 4, trial=[0, 0, 1, 1, 2, 2, 3, 3], replicate=[0, 1] * 4)["lambda_max"]
    assert (row["over"], row["small_configurations"], row["large_configurations"]) == ("configurations", 2, 2)
    means = np.reshape(values, (4, 2)).mean(axis=1)
    welch = scipy.stats.ttest_ind(np.log(means[2:]), np.log(means[:2]), equal_var=False).confidence_interval(0.95)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((math.exp(welch.low), math.exp(welch.high)))
    assert row["verdict"] == "inconclusive"


@pytest.mark.parametrize(("widest", "matched"), [(1.24, True), (1.28, False)])
def test_losses_match_within_a_tenth_of_a_decade(widest, matched):
    losses = [0.01, 0.01 * widest, 1.0, 0.01, 0.01 * widest, 100.0]
    assert three_seeds(train_loss=losses)["lambda_max"]["matched"] == matched


def pairs(rates, **columns):
    """A configuration a rate of either size, λmax 2, 3 and 4 times as large at the large one; rates move it by far more."""
    small = np.array([1.0, 100.0, 1e4])
    values = [*small, *(small * [2.0, 3.0, 4.0])]
    return found(values, [8] * 3 + [64] * 3, learning_rate=rates, **columns)["lambda_max"]


def test_configurations_of_equal_rate_are_compared_in_pairs():
    row = pairs([0.1, 0.2, 0.4] * 2)
    logs = np.log([2.0, 3.0, 4.0])
    by_hand = scipy.stats.ttest_1samp(logs, 0).confidence_interval(0.95)
    assert (row["over"], row["pairs"], row["verdict"]) == ("pairs", 3, "larger")
    assert row["ratio"] == pytest.approx(math.exp(logs.mean()))
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((math.exp(by_hand.low), math.exp(by_hand.high)))


@pytest.mark.parametrize(
    ("rates", "columns"),
    [([0.1, 0.2, 0.4, 0.1, 0.2, 0.8], {}), ([0.1, 0.2, 0.4] * 2, {"optimizer": ["sgd"] * 3 + ["sgd", "sgd", "adam"]})],
)
def test_two_pairs_are_too_few_and_another_optimizer_or_rate_makes_none(rates, columns):
    row = pairs(rates, **columns)
    assert (row["over"], row["pairs"], row["verdict"]) == ("configurations", None, "inconclusive")


@pytest.mark.parametrize(
    ("measure", "verdict", "message"),
    [
        ([1.0, 2.0, 0.0, *LARGE], "no ratio", "a value is not positive"),
        ([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], "undefined", "no spread to judge by"),
        ([1.0, None, None, *LARGE], "too few", "a single run at one of the batch sizes"),
        ([None, None, None, *LARGE], "no ratio", "no value at one of the batch sizes"),
    ],
)
def test_what_allows_no_verdict_says_why(measure, verdict, message):
    row = found(measure, [16] * 3 + [400] * 3, trial=[0] * 3 + [1] * 3, replicate=[0, 1, 2] * 2)["lambda_max"]
    assert (row["verdict"], row["message"], row["ratio_low"]) == (verdict, message, None)
    assert not any(isinstance(number, float) and math.isnan(number) for number in row.values())


@pytest.mark.parametrize("count", [0, 4])
def test_a_single_batch_size_has_nothing_to_compare(count):
    assert found([1.0] * count, [8] * count) == {}

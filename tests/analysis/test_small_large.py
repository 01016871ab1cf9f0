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


def test_two_configurations_are_compared_by_their_common_replicates():
    rows = three_seeds(test_error=[0.1, 0.2, 0.3, 0.2, 0.3, 0.4])
    row = rows["lambda_max"]
    assert (row["small_batch_size"], row["large_batch_size"], row["small_runs"], row["large_runs"]) == (16, 400, 3, 3)
    assert (row["small_mean"], row["small_sd"]) == pytest.approx((7 / 3, np.std(SMALL, ddof=1)))
    assert (row["large_mean"], row["large_sd"]) == pytest.approx((140 / 3, np.std(LARGE, ddof=1)))
    paired = scipy.stats.ttest_rel(np.log(LARGE), np.log(SMALL)).confidence_interval(0.95)
    assert (row["over"], row["pairs"], row["ratio"]) == ("runs", 3, pytest.approx(20.0))
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((math.exp(paired.low), math.exp(paired.high)))
    # The ratios of the three replicates are 2, 1.5 and 4/3, and their geometric mean is 4^(1/3).
    assert rows["test_error"]["ratio"] == pytest.approx(4 ** (1 / 3))
    assert list(rows) == ["train_loss", "test_loss", "train_error", "test_error", "generalization_gap", "lambda_max"]


def test_a_verdict_on_two_configurations_says_that_it_holds_for_them_only():
    shifted = [1.0, 2.0, 4.0, 20.0, 42.0, 80.0]
    row = found(shifted, [16] * 3 + [400] * 3, trial=[0] * 3 + [1] * 3, replicate=[0, 1, 2] * 2)["lambda_max"]
    assert (row["verdict"], row["over"]) == ("larger", "runs")
    assert row["message"] == "holds for these two configurations only, not for their batch sizes"


@pytest.mark.parametrize("sides", [(1, 12), (12, 1), (1, 2)])
def test_one_configuration_against_several_is_too_few(sides):
    count = sum(sides)
    trial, replicate = (index.ravel() for index in np.indices((count, 3)))
    sizes = np.repeat([8, 64], sides)[trial]
    values = np.exp(np.random.default_rng(0).normal(size=3 * count)) * np.where(sizes == 8, 1.0, 100.0)
    # All learning rates differ: with equal ones, configurations would be compared in pairs.
    row = found(values, sizes.tolist(), trial=trial, replicate=replicate, learning_rate=10.0 ** (-trial / 4))["lambda_max"]
    assert (row["small_configurations"], row["large_configurations"]) == sides
    assert (row["verdict"], row["message"]) == ("too few", "only one configuration has one of the batch sizes")
    assert (row["over"], row["ratio_low"]) == (None, None)


def test_seed_effects_cancel_even_if_replicates_are_missing():
    # Without noise, the large batch has twice the value, and seeds vary a hundred times as much as configurations.
    seed, own = np.array([1.0, 100.0, 1e4]), np.array([1.0, 1.1, 1.2, 2.0, 2.2, 2.4])
    values = own[:, None] * seed
    values[0, 2] = values[1, 0] = values[5, 0] = np.nan
    trial, replicate = (index.ravel() for index in np.indices((6, 3)))
    row = found(
        np.ravel(values).tolist(), np.repeat([8, 64], 9).tolist(), trial=trial, replicate=replicate,
        learning_rate=(10.0 ** (-trial / 4)).tolist(),
    )["lambda_max"]  # fmt: skip
    assert (row["over"], row["verdict"]) == ("configurations", "larger")
    assert 1.5 < row["ratio_low"] < row["ratio"] < row["ratio_high"] < 2.7


def test_repeats_of_a_configuration_add_no_evidence():
    # A grid of 2 against 2 configurations with three seeds, and a random search that draws these four repeatedly.
    rng = np.random.default_rng(3)
    values, sizes, rates = np.exp(rng.normal(size=(4, 3))), np.array([4, 4, 128, 128]), np.array([0.05, 0.1, 0.05, 0.1])

    def found_in(drawn):
        trial, replicate = (index.ravel() for index in np.indices((len(drawn), 3)))
        of_run = np.array(drawn)[trial]
        return found(
            values[of_run, replicate], sizes[of_run].tolist(), trial=trial, replicate=replicate,
            learning_rate=rates[of_run].tolist(), config_id=[f"c{number}" for number in of_run],
        )  # fmt: skip

    grid = found_in([0, 1, 2, 3])
    assert found_in([2, 0, 2, 3, 1, 1, 2, 0, 3, 3, 2, 2, 2, 1, 0, 2, 2, 3, 2, 1]) == grid
    assert (grid["lambda_max"]["small_configurations"], grid["lambda_max"]["large_configurations"]) == (2, 2)
    assert grid["lambda_max"]["verdict"] == "inconclusive"


def test_runs_that_did_not_complete_are_counted_for_each_batch_size():
    endings = ["completed"] * 4 + ["diverged"] * 2 + ["pruned"]
    rows = found([1.0] * 7, [8, 8, 64, 64, 8, 32, 64], status=endings)
    row = rows["lambda_max"]
    counted = {f"{side}_{ending}": row[f"{side}_{ending}"] for side in ("small", "large") for ending in ("diverged", "pruned")}
    assert counted == {"small_diverged": 1, "small_pruned": 0, "large_diverged": 0, "large_pruned": 1}


def test_only_runs_in_the_best_window_of_train_loss_are_compared():
    rows = three_seeds(train_loss=[0.010, 0.011, 0.1, 0.012, 0.0124, 0.0009])
    row = rows["lambda_max"]
    assert (row["matched"], row["small_runs"], row["large_runs"], row["outside"]) == (True, 2, 2, 2)
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.010, 0.0124)
    assert (row["small_mean"], row["large_mean"]) == (1.5, 60.0)


def test_without_a_common_window_of_train_loss_there_is_no_comparison():
    rows = three_seeds(train_loss=[0.1, 0.1, 0.1, 0.001, 0.001, 0.1])
    row = rows["lambda_max"]
    assert (row["matched"], row["small_runs"], row["large_runs"], row["outside"]) == (False, 3, 3, 0)
    assert {row["verdict"] for row in rows.values()} == {"not comparable"}
    assert (row["train_loss_from"], row["train_loss_to"]) == (0.001, 0.1)


def several(small, large, spread=1.0):
    """Return the logarithms of the configurations' means on each side, and the row of λmax with two replicates around each."""
    rng = np.random.default_rng(0)
    logs = rng.normal(size=small + large) * np.repeat([1.0, spread], [small, large])
    trial, replicate = (index.ravel() for index in np.indices((small + large, 2)))
    values = np.exp(logs[trial] + np.where(replicate, 0.1, -0.1))
    row = found(values, np.repeat([8, 64], [small, large])[trial].tolist(), trial=trial, replicate=replicate)["lambda_max"]
    return logs[:small], logs[small:], row


@pytest.mark.parametrize(
    ("sides", "spread", "equal_variances"), [((2, 2), 1.0, False), ((12, 2), 0.1, True), ((12, 4), 3.0, False)]
)
def test_the_interval_is_the_wider_of_welchs_and_students(sides, spread, equal_variances):
    small, large, row = several(*sides, spread)
    intervals = [scipy.stats.ttest_ind(large, small, equal_var=equal).confidence_interval(0.95) for equal in (False, True)]
    wider = max(intervals, key=lambda interval: interval.high - interval.low)
    assert wider is intervals[equal_variances]
    assert (row["over"], row["small_configurations"], row["large_configurations"]) == ("configurations", *sides)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((math.exp(wider.low), math.exp(wider.high)))


@pytest.mark.parametrize(("widest", "matched"), [(1.24, True), (1.28, False)])
def test_train_losses_match_within_a_tenth_of_a_decade(widest, matched):
    losses = [0.01, 0.01 * widest, 1.0, 0.01, 0.01 * widest, 100.0]
    assert three_seeds(train_loss=losses)["lambda_max"]["matched"] == matched


def pairs(rates, **columns):
    """Return the row of λmax for one configuration per rate and batch size.

    It is 2, 3 and 4 times as large at the large batch size, but varies far more with the learning rate.
    """
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


def test_the_means_beside_a_ratio_of_pairs_are_those_of_the_pairs():
    # The first and the last configuration have no partner.
    row = found([900.0, 1.0, 2.0, 4.0, 2.0, 6.0, 16.0, 0.01], [8] * 4 + [64] * 4, learning_rate=[9.0, 1, 2, 3, 1, 2, 3, 5])
    row = row["lambda_max"]
    assert (row["over"], row["small_runs"], row["small_mean"], row["large_mean"]) == ("pairs", 4, pytest.approx(7 / 3), 8.0)
    assert row["ratio"] == pytest.approx(24 ** (1 / 3))


@pytest.mark.parametrize(
    ("rates", "columns"),
    [([0.1, 0.2, 0.4, 0.1, 0.2, 0.8], {}), ([0.1, 0.2, 0.4] * 2, {"optimizer": ["sgd"] * 3 + ["sgd", "sgd", "adam"]})],
)
def test_two_pairs_are_too_few_and_a_pair_needs_equal_rate_and_optimizer(rates, columns):
    row = pairs(rates, **columns)
    assert (row["over"], row["pairs"], row["verdict"]) == ("configurations", None, "inconclusive")


@pytest.mark.parametrize(
    ("measure", "verdict", "message"),
    [
        ([1.0, 2.0, 0.0, *LARGE], "no ratio", "a value is not positive"),
        ([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], "undefined", "the values do not vary"),
        ([1.0, None, None, *LARGE], "too few", "only one replicate has both batch sizes"),
        ([1.0, None, None, None, *LARGE[1:]], "too few", "no replicate has both batch sizes"),
        ([None, None, None, *LARGE], "no ratio", "one of the batch sizes has no value"),
    ],
)
def test_an_undefined_verdict_has_a_reason(measure, verdict, message):
    row = found(measure, [16] * 3 + [400] * 3, trial=[0] * 3 + [1] * 3, replicate=[0, 1, 2] * 2)["lambda_max"]
    assert (row["verdict"], row["message"], row["ratio_low"]) == (verdict, message, None)
    assert not any(isinstance(number, float) and math.isnan(number) for number in row.values())


@pytest.mark.parametrize("count", [0, 4])
def test_a_single_batch_size_gives_an_empty_table(count):
    assert found([1.0] * count, [8] * count) == {}


def test_the_order_of_rows_does_not_matter():
    random = np.random.default_rng(0)
    trial, replicate = (index.ravel() for index in np.indices((12, 2)))
    columns = {"batch_size": np.repeat([8, 64], 12).tolist(), "learning_rate": (10.0 ** (-trial / 4)).tolist()}
    columns["status"] = ["completed"] * 22 + ["pruned"] * 2
    measure, gaps = np.exp(random.normal(size=24)), random.normal(size=24).tolist()
    table = runs({"lambda_max": measure}, gaps, trial=trial, replicate=replicate, **columns)
    assert small_large(table.take(random.permutation(24))).equals(small_large(table))

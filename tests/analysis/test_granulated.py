from itertools import product

import numpy as np
import pytest
import scipy.stats
from analysis.measurements import runs

from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.granulated import OVERALL, granulated

GRID = list(product(("sgd", "adam"), (8, 32, 128, 512), (0.001, 0.01, 0.1), (0, 1)))
OPTIMIZERS, SIZES, RATES, REPLICATES = map(list, zip(*GRID, strict=True))
COLUMNS = {
    "optimizer": OPTIMIZERS, "batch_size": SIZES, "learning_rate": RATES, "replicate": REPLICATES,
    "trial": [index // 2 for index in range(len(GRID))],
}  # fmt: skip
NOISE = np.random.default_rng(0).normal(size=(2, len(GRID)))


def found(measure, gaps, **others):
    table = granulated(runs({"lambda_max": measure}, gaps, **(COLUMNS | others)))
    return {row["axis"]: row for row in table.to_pylist()}


def test_a_perfect_predictor_has_value_one_along_every_axis():
    rows = found(np.exp(NOISE[0]), NOISE[0])
    assert {axis: row["value"] for axis, row in rows.items()} == {
        "optimizer": 1.0, "batch_size": 1.0, "learning_rate": 1.0, OVERALL: 1.0
    }  # fmt: skip
    assert {row["verdict"] for row in rows.values()} == {"larger gap"}
    assert [row["groups"] for row in rows.values()] == [24, 12, 16, 52]


def test_a_measure_of_the_batch_size_correlates_along_the_batch_size_only():
    gaps = np.log2(SIZES) + 0.3 * NOISE[0]
    measure = np.log2(SIZES) + 0.01 * NOISE[1]
    rows = found(measure, gaps)
    [tau] = [row["kendall"] for row in correlations(runs({"x": measure}, gaps, **COLUMNS)).to_pylist()[:1]]
    assert tau > 0.7
    assert rows["batch_size"]["value"] == 1.0
    assert abs(rows["learning_rate"]["value"]) < 0.35
    assert abs(rows["optimizer"]["value"]) < 0.35
    assert rows[OVERALL]["value"] == pytest.approx(np.mean([rows[name]["value"] for name in list(rows)[:3]]))
    assert {rows[axis]["verdict"] for axis in ("learning_rate", "optimizer")} == {"inconclusive"}


def test_a_measure_equal_to_the_batch_size_is_zero_along_the_other_axes():
    rows = found(np.array(SIZES, dtype=float), np.log2(SIZES) + 0.3 * NOISE[0])
    assert (rows["optimizer"]["value"], rows["learning_rate"]["value"]) == (0.0, 0.0)
    assert rows[OVERALL]["value"] == pytest.approx(1 / 3)


def test_the_value_along_an_axis_is_the_mean_tau_of_its_groups():
    gaps = NOISE[0].copy()
    gaps[[3, 17]] = np.nan
    groups = {}
    for index, (optimizer, _, rate, replicate) in enumerate(GRID):
        if not np.isnan(gaps[index]):
            groups.setdefault((optimizer, rate, replicate), []).append(index)
    taus = [scipy.stats.kendalltau(NOISE[1][group], gaps[group]).statistic for group in groups.values()]
    assert found(NOISE[1], gaps)["batch_size"]["value"] == pytest.approx(np.mean(taus), abs=1e-12)


def test_only_hyperparameters_that_vary_for_an_optimizer_are_axes():
    momentum = [
        {"momentum": 0.5 + 0.4 * (index // 2 % 2)} if name == "sgd" else {"beta1": 0.9} for index, name in enumerate(OPTIMIZERS)
    ]
    assert set(found(NOISE[0], NOISE[0], hyperparameters=momentum)) == {
        "optimizer", "batch_size", "learning_rate", "sgd.momentum", OVERALL
    }  # fmt: skip


def test_runs_at_the_same_level_are_not_paired():
    rows = found(
        *NOISE[:, :4],
        optimizer=["sgd"] * 4,
        batch_size=[8, 8, 16, 16],
        learning_rate=[0.1] * 4,
        replicate=[0] * 4,
        trial=range(4),
    )
    assert (rows["batch_size"]["runs"], rows["batch_size"]["groups"]) == (4, 1)
    a, b = NOISE[:, :4]
    across = [np.sign((a[i] - a[j]) * (b[i] - b[j])) for i in (0, 1) for j in (2, 3)]
    assert rows["batch_size"]["value"] == pytest.approx(np.mean(across))


@pytest.mark.parametrize(
    ("measure", "gaps", "others", "message"),
    [
        ([1.0] * 48, NOISE[0], {}, "the measure is constant"),
        (NOISE[0], [0.5] * 48, {}, "the generalization gap is constant"),
        ([None] * 48, NOISE[0], {}, "no run has both the measure and the generalization gap"),
        (
            NOISE[0],
            NOISE[1],
            {"optimizer": ["sgd"] * 48, "batch_size": [8] * 48, "learning_rate": [0.1] * 48},
            "no hyperparameter varied",
        ),
        (
            [1.0],
            [1.0],
            {name: values[:1] for name, values in COLUMNS.items()},
            "only one run has both the measure and the generalization gap",
        ),
    ],
)
def test_an_undefined_verdict_has_a_reason(measure, gaps, others, message):
    row = found(measure, gaps, **others)[OVERALL]
    assert (row["value"], row["low"], row["high"]) == (None, None, None)
    assert (row["verdict"], row["message"]) == ("undefined", message)


def test_configurations_that_differ_in_two_hyperparameters_are_not_compared():
    row = found(
        [1.0, 2.0],
        [1.0, 2.0],
        optimizer=["sgd"] * 2,
        batch_size=[8, 16],
        learning_rate=[0.1, 0.2],
        replicate=[0, 0],
        trial=[0, 1],
    )
    assert row["batch_size"]["message"] == "no two runs differ in this hyperparameter only"
    assert row[OVERALL]["message"] == "no two runs differ in one hyperparameter only"


def test_a_large_group_is_represented_by_64_of_its_runs():
    x = np.arange(500.0)
    rates = 10.0 ** (x / 100)
    table = granulated(runs({"lambda_max": x}, x + 50 * np.random.default_rng(0).normal(size=500), learning_rate=rates))
    [rate, overall] = table.to_pylist()
    assert (rate["runs"], overall["value"]) == (64, rate["value"])
    assert 0.5 < rate["low"] < rate["value"] < rate["high"] < 1

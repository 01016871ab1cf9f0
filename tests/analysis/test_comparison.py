"""Studies side by side: paired differences with their intervals, and the best of each, against plain formulas."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import t as student
from study_tables import run, trials

from sweepgd.analysis import best
from sweepgd.analysis.comparison import Study, comparison, merged

RNG = np.random.default_rng(3)
BEFORE, AFTER = RNG.normal(5, 1, (4, 3)), RNG.normal(6, 1, (4, 3))


def table(values, *, first_seed=0, prefix="c", **columns):
    """Return the runs of configurations × replicates with these objectives, NaN for a run that diverged."""
    rows = [
        run(trial, None if np.isnan(value) else float(value), replicate, config_id=f"{prefix}{trial}", **columns)
        | {"seed": first_seed + replicate}
        for trial, row in enumerate(values)
        for replicate, value in enumerate(row)
    ]
    return trials(*rows)


def compared(*tables, comparable=True):
    found = comparison([Study(name, table) for name, table in zip("abc", tables, strict=False)], comparable)
    return found["studies"].to_pylist(), found["paired"].to_pylist()


def test_pairs_are_of_equal_configurations_and_seeds():
    (row,) = [row for row in compared(table(BEFORE), table(AFTER))[1] if row["measure"] == "objective"]
    differences = AFTER - BEFORE
    units, seeds = differences.mean(axis=1), differences.mean(axis=0)
    variances = np.array([units.var(ddof=1) / 4, seeds.var(ddof=1) / 3])  # the jackknife variance of a mean is s²/n
    freedom = variances.sum() ** 2 / (variances**2 / [3, 2]).sum()
    reach = student.ppf(0.975, freedom) * np.sqrt(variances.sum())
    assert row["difference"] == pytest.approx(differences.mean())
    assert (row["low"], row["high"]) == (
        pytest.approx(differences.mean() - reach),
        pytest.approx(differences.mean() + reach),
    )
    assert (row["first"], row["second"], row["configurations"], row["runs"]) == ("a", "b", 4, 12)
    assert row["median"] == pytest.approx(np.median(differences))
    assert (row["first_mean"], row["second_mean"]) == (pytest.approx(BEFORE.mean()), pytest.approx(AFTER.mean()))


def test_only_shared_runs_that_completed_in_both_count():
    before, after = BEFORE.copy(), AFTER[:3].copy()
    before[0, 1] = after[1, 2] = after[2, 0] = np.nan
    (row,) = compared(table(before, first_seed=1), table(after, first_seed=0))[1]
    pairs = [(1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]  # seeds 1 and 2, which are replicates 0 and 1 of the first study
    kept = [(c, r) for c, r in [(0, 0), *pairs] if not np.isnan(before[c, r]) and not np.isnan(after[c, r + 1])]
    assert row["runs"] == len(kept) == 4
    assert row["difference"] == pytest.approx(np.mean([after[c, r + 1] - before[c, r] for c, r in kept]))
    assert (row["only_first"], row["only_second"]) == (1, 1)


def test_without_a_common_seed_configurations_are_paired_by_their_means():
    (row,) = compared(table(BEFORE), table(AFTER, first_seed=50))[1]
    differences = AFTER.mean(axis=1) - BEFORE.mean(axis=1)
    reach = student.ppf(0.975, 3) * differences.std(ddof=1) / 2
    assert row["difference"] == pytest.approx(differences.mean())
    assert row["high"] - row["low"] == pytest.approx(2 * reach)
    assert (row["runs"], row["configurations"]) == (4, 4)


def test_equal_settings_are_paired_if_no_identifier_is_equal():
    chosen = '{"configuration": {"learning_rate": %s, "model": {"hidden": 8}}, "model": {"hidden": 8}}'
    fixed = '{"model": {"hidden": 8}, "configuration": {"learning_rate": %s}}'
    first = trials(*(run(n, 1.0 + n, settings=chosen % n, seed=0) for n in range(3)))
    second = trials(*(run(n, 3.0 - n, config_id=f"d{n}", settings=fixed % (2 - n), seed=0) for n in range(3)))
    (row,) = compared(first, second)[1]
    assert (row["runs"], row["difference"]) == (3, 0.0)


def test_studies_without_shared_configurations_are_compared_by_their_best():
    small, large = BEFORE[:3], AFTER
    studies, paired = compared(table(small), table(large, prefix="d"))
    assert paired == []
    for row, values in zip(studies, (small, large), strict=True):
        means = values.mean(axis=1)
        assert row["objective"] == pytest.approx(means.min())
        assert row["draws"] == 3
        lowest = [min(draw) for draw in product(means, repeat=3)]
        assert row["expected"] == pytest.approx(np.mean(lowest))
        assert row["expected_low"] <= row["expected"] <= row["expected_high"]
        assert row["objective_on_others_low"] < row["objective_on_others"] < row["objective_on_others_high"]


def test_studies_without_shared_runs_have_the_reason():
    other = table(BEFORE[:2], prefix="d", learning_rate=0.7)
    studies = [Study(*pair) for pair in zip("abcd", (table(BEFORE), other, trials(), table(AFTER)), strict=True)]
    found = comparison(studies, True)
    assert [(row["second"], row["message"]) for row in found["unpaired"].to_pylist()] == [
        (
            "b",
            "no configuration is in both studies: they have no learning rate in common; runs can be compared in pairs if both"
            ' sweeps have sampler = "grid" or equal [[points]], and for other seeds, give one sweep more replicates',
        ),
        ("c", "nothing is recorded in one of the studies"),
    ]
    gone = comparison([Study("a", table(BEFORE)), Study("b", table(np.full((4, 3), np.nan)))], True)
    assert gone["unpaired"]["message"].to_pylist() == ["no configuration completed in both studies"]


def test_merged_studies_have_trials_and_optimizers_of_their_own():
    studies = [Study("a", table(BEFORE)), Study("b", table(AFTER))]
    together = merged(studies, [study.trials for study in studies])
    assert sorted(set(together["trial"].to_pylist())) == [0, 1, 2, 3, 10, 11, 12, 13]
    assert set(together["optimizer"].to_pylist()) == {"sgd, a", "sgd, b"}
    assert best(together, 8)["objective"].to_pylist() == pytest.approx(sorted([*BEFORE.mean(axis=1), *AFTER.mean(axis=1)]))


def test_objectives_that_differ_are_not_compared():
    studies, paired = compared(table(BEFORE, test_error=0.5), table(AFTER, test_error=0.25), comparable=False)
    assert [row["expected"] for row in studies] == [None, None]
    (row,) = paired
    assert (row["measure"], row["difference"], row["low"], row["high"]) == ("test_error", -0.25, -0.25, -0.25)


def test_empty_and_diverged_studies_are_rows_without_a_best():
    studies, paired = compared(table(BEFORE), trials(), table(np.full((2, 1), np.nan)))
    assert paired == []
    assert [row["configurations"] for row in studies] == [4, 0, 2]
    assert [row["diverged"] for row in studies] == [0, 0, 2]
    assert [row["trial"] for row in studies] == [pytest.approx(BEFORE.mean(axis=1).argmin()), None, None]

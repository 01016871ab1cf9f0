"""The order of configurations, the bias of their selection, and repeated configurations."""

import numpy as np
import pytest
from study_tables import run, trials

from sweepgd.analysis import best, by, configurations, endings, rate_batch_map


def test_best_lists_complete_then_incomplete_then_pruned_configurations():
    table = trials(
        run(4, 2.0), run(3, 2.0), run(1, None), run(0, float("nan"), objectives=[]),
        *(run(trial, 0.1, 0) for trial in (2, 5, 6, 7)),
        run(2, None, 1), run(5, 0.3, 1, status="pruned"), run(6, None, 1, status="failed"), run(7, None, 1, status="timed_out"),
        run(8, 0.02, status="pruned"), run(9, 0.01, status="pruned"),
    )  # fmt: skip
    assert best(table)["trial"].to_pylist() == [3, 4, 2, 5, 6, 7, 9, 8]
    assert best(table, 1)["trial"].to_pylist() == [3]
    rows = {row["trial"]: row for row in best(table).to_pylist()}
    assert {row["lowest_of"] for row in rows.values()} == {2}
    assert (rows[9]["objective"], rows[9]["pruned_objective"]) == (None, 0.01)
    assert (rows[5]["objective"], rows[5]["pruned_objective"]) == (0.1, 0.3)


def test_repeats_are_represented_by_the_trial_with_most_completed_replicates():
    table = trials(
        run(0, 1.0, 0), run(0, 3.0, 1),
        run(1, 5.0, 0), run(1, 5.0, 1),
        run(2, 1.0, 0, config_id="c0"), run(2, 3.0, 1, config_id="c0"),
        run(3, None, 0, config_id="c4", status="timed_out"), run(3, 9.0, 1, config_id="c4"),
        run(4, 2.0, 0), run(4, 2.0, 1),
    )  # fmt: skip
    assert configurations(table)["trial"].to_pylist() == [0, 1, 4]
    assert best(table)["trial"].to_pylist() == [0, 4, 1]
    assert best(table)["objective"].to_pylist() == [2.0, 2.0, 5.0]
    [row] = by(table, "batch_size").to_pylist()
    assert (row["trials"], row["replicates"], row["completed"], row["timed_out"], row["whole"]) == (3, 6, 6, 0, 3)
    [row] = endings(table).to_pylist()
    assert (row["configurations"], row["repeats"], row["replicates"]) == (3, 2, 6)
    assert rate_batch_map(table)["trials"].to_pylist() == [3]


def test_endings_count_the_runs_by_status():
    statuses = ["completed", "diverged", "pruned", "failed", "timed_out", "completed"]
    rows = [run(trial, 1.0, status=status) for trial, status in enumerate(statuses)]
    assert endings(trials(*rows, run(5, None, 1))).to_pylist() == [
        {"configurations": 6, "whole": 1, "repeats": 0, "replicates": 7}
        | {"completed": 2, "diverged": 2, "pruned": 1, "failed": 1, "timed_out": 1}
    ]


def test_the_best_is_selected_by_all_but_one_replicate_and_evaluated_on_that_one():
    # Replicates 0 and 1 select configuration 0; replicates 0 and 2, and 1 and 2, select configuration 1.
    values = [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0], [8.0, 8.0, 8.0]]
    rows = [run(trial, value, replicate) for trial, row in enumerate(values) for replicate, value in enumerate(row)]
    table = best(trials(*rows))
    assert table["trial"].to_pylist() == [1, 0, 2]
    assert table["objective_on_others"].to_pylist() == pytest.approx([(9 + 2 + 2) / 3, (2 + 1 + 1) / 3, 8.0])
    assert table["objective_on_others_se"][0].as_py() == pytest.approx(np.std([9, 2, 2], ddof=1) / 3**0.5)
    # The only configuration of a batch size is not selected from others, and has no such value.
    rows = [row | {"batch_size": 64} if row["trial"] == 2 else row for row in rows]
    assert by(trials(*rows), "batch_size")["objective_on_others"].to_pylist() == [pytest.approx(13 / 3), None]
    # Two replicates are too few, and so are three if a configuration has lost one.
    for is_kept in (lambda row: row["replicate"] < 2, lambda row: (row["trial"], row["replicate"]) not in {(0, 2), (1, 2)}):
        kept = [row for row in rows if is_kept(row)]
        assert best(trials(*kept))["objective_on_others"].to_pylist() == [None] * 3


def test_the_lowest_mean_is_biased_and_its_value_on_other_replicates_is_not():
    random = np.random.default_rng(0)
    lowest, elsewhere = [], []
    for _ in range(200):
        values = 1.0 + 0.1 * random.normal(size=(20, 3))
        rows = [run(trial, value, replicate) for trial, row in enumerate(values) for replicate, value in enumerate(row)]
        first = best(trials(*rows), 1).to_pylist()[0]
        lowest.append(first["objective"])
        elsewhere.append(first["objective_on_others"])
    # The expected minimum of 20 normal means is 1.87 standard deviations below their expectation.
    assert np.mean(lowest) == pytest.approx(1 - 1.87 * 0.1 / 3**0.5, abs=0.006)
    assert np.mean(elsewhere) == pytest.approx(1.0, abs=0.012)


def test_a_level_counts_its_runs_by_status_and_says_if_it_cannot_be_ranked():
    table = trials(
        *(run(trial, 1.0 + trial, batch_size=8) for trial in range(3)),
        run(3, 0.5, 0, batch_size=16), run(3, None, 1, batch_size=16), run(4, 0.7, batch_size=16),
        run(5, 0.35, batch_size=32, status="pruned"), run(6, 0.30, batch_size=32, status="pruned"),
        run(7, None, batch_size=64, status="failed"),
    )  # fmt: skip
    rows = {row["batch_size"]: row for row in by(table, "batch_size").to_pylist()}
    assert [row["whole"] for row in rows.values()] == [3, 1, 0, 0]
    assert [row["message"] for row in rows.values()] == [
        None, "1 complete configuration: too few to rank", "no complete configurations: too few to rank",
        "no complete configurations: too few to rank",
    ]  # fmt: skip
    # One replicate of trial 3 diverged: a complete configuration comes first even if its objective is higher.
    assert (rows[16]["best_trial"], rows[16]["completed"], rows[16]["diverged"]) == (4, 2, 1)
    assert (rows[32]["best_trial"], rows[32]["objective"], rows[32]["pruned_objective"]) == (None, None, 0.30)
    assert (rows[32]["pruned"], rows[64]["failed"], rows[64]["pruned_objective"]) == (2, 1, None)
    cells = {row["batch_size"]: row["pruned_objective"] for row in rate_batch_map(table).to_pylist()}
    assert cells == {8: None, 16: None, 32: 0.30, 64: None}

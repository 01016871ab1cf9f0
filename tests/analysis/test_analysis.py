import numpy as np
import pyarrow as pa
import pytest
from study_tables import Tables, curves, run, study_of_rates, trials

from sweepgd.analysis import by, configurations, mean_curves, paths, rate_batch_map, summary
from sweepgd.analysis.binning import batch_levels, rate_levels
from sweepgd.analysis.groups import Groups
from sweepgd.core.errors import UsageError


def test_groups_agree_with_numpy_and_ignore_nan():
    rng = np.random.default_rng(0)
    keys, values = rng.integers(0, 5, 200), rng.normal(size=200)
    values[rng.random(200) < 0.3] = np.nan
    groups = Groups(keys)
    members = [values[(keys == key) & ~np.isnan(values)] for key in range(5)]
    np.testing.assert_allclose(groups.mean(values), [part.mean() for part in members], rtol=1e-12)
    np.testing.assert_allclose(
        groups.standard_error(values), [part.std(ddof=1) / len(part) ** 0.5 for part in members], rtol=1e-12
    )
    np.testing.assert_array_equal(groups.median(values), [np.median(part) for part in members])
    np.testing.assert_array_equal(groups.smallest(values), [part.min() for part in members])


def test_a_configuration_is_the_mean_of_its_completed_replicates():
    table = configurations(
        trials(
            run(7, 1.0, 0, seconds_per_update=1.0, hyperparameters={"momentum": 0.9}),
            run(7, 3.0, 1, seconds_per_update=5.0),
            run(7, None, 2, seconds_per_update=9.0),
            run(7, 100.0, 3, status="pruned"),
        )
    )
    [row] = table.to_pylist()
    assert (row["trial"], row["replicates"], row["completed"]) == (7, 4, 2)
    assert (row["objective"], row["objective_se"]) == (2.0, 1.0)
    assert (row["share_diverged"], row["share_pruned"], row["share_failed"]) == (0.25, 0.25, 0.0)
    assert row["seconds_per_update"] == 3.0
    assert row["hyperparameters"] == [("momentum", 0.9)]
    assert row["train_loss"] is None


def test_one_replicate_has_no_standard_error():
    assert configurations(trials(run(0, 1.0)))["objective_se"].to_pylist() == [None]


def test_steps_to_goal_is_null_unless_every_completed_replicate_reached_it():
    table = trials(
        run(0, 1.0, 0, steps_to_goal=10),
        run(0, 1.0, 1),
        run(1, 1.0, 0, steps_to_goal=30),
        run(1, 1.0, 1, steps_to_goal=50),
    )
    assert configurations(table)["steps_to_goal"].to_pylist() == [None, 40.0]
    assert by(table, "batch_size")["steps_to_goal"].to_pylist() == [40.0]


def test_each_batch_size_is_shown_at_its_best_configuration():
    table = trials(
        run(0, 1.0, batch_size=8, learning_rate=0.1, seconds_per_update=1.0),
        run(1, 0.5, batch_size=8, learning_rate=0.2, seconds_per_update=2.0, updates=77, optimizer="adam"),
        run(2, None, batch_size=8, learning_rate=9.0, seconds_per_update=9.0),
        run(3, None, batch_size=64),
    )
    small, large = by(table, "batch_size").to_pylist()
    assert (small["batch_size"], small["trials"], small["best_trial"]) == (8, 3, 1)
    assert (small["learning_rate"], small["optimizer"], small["updates"]) == (0.2, "adam", 77.0)
    assert small["share_diverged"] == pytest.approx(1 / 3)
    assert small["seconds_per_update"] == 1.5
    assert (large["batch_size"], large["share_diverged"]) == (64, 1.0)
    assert (large["best_trial"], large["learning_rate"], large["train_loss"]) == (None, None, None)


def test_optimizers_are_sorted_by_name():
    table = trials(run(0, 1.0, optimizer="sgd"), run(1, 2.0, optimizer="adam"), run(2, 0.5, optimizer="sgd"))
    result = by(table, "optimizer")
    assert result["optimizer"].to_pylist() == ["adam", "sgd"]
    assert result["best_trial"].to_pylist() == [1, 2]


def test_many_batch_sizes_are_binned_to_powers_of_two():
    table = by(trials(*(run(size, 1.0 / size, batch_size=size) for size in range(1, 17))), "batch_size")
    assert table["batch_size"].to_pylist() == [1, 2, 4, 8, 16]
    assert table["batch_size_from"].to_pylist() == [1, 2, 3, 6, 12]
    assert table["batch_size_to"].to_pylist() == [1, 2, 5, 11, 16]
    assert table["best_trial"].to_pylist() == [1, 2, 5, 11, 16]


def test_an_unknown_factor_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="unknown factor 'batchsize': did you mean 'batch_size'"):
        by(trials(), "batchsize")


def test_levels_keep_a_grid_and_bin_continuous_values():
    np.testing.assert_array_equal(rate_levels(np.array([0.3, 0.7])), [0.3, 0.7])
    rates = 0.001 * 1.3 ** np.arange(13)
    assert np.unique(rate_levels(rates)).tolist() == [0.001, 0.002, 0.005, 0.01, 0.02]
    assert np.unique(batch_levels(np.arange(1.0, 14.0))).tolist() == [1, 2, 4, 8, 16]


def test_the_map_has_the_best_objective_and_share_diverged_of_each_cell():
    table = rate_batch_map(
        trials(
            run(0, 2.0, batch_size=8, learning_rate=0.1),
            run(1, 1.0, batch_size=8, learning_rate=0.1),
            run(2, None, batch_size=8, learning_rate=1.0),
            run(3, 4.0, 0, batch_size=64, learning_rate=1.0),
            run(3, None, 1, batch_size=64, learning_rate=1.0),
            run(4, 4.0, batch_size=64, learning_rate=0.0),
        )
    )
    assert table["batch_size"].to_pylist() == [8, 8, 64]
    assert table["learning_rate"].to_pylist() == [0.1, 1.0, 1.0]
    assert table["objective"].to_pylist() == [1.0, None, 4.0]
    assert table["best_trial"].to_pylist() == [1, None, 3]
    assert table["share_diverged"].to_pylist() == [0.0, 1.0, 0.5]


def test_curves_are_means_at_updates_where_all_completed_replicates_were_evaluated():
    table = trials(run(0, 1.0, 0), run(0, 1.0, 1), run(0, None, 2), run(1, 5.0, 0), run(1, None, 1))
    points = curves(
        {"trial": 0, "replicate": 1, "update": 0, "epoch": 0.0, "train_loss": 4.0},
        {"trial": 0, "replicate": 0, "update": 0, "epoch": 0.0, "train_loss": 2.0},
        {"trial": 0, "replicate": 2, "update": 0, "epoch": 0.0, "train_loss": 99.0},
        {"trial": 0, "replicate": 0, "update": 5, "epoch": 1.0, "train_loss": 1.0},
        {"trial": 1, "replicate": 0, "update": 0, "epoch": 0.0, "train_loss": 7.0},
    )
    [row] = mean_curves(table, points).to_pylist()
    assert row == {
        "level": 32, "trial": 0, "batch_size": 32, "optimizer": "sgd", "schedule": "constant", "learning_rate": 0.1,
        "objective": 1.0, "whole": False, "replicates": 3, "completed": 2, "status": "completed", "update": 0, "epoch": 0.0,
        "seconds": None, "rate": None, "train_loss": 3.0, "validation_loss": None, "train_loss_se": 1.0,
        "validation_loss_se": None,
    }  # fmt: skip


def test_paths_are_those_of_the_first_completed_replicate():
    table = trials(run(0, None, 0, batch_size=None), run(0, 1.0, 1, batch_size=None), run(1, 2.0, optimizer="adam"))
    points = curves(
        *({"trial": 0, "replicate": r, "update": u, "position": [u + 10.0 * r, 2.0]} for u in (1, 0) for r in (0, 1)),
        {"trial": 1, "replicate": 0, "update": 0, "position": None},
    )
    result = paths(table, points)
    assert result.select(["optimizer", "update", "x", "y"]).to_pylist() == [
        {"optimizer": "sgd", "update": 0, "x": 10.0, "y": 2.0},
        {"optimizer": "sgd", "update": 1, "x": 11.0, "y": 2.0},
    ]


@pytest.mark.parametrize("table", [trials(), trials().slice(0, 0), pa.Table.from_batches([], schema=trials().schema)])
def test_empty_tables_give_empty_results(table):
    for result in summary(Tables(table)).values():
        assert result.num_rows == 0
    assert rate_batch_map(table).num_rows == 0
    assert mean_curves(table, curves()).num_rows == 0
    assert paths(table, curves()).num_rows == 0


def test_all_tables_exist_if_every_run_diverged():
    table = trials(run(0, None), run(1, None, learning_rate=1.0))
    result = summary(Tables(table))
    assert result["best"].num_rows == 0
    assert result["by_batch_size"]["share_diverged"].to_pylist() == [1.0]
    assert result["by_schedule"]["best_trial"].to_pylist() == [None]
    assert rate_batch_map(table)["objective"].to_pylist() == [None, None]
    assert mean_curves(table, curves()).num_rows == 0


def test_the_order_of_rows_does_not_matter():
    table, points = study_of_rates()
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(table.num_rows)))
    assert {name: part.to_pylist() for name, part in summary(Tables(table)).items()} == {
        name: part.to_pylist() for name, part in summary(Tables(shuffled)).items()
    }
    assert mean_curves(table, points).equals(mean_curves(shuffled, points))

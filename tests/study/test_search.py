"""Searches: results that do not depend on workers or interruptions, the trials that are run, and results directories."""

import numpy as np
import pytest
from commands import running, wait_for_rows
from linear_sweep import assert_same, sweep, sweep_file

from sweepgd import load, search
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.study.preparation import prepare

GRID = ("search.sampler='grid'", "space.learning_rate=[0.01,0.1]", "optimizer.momentum.beta=[0.5,0.9]")
NUMERIC = ("space.optimizer='momentum'", "space.batch_size={low=2,high=30}", "search.generation=4")
SAMPLERS = {
    "random": (),
    "grid": GRID,
    "quasi_random": (),
    "tpe": ("search.generation=4",),
    "nsga2": ("search.generation=4", "search.objectives=['validation_loss','train_loss']"),
    "cmaes": NUMERIC,
}


def planned_sweep(sampler, trials, *more):
    """Return a sweep of `trials` trials with two replicates, each with its own data."""
    shared = (f"search.sampler='{sampler}'", f"search.trials={trials}", "search.replicates=2", "data.redraw=true")
    return sweep(*SAMPLERS[sampler], *shared, *more)


# --- Determinism


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_results_do_not_depend_on_workers_or_interruptions(tmp_path, sampler):
    complete = search(planned_sweep(sampler, 10), out=tmp_path / "one", workers=1)
    assert complete.trials.num_rows == 20
    assert_same(complete, search(planned_sweep(sampler, 10), out=tmp_path / "two", workers=2))
    half = search(planned_sweep(sampler, 6), out=tmp_path / "halves", workers=2)  # interrupts the second generation of four
    assert half.trials.num_rows == 12
    assert_same(complete, search(planned_sweep(sampler, 10), out=tmp_path / "halves", workers=2))


def test_another_seed_gives_another_search(tmp_path):
    one, other = (search(planned_sweep("random", 2, f"search.seed={seed}"), out=tmp_path / str(seed)) for seed in (0, 1))
    assert one.trials["learning_rate"] != other.trials["learning_rate"]
    assert other.trials["seed"].to_pylist() == [1, 2, 1, 2]


def test_fixed_points_do_not_change_the_sampled_points(tmp_path):
    plain = search(planned_sweep("random", 3), out=tmp_path / "plain").trials
    point = "points=[{optimizer='sgd',learning_rate=0.125}]"
    extended = search(planned_sweep("random", 4, point), out=tmp_path / "extended").trials
    assert extended["learning_rate"].to_pylist()[:2] == [0.125, 0.125]
    assert extended["config_id"].to_pylist()[2:] == plain["config_id"].to_pylist()


def test_a_killed_search_continues_from_its_durable_results(tmp_path):
    """The process is killed at an arbitrary instruction."""
    out = tmp_path / "killed"
    path = sweep_file(tmp_path)
    slow = ["budget.epochs=800", "search.trials=24", "search.sampler='quasi_random'"]
    sets = [part for override in slow for part in ("--set", override)]
    with running("search", path, "--out", str(out), "--workers", "2", *sets) as killed:
        wait_for_rows(out, 2, killed)
        killed.kill()
    assert 2 <= load(out).trials.num_rows < 24
    assert not list((out / "trials").glob("*.parquet"))
    assert_same(search(sweep(*slow), out=out, workers=2), search(sweep(*slow), out=tmp_path / "complete", workers=2))


# --- The trials that are run


@pytest.mark.parametrize(
    ("overrides", "total"),
    [
        ((), 6),
        (("search={}",), 20),
        (("search={}", "points=[{optimizer='sgd'},{optimizer='sgd',batch_size=5}]"), 22),
        ((*GRID, "search={sampler='grid'}"), 3 * 2 * (1 + 2)),
        ((*GRID, "search={sampler='grid',trials=4}"), 4),
        ((*GRID, "search={sampler='grid',trials=100}"), 18),
        ((*GRID, "search={sampler='grid'}", "points=[{optimizer='sgd'}]"), 19),
        (("search={}", "space={learning_rate=0.1}", "optimizer={}"), 1),
        (("search={}", "space={learning_rate=0.1}", "optimizer={}", "points=[{},{batch_size=5}]"), 2),
    ],
)
def test_number_of_trials_of_a_sweep(overrides, total):
    assert prepare(sweep(*overrides)).total == total


def test_a_grid_runs_every_point_once(tmp_path):
    trials = search(sweep(*GRID, "search.trials=99"), out=tmp_path / "grid").trials
    assert trials["trial"].to_pylist() == list(range(18))
    assert len(set(trials["config_id"].to_pylist())) == 18


def test_fixed_points_run_first_and_unchanged(tmp_path):
    points = "points=[{optimizer='adam',learning_rate=0.5,batch_size='full'},{optimizer='sgd',learning_rate=0.25,batch_size=7}]"
    trials = search(sweep(points, "search.trials=3"), out=tmp_path / "points").trials
    assert trials["optimizer"].to_pylist()[:2] == ["adam", "sgd"]
    assert trials["learning_rate"].to_pylist()[:2] == [0.5, 0.25]
    assert trials["batch_size"].to_pylist()[:2] == [34, 7]


def test_replicates_of_all_configurations_share_seeds_and_data(tmp_path):
    results = search(sweep("search.replicates=3", "search.trials=2", "search.seed=5"), out=tmp_path / "shared")
    assert results.trials["seed"].to_pylist() == [5, 6, 7, 5, 6, 7]
    assert results.trials["data_seed"].to_pylist() == [0] * 6
    assert len(set(results.minima["data_fingerprint"].to_pylist())) == 1
    losses = np.array(results.curves.filter(first_points(results.curves))["train_loss"])
    assert len(set(losses[:3])) == 3  # each has its own initial weights
    assert list(losses[:3]) == list(losses[3:])


def test_redrawn_replicates_have_their_own_data(tmp_path):
    overrides = ("search.replicates=2", "search.trials=2", "data.redraw=true", "data.seed=7", "model.init='zero'")
    results = search(sweep(*overrides), out=tmp_path / "redrawn")
    assert results.trials["data_seed"].to_pylist() == [7, 8, 7, 8]
    finals = results.minima.filter([which == "final" for which in results.minima["which"].to_pylist()])
    first, second, third, fourth = finals["data_fingerprint"].to_pylist()
    assert (first, second) == (third, fourth)
    assert first != second
    losses = results.curves.filter(first_points(results.curves))["train_loss"].to_pylist()
    assert losses[:2] == losses[2:]
    assert losses[0] != losses[1]


def first_points(curves):
    return [update == 0 for update in curves["update"].to_pylist()]


def test_no_trial_starts_after_the_timeout(tmp_path):
    assert search(sweep(), out=tmp_path / "late", timeout=1e-9).trials.num_rows == 0
    assert search(sweep(), out=tmp_path / "late").trials.num_rows == 6


def test_only_missing_trials_are_run(tmp_path):
    first = search(sweep(), out=tmp_path / "again")
    again = search(sweep(), out=tmp_path / "again")
    assert again.trials.equals(first.trials)  # the times are equal too: nothing ran
    more = search(sweep("search.trials=8"), out=tmp_path / "again")
    assert more.trials.slice(0, 6).equals(first.trials)
    assert more.trials.num_rows == 8


def test_fewer_trials_than_recorded_change_nothing(tmp_path):
    first = search(sweep(), out=tmp_path / "fewer")
    assert search(sweep("search.trials=2"), out=tmp_path / "fewer").trials.equals(first.trials)


def test_a_different_sweep_is_refused_and_changes_nothing(tmp_path):
    out = tmp_path / "changed"
    first = search(sweep("search.trials=2"), out=out)
    with pytest.raises(SweepgdError, match=r"holds another sweep: space.batch_size: \[5, 10, 20\] before, \[5, 10\] now; "):
        search(sweep("space.batch_size=[5,10]"), out=out)
    with pytest.raises(SweepgdError, match=r"holds another sweep: data.noise: 0.01 before, 1.0 now \(and 1 more\); "):
        search(sweep("data.noise=1.0", "search.seed=1"), out=out)
    assert load(out).trials.equals(first.trials)
    assert load(out).sweep_toml == first.sweep_toml


def test_fresh_moves_the_old_results_aside(tmp_path):
    out = tmp_path / "out"
    first = search(sweep("search.trials=2"), out=out).trials
    search(sweep("search.trials=1", "data.noise=1.0"), out=out, fresh=True)
    assert load(out).trials.num_rows == 1
    assert load(tmp_path / "out.before-1").trials.equals(first)
    search(sweep("search.trials=1"), out=out, fresh=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.before-1", "out.before-2"]


def test_fresh_does_not_move_other_directories(tmp_path, monkeypatch):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    search(sweep("search.trials=1"), out=out, fresh=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]
    assert (out / "thesis.txt").read_text() == "precious"
    monkeypatch.chdir(out)
    with pytest.raises(UsageError, match=r"--fresh cannot rename \. from inside it"):
        search(sweep("search.trials=1"), out=".", fresh=True)
    assert load(out).trials.num_rows == 1


def test_overrides_need_a_sweep_file(tmp_path):
    with pytest.raises(UsageError, match="overrides change a sweep file"):
        search(sweep(), out=tmp_path / "out", overrides=["search.trials=1"])
    results = search(sweep_file(tmp_path), out=tmp_path / "out", overrides=["search.trials=1"])
    assert results.trials.num_rows == 1

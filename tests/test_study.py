"""A search: the same whatever the number of workers and interruptions, told what it should be, ended when it should."""

import json
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from commands import running, wait_for_rows
from tiny import assert_same, computed, statuses, sweep, sweep_file

from sweepgd import load, search
from sweepgd.advisor import Advisor, values_of
from sweepgd.preparation import prepare
from sweepgd.problem import Problem, UsageProblem

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


def study(sampler, trials, *more):
    """Ten trials or fewer by a sampler, of two replicates with data of their own."""
    shared = (f"search.sampler='{sampler}'", f"search.trials={trials}", "search.replicates=2", "data.redraw=true")
    return sweep(*SAMPLERS[sampler], *shared, *more)


# --- Determinism


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_neither_workers_nor_an_interruption_change_a_bit(tmp_path, sampler):
    whole = search(study(sampler, 10), out=tmp_path / "one", workers=1)
    assert whole.trials.num_rows == 20
    assert_same(whole, search(study(sampler, 10), out=tmp_path / "two", workers=2))
    half = search(study(sampler, 6), out=tmp_path / "halves", workers=2)  # the second generation of four is torn in two
    assert half.trials.num_rows == 12
    assert_same(whole, search(study(sampler, 10), out=tmp_path / "halves", workers=2))


def test_another_seed_is_another_search(tmp_path):
    one, other = (search(study("random", 2, f"search.seed={seed}"), out=tmp_path / str(seed)) for seed in (0, 1))
    assert one.trials["learning_rate"] != other.trials["learning_rate"]
    assert other.trials["seed"].to_pylist() == [1, 2, 1, 2]


def test_points_do_not_shift_what_a_sampler_draws(tmp_path):
    plain = search(study("random", 3), out=tmp_path / "plain").trials
    led = search(study("random", 4, "points=[{optimizer='sgd',learning_rate=0.125}]"), out=tmp_path / "led").trials
    assert led["learning_rate"].to_pylist()[:2] == [0.125, 0.125]
    assert led["config_id"].to_pylist()[2:] == plain["config_id"].to_pylist()


def test_a_killed_search_goes_on_from_what_was_durable(tmp_path):
    """The whole process dies, without a word, between any two instructions."""
    out = tmp_path / "killed"
    path = sweep_file(tmp_path)
    slow = ["budget.epochs=800", "search.trials=24", "search.sampler='quasi_random'"]
    sets = [part for override in slow for part in ("--set", override)]
    with running("search", path, "--out", str(out), "--workers", "2", *sets) as killed:
        wait_for_rows(out, 2, killed)
        killed.kill()
    assert 2 <= load(out).trials.num_rows < 24
    assert not list((out / "trials").glob("*.parquet"))
    assert_same(search(sweep(*slow), out=out, workers=2), search(sweep(*slow), out=tmp_path / "whole", workers=2))


# --- What is run


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
def test_how_many_trials_a_sweep_has(overrides, total):
    assert prepare(sweep(*overrides)).total == total


def test_a_grid_runs_every_point_once(tmp_path):
    trials = search(sweep(*GRID, "search.trials=99"), out=tmp_path / "grid").trials
    assert trials["trial"].to_pylist() == list(range(18))
    assert len(set(trials["config_id"].to_pylist())) == 18


def test_points_run_first_and_as_given(tmp_path):
    points = "points=[{optimizer='adam',learning_rate=0.5,batch_size='full'},{optimizer='sgd',learning_rate=0.25,batch_size=7}]"
    trials = search(sweep(points, "search.trials=3"), out=tmp_path / "points").trials
    assert trials["optimizer"].to_pylist()[:2] == ["adam", "sgd"]
    assert trials["learning_rate"].to_pylist()[:2] == [0.5, 0.25]
    assert trials["batch_size"].to_pylist()[:2] == [34, 7]


def test_replicates_share_their_seeds_and_their_data_with_those_of_every_other_configuration(tmp_path):
    results = search(sweep("search.replicates=3", "search.trials=2", "search.seed=5"), out=tmp_path / "shared")
    assert results.trials["seed"].to_pylist() == [5, 6, 7, 5, 6, 7]
    assert results.trials["data_seed"].to_pylist() == [0] * 6
    assert len(set(results.minima["data_fingerprint"].to_pylist())) == 1
    losses = np.array(results.curves.filter(first_points(results.curves))["train_loss"])
    assert len(set(losses[:3])) == 3  # starting weights of their own
    assert list(losses[:3]) == list(losses[3:])


def test_redrawn_replicates_have_data_of_their_own(tmp_path):
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


def test_a_timeout_starts_no_trial_after_it_and_leaves_the_rest_for_later(tmp_path):
    assert search(sweep(), out=tmp_path / "late", timeout=1e-9).trials.num_rows == 0
    assert search(sweep(), out=tmp_path / "late").trials.num_rows == 6


def test_only_the_remainder_is_run(tmp_path):
    first = search(sweep(), out=tmp_path / "again")
    again = search(sweep(), out=tmp_path / "again")
    assert again.trials.equals(first.trials)  # with its times: nothing ran
    more = search(sweep("search.trials=8"), out=tmp_path / "again")
    assert more.trials.slice(0, 6).equals(first.trials)
    assert more.trials.num_rows == 8


def test_fewer_trials_than_are_recorded_run_nothing_and_lose_nothing(tmp_path):
    first = search(sweep(), out=tmp_path / "fewer")
    assert search(sweep("search.trials=2"), out=tmp_path / "fewer").trials.equals(first.trials)


def test_a_sweep_that_computes_something_else_is_refused_and_changes_nothing(tmp_path):
    out = tmp_path / "changed"
    first = search(sweep("search.trials=2"), out=out)
    with pytest.raises(Problem, match=r"holds another sweep: space.batch_size: \[5, 10, 20\] before, \[5, 10\] now; "):
        search(sweep("space.batch_size=[5,10]"), out=out)
    with pytest.raises(Problem, match=r"holds another sweep: data.noise: 0.01 before, 1.0 now \(and 1 more\); "):
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


def test_fresh_moves_nothing_that_is_no_result_directory(tmp_path, monkeypatch):
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    search(sweep("search.trials=1"), out=out, fresh=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]
    assert (out / "thesis.txt").read_text() == "precious"
    monkeypatch.chdir(out)
    with pytest.raises(UsageProblem, match=r"--fresh cannot move \. aside from within"):
        search(sweep("search.trials=1"), out=".", fresh=True)
    assert load(out).trials.num_rows == 1


def test_overrides_are_for_a_file(tmp_path):
    with pytest.raises(UsageProblem, match="overrides are for a sweep file"):
        search(sweep(), out=tmp_path / "out", overrides=["search.trials=1"])
    results = search(sweep_file(tmp_path), out=tmp_path / "out", overrides=["search.trials=1"])
    assert results.trials.num_rows == 1


# --- What the sampler is told

DIVERGES = "points=[{optimizer='sgd',learning_rate=1e6},{optimizer='sgd',learning_rate=0.1}]"


def told(results):
    """What was told of each trial, by trial."""
    states = results.trials.filter([replicate == 0 for replicate in results.trials["replicate"].to_pylist()])
    return [None if state is None else values_of(state) for state in states["search_state"].to_pylist()]


def test_the_mean_over_replicates_is_told_and_a_finite_penalty_for_a_divergence(tmp_path):
    space = "space={learning_rate={low=1e-3,high=1e7,log=true},batch_size=[5,32]}"
    given = sweep(space, "optimizer={}", DIVERGES, "search={sampler='tpe',trials=3,replicates=2}")
    results = search(given, out=tmp_path / "told")
    trials = results.trials.to_pylist()
    assert [row["status"] for row in trials[:4]] == ["diverged"] * 2 + ["completed"] * 2
    assert [row["objectives"] for row in trials[:2]] == [[None], [None]]
    begins = results.curves.filter(first_points(results.curves))["train_loss"].to_pylist()
    values = told(results)
    assert values[0] == [10 * np.mean(begins[:2])]
    assert values[1] == [np.mean([row["validation_loss"] for row in trials[2:4]])]
    assert values[1] == [np.mean([row["objectives"][0] for row in trials[2:4]])]


def test_several_objectives_are_told_in_their_order(tmp_path):
    given = sweep("search={sampler='nsga2',trials=2,objectives=['train_loss','validation_loss']}")
    results = search(given, out=tmp_path / "two")
    rows = results.trials.to_pylist()
    assert [row["objectives"] for row in rows] == [[row["train_loss"], row["validation_loss"]] for row in rows]
    assert told(results) == [row["objectives"] for row in rows]


@pytest.mark.parametrize("rate", ["{low=1e-3,high=1.0,log=true}", "[0.05,0.1]"])
def test_an_adaptive_sampler_is_told_of_the_points_within_its_space(rate):
    points = "points=[{optimizer='sgd',learning_rate=0.1,batch_size=5},{optimizer='sgd',learning_rate=7.0},{optimizer='adam'}]"
    advisor = Advisor(sweep(f"space.learning_rate={rate}", points, "search.sampler='tpe'"), ["validation_loss"])
    inside, beyond, foreign = (advisor.state(number, [1.0]) for number in range(3))
    assert json.loads(inside)["params"] == {"batch_size": 5, "learning_rate": 0.1, "optimizer": "sgd"}
    assert beyond is None
    assert foreign is None
    advisor.tell(0, [1.0], inside)
    assert [trial.values for trial in advisor._study.trials] == [[1.0]]


def test_an_adaptive_sampler_goes_on_beside_points_outside_of_its_space(tmp_path):
    points = "points=[{optimizer='sgd',learning_rate=0.1},{optimizer='adam'},{optimizer='sgd',learning_rate=70.0}]"
    given = ["space.learning_rate={low=1e-3,high=1.0}", points, "search.sampler='tpe'", "search.generation=2"]
    whole = search(sweep(*given, "search.trials=7"), out=tmp_path / "whole")
    search(sweep(*given, "search.trials=2"), out=tmp_path / "parts")
    search(sweep(*given, "search.trials=4"), out=tmp_path / "parts")
    assert_same(whole, search(sweep(*given, "search.trials=7"), out=tmp_path / "parts"))


# --- Pruning

# A grid of 6 good rates and 6 that go nowhere, so that every later trial is worth giving up.
LADDER = ("space={batch_size=5,learning_rate=[0.1,0.11,0.12,0.13,0.14,0.15,1e-6,2e-6,3e-6,4e-6,5e-6,6e-6]}", "optimizer={}")


def ladder(pruner, trials):
    return sweep(*LADDER, "budget.epochs=25", f"search={{sampler='grid',trials={trials},pruner='{pruner}',replicates=2}}")


@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband"])
def test_a_pruner_gives_up_what_goes_nowhere_also_after_a_restart(tmp_path, pruner):
    search(ladder(pruner, 6), out=tmp_path / pruner, workers=1)
    results = search(ladder(pruner, 12), out=tmp_path / pruner, workers=1)
    rows = results.trials.to_pylist()
    bad = [row for row in rows if row["trial"] >= 6]
    pruned = [row for row in rows if row["status"] == "pruned"]
    if pruner == "hyperband":  # some are alone in their bracket
        assert len({row["trial"] for row in bad} & {row["trial"] for row in pruned}) >= 2
    else:
        assert all(row["status"] == "pruned" for row in bad)
    whole = max(row["updates"] for row in rows)
    for row in pruned:
        rung = int(row["message"].removeprefix("pruned after ").removesuffix(" % of the budget"))
        assert row["updates"] == ceil(rung * whole / 100)
        assert row["train_loss"] is not None
    for one, other in pairwise(rows):  # replicates advance, and are given up, together
        assert one["trial"] != other["trial"] or (one["status"], one["epochs"]) == (other["status"], other["epochs"])


def test_a_fixed_point_is_never_pruned(tmp_path):
    points = ",".join(f"{{optimizer='sgd',learning_rate={rate}}}" for rate in ("0.1", "0.1", "1e-6"))
    given = sweep(f"points=[{points}]", "budget.epochs=25", "search={sampler='random',trials=4,pruner='asha'}")
    assert statuses(search(given, out=tmp_path / "points", workers=1))[:3] == ["completed"] * 3


def test_with_no_pruner_nothing_is_remembered(tmp_path):
    results = search(sweep("search.trials=2"), out=tmp_path / "none")
    assert results.trials["search_state"].null_count == 2
    assert computed(results.trials)["status"].to_pylist() == ["completed", "completed"]

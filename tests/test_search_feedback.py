"""The values that a sampler and a pruner are told during a search."""

import json
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from linear_sweep import assert_same, computed, statuses, sweep

from sweepgd import search
from sweepgd.study.advisor import Advisor
from sweepgd.study.search_state import values_of

# --- Samplers

DIVERGES = "points=[{optimizer='sgd',learning_rate=1e6},{optimizer='sgd',learning_rate=0.1}]"


def first_points(curves):
    return [update == 0 for update in curves["update"].to_pylist()]


def told(results):
    """Return the values that the sampler was told, by trial."""
    states = results.trials.filter([replicate == 0 for replicate in results.trials["replicate"].to_pylist()])
    return [None if state is None else values_of(state) for state in states["search_state"].to_pylist()]


def test_the_sampler_is_told_the_mean_or_a_penalty_for_divergence(tmp_path):
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
def test_an_adaptive_sampler_learns_from_points_in_its_space(rate):
    points = "points=[{optimizer='sgd',learning_rate=0.1,batch_size=5},{optimizer='sgd',learning_rate=7.0},{optimizer='adam'}]"
    advisor = Advisor(sweep(f"space.learning_rate={rate}", points, "search.sampler='tpe'"), ["validation_loss"])
    inside, out_of_range, other_optimizer = (advisor.state(number, [1.0]) for number in range(3))
    assert json.loads(inside)["params"] == {"batch_size": 5, "learning_rate": 0.1, "optimizer": "sgd"}
    assert out_of_range is None
    assert other_optimizer is None
    advisor.tell(0, [1.0], inside)
    assert [trial.values for trial in advisor._study.trials] == [[1.0]]


def test_an_adaptive_sampler_ignores_points_outside_its_space(tmp_path):
    points = "points=[{optimizer='sgd',learning_rate=0.1},{optimizer='adam'},{optimizer='sgd',learning_rate=70.0}]"
    given = ["space.learning_rate={low=1e-3,high=1.0}", points, "search.sampler='tpe'", "search.generation=2"]
    complete = search(sweep(*given, "search.trials=7"), out=tmp_path / "complete")
    search(sweep(*given, "search.trials=2"), out=tmp_path / "parts")
    search(sweep(*given, "search.trials=4"), out=tmp_path / "parts")
    assert_same(complete, search(sweep(*given, "search.trials=7"), out=tmp_path / "parts"))


# --- Pruning

# A grid of 6 good learning rates and then 6 useless ones, so that every later trial should be pruned.
RATES = (
    "space={batch_size=5,learning_rate=[0.1,0.11,0.12,0.13,0.14,0.15,1e-6,2e-6,3e-6,4e-6,5e-6,6e-6]}",
    "optimizer={}",
)


def rates_sweep(pruner, trials):
    return sweep(*RATES, "budget.epochs=25", f"search={{sampler='grid',trials={trials},pruner='{pruner}',replicates=2}}")


@pytest.mark.parametrize("pruner", ["median", "asha", "hyperband"])
def test_a_pruner_stops_bad_trials_also_after_a_restart(tmp_path, pruner):
    search(rates_sweep(pruner, 6), out=tmp_path / pruner, workers=1)
    results = search(rates_sweep(pruner, 12), out=tmp_path / pruner, workers=1)
    rows = results.trials.to_pylist()
    bad = [row for row in rows if row["trial"] >= 6]
    pruned = [row for row in rows if row["status"] == "pruned"]
    if pruner == "hyperband":  # some trials are alone in their bracket
        assert len({row["trial"] for row in bad} & {row["trial"] for row in pruned}) >= 2
    else:
        assert all(row["status"] == "pruned" for row in bad)
    complete = max(row["updates"] for row in rows)
    for row in pruned:
        rung = int(row["message"].removeprefix("pruned after ").removesuffix(" % of the budget"))
        assert row["updates"] == ceil(rung * complete / 100)
        assert row["train_loss"] is not None
    for one, other in pairwise(rows):  # replicates are pruned together
        assert one["trial"] != other["trial"] or (one["status"], one["epochs"]) == (other["status"], other["epochs"])


def test_a_fixed_point_is_never_pruned(tmp_path):
    points = ",".join(f"{{optimizer='sgd',learning_rate={rate}}}" for rate in ("0.1", "0.1", "1e-6"))
    given = sweep(f"points=[{points}]", "budget.epochs=25", "search={sampler='random',trials=4,pruner='asha'}")
    assert statuses(search(given, out=tmp_path / "points", workers=1))[:3] == ["completed"] * 3


def test_without_a_pruner_no_search_state_is_recorded(tmp_path):
    results = search(sweep("search.trials=2"), out=tmp_path / "none")
    assert results.trials["search_state"].null_count == 2
    assert computed(results.trials)["status"].to_pylist() == ["completed", "completed"]

import numpy as np
import pyarrow.compute as pc
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.minimisers.landscape import RunKey
from sweepgd.minimisers.landscape.optimizer_path import path_of


def recorded_curve(landscape, run):
    curves = landscape.results.curves
    return curves.filter(pc.and_(pc.equal(curves["trial"], run.trial), pc.equal(curves["replicate"], run.replicate)))


@pytest.mark.parametrize("run", [RunKey(0, 0), RunKey(1, 1)])
def test_a_run_trained_again_ends_at_its_recorded_minimum_bit_for_bit(moons, run):
    path = path_of(moons, run)
    minimum = moons.minimum(run)
    assert path.weights.dtype == minimum.parameters.dtype == np.float32
    np.testing.assert_array_equal(path.weights[-1], minimum.parameters)
    curve = recorded_curve(moons, run)
    assert [point.update for point in path.points] == curve["update"].to_pylist()
    assert [point.train_loss for point in path.points] == curve["train_loss"].to_pylist()


def test_a_pruned_run_is_trained_up_to_where_it_was_pruned(searched, moons):
    landscape = searched(
        moons.results.sweep_toml, 'search.pruner="asha"', 'search.sampler="random"', "search.trials=6",
        "space.learning_rate={low=1e-4, high=1.0, log=true}", "budget.epochs=10",
    )  # fmt: skip
    pruned = landscape.results.trials.filter(pc.equal(landscape.results.trials["status"], "pruned"))
    assert pruned.num_rows
    for row in pruned.to_pylist():
        run = RunKey(row["trial"], row["replicate"])
        path = path_of(landscape, run)
        np.testing.assert_array_equal(path.weights[-1], landscape.minimum(run).parameters)
        assert [point.update for point in path.points] == recorded_curve(landscape, run)["update"].to_pylist()


def test_weights_that_training_does_not_give_again_are_said_to_be(moons, monkeypatch):
    other = moons.minimum(RunKey(0, 1))
    monkeypatch.setattr(moons, "minimum", lambda run: other)
    with pytest.raises(
        SweepgdError, match=r"does not end at the recorded weights: the processor or the version of sweepgd, numba"
    ):
        path_of(moons, RunKey(0, 0))


def test_a_budget_in_seconds_cannot_be_repeated(searched, quadratic):
    text = quadratic.results.sweep_toml.replace("updates = 12", "seconds = 0.01")
    with pytest.raises(SweepgdError, match="a run with a budget in seconds cannot be repeated exactly"):
        path_of(searched(text), RunKey(0))


def test_an_optimizer_that_is_gone_is_named(moons, monkeypatch):
    row = moons.row(RunKey(0))
    settings = row["settings"].replace('"momentum"', '"gone"')
    assert settings != row["settings"]
    monkeypatch.setattr(moons, "row", lambda run: row | {"settings": settings})
    with pytest.raises(SweepgdError, match="unknown optimizer 'gone'"):
        path_of(moons, RunKey(0))

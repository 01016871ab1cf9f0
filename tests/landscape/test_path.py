import numpy as np
import pyarrow.compute as pc
import pytest

from sweepgd.landscape import Run
from sweepgd.landscape.path import path_of
from sweepgd.problem import Problem


def recorded_curve(ground, run):
    curves = ground.results.curves
    return curves.filter(pc.and_(pc.equal(curves["trial"], run.trial), pc.equal(curves["replicate"], run.replicate)))


@pytest.mark.parametrize("run", [Run(0, 0), Run(1, 1)])
def test_a_run_trained_again_ends_at_its_recorded_minimum_bit_for_bit(moons, run):
    path = path_of(moons, run)
    minimum = moons.minimum(run)
    assert path.weights.dtype == minimum.parameters.dtype == np.float32
    np.testing.assert_array_equal(path.weights[-1], minimum.parameters)
    curve = recorded_curve(moons, run)
    assert [point.update for point in path.points] == curve["update"].to_pylist()
    assert [point.train_loss for point in path.points] == curve["train_loss"].to_pylist()


def test_a_pruned_run_is_trained_up_to_where_it_was_pruned(searched, moons):
    ground = searched(
        moons.results.sweep_toml, 'search.pruner="asha"', 'search.sampler="random"', "search.trials=6",
        "space.learning_rate={low=1e-4, high=1.0, log=true}", "budget.epochs=10",
    )  # fmt: skip
    pruned = ground.results.trials.filter(pc.equal(ground.results.trials["status"], "pruned"))
    assert pruned.num_rows
    for row in pruned.to_pylist():
        run = Run(row["trial"], row["replicate"])
        path = path_of(ground, run)
        np.testing.assert_array_equal(path.weights[-1], ground.minimum(run).parameters)
        assert [point.update for point in path.points] == recorded_curve(ground, run)["update"].to_pylist()


def test_weights_that_training_does_not_give_again_are_said_to_be(moons, monkeypatch):
    other = moons.minimum(Run(0, 1))
    monkeypatch.setattr(moons, "minimum", lambda run: other)
    with pytest.raises(Problem, match=r"does not end at its recorded weights: the processor, or a version of sweepgd, numba"):
        path_of(moons, Run(0, 0))


def test_a_budget_in_seconds_cannot_be_repeated(searched, quadratic):
    text = quadratic.results.sweep_toml.replace("updates = 12", "seconds = 0.01")
    with pytest.raises(Problem, match="a budget in seconds ends each run elsewhere"):
        path_of(searched(text), Run(0))


def test_an_optimizer_that_is_gone_is_named(moons, monkeypatch):
    row = moons.row(Run(0))
    settings = row["settings"].replace('"momentum"', '"gone"')
    assert settings != row["settings"]
    monkeypatch.setattr(moons, "row", lambda run: row | {"settings": settings})
    with pytest.raises(Problem, match="unknown optimizer 'gone'"):
        path_of(moons, Run(0))

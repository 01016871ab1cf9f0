"""`sweepgd.train`: equal to a run of a search, recorded with `out`, refused with invalid arguments."""

import gc
import weakref

import numpy as np
import pytest
from linear_sweep import computed, sweep

import sweepgd
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.study import train as train_module
from sweepgd.sweep.budget import Budget

FIFTY_ROWS = ("data.rows=50", "data.split='tail'")


def train(*arguments, overrides=(), **others):
    """Run `train` on the data of the linear sweep."""
    given = {"data": "synthetic_linear", "model": "linear", "epochs": 2, "batch_size": 5, "learning_rate": 0.1}
    return sweepgd.train(*arguments, **given | others, overrides=[*FIFTY_ROWS, *overrides])


def searched(folder, *overrides):
    return sweepgd.search(sweep("optimizer={}", "search.trials=1", *overrides), out=folder, workers=1)


ONE = ("space.batch_size=5", "space.learning_rate=0.1", "space.optimizer='sgd'")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_equals_the_first_replicate_of_a_search(tmp_path, dtype):
    override = f"model.dtype='{dtype}'"
    run = train(seed=4, overrides=[override])
    results = searched(tmp_path / "search", *ONE, override, "search.seed=4", "search.replicates=2")
    minimum = results.minimum(0, 0)
    assert minimum.parameters.dtype == run.parameters.dtype == dtype
    np.testing.assert_array_equal(minimum.parameters, run.parameters)
    curve = results.curves.filter([replicate == 0 for replicate in results.curves["replicate"].to_pylist()])
    assert curve["train_loss"].to_pylist() == [point.train_loss for point in run.points]
    assert results.trials["validation_loss"][0].as_py() == run.points[-1].validation_loss


def test_a_recorded_run_has_the_same_rows_as_a_search(tmp_path):
    run = train(out=tmp_path / "one")
    recorded, results = sweepgd.load(tmp_path / "one"), searched(tmp_path / "search", *ONE)
    assert recorded.trials.num_rows == 1
    for name in ("trials", "curves", "minima"):
        assert computed(getattr(recorded, name)).equals(computed(getattr(results, name)))
    np.testing.assert_array_equal(recorded.minimum(0).parameters, run.parameters)


def test_overrides_set_the_configuration():
    plain = train()
    adam = train(optimizer="adam")
    np.testing.assert_array_equal(train(overrides=["space.optimizer='adam'"]).parameters, adam.parameters)
    assert not np.array_equal(plain.parameters, adam.parameters)
    growth = train(
        overrides=["space.batch_schedule='growth'", "batch_schedule.growth.every=1", "batch_schedule.growth.after=1"]
    )
    assert growth.updates < plain.updates
    own = train(optimizer="adam", overrides=["optimizer.adam.learning_rate=0.5", "optimizer.adam.beta1=0.5"])
    assert own.configuration.learning_rate == 0.5
    assert own.configuration.hyperparameters["beta1"] == 0.5
    stepped = train(schedule="step", overrides=["schedule.step={after=1,every=1,factor=0.5}"])
    assert stepped.points[-1].learning_rate == 0.05


def test_the_learning_rate_defaults_to_the_optimizers():
    assert train(learning_rate=None).configuration.learning_rate == 0.1
    assert train(learning_rate=None, optimizer="adam").configuration.learning_rate == 0.001


@pytest.mark.parametrize(
    ("override", "budget"),
    [
        ("data.noise=0.01", {"epochs": 10}),
        ("budget.epochs=3", {"epochs": 3}),
        ("budget.updates=14", {"updates": 14}),
        ("budget.samples=70", {"samples": 70}),
        ("budget={updates=14}", {"updates": 14}),
    ],
)
def test_a_run_takes_ten_epochs_unless_an_override_sets_the_budget(override, budget):
    run = train(epochs=None, overrides=[override])
    assert run.budget == Budget(**budget)


def test_the_batch_size_defaults_to_32_and_without_data_to_full():
    assert train(batch_size=None).configuration.batch_size == 32
    assert sweepgd.train("none", "quadratic", epochs=1).configuration.batch_size == "full"
    overrides = ["data={name='none'}", "model={name='saddle'}"]
    assert sweepgd.train(epochs=1, overrides=overrides).configuration.batch_size == "full"


def test_watch_is_called_with_each_evaluation():
    seen = []
    run = train(watch=seen.append)
    assert seen == run.points
    assert [point.epoch for point in seen] == [0, 1, 2]


def test_an_analytic_loss_needs_no_data():
    run = sweepgd.train("none", "quadratic", batch_size="full", learning_rate=0.1, epochs=3)
    np.testing.assert_allclose(run.positions, [[0.9**step, 0.0**step] for step in range(4)], atol=1e-7)


def test_a_recorded_run_is_never_overwritten(tmp_path):
    train(out=tmp_path / "one")
    before = sweepgd.load(tmp_path / "one").trials
    with pytest.raises(UsageError, match="already holds this run: choose another --out"):
        train(out=tmp_path / "one")
    with pytest.raises(SweepgdError, match=r"holds another sweep: space\.learning_rate: 0\.1 before, 0\.2 now"):
        train(out=tmp_path / "one", learning_rate=0.2)
    assert sweepgd.load(tmp_path / "one").trials.equals(before)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"optimizer": "adamm"}, "unknown optimizer 'adamm': did you mean 'adam'?"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin': did you mean 'cosine'?"),
        ({"batch_size": 35}, 'batch_size 35 exceeds the 34 training rows: set at most 34, or "full"'),
        ({"batch_size": 0}, "space.batch_size = 0: give a whole number"),
        ({"learning_rate": 0.0}, "a learning rate of 0 learns nothing"),
        ({"learning_rate": [0.1, 0.2]}, "train runs one configuration, but learning_rate has several values: use search"),
        ({"overrides": ["points=[{}]"]}, "train runs one configuration, but points has several values: use search"),
        ({"overrides": ["space.lr=1"]}, "unknown key space.lr"),
        ({"model": "logistic"}, "model 'logistic' is for classification"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_written(tmp_path, given, line):
    with pytest.raises(SweepgdError) as problem:
        train(**given, out=tmp_path / "out")
    assert line in str(problem.value)
    assert not (tmp_path / "out").exists()


def test_the_context_and_data_of_a_run_are_freed_with_it(tmp_path, monkeypatch):
    labs = []

    class Watched(train_module.SweepContext):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            labs.append(weakref.ref(self))

    monkeypatch.setattr(train_module, "SweepContext", Watched)
    train(out=tmp_path / "run")
    gc.collect()
    assert [context() for context in labs] == [None]


def test_a_missing_file_is_named_before_keys_that_a_file_needs():
    with pytest.raises(SweepgdError, match=r"^no such file: soi\.csv$"):
        train(data="soi.csv")

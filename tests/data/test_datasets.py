"""The contents of the built-in data sets."""

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.core.setting import resolve
from sweepgd.data import DataSpec, prepare, table_checks
from sweepgd.plugins import registry


@pytest.mark.parametrize("rows", [9 * 10**15, 10**13])
def test_more_rows_than_memory_are_refused(rows):
    spec = DataSpec(name="synthetic_linear", rows=rows)
    with pytest.raises(
        SweepgdError, match=rf"^synthetic_linear: {rows:,} rows of 2 columns need .* GB of memory, but this machine"
    ):
        prepare(spec)


@pytest.mark.filterwarnings("ignore:synthetic_linear. .* need .* of memory:UserWarning")
def test_a_memory_error_is_reported_in_one_line(monkeypatch):
    spec = DataSpec(name="synthetic_linear", rows=10**13)
    monkeypatch.setattr(table_checks, "machine_memory", lambda: None)  # as on a system that does not report its memory
    with pytest.raises(SweepgdError, match=r"^dataset 'synthetic_linear' of sweepgd .*: not enough memory: give"):
        prepare(spec)


def load(name, seed=0, **given):
    dataset = registry.get("datasets", name)
    return dataset.load(np.random.default_rng(seed), **resolve(dataset.settings, given, "data"))


@pytest.mark.parametrize(
    ("name", "task", "rows", "features", "classes"),
    [
        ("synthetic_linear", "regression", 1000, 2, 0),
        ("house_prices", "regression", 1000, 2, 0),
        ("moons", "classification", 1000, 2, 2),
        ("spirals", "classification", 900, 2, 3),
        ("digits", "classification", 1797, 64, 10),
        ("breast_cancer", "classification", 569, 30, 2),
        ("wine", "classification", 178, 13, 3),
        ("diabetes", "regression", 442, 10, 0),
    ],
)
def test_shapes_and_names(name, task, rows, features, classes):
    dataset, table = registry.get("datasets", name), load(name)
    assert (dataset.name, dataset.task) == (name, task)
    assert table.inputs.shape == (rows, features)
    assert table.targets.shape == (rows, 1)
    assert table.inputs.dtype == table.targets.dtype == np.float64
    assert len(table.features) == features
    assert len(table.classes) == classes
    assert all(type(text) is str for text in table.features + table.classes)
    if classes:
        assert set(np.unique(table.targets)) == set(range(classes))
    np.testing.assert_array_equal(load(name).inputs, table.inputs)


@pytest.mark.parametrize("name", ["synthetic_linear", "house_prices"])
def test_linear_data_follow_their_true_parameters(name):
    table = load(name, noise=0.0)
    np.testing.assert_allclose(table.targets, table.inputs @ np.c_[table.truth["weights"]] + table.truth["bias"])
    noisy = load(name, noise=2.0)
    np.testing.assert_array_equal(noisy.inputs, table.inputs)
    assert np.std(noisy.targets - table.targets) == pytest.approx(2.0, rel=0.1)


def test_weights_give_the_number_of_inputs():
    table = load("synthetic_linear", weights=[1, 2, 3], rows=7)
    assert table.inputs.shape == (7, 3)
    assert table.truth == {"weights": [1.0, 2.0, 3.0], "bias": [4.2]}


def test_seeds_differ():
    for name in ("synthetic_linear", "moons", "spirals"):
        assert not np.array_equal(load(name, 0).inputs, load(name, 1).inputs)


def test_spirals_without_noise_lie_on_their_arms():
    table = load("spirals", noise=0.0, classes=4, turns=1.5, rows=40)
    radius = np.hypot(*table.inputs.T)
    turned = np.arctan2(table.inputs[:, 1], table.inputs[:, 0]) / (2 * np.pi)
    arm = (turned - 1.5 * radius) * 4 % 4
    assert np.abs((arm - table.targets[:, 0] + 2) % 4 - 2).max() < 1e-9

"""Sweeps written to TOML and read again, and the differences between two sweeps."""

import tomllib

import pytest
from linear_sweep import sweep
from optional_data import bundled_sweeps, skipped_without_data

from sweepgd.sweep import differences, load, parse, points_of, space_of, to_toml
from sweepgd.training.sweep_context import SweepContext


@pytest.mark.parametrize("name", ["linear", *bundled_sweeps()])
def test_a_sweep_written_and_read_again_is_the_same_sweep(name):
    given = sweep() if name == "linear" else load(name)
    with skipped_without_data():
        context = SweepContext(given)
    written = to_toml(context.sweep)
    again = parse(written)
    assert to_toml(SweepContext(again).sweep) == written
    assert differences(again, context.sweep) == []
    assert space_of(again) == space_of(given)
    assert points_of(again, space_of(again)) == points_of(given, space_of(given))


def test_every_default_is_written():
    written = tomllib.loads(to_toml(SweepContext(sweep()).sweep))
    assert written["data"]["rows"] == 50
    assert written["data"]["noise"] == 0.01
    assert written["data"]["validation"] == 0.15
    assert written["model"] == {"name": "linear", "dtype": "float32", "init": "normal", "scale": 0.01, "init_scale": 1.0}
    assert written["budget"]["divergence"] == 1e4
    assert written["search"]["objective"] == "validation_loss"
    assert written["search"]["seed"] == 0


def test_differences_name_the_keys_that_change_results():
    assert differences(sweep(), sweep("search.seed=1", "space.batch_size=[5,10]")) == [
        "search.seed: 0 before, 1 now",
        "space.batch_size: [5, 10, 20] before, [5, 10] now",
    ]
    assert differences(sweep(), sweep("data.noise=0.5")) == ["data.noise: 'not given' before, 0.5 now"]
    assert differences(sweep("space.learning_rate=0.1"), sweep())[0] == "space.learning_rate: 0.1 before, 'not given' now"
    assert differences(sweep(), sweep("schedule.step.every=2")) == ["schedule.step.every: 'not given' before, 2 now"]


@pytest.mark.parametrize("override", ["search.trials=50", "description='other'", "source='other'"])
def test_operational_keys_may_change(override):
    assert differences(sweep(), sweep(override)) == []

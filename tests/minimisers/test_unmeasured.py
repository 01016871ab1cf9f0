"""The values that are missing in a record."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pyarrow.compute as pc
import pytest
from linear_sweep import sweep
from minimisers.recorded_searches import RUNS, measured

from sweepgd import load
from sweepgd.minimisers.unmeasured import missing_measures
from sweepgd.training.sweep_context import SweepContext


@pytest.fixture(scope="module")
def norms(searched, tmp_path_factory):
    """Another copy, in which the distances of all runs are measured."""
    directory = Path(shutil.copytree(searched, tmp_path_factory.mktemp("norms") / "out"))
    measured(directory, "distance")
    return directory


@pytest.mark.parametrize(
    ("override", "lacking"),
    [
        ("measure.rows=40", 0),
        ("measure.rows=33", 3),
        ("measure.seed=1", 3),
        ("measure.dtype='float64'", 3),
        ("measure.which=['best']", 3),
        ("measure.which=['best','final']", 3),
        ("measure.rescale=2.0", 3),
        ("measure.measures=['distance','weight_norm']", 3),
        ("measure.settings.distance={}", 0),
    ],
)
def test_what_is_missing_is_what_was_never_measured_so(norms, override, lacking):
    """Of the distance, at the three runs that were measured."""
    context = SweepContext(sweep(*RUNS, "measure.measures=['distance']", override))
    found = missing_measures(load(norms), context, {0, 1, 2}, print)
    assert sum(map(len, found.values())) == lacking


def test_a_value_recorded_before_a_setting_was_known_is_another_one(out):
    context = SweepContext(sweep(*RUNS, "measure.measures=['sam','distance']"))
    measured(out, "sam", "distance")
    now = load(out)
    assert sum(map(len, missing_measures(now, context, {0, 1, 2}, print).values())) == 0
    settings = pc.replace_substring(now.curvature["settings"], ', "starts": 24', "").combine_chunks()
    assert settings.to_pylist() != now.curvature["settings"].to_pylist()
    curvature = now.curvature.set_column(now.curvature.column_names.index("settings"), "settings", settings)
    before = SimpleNamespace(directory=out, trials=now.trials, minimisers=now.minimisers, curvature=curvature)
    lacking = missing_measures(before, context, {0, 1, 2}, print)
    assert [one.measure for ones in lacking.values() for one in ones] == ["sam"] * 3

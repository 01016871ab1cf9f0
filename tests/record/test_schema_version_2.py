"""Results of schema version 2: `schema_version_2/` was written by a search of 4 of 6 trials; models and data could not vary."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from linear_sweep import assert_close

from sweepgd import load, measure, search
from sweepgd.analysis.best import best
from sweepgd.analysis.recorded_settings import differing_settings
from sweepgd.record.verify import verify
from sweepgd.sweep import parse


@pytest.fixture
def earlier(tmp_path):
    return shutil.copytree(Path(__file__).parent / "schema_version_2", tmp_path / "earlier")


def test_results_of_schema_version_2_are_read(earlier):
    trials = load(earlier).trials
    assert trials["trial"].to_pylist() == [0, 1, 2, 3]
    assert trials["model_settings"].to_pylist() == trials["data_settings"].to_pylist() == [None] * 4
    assert pq.read_metadata(earlier / "trials" / "000001.parquet").metadata[b"sweepgd.schema_version"] == b"2"
    assert differing_settings(trials) == {}
    assert best(trials, 2)["model_settings"].to_pylist() == [None, None]
    assert verify(earlier).findings == []


def test_results_of_schema_version_2_are_continued_and_measured(earlier, tmp_path):
    before = load(earlier).trials
    spec = parse((earlier / "sweep.toml").read_text(), ["search.trials=6"])
    continued = search(spec, out=earlier, workers=1)
    assert continued.trials.slice(0, 4).equals(before)
    assert_close(continued, search(spec, out=tmp_path / "anew", workers=1))
    [settings] = {text for text in continued.trials["model_settings"].to_pylist() if text}
    assert json.loads(settings)["hidden"] == [3]
    measured = measure(earlier, measures=["distance"], workers=1)
    assert measured["trial"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert measured["value"].null_count == 0
    assert verify(earlier).findings == []

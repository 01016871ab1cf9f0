"""Results of schema version 1. `schema_version_1/` was written by a search that was killed after trial 4.

Its parts have no checksums, it has no curvature, and the records in its log have four elements.
"""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from linear_sweep import assert_close, computed

from sweepgd import load, search
from sweepgd.analysis.evaluations import evaluated_at
from sweepgd.record.compact import compact
from sweepgd.record.verify import verify
from sweepgd.sweep import parse


@pytest.fixture
def earlier(tmp_path):
    return shutil.copytree(Path(__file__).parent / "schema_version_1", tmp_path / "earlier")


def test_results_of_schema_version_1_are_read(earlier):
    results = load(earlier)
    assert results.trials["trial"].to_pylist() == [0, 1, 2, 3, 4]
    assert results.trials["status"].to_pylist() == ["completed"] * 5
    assert len(results.curves) == 15
    assert results.minimum(2).parameters.shape == results.minimum(4).parameters.shape == (3,)
    assert len(results.curvature) == 0
    assert pq.read_metadata(earlier / "trials" / "000001.parquet").metadata[b"sweepgd.schema_version"] == b"1"
    assert verify(earlier).findings == []


def test_results_of_schema_version_1_are_continued_and_compacted(earlier, tmp_path):
    recorded = load(earlier).trials
    spec = parse((earlier / "sweep.toml").read_text())
    continued = search(spec, out=earlier, workers=1)
    assert continued.trials.slice(0, len(recorded)).equals(recorded)
    anew = search(spec, out=tmp_path / "anew", workers=1)
    assert_close(continued, anew)
    assert recorded["evaluated_at_update"].null_count == len(recorded)  # null means the last evaluation
    assert evaluated_at(continued.trials).tolist() == anew.trials["evaluated_at_update"].to_pylist()
    done = [[json.loads(text) for text in results.minima["preprocessing"].to_pylist()] for results in (continued, anew)]
    for before, now in zip(*done, strict=True):
        assert now == now | before | {"features": ["x1", "x2"], "targets": ["target 0"], "classes": []}
    assert verify(earlier).findings == []
    assert compact(earlier)[1] == 1
    compacted = load(earlier)
    for table in ("trials", "curves", "minima", "curvature"):
        assert computed(getattr(compacted, table)).equals(computed(getattr(continued, table)))
    assert verify(earlier).findings == []


def test_a_truncated_part_of_schema_version_1_is_damage(earlier):
    path = earlier / "trials" / "000001.parquet"
    path.write_bytes(path.read_bytes()[:-3000])
    assert [finding.path for finding in verify(earlier).damaged] == [path]

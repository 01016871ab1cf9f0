"""Curvature measured from recorded minimisers, after the search."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from linear_sweep import computed, sweep
from minimisers.recorded_searches import RUNS, measured

from sweepgd import load, measure, search
from sweepgd.curvature.catalogue import MEASURES

KEYS = ["trial", "replicate", "which", "measure", "rescaling", "settings"]


def test_what_is_measured_later_is_what_the_search_would_have_measured(out, tmp_path):
    names = ["lambda_max", "trace", "phi", "noise_scale", "distance"]
    during = search(sweep(*RUNS, f"measure.measures={names}", "measure.which=['final','best']"), out=tmp_path / "during")
    later = measure(out, measures=names, which=["final", "best"], workers=2)
    assert computed(later).equals(computed(during.curvature))
    assert computed(load(out).curvature).equals(computed(during.curvature))


def test_all_of_the_catalogue_can_be_measured_and_nothing_is_measured_twice(out):
    found, recorder = measured(out, *MEASURES)
    assert recorder.counts == (3 * len(MEASURES), 0, "1 worker")
    assert len(recorder.results) == 3 * len(MEASURES)
    assert found["value"].null_count == 0
    again, recorder = measured(out, *MEASURES)
    assert recorder.counts == (3 * len(MEASURES), 3 * len(MEASURES), "1 worker")
    assert recorder.results == []
    assert again.equals(found)
    assert load(out).curvature.num_rows == found.num_rows


def test_only_what_differs_in_a_setting_is_measured_again(out):
    asked = ("lambda_max", "phi", "weight_norm")
    measured(out, *asked)
    _, recorder = measured(out, *asked, overrides=["measure.settings.phi.iterations=5"])
    assert recorder.counts == (9, 6, "1 worker")
    found, recorder = measured(out, *asked, rows="full")  # of 34 rows, which 512 are too
    assert recorder.counts == (9, 9, "1 worker")
    assert set(found["rows"].to_pylist()) == {34}
    found, recorder = measured(out, *asked, trials=[0, 2], rescale=2.0)
    assert recorder.counts == (12, 6, "1 worker")
    assert set(found["trial"].to_pylist()) == {0, 2}
    assert found["rescaling"].to_pylist().count(2.0) * 2 == found.num_rows
    keys = load(out).curvature.select(KEYS).to_pylist()
    assert len({tuple(key.values()) for key in keys}) == len(keys)


def test_runs_without_a_minimiser_are_counted(tmp_path):
    rates = ("search.sampler='grid'", "space.optimizer='sgd'", "optimizer={}", "budget.epochs=20", "space.batch_size=5")
    search(sweep(*rates, "space.learning_rate=[0.01,50.0]"), out=tmp_path / "one", workers=1)
    found, recorder = measured(tmp_path / "one", "weight_norm", which=["final", "best"])
    assert recorder.notes[0] == "1 of 2 runs have no minimiser to measure: 1 diverged"
    assert found["trial"].to_pylist() == [0, 0]
    search(sweep(*rates, "space.learning_rate=[50.0]"), out=tmp_path / "none", workers=1)
    found, recorder = measured(tmp_path / "none")
    assert (found.num_rows, recorder.counts[:2]) == (0, (0, 0))
    assert found.schema.equals(load(tmp_path / "none").curvature.schema)


def test_parameters_are_read_as_they_are_needed(out, monkeypatch):
    from sweepgd.minimisers import measure_recorded

    whole, _ = measured(out, "weight_norm", "distance")
    monkeypatch.setattr(measure_recorded, "READ_BYTES", 1)
    asked = []
    monkeypatch.setattr(
        measure_recorded.Results,
        "minima_of",
        lambda self, trials, of=measure_recorded.Results.minima_of: asked.append(trials) or of(self, trials),
    )
    norms, _ = measured(out, "weight_norm", seed=1)
    assert asked == [[0], [1], [2]]
    assert norms["value"].to_pylist() == whole.filter(pc.field("measure") == "weight_norm")["value"].to_pylist()
    by_hand = [np.linalg.norm(row) for row in load(out).minima.filter(pc.field("which") == "final")["parameters"].to_pylist()]
    assert norms["value"].to_pylist() == pytest.approx(by_hand)


def test_what_was_measured_is_in_whole_parts_and_the_search_goes_on(out):
    found, _ = measured(out, "distance")
    assert [path.name for path in (out / "log").glob("*.log")] == ["000002.log"]  # of the newest part
    assert pa.parquet.ParquetFile(out / "curvature" / "000002.parquet").metadata.num_rows == found.num_rows == 3
    more = search(sweep("search.trials=4"), out=out, workers=1)
    assert more.trials["trial"].to_pylist() == [0, 1, 2, 3]
    assert measured(out, "distance")[1].counts == (4, 3, "1 worker")

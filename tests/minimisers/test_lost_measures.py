"""Measures whose worker fails, dies or hangs."""

import pyarrow.compute as pc
import pytest
from linear_sweep import sweep
from minimisers.recorded_searches import SHAKY, measured

from sweepgd import load, measure, search
from sweepgd.core.errors import UsageError
from sweepgd.curvature.catalogue import UNMEASURED


def test_what_was_lost_is_tried_again_and_gives_way_to_the_value(tmp_path):
    out = tmp_path / "out"
    asked = ("model.name='shaky'", "model.peril=4", "search.trials=1", "measure={measures=['trace'],rescale=2.0}")
    search(sweep(*asked), out=out, workers=1, plugins=[SHAKY])
    lost = load(out).curvature.filter(pc.field("rescaling") == 2.0)
    assert lost["message"].to_pylist() == [f"{UNMEASURED}model 'shaky' of {SHAKY}: RuntimeError: it is [broken]"]
    found, recorder = measured(out, "trace", rescale=2.0, plugins=[SHAKY])
    assert recorder.counts == (2, 1, "1 worker")
    assert [result.failed for result in recorder.results] == [True]
    assert found["rescaling"].to_pylist() == [1.0, 2.0]
    assert load(out).curvature.num_rows == 3


def test_a_worker_that_dies_costs_one_measure_of_one_minimiser(tmp_path):
    out = tmp_path / "out"
    search(sweep("model.name='shaky'", "model.peril=3", "search.trials=2"), out=out, workers=1, plugins=[SHAKY])
    found, recorder = measured(out, "distance", "lambda_max", "weight_norm", plugins=[SHAKY])
    assert sorted(result.failed for result in recorder.results) == [False] * 4 + [True] * 2
    lost = found.filter(pc.is_null(found["value"]))
    assert lost["measure"].to_pylist() == ["lambda_max"] * 2
    why = f"{UNMEASURED}model 'shaky' of {SHAKY}: the worker process ended by signal SIGSEGV"
    assert set(lost["message"].to_pylist()) == {why}
    with pytest.raises(UsageError, match=r"was run with a plugin file shaky\.py: give it with --plugin"):
        measure(out)


def test_a_measure_that_hangs_is_given_up_in_time_and_the_others_are_taken(tmp_path):
    out = tmp_path / "out"
    search(sweep("model.name='shaky'", "model.peril=2", "search.trials=1"), out=out, workers=1, plugins=[SHAKY])
    found, _ = measured(out, "distance", "trace", "weight_norm", plugins=[SHAKY], timeout=4)
    by_name = {row["measure"]: row for row in found.to_pylist()}
    assert by_name["trace"]["message"] == f"{UNMEASURED}model 'shaky' of {SHAKY}: stopped at the time limit of 4 s"
    assert None not in (by_name["distance"]["value"], by_name["weight_norm"]["value"])

"""The choice of a recorded model, and records of which none can be made."""

import json
import shutil
from pathlib import Path

import pytest

import sweepgd
from sweepgd.analysis.best import best
from sweepgd.core.errors import SweepgdError, UsageError

RECORDS = Path(__file__).parents[1] / "record"


@pytest.mark.parametrize("name", ["schema_version_1", "schema_version_2", "shared"])
def test_models_of_earlier_records_have_their_recorded_loss(name):
    results = sweepgd.load(RECORDS / name)
    model = results.model()
    origin = model.header.provenance
    assert origin.trial == best(results.trials, 1)["trial"][0].as_py()
    scores = model.evaluate_part()
    assert scores.loss == pytest.approx(origin.recorded.test_loss, rel=1e-5)  # of another processor
    for trial, which in ((0, "best"), (1, "final")):
        other = results.model(trial, 0, which)
        assert other.evaluate_part("validation").loss == pytest.approx(
            other.header.provenance.recorded.validation_loss, rel=1e-5
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"trial": 99}, "has no trial 99: give a number from 0 to"),
        ({"trial": 0, "replicate": 7}, "trial 0 has no replicate 7: give a number from 0 to 0"),
        ({"replicate": 0}, "a replicate needs the trial that it belongs to: give the trial too"),
        ({"which": "first"}, "no weights 'first': give final or best"),
    ],
)
def test_a_model_that_does_not_exist_is_a_usage_error(given, message):
    with pytest.raises(UsageError) as caught:
        sweepgd.load(RECORDS / "schema_version_2").model(**given)
    assert message in str(caught.value)


def test_the_replicate_with_the_lowest_objective_is_chosen(tmp_path):
    from linear_sweep import sweep

    out = sweepgd.search(
        sweep("search.trials=2", "search.replicates=3", "search.objective='best_validation_loss'"),
        out=tmp_path / "out",
        workers=1,
    )
    origin = out.model().header.provenance
    first = best(out.trials, 1)["trial"][0].as_py()
    rows = [row for row in out.trials.to_pylist() if row["trial"] == first]
    assert (origin.trial, origin.replicate) == (first, min(rows, key=lambda row: row["objectives"])["replicate"])
    row = rows[origin.replicate]
    assert origin.recorded.test_loss == row["test_loss"]  # of the weights whose losses are in the table
    assert origin.settings == json.loads(row["settings"])
    assert out.model(first, 1).header.provenance.replicate == 1


def test_a_surface_and_a_record_without_weights_are_refused(tmp_path):
    sweepgd.train("none", "quadratic", epochs=1, out=tmp_path / "surface")
    with pytest.raises(SweepgdError, match=r"the model 'quadratic' takes no rows, so it predicts nothing"):
        sweepgd.load(tmp_path / "surface").model()
    sweepgd.train(
        "synthetic_linear", "linear", epochs=1, batch_size="full", overrides=["record.minima=false"], out=tmp_path / "bare"
    )
    with pytest.raises(SweepgdError, match=r"has no weights, because the sweep has record\.minima = false"):
        sweepgd.load(tmp_path / "bare").model()
    shutil.rmtree(tmp_path / "bare")
    sweepgd.train("synthetic_linear", "linear", epochs=1, learning_rate=1e12, out=tmp_path / "bare")
    with pytest.raises(SweepgdError, match=r"no run of .*bare completed, so no trial is the best"):
        sweepgd.load(tmp_path / "bare").model()

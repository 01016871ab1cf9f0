"""Curvature measured from recorded minimisers, after the search."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tiny import computed, sweep

from sweepgd import load, measure, search
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.curvature.catalogue import MEASURES, UNMEASURED
from sweepgd.minimisers.unmeasured import missing_measures
from sweepgd.record import Store
from sweepgd.record.commit_results import NoProgress
from sweepgd.training.sweep_context import SweepContext

SHAKY = Path(__file__).parents[1] / "isolation" / "plugins" / "shaky.py"
RUNS = ("search.trials=3",)
KEYS = ["trial", "replicate", "which", "measure", "rescaling", "settings"]


class ProgressRecorder(NoProgress):
    """Remembers what it was told."""

    def __init__(self):
        self.notes, self.counts, self.results = [], (), []

    def note(self, what):
        self.notes.append(what)

    def started(self, total, done, where):
        self.counts = (total, done, where)

    def finished(self, result):
        self.results.append(result)


def measured(directory, *names, **how):
    """Return the result of `measure`, and the progress events that it sent."""
    recorder = ProgressRecorder()
    return measure(directory, measures=names or None, workers=1, progress=recorder, **how), recorder


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search without `[measure]`, which tests copy."""
    directory = tmp_path_factory.mktemp("searched")
    search(sweep(*RUNS), out=directory / "out", workers=1)
    return directory / "out"


@pytest.fixture(scope="module")
def norms(searched, tmp_path_factory):
    """Another copy, in which the distances of all runs are measured."""
    directory = Path(shutil.copytree(searched, tmp_path_factory.mktemp("norms") / "out"))
    measured(directory, "distance")
    return directory


@pytest.fixture
def out(searched, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(searched, tmp_path / "out"))


def test_what_is_measured_later_is_what_the_search_would_have_measured(out, tmp_path):
    names = ["lambda_max", "trace", "phi", "noise_scale", "distance"]
    during = search(sweep(*RUNS, f"measure.measures={names}", "measure.which=['final','best']"), out=tmp_path / "during")
    later = measure(out, measures=names, which=["final", "best"], workers=2)
    assert computed(later).equals(computed(during.curvature))
    assert computed(load(out).curvature).equals(computed(during.curvature))


def test_all_of_the_catalogue_is_the_default_and_nothing_is_measured_twice(out):
    found, recorder = measured(out)
    assert recorder.counts == (3 * len(MEASURES), 0, "1 worker")
    assert len(recorder.results) == 3 * len(MEASURES)
    assert found["value"].null_count == 0
    again, recorder = measured(out)
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


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"measures": ["lamda_max"]}, "unknown measure 'lamda_max': did you mean 'lambda_max'?"),
        ({"measures": []}, "measure.measures is empty: give at least one"),
        ({"measures": "lamda_max"}, "unknown measure 'lamda_max': did you mean 'lambda_max'?"),
        ({"measures": ["phi_0.001"]}, "unknown measure 'phi_0.001': it is one of the values of phi: give phi"),
        ({"rows": 2.5}, "rows 2.5: give a whole number"),
        ({"seed": "one"}, "measure.seed = 'one': give a whole number"),
        ({"workers": 0}, "workers 0: give a whole number of at least 1"),
        ({"timeout": 0}, "timeout 0: give more than 0 seconds"),
        ({"rescale": np.inf}, "rescale inf: give a finite number"),
        ({"trials": 0}, "trials 0: give a list of numbers, such as [0]"),
        ({"trials": [range(1, 3), range(7, 10**12)]}, "holds no trials 7 to 999999999999: it has trials 0 to 2"),
        (
            {"measures": ["sam"], "overrides": ["measure.settings.phi.iterations=4"]},
            "--set measure.settings.phi: phi is not measured: add it to the measures",
        ),
        ({"rows": 0}, "measure.rows"),
        ({"rows": "half"}, "measure.rows"),
        ({"which": ["last"]}, "measure.which"),
        ({"rescale": -1.0}, "measure.rescale"),
        ({"dtype": "float16"}, "measure.dtype"),
        ({"trials": [1, 7]}, "holds no trial 7: it has trials 0 to 2"),
        ({"overrides": ["budget.epochs=3"]}, "--set budget.epochs: only keys of [measure]"),
        ({"overrides": ["measure={}"]}, "--set measure: only keys of [measure]"),
        ({"overrides": ["measure.every=2"]}, "measure.every is for measuring during training"),
        ({"rows": 3, "overrides": ["measure.rows=4"]}, "rows and measure.rows contradict each other"),
        (
            {"overrides": ["measure.settings.phi.iteration=4"]},
            "unknown key measure.settings.phi.iteration: did you mean 'iterations'?",
        ),
    ],
)
def test_what_cannot_be_measured_as_asked_is_one_line(searched, how, says):
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        measure(searched, **how)
    assert "\n" not in str(caught.value)
    assert not str(caught.value).startswith("measure: ")


def test_options_may_be_numpys_a_name_a_text_and_a_range_longer_than_the_sweep(out):
    found = measure(
        out, measures="distance", rows=np.int64(20), seed=np.int64(2), rescale=np.float32(2), trials=[range(1, 10**12)]
    )
    assert found["trial"].to_pylist() == [1, 1, 2, 2]
    assert set(found["measure"].to_pylist()) == {"distance"}
    assert set(found["rows"].to_pylist()) == {20}
    assert sorted(found["rescaling"].to_pylist()) == [1.0, 1.0, 2.0, 2.0]


def test_a_measure_that_hangs_is_given_up_in_time_and_the_others_are_taken(tmp_path):
    out = tmp_path / "out"
    search(sweep("model.name='shaky'", "model.peril=2", "search.trials=1"), out=out, workers=1, plugins=[SHAKY])
    found, _ = measured(out, "distance", "trace", "weight_norm", plugins=[SHAKY], timeout=4)
    by_name = {row["measure"]: row for row in found.to_pylist()}
    assert by_name["trace"]["message"] == f"{UNMEASURED}model 'shaky' of {SHAKY}: stopped at the time limit of 4 s"
    assert None not in (by_name["distance"]["value"], by_name["weight_norm"]["value"])


def test_data_that_are_not_those_of_the_minimisers_are_refused(out):
    path = out / "sweep.toml"
    path.write_text(path.read_text().replace("noise = 0.01", "noise = 0.02"))
    with pytest.raises(SweepgdError, match=r"trial 0 of .* was trained on other data than synthetic_linear gives now"):
        measure(out)


def test_a_model_of_another_layout_is_refused(out):
    path = out / "sweep.toml"
    path.write_text(path.read_text().replace('name = "linear"', 'name = "mlp"'))
    with pytest.raises(SweepgdError, match="trial 0 has 3 parameters in another layout than model 'mlp' has here"):
        measure(out, measures=["distance"])
    assert load(out).curvature.num_rows == 0


def test_a_directory_that_a_search_holds_or_that_holds_no_trials_is_refused(out, tmp_path):
    store = Store.open(out, load(out).sweep_toml)
    with pytest.raises(SweepgdError, match="is being written by process"):
        measure(out)
    store.close()
    with pytest.raises(SweepgdError, match="is not a result directory"):
        measure(tmp_path)
    search(sweep(), out=tmp_path / "empty", timeout=1e-9)
    with pytest.raises(SweepgdError, match="holds no trials yet"):
        measure(tmp_path / "empty")


def test_what_was_measured_is_in_whole_parts_and_the_search_goes_on(out):
    found, _ = measured(out, "distance")
    assert [path.name for path in (out / "log").glob("*.log")] == ["000002.log"]  # of the newest part
    assert pa.parquet.ParquetFile(out / "curvature" / "000002.parquet").metadata.num_rows == found.num_rows == 3
    more = search(sweep("search.trials=4"), out=out, workers=1)
    assert more.trials["trial"].to_pylist() == [0, 1, 2, 3]
    assert measured(out, "distance")[1].counts == (4, 3, "1 worker")

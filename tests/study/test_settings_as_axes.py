"""Searches over settings of model and data: equal records anywhere, also continued, in parts and measured afterwards."""

import json
import re

import numpy as np
import pytest
from linear_sweep import assert_same, computed, sweep

from sweepgd import load, measure, merge, search
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.recorded_settings import differing_settings
from sweepgd.analysis.varied_hyperparameters import axes
from sweepgd.core.errors import SweepgdError
from sweepgd.study.footprint import footprint
from sweepgd.study.preparation import prepare
from sweepgd.sweep import configuration_of, space_of
from sweepgd.training.sweep_context import SweepContext

VARIED = """
name = "varied"
[data]
name = "moons"
split = "tail"
[model]
name = "mlp"
[budget]
epochs = 2
[space]
batch_size = [5, "full"]
learning_rate = { low = 0.05, high = 0.5, log = true }
optimizer = ["sgd", "momentum"]
model.hidden = [[3], [4, 2]]
model.activation = ["relu", "tanh"]
model.init_scale = { low = 0.5, high = 2.0, log = true }
[space.data]
rows = [40, 60]
label_noise = [0.0, 0.25]
[optimizer.momentum]
beta = [0.5, 0.9]
[search]
trials = 7
replicates = 2
"""
GRID = ("search.sampler='grid'", "space.learning_rate=0.1", "space.model.init_scale=[1.0]", "space.optimizer='sgd'")
SAMPLERS = {"random": (), "quasi_random": (), "tpe": ("search.generation=3",), "grid": (*GRID, "optimizer={}")}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_two_workers_and_a_continued_search_record_what_one_does(sampler, tmp_path):
    given = (*SAMPLERS[sampler], f"search.sampler='{sampler}'")
    one = search(sweep(*given, text=VARIED), out=tmp_path / "one", workers=1)
    two = search(sweep(*given, text=VARIED), out=tmp_path / "two", workers=2)
    assert_same(one, two)
    for trials in (3, 7):
        search(sweep(*given, f"search.trials={trials}", text=VARIED), out=tmp_path / "again", workers=1)
    assert_same(one, load(tmp_path / "again"))


def test_each_row_has_the_settings_of_its_own_model_and_data(tmp_path):
    trials = search(sweep(*SAMPLERS["grid"], "search.trials=32", text=VARIED), out=tmp_path / "grid", workers=1).trials
    assert len(set(trials["config_id"].to_pylist())) == 32
    rows = trials.select(["model_settings", "data_settings", "settings", "parameters", "batch_size"]).to_pylist()
    for row in rows:
        model, data, whole = (json.loads(row[name]) for name in ("model_settings", "data_settings", "settings"))
        assert (whole["model"], whole["data"]) == (model, data)
        assert whole["configuration"]["model"].items() <= model.items()
        assert whole["configuration"]["data"].items() <= data.items()
        assert list(model) == sorted(model)
        assert row["parameters"] == {3: 2 * 3 + 3 + 3 + 1, 4: 2 * 4 + 4 + 4 * 2 + 2 + 2 + 1}[model["hidden"][0]]
        assert row["batch_size"] in (5, {40: 28, 60: 42}[data["rows"]])
    assert set(differing_settings(trials)) == {"model.hidden", "model.activation", "data.rows", "data.label_noise"}
    assert set(axes(trials)) == {"batch_size", "model.hidden", "model.activation", "data.rows", "data.label_noise"}
    assert [len(np.unique(levels)) for levels in axes(trials).values()] == [3, 2, 2, 2, 2]
    assert configurations(trials).num_rows == 32
    assert dict(trials["hyperparameters"][0].as_py())["data.rows"] == 40.0


def test_a_trial_computes_what_a_sweep_with_its_settings_fixed_does(tmp_path):
    varied = search(sweep(*SAMPLERS["grid"], "search.trials=32", text=VARIED), out=tmp_path / "varied", workers=1)
    fixed = sweep(
        *SAMPLERS["grid"],
        "search.trials=2",
        "space.data={}",
        "space.model={}",
        "data.rows=60",
        "data.label_noise=0.25",
        "model.hidden=[4,2]",
        "model.activation='tanh'",
        text=VARIED,
    )
    alone = search(fixed, out=tmp_path / "alone", workers=1)
    names = ["replicate", "train_loss", "validation_loss", "test_loss", "test_error", "seed", "data_seed", "model_settings"]
    last = varied.trials.slice(varied.trials.num_rows - 4)
    assert computed(last.select([*names, "data_settings"])).equals(computed(alone.trials.select([*names, "data_settings"])))
    assert [text for text in last["model_settings"].to_pylist() if '"init_scale": 1.0' in text] != []


def test_shards_merge_to_the_whole_search_and_points_run_first(tmp_path):
    given = sweep("points=[{optimizer='sgd',batch_size=4,model={hidden=[2]},data={rows=30}}]", text=VARIED)
    whole = search(given, out=tmp_path / "whole", workers=1)
    assert json.loads(whole.trials["model_settings"][0].as_py())["hidden"] == [2]
    assert json.loads(whole.trials["data_settings"][0].as_py())["rows"] == 30
    for index in (1, 2):
        search(given, out=tmp_path / str(index), workers=1, shard=(index, 2))
    assert_same(whole, merge([tmp_path / "1", tmp_path / "2"], tmp_path / "merged"))


def test_measures_taken_afterwards_are_those_of_the_search(tmp_path):
    spec = "measure={measures=['lambda_max','distance'],rows=20}"
    during = search(sweep(spec, text=VARIED), out=tmp_path / "during", workers=1)
    search(sweep(text=VARIED), out=tmp_path / "after", workers=1)
    after = measure(tmp_path / "after", measures=["lambda_max", "distance"], rows=20, workers=2)
    assert after.num_rows == during.curvature.num_rows == 2 * 7 * 2
    keys = [("trial", "ascending"), ("replicate", "ascending"), ("measure", "ascending")]
    one, other = (table.sort_by(keys).select(["trial", "measure", "value", "settings"]) for table in (during.curvature, after))
    assert one.equals(other)
    assert measure(tmp_path / "after", measures=["distance"], rows=20, workers=1).num_rows == 14
    assert load(tmp_path / "after").curvature.num_rows == 28  # nothing is measured twice


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("space.data.subset=[20,50]",),
            "data.rows = 40, data.subset = 50: moons has only 40 rows: give a smaller number",
        ),
        (
            ("space.data.rows=[2,40]",),
            "data.rows = 2, data.label_noise = 0.0: 2 rows minus 1 for validation",
        ),
        (("space.batch_size=[30]",), "batch_size 30 exceeds the 28 training rows of "),
        (("space.data.validation=[0.2,0.0]",), "data.validation = 0.0: search.objective = 'validation_loss', but there are no"),
    ],
)
def test_settings_that_cannot_be_run_are_refused_before_any_trial(overrides, message):
    with pytest.raises(SweepgdError, match=re.escape(message)):
        prepare(sweep(*overrides, "search.sampler='random'", text=VARIED))


def test_prepared_data_are_shared_by_models_and_equal_for_equal_settings():
    context = SweepContext(sweep(*SAMPLERS["grid"], text=VARIED))
    points = list(space_of(context.sweep).grid())
    wide, narrow = (next(point for point in points if point["model.hidden"] == width) for width in ("[4, 2]", "[3]"))
    contexts = [context.of(configuration_of(point)) for point in (wide, narrow, wide)]
    assert contexts[0].data(0) is contexts[1].data(0)
    assert contexts[0] is contexts[2]
    assert contexts[0].architecture.parameters != contexts[1].architecture.parameters
    again = SweepContext(sweep(*SAMPLERS["grid"], text=VARIED)).of(configuration_of(wide))
    assert again.data(0).fingerprint == contexts[0].data(0).fingerprint
    assert np.array_equal(again.initial(1), contexts[0].initial(1))


def test_the_footprint_is_the_mean_of_the_variants():
    context = SweepContext(sweep(*SAMPLERS["grid"], "space.model.hidden=[[3],[300]]", "space.data={}", text=VARIED))
    narrow, wide = (footprint(SweepContext(sweep(f"space={SPACE}", f"model.hidden=[{n}]", text=VARIED)), 1) for n in (3, 300))
    assert footprint(context, 1) == (narrow + wide) // 2


SPACE = "{optimizer='sgd',learning_rate=0.1,batch_size=[5,'full']}"


def test_a_file_of_varied_data_is_moved_and_known_again(tmp_path):
    text = "x,y\n" + "".join(f"{row},{row % 7}\n" for row in range(60))
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    here.write_text(text)
    spec = sweep(
        f"data={{path='{here}',target='y',task='regression',split='tail'}}",
        "space={optimizer='sgd',learning_rate=0.01,batch_size=5,data={subset=[30,60]}}",
        "search={sampler='grid'}",
        "optimizer={}",
    )
    results = search(spec, out=tmp_path / "study", workers=2)
    fingerprints = {json.loads(text)["fingerprint"] for text in results.trials["data_settings"].to_pylist()}
    assert len(fingerprints) == len(set(results.minima["data_fingerprint"].to_pylist())) == 2
    assert set(differing_settings(results.trials)) == {"data.subset"}
    here.rename(there)
    assert measure(tmp_path / "study", measures=["distance"], data_path=there, workers=1).num_rows == 2
    search(spec, out=tmp_path / "study", data_path=there, workers=1)
    there.write_text(text.replace("59,3", "59,4"))
    with pytest.raises(SweepgdError, match="has changed since the sweep was run"):
        measure(tmp_path / "study", measures=["distance"], seed=1, data_path=there, workers=1)

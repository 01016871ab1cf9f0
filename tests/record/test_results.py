import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from recorded import LAYOUT, STARTED, append, finished, measured, supplement, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import CURVATURE, CURVES, MINIMA, TRIALS, Store, TrialRecord, load, parts


def open_store(directory, published, logged):
    """Return an open store with published and with flushed trials."""
    store = Store.open(directory, "name = 'open_store'\n")
    for done in published:
        append(store, done)
    store.publish()
    for done in logged:
        append(store, done)
    store.flush()
    return store


def test_tables_join_published_parts_and_the_log(tmp_path):
    store = open_store(tmp_path, [finished(3, replicates=2), finished(1)], [finished(2), finished(0, replicates=2)])
    results = load(tmp_path)
    keys = [(row["trial"], row["replicate"]) for row in results.trials.select(["trial", "replicate"]).to_pylist()]
    assert keys == [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0), (3, 1)]
    assert results.curves["trial"].to_pylist() == [trial for trial, _ in keys for _ in range(3)]
    assert results.curves["update"].to_pylist() == [0, 10, 20] * 6
    assert results.minima["trial"].to_pylist() == [trial for trial, _ in keys]
    store.close()
    published = load(tmp_path)
    for table in ("trials", "curves", "minima"):
        assert getattr(published, table).equals(getattr(results, table))
    assert results.sweep_toml == "name = 'open_store'\n"


@pytest.mark.parametrize("closed", [False, True], ids=["log", "parts"])
def test_values_are_read_as_they_were_written(tmp_path, closed):
    store = open_store(tmp_path, [], [finished(6, message="ok", seed=2**62, test_loss=np.nan, samples=None)])
    if closed:
        store.close()
    row = load(tmp_path).trials.to_pylist()[0]
    given = finished(6)
    assert row["hyperparameters"] == [("momentum", 0.9)]
    assert row["started_at"] == STARTED
    assert row["seed"] == 2**62
    assert row["validation_loss"] == given.rows[0]["validation_loss"]
    assert row["message"] == "ok"
    assert [row[name] for name in ("test_loss", "samples", "worker", "search_state")] == [None] * 4
    if not closed:
        store.close()


def test_the_order_of_curvature_is_that_of_its_keys(tmp_path):
    rows = [
        measured(trial, replicate, measure, float(place), which=which, rescaling=factor)
        for place, (trial, replicate, which, measure, factor) in enumerate(
            product((0, 1), (0, 1), ("best", "final"), ("lambda_max", "trace"), (1.0, 10.0))
        )
    ]
    tables = []
    for name, order in (("one", [*range(32)]), ("other", np.random.default_rng(0).permutation(32))):
        store = open_store(tmp_path / name, [finished(trial, replicates=2) for trial in (0, 1)], [])
        for index in order[:20]:
            supplement(store, rows[index])
        store.publish()
        for index in order[20:]:
            supplement(store, rows[index])
        store.close()
        tables.append(load(tmp_path / name).curvature)
    assert tables[0]["value"].to_pylist() == [float(place) for place in range(32)]
    assert tables[1].equals(tables[0])


def test_rows_of_one_measure_keep_the_order_of_recording(tmp_path):
    store = open_store(tmp_path, [finished(0)], [])
    for value, settings in ((1.0, "b"), (2.0, "a"), (3.0, "b")):
        supplement(store, measured(0, value=value, settings=settings))
    store.close()
    assert load(tmp_path).curvature["value"].to_pylist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("closed", [False, True], ids=["log", "parts"])
def test_missing_curve_values_are_null(tmp_path, closed):
    paths = {"update": np.arange(2), "position": np.array([[1.0, 2.0], [3.0, 4.0]])}
    losses = {"update": np.arange(3), "train_loss": np.array([1.0, np.nan, np.inf]), "samples": np.arange(3)}
    rows = [{"trial": 0, "replicate": replicate} for replicate in range(3)]
    store = open_store(tmp_path, [], [TrialRecord(0, rows, [paths, losses, {}])])
    if closed:
        store.close()
    curves = load(tmp_path).curves
    assert curves["replicate"].to_pylist() == [0, 0, 1, 1, 1]
    assert curves["position"].to_pylist() == [[1.0, 2.0], [3.0, 4.0], None, None, None]
    assert curves["train_loss"].to_pylist() == [None, None, 1.0, None, np.inf]
    assert curves["samples"].to_pylist() == [None, None, 0, 1, 2]
    if not closed:
        store.close()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_minimum_is_read_in_its_dtype(tmp_path, dtype):
    done = finished(1, replicates=2)
    theta = np.random.default_rng(0).standard_normal(9).astype(dtype)
    done.minima[1] |= {"parameters": theta}
    done.minima.append(done.minima[1] | {"which": "best", "update": 4, "parameters": -theta})
    store = open_store(tmp_path, [finished(0), done], [finished(2)])
    results = load(tmp_path)
    minimum = results.minimum(1, replicate=1)
    assert minimum.parameters.dtype == dtype
    np.testing.assert_array_equal(minimum.parameters, theta)
    np.testing.assert_array_equal(minimum.layout, LAYOUT)
    assert minimum.layout.dtype == np.int64
    assert (minimum.which, minimum.update, minimum.data_fingerprint) == ("final", 30, "f0")
    assert minimum.preprocessing == json.loads('{"standardize": true}')
    np.testing.assert_array_equal(results.minimum(1, 1, "best").parameters, -theta)
    assert results.minimum(2).trial == 2
    with pytest.raises(SweepgdError, match="has no best minimum of trial 0, replicate 0"):
        results.minimum(0, which="best")
    store.close()


def test_minima_of_some_trials_are_a_filter_of_all(tmp_path):
    store = open_store(tmp_path, [finished(0), finished(3, replicates=2)], [finished(2), finished(1)])
    results = load(tmp_path)
    rows = [row for row in results.minima.to_pylist() if row["trial"] in (1, 3)]
    assert len(rows) == 3
    assert results.minima_of([3, 1]).to_pylist() == rows
    store.close()


def test_an_empty_sweep_has_typed_empty_tables(tmp_path):
    Store.open(tmp_path, "").close()
    results = load(str(tmp_path))
    for table, schema in {"trials": TRIALS, "curves": CURVES, "minima": MINIMA, "curvature": CURVATURE}.items():
        assert getattr(results, table).schema.equals(schema)
        assert getattr(results, table).num_rows == 0


def test_versions_are_those_of_the_parts(tmp_path):
    write(tmp_path / "two", [[finished(0)], [finished(1)]])
    found = load(tmp_path / "two").versions()
    assert list(found) == ["numba", "numpy", "schema", "sweepgd"]
    assert (found["numpy"], found["schema"]) == ([np.__version__], ["3"])


def test_a_read_during_a_publication_has_each_trial_once(tmp_path, monkeypatch):
    listed = parts.numbers
    for overtaken in range(4):
        directory = tmp_path / str(overtaken)
        store = open_store(directory, [finished(0)], [finished(1), finished(2)])
        results, calls = load(directory), 0

        def listing(folder: Path, suffix: str, store=store, overtaken=overtaken) -> list[int]:
            nonlocal calls
            calls += 1
            if calls - 1 == overtaken:
                with monkeypatch.context() as inner:
                    inner.setattr(parts, "numbers", listed)
                    store.publish()
            found = listed(folder, suffix)
            # The log is published after it was listed and before it is read.
            if overtaken == 3 and calls == 2:
                with monkeypatch.context() as inner:
                    inner.setattr(parts, "numbers", listed)
                    store.publish()
            return found

        with monkeypatch.context() as patch:
            patch.setattr(parts, "numbers", listing)
            assert results.trials["trial"].to_pylist() == [0, 1, 2]
        store.close()


def test_a_folder_that_is_not_a_result_directory_is_refused(tmp_path):
    with pytest.raises(SweepgdError, match=f"{tmp_path} is not a results directory"):
        load(tmp_path)


def test_a_missing_folder_is_refused_with_a_suggestion(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SweepgdError, match=r"^nowhere does not exist$"):
        load("nowhere")
    (tmp_path / "results" / "nowhere").mkdir(parents=True)
    (tmp_path / "results" / "nowhere" / "sweep.toml").touch()
    with pytest.raises(SweepgdError, match=r"^nowhere does not exist: did you mean results/nowhere\?$"):
        load("nowhere")


def test_a_damaged_part_is_named(tmp_path):
    write(tmp_path, [[finished(0)], [finished(1)]])
    path = tmp_path / "trials" / "000002.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SweepgdError, match=r"000002\.parquet cannot be read") as caught:
        _ = load(tmp_path).trials
    assert "\n" not in str(caught.value)
    with pytest.raises(SweepgdError, match=r"000002\.parquet cannot be read"):
        Store.open(tmp_path, "")


def test_a_part_of_a_newer_schema_version_is_refused(tmp_path):
    write(tmp_path, [[finished(0)]])
    path = tmp_path / "trials" / "000001.parquet"
    table = pq.read_table(path)
    for version, shown in (("4", "4"), ("0", "unknown"), ("two", "unknown")):
        pq.write_table(table.replace_schema_metadata({"sweepgd.schema_version": version}), path)
        with pytest.raises(SweepgdError, match=f"has schema version {shown}, but this sweepgd reads 1 to 3"):
            _ = load(tmp_path).trials


@pytest.mark.parametrize("closed", [False, True], ids=["log", "parts"])
def test_curvature_is_read_with_its_trial_or_from_a_supplement(tmp_path, closed):
    density = {"measure": "spectral_density", "grid": np.array([0.0, 1.0]), "density": np.array([0.5, np.nan]), "seconds": 0.25}
    with_trial = replace(finished(1), curvature=measured(1, **density).curvature)
    store = open_store(tmp_path, [finished(0)], [with_trial])
    supplement(store, measured(0, value=None, message="why not"))
    store.flush()
    if closed:
        store.close()
    later, first = load(tmp_path).curvature.to_pylist()
    assert (later["trial"], later["measure"], later["value"], later["message"]) == (0, "lambda_max", None, "why not")
    assert (later["grid"], later["which"], later["update"]) == (None, "final", None)
    assert (first["trial"], first["value"], first["grid"], first["density"]) == (1, 2.5, [0.0, 1.0], [0.5, None])
    assert (first["message"], first["seconds"], first["settings"]) == (None, 0.25, "{}")
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1]
    if not closed:
        store.close()


def test_a_directory_without_curvature_is_read_and_extended(tmp_path):
    write(tmp_path, [[finished(0)]])
    (tmp_path / "curvature" / "000001.parquet").unlink()
    assert load(tmp_path).curvature.num_rows == 0
    store = Store.open(tmp_path, "")
    supplement(store, measured(0))
    store.close()
    assert load(tmp_path).curvature["value"].to_pylist() == [2.5]
    assert load(tmp_path).trials["trial"].to_pylist() == [0]

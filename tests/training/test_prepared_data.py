"""The prepared data of a process: each once, within limits, and from another process if that has left them."""

import numpy as np

from sweepgd.data import DataSpec
from sweepgd.training import prepared_data
from sweepgd.training.prepared_data import PreparedData, digest_of, leave


def spec(rows):
    return DataSpec(name="synthetic_linear", split="tail", rows=rows)


def got(store, rows, seed=0):
    return store.get(digest_of(spec(rows)), spec(rows), seed=seed, dtype="float32")


def test_equal_tables_are_prepared_once():
    store = PreparedData()
    assert got(store, 50) is got(store, 50)
    assert got(store, 50) is not got(store, 50, seed=1)
    assert digest_of(spec(1000)) == digest_of(DataSpec(name="synthetic_linear", split="tail"))  # the default is written out
    assert digest_of(spec(1000)) != digest_of(spec(999))


def test_the_data_not_used_for_the_longest_time_are_dropped(monkeypatch):
    store = PreparedData()
    first, second = got(store, 50), got(store, 60)
    monkeypatch.setattr(prepared_data, "KEPT_BYTES", first.nbytes + second.nbytes)
    assert got(store, 50) is first
    assert got(store, 40) is got(store, 40)
    assert got(store, 50) is first
    assert got(store, 60) is not second
    monkeypatch.setattr(prepared_data, "KEPT_BYTES", 0)
    assert got(store, 500) is got(store, 500)  # the latest stays


def test_data_left_by_another_process_are_mapped(tmp_path):
    here = got(PreparedData(), 50)
    leave(digest_of(spec(50)), here, tmp_path)
    leave(digest_of(spec(50)), here, tmp_path)
    there = got(PreparedData(tmp_path), 50)
    assert isinstance(there.train.inputs.base, np.memmap)
    assert np.array_equal(there.train.inputs, here.train.inputs)
    assert got(PreparedData(tmp_path), 60).rows == 42

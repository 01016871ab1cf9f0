import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from recorded import abandon, append, file_names, finished, measured, supplement, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import CURVATURE, CURVES, MINIMA, TRIALS, Store, load, parts, publish_schedule

SWEEP = "name = 'tested'\n"


SCHEMAS = {"trials": TRIALS, "curves": CURVES, "minima": MINIMA, "curvature": CURVATURE}


def test_publishing_writes_one_part_per_table_and_starts_a_segment(tmp_path):
    store = Store.open(tmp_path / "out", SWEEP)
    append(store, finished(0, replicates=2))
    append(store, finished(1))
    store.publish()
    for table in SCHEMAS:
        assert file_names(tmp_path / "out", table) == ["000001.parquet"]
    assert file_names(tmp_path / "out", "log", "*.log") == ["000001.log", "000002.log"]
    append(store, finished(2))
    store.close()
    assert file_names(tmp_path / "out") == ["000001.parquet", "000002.parquet"]
    assert file_names(tmp_path / "out", "log", "*") == ["000002.log", "lock"]
    assert (tmp_path / "out" / "sweep.toml").read_text() == SWEEP


def test_parts_have_every_column_typed_and_a_footer(tmp_path):
    write(tmp_path, [[finished(0)]])
    for table, schema in SCHEMAS.items():
        path = tmp_path / table / "000001.parquet"
        assert pq.read_schema(path).equals(schema)
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
        footer = pq.read_metadata(path).metadata
        assert footer[b"sweepgd.schema_version"] == b"3"
        assert len(footer[b"sweepgd.crc32"]) == 8
        assert len(footer[b"sweepgd.sweep_sha256"]) == 64


def test_publishing_no_records_writes_no_part(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    store.publish()
    store.close()
    assert file_names(tmp_path) == []


def test_a_reopened_store_knows_what_is_recorded(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    append(store, finished(4))
    store.publish()
    append(store, finished(9))
    store.flush()
    append(store, finished(11))
    abandon(store)
    again = Store.open(tmp_path, SWEEP)
    assert again.recorded == {4, 9}
    with pytest.raises(ValueError, match="trial 9 is already recorded"):
        append(again, finished(9))
    append(again, finished(11))
    again.close()
    assert load(tmp_path).trials["trial"].to_pylist() == [4, 9, 11]


def test_a_supplement_needs_a_recorded_trial(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    with pytest.raises(ValueError, match="trial 3 is not recorded"):
        supplement(store, measured(3))
    append(store, finished(3))
    supplement(store, measured(3))
    store.flush()
    supplement(store, measured(3, value=7.0))
    abandon(store)
    again = Store.open(tmp_path, SWEEP)
    assert again.recorded == {3}
    supplement(again, measured(3, value=9.0))
    again.close()
    assert sorted(load(tmp_path).curvature["value"].to_pylist()) == [2.5, 9.0]
    assert file_names(tmp_path, "curvature") == file_names(tmp_path) == ["000001.parquet"]


def test_supplements_are_published_by_number_and_by_age(tmp_path, monkeypatch):
    clock = 0.0
    monkeypatch.setattr(publish_schedule, "monotonic", lambda: clock)
    monkeypatch.setattr(publish_schedule, "PART_RECORDS", 3)
    write(tmp_path, [[finished(0)]])
    store = Store.open(tmp_path, SWEEP)
    for value in range(4):
        supplement(store, measured(0, value=float(value)))
        store.publish_if_due()
    assert file_names(tmp_path, "curvature") == ["000001.parquet", "000002.parquet"]
    clock = 31.0
    store.publish_if_due()
    assert file_names(tmp_path, "curvature") == ["000001.parquet", "000002.parquet", "000003.parquet"]
    store.close()
    assert load(tmp_path).curvature["value"].to_pylist() == [0.0, 1.0, 2.0, 3.0]
    assert load(tmp_path).trials["trial"].to_pylist() == [0]


def test_a_large_segment_is_published_in_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "GROUP_BYTES", 1)
    write(tmp_path, [[finished(trial) for trial in range(3)]])
    file = pq.ParquetFile(tmp_path / "minima" / "000001.parquet")
    assert file.num_row_groups == 3
    assert load(tmp_path).minimum(2).parameters.tolist() == finished(2).minima[0]["parameters"].tolist()


def test_parts_grow_with_the_study(tmp_path, monkeypatch):
    clock = 0.0
    monkeypatch.setattr(publish_schedule, "monotonic", lambda: clock)
    monkeypatch.setattr(publish_schedule, "PART_RECORDS", 256)
    store = Store.open(tmp_path, SWEEP)
    sizes = []
    store.publish_if_due()
    for trial in range(3000):
        append(store, finished(trial, points=1))
        store.publish_if_due()
        if store._pace.published != sum(sizes):
            sizes.append(store._pace.published - sum(sizes))
    assert sizes == [256] * 8 + [256, 288, 324]
    clock = 31.0
    store.publish_if_due()
    assert len(file_names(tmp_path)) == 12
    append(store, finished(3000))
    clock = 1000.0
    store.publish_if_due()
    append(store, finished(3001))
    clock = 1090.0
    store.publish_if_due()
    assert len(file_names(tmp_path)) == 13
    clock = 1150.0
    store.publish_if_due()
    assert len(file_names(tmp_path)) == 14
    store.close()


def test_a_log_stays_until_its_parts_have_been_read_back(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    for trial in range(3):
        append(store, finished(trial))
        store.publish()
        if trial == 0:
            part = tmp_path / "minima" / "000001.parquet"
            part.write_bytes(part.read_bytes()[:-1])
    store.close()
    assert file_names(tmp_path, "log", "*.log") == ["000001.log", "000003.log"]


def test_a_second_writer_gets_the_name_of_the_first(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    with pytest.raises(SweepgdError, match=f"is being written by process {os.getpid()} on"):
        Store.open(tmp_path, SWEEP)
    store.close()
    Store.open(tmp_path, SWEEP).close()


def test_a_directory_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SweepgdError, match=r"cannot write .*file"):
        Store.open(tmp_path / "file", SWEEP)
    with pytest.raises(SweepgdError, match=r"cannot write .*below"):
        Store.open(tmp_path / "file" / "below", SWEEP)


def test_a_read_only_folder_is_refused_before_any_trial(tmp_path, monkeypatch):
    Store.open(tmp_path, SWEEP).close()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "minima")
    with pytest.raises(SweepgdError, match=r"cannot write .*minima: Permission denied"):
        Store.open(tmp_path, SWEEP)
    monkeypatch.undo()
    Store.open(tmp_path, SWEEP).close()


def test_a_changed_sweep_replaces_the_text(tmp_path):
    Store.open(tmp_path, SWEEP).close()
    Store.open(tmp_path, SWEEP + "trials = 9\n").close()
    assert (tmp_path / "sweep.toml").read_text() == SWEEP + "trials = 9\n"

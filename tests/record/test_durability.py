"""The order in which a store writes, syncs, renames and removes files: a power cut between any two steps loses nothing."""

import os
import sys
from pathlib import Path

import pytest
from recorded import append, finished, write

from sweepgd.record import Store, encode, parts
from sweepgd.record.compact import compact
from sweepgd.record.schema import SCHEMAS, footer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the path of a descriptor is found as on Linux")

SWEEP = "name = 'written'\n"


@pytest.fixture
def trace(monkeypatch):
    """The changes on the disk: ("fsync", path, size), ("rename", from, to, size), ("remove", path). A folder has size 0."""
    events = []

    def size(path):
        return path.stat().st_size if path.is_file() else 0

    def syncing(descriptor, call=os.fsync):
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        events.append(("fsync", path, size(path)))
        call(descriptor)

    def absolute(path, folder):
        return Path(path) if folder is None else Path(f"/proc/self/fd/{folder}").resolve() / path

    def moving(call):
        def moved(source, target, src_dir_fd=None, dst_dir_fd=None):
            before, after = absolute(source, src_dir_fd), absolute(target, dst_dir_fd)
            events.append(("rename", before, after, size(before)))
            call(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        return moved

    def removing(path, call=os.unlink, dir_fd=None):
        events.append(("remove", absolute(path, dir_fd)))
        call(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", moving(os.replace))
    monkeypatch.setattr(os, "rename", moving(os.rename))
    monkeypatch.setattr(os, "unlink", removing)
    return events


def assert_in_this_order(trace, *events):
    at = 0
    for event in events:
        assert event in trace[at:]
        at = trace.index(event, at) + 1


def renaming(path):
    return ("rename", path.with_name(f".{path.name}.tmp"), path, path.stat().st_size)


def test_a_file_is_synced_before_its_rename_and_the_folder_after(tmp_path, trace):
    store = Store.open(tmp_path, SWEEP)
    for trial in range(3):
        append(store, finished(trial))
        store.publish()
    store.close()
    renames = [at for at, event in enumerate(trace) if event[0] == "rename"]
    files = {trace[at][2] for at in renames}
    assert files >= {tmp_path / "sweep.toml", tmp_path / "log" / "000003.log", *tmp_path.glob("*/*.parquet")}
    for at in renames:
        _, temporary, path, size = trace[at]
        assert trace[at - 1 : at + 2] == [("fsync", temporary, size), trace[at], ("fsync", path.parent, 0)]


def test_a_flush_ends_with_an_fsync(tmp_path, trace):
    store = Store.open(tmp_path, SWEEP)
    append(store, finished(0))
    store.flush()
    log = tmp_path / "log" / "000001.log"
    assert log.stat().st_size > 600
    assert trace[-1] == ("fsync", log, log.stat().st_size)
    store.close()


def test_trials_are_renamed_last_and_a_log_is_removed_after_its_parts(tmp_path, trace):
    store = Store.open(tmp_path, SWEEP)
    for trial in range(2):
        append(store, finished(trial))
        store.publish()
    trials = tmp_path / "trials" / "000001.parquet"
    for table in ("curves", "minima", "curvature"):
        part = tmp_path / table / trials.name
        assert_in_this_order(trace, renaming(part), ("fsync", part.parent, 0), renaming(trials))
    assert_in_this_order(trace, renaming(trials), ("fsync", trials.parent, 0), ("remove", tmp_path / "log" / "000001.log"))
    store.close()


def test_parts_of_an_interrupted_publication_are_synced_before_trials(tmp_path, trace):
    write(tmp_path, [[finished(0)]])
    part = tmp_path / "trials" / "000001.parquet"
    part.unlink()
    trace.clear()
    parts.publish(tmp_path, 1, [encode(finished(0))], footer(SWEEP))
    for table in set(SCHEMAS) - {"trials"}:
        assert_in_this_order(trace, ("fsync", tmp_path / table, 0), renaming(part))


def test_an_incomplete_record_is_copied_and_synced_before_it_is_cut(tmp_path, trace):
    Store.open(tmp_path, SWEEP).close()
    log, torn = tmp_path / "log" / "000001.log", tmp_path / "log" / "000001.torn"
    write(tmp_path, [])
    log.write_bytes(b"sweepgd log 1\nhalf")
    trace.clear()
    Store.open(tmp_path, SWEEP).close()
    assert_in_this_order(trace, ("fsync", torn, 4), ("fsync", log.parent, 0), ("fsync", log, 14))


def test_old_parts_and_logs_are_removed_after_a_durable_compaction(tmp_path, trace):
    write(tmp_path, [[finished(0)], [finished(1)]])
    trace.clear()
    compact(tmp_path)
    begun, complete = tmp_path / ".compacting", tmp_path / "compacted"
    assert_in_this_order(
        trace,
        *(("fsync", begun / table, 0) for table in SCHEMAS),
        ("fsync", begun, 0),
        ("remove", tmp_path / "log" / "000002.log"),
        ("fsync", tmp_path / "log", 0),
        ("rename", begun, complete, 0),
        ("fsync", tmp_path, 0),
        ("rename", complete / "trials", tmp_path / "trials", 0),
        ("fsync", complete, 0),
        ("remove", complete / "trials.before" / "000001.parquet"),
    )

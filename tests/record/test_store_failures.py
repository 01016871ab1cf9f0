"""Failures of a store: full disks, crashes, killed processes and damaged logs."""

import errno
import os
import shutil
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from disk_faults import Crash, Dying
from recorded import abandon, append, file_names, finished, measured, supplement, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, load, parts
from sweepgd.record.compact import compact
from sweepgd.record.log import Log
from sweepgd.record.repair import repair
from sweepgd.record.schema import SCHEMAS
from sweepgd.record.verify import verify

SWEEP = "name = 'tested'\n"


def no_space(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_incomplete_record_is_cut_reported_and_kept(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    assert store.notes == []
    append(store, finished(0))
    store.flush()
    abandon(store)
    log = tmp_path / "log" / "000001.log"
    with log.open("ab") as file:
        file.write(b"half a record")
    again = Store.open(tmp_path, SWEEP)
    torn = log.with_suffix(".torn")
    assert again.notes == [f"the last 13 bytes of {log} are an incomplete record: moved to {torn}"]
    assert torn.read_bytes() == b"half a record"
    again.close()


def test_a_damaged_log_is_ignored_once_its_parts_exist(tmp_path):
    store = Store.open(tmp_path, SWEEP)
    for trial in range(2):
        append(store, finished(trial))
        store.flush()
    copy = shutil.copytree(tmp_path, tmp_path.with_name("copy"))
    store.close()
    for directory in (tmp_path, copy):
        log = directory / "log" / "000001.log"
        data = bytearray(log.read_bytes())
        data[20] ^= 1
        log.write_bytes(data)
    Store.open(tmp_path, SWEEP).close()
    with pytest.raises(SweepgdError, match=rf"000001\.log is damaged: .* not readable; .*: sweepgd verify {copy} --repair"):
        Store.open(copy, SWEEP)
    assert load(copy).trials["trial"].to_pylist() == [1]


def test_a_full_disk_raises_a_problem_and_loses_nothing(tmp_path, monkeypatch):
    store = Store.open(tmp_path, SWEEP)
    append(store, finished(0))
    store.flush()
    replace = os.replace

    def full_for_minima(source, target, **folders):
        if os.path.samestat(os.fstat(folders["dst_dir_fd"]), (tmp_path / "minima").stat()):
            raise OSError(28, "No space left on device", str(target))
        replace(source, target, **folders)

    with monkeypatch.context() as full:
        full.setattr(os, "replace", full_for_minima)
        with pytest.raises(
            SweepgdError, match=rf"cannot write {tmp_path / 'minima' / '000001.parquet'}: No space left on device"
        ):
            store.publish()
    assert file_names(tmp_path, "curves") == ["000001.parquet"]
    assert file_names(tmp_path) == []
    append(store, finished(1))
    store.flush()
    assert load(tmp_path).curves["trial"].to_pylist() == [0, 0, 0, 1, 1, 1]
    store.close()
    results = load(tmp_path)
    assert results.trials["trial"].to_pylist() == [0, 1]
    assert results.curves["trial"].to_pylist() == [0, 0, 0, 1, 1, 1]
    assert results.minima["trial"].to_pylist() == [0, 1]


def test_a_store_opens_while_its_last_parts_have_no_space(tmp_path, monkeypatch):
    """A search needs this: it then pauses until there is space."""
    store = Store.open(tmp_path, SWEEP)
    append(store, finished(0))
    store.flush()
    Log(tmp_path / "log" / "000002.log").close()  # it had begun to publish
    abandon(store)
    with monkeypatch.context() as full:
        full.setattr(parts, "publish", no_space)
        again = Store.open(tmp_path, SWEEP)
    assert again.recorded == {0}
    append(again, finished(1))
    again.close()
    assert file_names(tmp_path) == ["000001.parquet", "000002.parquet"]
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1]


def run_study(directory, flushed):
    """Write a study in two sessions and compact it. `flushed` receives the trials that must not be lost.

    Return True if it crashed.
    """
    store = None
    try:
        for session in ([(0, 1)], [(2,)]):
            store = None
            store = Store.open(directory, SWEEP)
            for group in session:
                for trial in group:
                    append(store, finished(trial, points=2))
                    supplement(store, measured(trial))
                store.flush()
                flushed.update(group)
                store.publish()
            append(store, finished(100 + session[0][0], points=2))
            store.flush()
            flushed.add(100 + session[0][0])
            store.close()
        compact(directory)
    except Crash:
        # A store that crashes in `open` or `close` has already released its files.
        if store is not None and not store._log._file.closed:
            abandon(store)
        return True
    return False


def check(results, flushed):
    trials = results.trials["trial"].to_pylist()
    assert trials == sorted(set(trials))
    assert flushed <= set(trials)
    assert results.curves["trial"].to_pylist() == [trial for trial in trials for _ in range(2)]
    assert results.minima["trial"].to_pylist() == trials
    assert results.curvature["trial"].to_pylist() == [trial for trial in trials if trial < 7]


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_crash_at_any_point_loses_no_flushed_result(tmp_path, every):
    crashes = 0
    while True:
        directory, flushed = tmp_path / str(crashes), set()
        with pytest.MonkeyPatch.context() as patch:
            Dying(crashes, patch)
            died = run_study(directory, flushed)
        if (directory / "sweep.toml").exists():
            check(load(directory), flushed)
        seen = [trial for path in directory.glob("trials/*.parquet") for trial in pq.read_table(path)["trial"].to_pylist()]
        assert sorted(seen) == sorted(set(seen))
        moved = (directory / "compacted").exists()
        before = {path: path.read_bytes() for path in directory.glob("*/*.parquet") if not moved}
        again = Store.open(directory, SWEEP)
        assert flushed <= again.recorded
        append(again, finished(7, points=2))
        again.close()
        check(load(directory), flushed | {7})
        assert all(path.read_bytes() == data for path, data in before.items())
        assert file_names(directory, "log", "*.log") == [file_names(directory)[-1].replace("parquet", "log")]
        if not died:
            break
        crashes += every
    assert crashes > 150
    assert flushed == {0, 1, 2, 100, 102}


WRITER = """
import sys
from pathlib import Path
from recorded import append, finished
from sweepgd.record import Store
store = Store.open(Path(sys.argv[1]), "name = 'killed'")
for trial in range(10**6):
    append(store, finished(trial))
    store.flush()
    print(trial, flush=True)
    if trial % 7 == 6:
        store.publish()
"""


def test_a_killed_process_leaves_its_flushed_results(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True, env=environment)
    told = [int(process.stdout.readline()) for _ in range(60)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    store = Store.open(tmp_path, SWEEP)
    recorded = set(store.recorded)
    store.close()
    assert recorded - set(told) <= {len(told)}
    assert set(told) <= recorded
    assert load(tmp_path).trials["trial"].to_pylist() == sorted(recorded)


def test_a_log_with_runs_missing_from_its_parts_is_kept_and_repaired(tmp_path):
    write(tmp_path / "other", [[finished(7)]])
    store = Store.open(tmp_path / "out", SWEEP)
    for trial in range(2):
        append(store, finished(trial))
    store.flush()
    abandon(store)
    for table in SCHEMAS:
        shutil.copy(tmp_path / "other" / table / "000001.parquet", tmp_path / "out" / table)
    store = Store.open(tmp_path / "out", SWEEP)
    for trial in (2, 3):
        append(store, finished(trial))
        store.publish()
    store.close()
    log = tmp_path / "out" / "log" / "000001.log"
    assert log.exists()
    (finding,) = verify(tmp_path / "out").findings
    assert (finding.path, finding.damage) == (log, True)
    assert finding.reason == "it has rows of trial 0, replicate 0 and 1 more runs, which are in no part"
    with pytest.raises(SweepgdError, match=r"000001\.log holds runs that are missing from its parts; .* --repair$"):
        compact(tmp_path / "out")
    (repaired,) = repair(tmp_path / "out")
    assert (repaired.path, repaired.outcome.partition(";")[0]) == (log, "its undamaged records are published")
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [0, 1, 2, 3, 7]
    assert verify(tmp_path / "out").findings == []
    assert compact(tmp_path / "out") == (4, 1)
    assert load(tmp_path / "out").minima["trial"].to_pylist() == [0, 1, 2, 3, 7]

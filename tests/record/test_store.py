import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from faulty import Crash, Dying
from recorded import append, finished, measured, supplement, write

from sweepgd.problem import Problem
from sweepgd.record import CURVATURE, CURVES, MINIMA, TRIALS, Store, load, pace, parts
from sweepgd.record.compact import compact
from sweepgd.record.log import Log
from sweepgd.record.repair import repair
from sweepgd.record.verify import verify

SWEEP = "name = 'tested'\n"
SCHEMAS = {"trials": TRIALS, "curves": CURVES, "minima": MINIMA, "curvature": CURVATURE}


def names(directory, table="trials", pattern="*.parquet"):
    return sorted(path.name for path in (directory / table).glob(pattern))


def abandon(store):
    """Lets go of what the operating system would take back from a process that died."""
    store._log.close()
    os.close(store._lock)


def test_publishing_makes_a_part_a_table_and_starts_a_segment(tmp_path):
    opened = Store.open(tmp_path / "out", SWEEP)
    append(opened, finished(0, replicates=2))
    append(opened, finished(1))
    opened.publish()
    for table in SCHEMAS:
        assert names(tmp_path / "out", table) == ["000001.parquet"]
    assert names(tmp_path / "out", "log", "*.log") == ["000001.log", "000002.log"]
    append(opened, finished(2))
    opened.close()
    assert names(tmp_path / "out") == ["000001.parquet", "000002.parquet"]
    assert names(tmp_path / "out", "log", "*") == ["000002.log", "lock"]
    assert (tmp_path / "out" / "sweep.toml").read_text() == SWEEP


def test_parts_have_every_column_typed_and_a_footer(tmp_path):
    write(tmp_path, [[finished(0)]])
    for table, schema in SCHEMAS.items():
        path = tmp_path / table / "000001.parquet"
        assert pq.read_schema(path).equals(schema)
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
        footer = pq.read_metadata(path).metadata
        assert footer[b"sweepgd.schema_version"] == b"2"
        assert len(footer[b"sweepgd.crc32"]) == 8
        assert len(footer[b"sweepgd.sweep_sha256"]) == 64


def test_publishing_nothing_leaves_nothing(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    opened.publish()
    opened.close()
    assert names(tmp_path) == []


def test_a_reopened_store_knows_what_is_recorded(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    append(opened, finished(4))
    opened.publish()
    append(opened, finished(9))
    opened.flush()
    append(opened, finished(11))
    abandon(opened)
    again = Store.open(tmp_path, SWEEP)
    assert again.recorded == {4, 9}
    with pytest.raises(ValueError, match="trial 9 is already recorded"):
        append(again, finished(9))
    append(again, finished(11))
    again.close()
    assert load(tmp_path).trials["trial"].to_pylist() == [4, 9, 11]


def test_a_supplement_is_for_a_recorded_trial_and_records_none(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    with pytest.raises(ValueError, match="trial 3 is not recorded"):
        supplement(opened, measured(3))
    append(opened, finished(3))
    supplement(opened, measured(3))
    opened.flush()
    supplement(opened, measured(3, value=7.0))
    abandon(opened)
    again = Store.open(tmp_path, SWEEP)
    assert again.recorded == {3}
    supplement(again, measured(3, value=9.0))
    again.close()
    assert sorted(load(tmp_path).curvature["value"].to_pylist()) == [2.5, 9.0]
    assert names(tmp_path, "curvature") == names(tmp_path) == ["000001.parquet"]


def test_supplements_alone_are_published_when_there_are_many_or_they_are_late(tmp_path, monkeypatch):
    clock = 0.0
    monkeypatch.setattr(pace, "monotonic", lambda: clock)
    monkeypatch.setattr(pace, "PART_RECORDS", 3)
    write(tmp_path, [[finished(0)]])
    opened = Store.open(tmp_path, SWEEP)
    for value in range(4):
        supplement(opened, measured(0, value=float(value)))
        opened.publish_if_due()
    assert names(tmp_path, "curvature") == ["000001.parquet", "000002.parquet"]
    clock = 31.0
    opened.publish_if_due()
    assert names(tmp_path, "curvature") == ["000001.parquet", "000002.parquet", "000003.parquet"]
    opened.close()
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
    monkeypatch.setattr(pace, "monotonic", lambda: clock)
    monkeypatch.setattr(pace, "PART_RECORDS", 256)
    opened = Store.open(tmp_path, SWEEP)
    sizes = []
    opened.publish_if_due()
    for trial in range(3000):
        append(opened, finished(trial, points=1))
        opened.publish_if_due()
        if opened._pace.published != sum(sizes):
            sizes.append(opened._pace.published - sum(sizes))
    assert sizes == [256] * 8 + [256, 288, 324]
    clock = 31.0
    opened.publish_if_due()
    assert len(names(tmp_path)) == 12
    append(opened, finished(3000))
    clock = 1000.0
    opened.publish_if_due()
    append(opened, finished(3001))
    clock = 1090.0
    opened.publish_if_due()
    assert len(names(tmp_path)) == 13
    clock = 1150.0
    opened.publish_if_due()
    assert len(names(tmp_path)) == 14
    opened.close()


def test_a_log_stays_until_its_parts_have_been_read_back(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    for trial in range(3):
        append(opened, finished(trial))
        opened.publish()
        if trial == 0:
            part = tmp_path / "minima" / "000001.parquet"
            part.write_bytes(part.read_bytes()[:-1])
    opened.close()
    assert names(tmp_path, "log", "*.log") == ["000001.log", "000003.log"]


def test_what_is_cut_from_a_log_is_told_and_kept(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    assert opened.notes == []
    append(opened, finished(0))
    opened.flush()
    abandon(opened)
    log = tmp_path / "log" / "000001.log"
    with log.open("ab") as file:
        file.write(b"half a record")
    again = Store.open(tmp_path, SWEEP)
    torn = log.with_suffix(".torn")
    assert again.notes == [f"the last 13 bytes of {log} are of a record that is not whole: cut, and kept in {torn}"]
    assert torn.read_bytes() == b"half a record"
    again.close()


def test_a_log_that_is_damaged_is_no_hindrance_once_its_parts_are_there(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    for trial in range(2):
        append(opened, finished(trial))
        opened.flush()
    copy = shutil.copytree(tmp_path, tmp_path.with_name("copy"))
    opened.close()
    for directory in (tmp_path, copy):
        log = directory / "log" / "000001.log"
        data = bytearray(log.read_bytes())
        data[20] ^= 1
        log.write_bytes(data)
    Store.open(tmp_path, SWEEP).close()
    with pytest.raises(Problem, match=rf"000001\.log cannot be read: .* damaged; .*: sweepgd verify {copy} --repair"):
        Store.open(copy, SWEEP)
    assert load(copy).trials["trial"].to_pylist() == [1]


def test_a_second_writer_is_told_who_writes(tmp_path):
    opened = Store.open(tmp_path, SWEEP)
    with pytest.raises(Problem, match=f"is being written by process {os.getpid()} on"):
        Store.open(tmp_path, SWEEP)
    opened.close()
    Store.open(tmp_path, SWEEP).close()


def test_a_directory_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"cannot write .*file"):
        Store.open(tmp_path / "file", SWEEP)
    with pytest.raises(Problem, match=r"cannot write .*below"):
        Store.open(tmp_path / "file" / "below", SWEEP)


def test_a_read_only_folder_is_refused_before_any_trial(tmp_path, monkeypatch):
    Store.open(tmp_path, SWEEP).close()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "minima")
    with pytest.raises(Problem, match=r"cannot write .*minima: Permission denied"):
        Store.open(tmp_path, SWEEP)
    monkeypatch.undo()
    Store.open(tmp_path, SWEEP).close()


def test_a_changed_sweep_replaces_the_text(tmp_path):
    Store.open(tmp_path, SWEEP).close()
    Store.open(tmp_path, SWEEP + "trials = 9\n").close()
    assert (tmp_path / "sweep.toml").read_text() == SWEEP + "trials = 9\n"


def test_a_full_disk_is_a_problem_that_loses_nothing(tmp_path, monkeypatch):
    opened = Store.open(tmp_path, SWEEP)
    append(opened, finished(0))
    opened.flush()
    replace = os.replace

    def full_for_minima(source, target, **folders):
        if os.path.samestat(os.fstat(folders["dst_dir_fd"]), (tmp_path / "minima").stat()):
            raise OSError(28, "No space left on device", str(target))
        replace(source, target, **folders)

    with monkeypatch.context() as full:
        full.setattr(os, "replace", full_for_minima)
        with pytest.raises(Problem, match=rf"cannot write {tmp_path / 'minima' / '000001.parquet'}: No space left on device"):
            opened.publish()
    assert names(tmp_path, "curves") == ["000001.parquet"]
    assert names(tmp_path) == []
    append(opened, finished(1))
    opened.flush()
    assert load(tmp_path).curves["trial"].to_pylist() == [0, 0, 0, 1, 1, 1]
    opened.close()
    results = load(tmp_path)
    assert results.trials["trial"].to_pylist() == [0, 1]
    assert results.curves["trial"].to_pylist() == [0, 0, 0, 1, 1, 1]
    assert results.minima["trial"].to_pylist() == [0, 1]


def no_space(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_store_whose_last_parts_have_no_room_yet_opens(tmp_path, monkeypatch):
    """As the search does, which pauses until there is room."""
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
    assert names(tmp_path) == ["000001.parquet", "000002.parquet"]
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1]


def a_short_life(directory, flushed):
    """Two sittings of a study, which is then compacted; `flushed` receives the trials that the store has promised to keep."""
    opened = None
    try:
        for sitting in ([(0, 1)], [(2,)]):
            opened = None
            opened = Store.open(directory, SWEEP)
            for group in sitting:
                for trial in group:
                    append(opened, finished(trial, points=2))
                    supplement(opened, measured(trial))
                opened.flush()
                flushed.update(group)
                opened.publish()
            append(opened, finished(100 + sitting[0][0], points=2))
            opened.flush()
            flushed.add(100 + sitting[0][0])
            opened.close()
        compact(directory)
    except Crash:
        # A store that died in open has let go by itself, and one that died in close as well.
        if opened is not None and not opened._log._file.closed:
            abandon(opened)
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
def test_a_crash_at_any_point_loses_nothing_that_was_flushed(tmp_path, every):
    crashes = 0
    while True:
        directory, flushed = tmp_path / str(crashes), set()
        with pytest.MonkeyPatch.context() as patch:
            Dying(crashes, patch)
            died = a_short_life(directory, flushed)
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
        assert names(directory, "log", "*.log") == [names(directory)[-1].replace("parquet", "log")]
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


def test_a_killed_process_leaves_what_it_flushed(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True, env=environment)
    told = [int(process.stdout.readline()) for _ in range(60)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    opened = Store.open(tmp_path, SWEEP)
    recorded = set(opened.recorded)
    opened.close()
    assert recorded - set(told) <= {len(told)}
    assert set(told) <= recorded
    assert load(tmp_path).trials["trial"].to_pylist() == sorted(recorded)


def moved_while_open(tmp_path):
    """Two stores that were opened at one path, the first of which was moved from there with trial 0 in its log."""
    first = Store.open(tmp_path / "out", SWEEP)
    append(first, finished(0))
    first.flush()
    (tmp_path / "out").rename(tmp_path / "moved")
    second = Store.open(tmp_path / "out", SWEEP)
    append(second, finished(1))
    second.flush()
    return first, second


MOVED = r"out was moved, removed or replaced while this command wrote there: what finished is in the log of the folder"


@pytest.mark.parametrize("acts", [["publish", "close"], ["flush", "close"], ["close"]], ids="-".join)
def test_a_directory_that_was_moved_is_left_and_the_new_one_not_touched(tmp_path, acts):
    first, second = moved_while_open(tmp_path)
    append(first, finished(2))
    for act in acts:
        with pytest.raises(Problem, match=MOVED):
            getattr(first, act)()
    second.publish()
    append(second, finished(3))
    second.publish()
    second.close()
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [1, 3]
    assert load(tmp_path / "moved").trials["trial"].to_pylist() == [0, 2]
    Store.open(tmp_path / "moved", SWEEP).close()
    assert names(tmp_path / "moved") == ["000001.parquet"]
    assert [verify(tmp_path / name).findings for name in ("out", "moved")] == [[], []]


def test_a_directory_that_is_moved_while_a_part_is_written_gets_it(tmp_path, monkeypatch):
    """And the new one at its path keeps its own part of the same name."""
    store = Store.open(tmp_path / "out", SWEEP)
    for trial in range(2):
        append(store, finished(trial))
    store.flush()
    made = parts._TABLES["trials"]

    def moving(batch):
        if not (tmp_path / "moved").exists():
            (tmp_path / "out").rename(tmp_path / "moved")
            other = Store.open(tmp_path / "out", SWEEP)
            append(other, finished(9))
            other.close()
        return made(batch)

    monkeypatch.setitem(parts._TABLES, "trials", moving)
    with pytest.raises(Problem, match=MOVED):
        store.publish()
    with pytest.raises(Problem, match=MOVED):
        store.close()
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [9]
    assert load(tmp_path / "moved").trials["trial"].to_pylist() == [0, 1]


def test_a_log_with_runs_that_its_parts_lack_stays_and_is_told_and_repaired(tmp_path):
    write(tmp_path / "other", [[finished(7)]])
    opened = Store.open(tmp_path / "out", SWEEP)
    for trial in range(2):
        append(opened, finished(trial))
    opened.flush()
    abandon(opened)
    for table in SCHEMAS:
        shutil.copy(tmp_path / "other" / table / "000001.parquet", tmp_path / "out" / table)
    opened = Store.open(tmp_path / "out", SWEEP)
    for trial in (2, 3):
        append(opened, finished(trial))
        opened.publish()
    opened.close()
    log = tmp_path / "out" / "log" / "000001.log"
    assert log.exists()
    (finding,) = verify(tmp_path / "out").findings
    assert (finding.path, finding.damage) == (log, True)
    assert finding.reason == "it has rows of trial 0, replicate 0 and 1 more runs, which no part has"
    with pytest.raises(Problem, match=r"000001\.log has runs that its parts do not have; .* --repair$"):
        compact(tmp_path / "out")
    (repaired,) = repair(tmp_path / "out")
    assert (repaired.path, repaired.outcome.partition(";")[0]) == (log, "its other records are published")
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [0, 1, 2, 3, 7]
    assert verify(tmp_path / "out").findings == []
    assert compact(tmp_path / "out") == (4, 1)
    assert load(tmp_path / "out").minima["trial"].to_pylist() == [0, 1, 2, 3, 7]

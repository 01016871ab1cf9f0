"""What is damaged is named, set aside, and made again where a log still holds it; the other rows are read."""

import errno
import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recorded import append, finished, measured, supplement, write

from sweepgd.problem import Problem
from sweepgd.record import Store, encode, load, parts
from sweepgd.record.log import Log
from sweepgd.record.repair import repair
from sweepgd.record.schema import footer
from sweepgd.record.sealed import fault
from sweepgd.record.verify import verify

TABLES = ("trials", "curves", "minima", "curvature")
SWEEP = "name = 'written'\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Three segments: trials 0 and 1, trial 2, and trial 3 with two replicates; the log of the last is still there."""
    directory = tmp_path_factory.mktemp("whole") / "out"
    write(directory, [[finished(0), finished(1)], [finished(2)], [finished(3, 2)]])
    return directory


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "out")


def truncated(data):
    return data[: len(data) // 2]


def empty(data):
    return b""


def flipped(at):
    def damage(data):
        return data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :]

    return damage


DAMAGE = {
    "truncated": truncated,
    "empty": empty,
    "header": flipped(0),
    "page": flipped(60),
    "footer": flipped(-300),
    "end": flipped(-6),
}


def damage(path, how):
    path.write_bytes(DAMAGE[how](path.read_bytes()))


def trials(directory):
    return load(directory).trials["trial"].to_pylist()


def test_trials_that_only_the_log_still_holds_are_told_and_made_again(out):
    part = out / "trials" / "000003.parquet"
    before = part.read_bytes()
    part.unlink()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (part, False)
    assert (
        finding.reason == "it is missing, and log/000003.log holds its rows: the next search makes it again, as --repair does"
    )
    (done,) = repair(out)
    assert (done.path, done.aside, done.outcome) == (part, None, "made again from log/000003.log")
    assert part.read_bytes() == before
    assert verify(out).findings == []


def test_a_part_that_is_none_of_ours_is_told_and_left_alone(out):
    copy = out / "trials" / "copy.parquet"
    shutil.copy(out / "trials" / "000001.parquet", copy)
    assert repair(out) == []
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (copy, False)
    assert finding.reason == "it is no part of this study, and other readers take its rows for some"


def test_a_whole_directory_has_no_findings(out):
    found = verify(out)
    assert (found.files, found.trials, found.findings) == (13, 4, [])
    assert repair(out) == []


def test_every_single_changed_byte_is_noticed(whole, tmp_path):
    path = tmp_path / "000002.parquet"
    data = (whole / "trials" / path.name).read_bytes()
    random = np.random.default_rng(5)
    for at in [*range(16), *random.integers(0, len(data), 200), *range(len(data) - 16, len(data))]:
        changed = bytearray(data)
        changed[at] ^= 1 << random.integers(8)
        path.write_bytes(changed)
        assert fault(path, required=True) is not None


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_part_is_named_and_made_again_from_the_log(out, table, how):
    path = out / table / "000003.parquet"
    before = load(out)
    tables = {name: getattr(before, name) for name in TABLES}
    damage(path, how)
    assert [finding.path for finding in verify(out).damaged] == [path]
    with pytest.raises(Problem, match=rf"000003\.parquet cannot be read: .*: sweepgd verify {out} --repair"):
        getattr(load(out), table)
    (done,) = repair(out)
    assert (done.path, done.aside) == (path, out / "damaged" / table / path.name)
    assert done.outcome == "made again from log/000003.log"
    assert done.aside.exists()
    assert verify(out).findings == []
    for name, rows in tables.items():
        assert getattr(load(out), name).equals(rows)


def test_trials_whose_log_is_gone_are_set_aside_and_can_be_recorded_again(out):
    damage(out / "trials" / "000001.parquet", "page")
    with pytest.raises(Problem, match=r"trials/000001\.parquet cannot be read"):
        Store.open(out, SWEEP)
    done = repair(out)
    assert [each.aside for each in done] == [
        out / "damaged" / table / "000001.parquet" for table in ("trials", "curves", "minima", "curvature")
    ]
    assert done[0].outcome == "trials of 2 trials, 0 to 1, lost; the same sweepgd search runs them again"
    assert trials(out) == [2, 3, 3]
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    assert duckdb.sql(f"select count(*) from '{out}/trials/*.parquet'").fetchall() == [(3,)]
    assert verify(out).findings == []
    store = Store.open(out, SWEEP)
    assert store.recorded == {2, 3}
    append(store, finished(0))
    append(store, finished(1))
    store.close()
    assert trials(out) == [0, 1, 2, 3, 3]
    assert load(out).curves["trial"].to_pylist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 6
    assert verify(out).findings == []


@pytest.mark.parametrize("table", ["trials", "minima"])
def test_parts_and_their_log_both_damaged_are_made_again_as_far_as_it_holds_them(out, table):
    store = Store.open(out, SWEEP)
    append(store, finished(4))
    append(store, finished(5))
    store.close()
    for path in (out / table / "000004.parquet", log := out / "log" / "000004.log"):
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
    found = repair(out)
    assert found[0].path == log
    assert found[0].outcome.startswith("its other records are published; trials that are not recorded now: ")
    started = f"what log/000004.log still holds is made again, the rest of the {table} of 2 trials, 4 to 5, lost"
    assert [each.outcome.startswith(started) for each in found if each.path == out / table / "000004.parquet"] == [True]
    assert len(found) == (5 if table == "trials" else 2)
    assert trials(out) == [0, 1, 2, 3, 3, *([5] if table == "trials" else [4, 5])]
    assert load(out).minima["trial"].to_pylist()[-2:] == [3, 5]
    assert verify(out).findings == []


@pytest.mark.parametrize("table", ["curves", "minima", "curvature"])
def test_what_else_is_lost_leaves_the_trials_and_other_rows(out, table):
    damage(out / table / "000001.parquet", "truncated")
    (done,) = repair(out)
    assert done.aside == out / "damaged" / table / "000001.parquet"
    assert "lost" in done.outcome
    assert trials(out) == [0, 1, 2, 3, 3]
    assert set(getattr(load(out), table)["trial"].to_pylist()) == (set() if table == "curvature" else {2, 3})
    assert verify(out).findings == []


def test_a_part_that_is_missing_or_there_twice_is_named(out):
    (out / "trials" / "000001.parquet").unlink()
    shutil.copy(out / "trials" / "000002.parquet", out / "trials" / "000004.parquet")
    found = {finding.path.relative_to(out).as_posix(): finding.reason for finding in verify(out).damaged}
    assert found["trials/000001.parquet"] == "it is missing beside its curves and minima"
    assert found["trials/000004.parquet"] == "trial 2, replicate 0 more than once"
    assert found["curves/000004.parquet"] == "it is missing"
    repair(out)
    assert trials(out) == [2, 3, 3]
    assert verify(out).findings == []


def test_damage_set_aside_twice_is_kept_twice(out):
    for _ in range(2):
        damage(out / "minima" / "000003.parquet", "empty")
        repair(out)
    assert sorted(os.listdir(out / "damaged" / "minima")) == ["000003.2.parquet", "000003.parquet"]


def test_a_torn_tail_is_no_damage_and_a_damaged_record_costs_itself(out):
    log = out / "log" / "000004.log"
    store = Store.open(out, SWEEP)
    sizes = []
    for trial in (4, 5, 6):
        append(store, finished(trial))
        store.flush()
        sizes.append(log.stat().st_size)
    supplement(store, measured(6))
    store.flush()
    copy = shutil.copytree(out, out.with_name("copy"))
    store.close()
    log = copy / "log" / "000004.log"
    with log.open("ab") as file:
        file.write(b"half a record")
    (finding,) = verify(copy).findings
    assert (finding.path, finding.damage) == (log, False)
    assert finding.reason == "its last 13 bytes are of a record that is not whole"
    assert trials(copy)[-3:] == [4, 5, 6]
    data = bytearray(log.read_bytes())
    data[sizes[1] - 5] ^= 1
    log.write_bytes(data)
    (finding,) = verify(copy).damaged
    assert finding.reason == f"{sizes[1] - sizes[0]} bytes between its records are damaged"
    assert trials(copy)[-2:] == [4, 6]
    repair(copy)
    assert verify(copy).findings == []
    assert trials(copy) == [0, 1, 2, 3, 3, 4, 6]
    assert load(copy).curvature["trial"].to_pylist() == [6]


def test_a_log_that_is_none_is_set_aside(out):
    (out / "log" / "000004.log").write_bytes(b"something else entirely")
    with pytest.raises(Problem, match=r"000004\.log is no log"):
        Store.open(out, SWEEP)
    (finding,) = verify(out).damaged
    assert finding.reason == "it does not begin as a log does"
    repair(out)
    assert verify(out).findings == []
    Store.open(out, SWEEP).close()


def test_a_directory_that_is_being_written_is_verified_and_not_repaired(out):
    store = Store.open(out, SWEEP)
    append(store, finished(9))
    store.flush()
    found = verify(out)
    assert (found.trials, found.findings) == (5, [])
    with pytest.raises(Problem, match="is being written by process"):
        repair(out)
    store.close()


def refusing(error, refused):
    """Opens Parquet files but for one, which raises this error."""

    def opened(path, *arguments, call=pq.ParquetFile, **named):
        if path == refused:
            raise error
        return call(path, *arguments, **named)

    return opened


@pytest.mark.parametrize(
    "error",
    [pa.ArrowMemoryError("malloc of size 64 failed"), MemoryError(), *(OSError(number, "no") for number in (13, 24))],
    ids=repr,
)
def test_what_hinders_reading_a_part_is_no_damage(out, monkeypatch, error):
    path = out / "minima" / "000001.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(pq, "ParquetFile", refusing(error, path))
        for read in (verify, repair, lambda directory: load(directory).minima):
            with pytest.raises(Problem, match=r"minima/000001\.parquet cannot be read: .*no damage of the file"):
                read(out)
    assert not (out / "damaged").exists()
    assert verify(out).findings == []


def test_a_disk_that_cannot_read_is_damage(out, monkeypatch):
    path = out / "minima" / "000001.parquet"
    monkeypatch.setattr(pq, "ParquetFile", refusing(OSError(errno.EIO, "Input/output error"), path))
    assert [finding.path for finding in verify(out).damaged] == [path]


def test_a_damaged_footer_that_asks_for_too_much_memory_is_damage(out, monkeypatch):
    path = out / "minima" / "000001.parquet"
    damage(path, "footer")
    monkeypatch.setattr(pq, "ParquetFile", refusing(pa.ArrowMemoryError("malloc of size 2**60 failed"), path))
    assert [finding.path for finding in verify(out).damaged] == [path]


def test_a_run_that_is_twice_beside_itself_or_in_a_log_too_is_named_and_then_there_once(out):
    again = [encode(finished(5)), encode(finished(5))]
    parts.publish(out, 4, again, footer(SWEEP))
    log = Log(out / "log" / "000005.log")
    for record in (encode(finished(0)), encode(finished(6))):
        log.append(record)
    log.flush()
    log.close()
    found = {finding.path.relative_to(out).as_posix(): finding.reason for finding in verify(out).damaged}
    assert found == {
        "trials/000004.parquet": "trial 5, replicate 0 more than once",
        "log/000005.log": "trial 0, replicate 0 more than once",
    }
    repair(out)
    assert trials(out) == [0, 1, 2, 3, 3, 6]
    assert verify(out).findings == []


@pytest.mark.parametrize("text", [b"name = '\xff'", b"", b"name = "], ids=["no UTF-8", "empty", "no TOML"])
def test_a_sweep_that_can_be_none_is_damage(out, text):
    path = out / "sweep.toml"
    path.write_bytes(text)
    for repaired in (repair(out), []):
        assert repaired == []
        (finding,) = verify(out).damaged
        assert finding.path == path
        assert finding.reason.startswith("it is no sweep: put a copy in its place, or move it away")
    path.unlink()
    Store.open(out, SWEEP).close()
    assert verify(out).findings == []


def test_a_sweep_that_was_changed_since_is_told(out):
    Store.open(out, SWEEP + "trials = 9\n").close()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (out / "sweep.toml", False)
    store = Store.open(out, SWEEP + "trials = 9\n")
    append(store, finished(4))
    store.close()
    assert verify(out).findings == []


def test_what_waits_in_the_log_of_a_command_is_counted(out):
    (out / "log" / "host-1-abc").mkdir()
    log = Log(out / "log" / "host-1-abc" / "000001.log")
    for record in (encode(finished(0)), encode(finished(6)), encode(finished(7, 2))):
        log.append(record)
    log.flush()
    log.close()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (log.path, False)
    assert finding.reason == "2 results wait here for the next sweepgd search"
    assert repair(out) == []
    damage(log.path, "page")
    assert [finding.path for finding in verify(out).damaged] == [log.path]
    before = log.path.read_bytes()
    (done,) = repair(out)
    assert (done.aside, done.outcome) == (None, "the next sweepgd search adds what is whole of it")
    assert log.path.read_bytes() == before


def test_the_directory_to_repair_is_named_also_while_a_compaction_is_not_in_place(out):
    (out / "compacted").mkdir()
    (out / "minima").rename(out / "compacted" / "minima")
    damage(out / "compacted" / "minima" / "000001.parquet", "page")
    with pytest.raises(Problem, match=rf"compacted/minima/000001\.parquet cannot be read: .*: sweepgd verify {out} --repair"):
        _ = load(out).minima

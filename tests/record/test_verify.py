"""Verification and repair of a results directory, apart from damaged parts."""

import errno
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from disk_faults import damage
from recorded import append, finished, measured, supplement

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, encode, load, parts
from sweepgd.record.checksums import fault
from sweepgd.record.log import Log
from sweepgd.record.repair import repair
from sweepgd.record.schema import footer
from sweepgd.record.verify import verify

SWEEP = "name = 'written'\n"


def trials(directory):
    return load(directory).trials["trial"].to_pylist()


def test_a_foreign_parquet_file_is_reported_and_not_changed(out):
    copy = out / "trials" / "copy.parquet"
    shutil.copy(out / "trials" / "000001.parquet", copy)
    assert repair(out) == []
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (copy, False)
    assert finding.reason == "it is not a part of this study, but other programs would read its rows: move it away"


def test_an_undamaged_directory_has_no_findings(out):
    found = verify(out)
    assert (found.files, found.trials, found.findings) == (13, 4, [])
    assert repair(out) == []


def test_every_changed_byte_is_detected(whole, tmp_path):
    path = tmp_path / "000002.parquet"
    data = (whole / "trials" / path.name).read_bytes()
    random = np.random.default_rng(5)
    for at in [*range(16), *random.integers(0, len(data), 200), *range(len(data) - 16, len(data))]:
        changed = bytearray(data)
        changed[at] ^= 1 << random.integers(8)
        path.write_bytes(changed)
        assert fault(path, required=True) is not None


def test_an_incomplete_record_is_no_damage_and_a_changed_one_is(out):
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
    assert finding.reason == "its last 13 bytes are an incomplete record"
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


def test_a_file_that_is_not_a_log_is_set_aside(out):
    (out / "log" / "000004.log").write_bytes(b"something else entirely")
    with pytest.raises(SweepgdError, match=r"000004\.log is not a log"):
        Store.open(out, SWEEP)
    (finding,) = verify(out).damaged
    assert finding.reason == "it does not begin like a log"
    repair(out)
    assert verify(out).findings == []
    Store.open(out, SWEEP).close()


def test_a_directory_in_use_is_verified_but_not_repaired(out):
    store = Store.open(out, SWEEP)
    append(store, finished(9))
    store.flush()
    found = verify(out)
    assert (found.trials, found.findings) == (5, [])
    with pytest.raises(SweepgdError, match="is being written by process"):
        repair(out)
    store.close()


def refusing(error, refused):
    """Return a function that opens Parquet files, and raises `error` for the path `refused`."""

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
def test_errors_of_reading_are_not_damage(out, monkeypatch, error):
    path = out / "minima" / "000001.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(pq, "ParquetFile", refusing(error, path))
        for read in (verify, repair, lambda directory: load(directory).minima):
            with pytest.raises(SweepgdError, match=r"minima/000001\.parquet cannot be read: .*the file is not damaged"):
                read(out)
    assert not (out / "damaged").exists()
    assert verify(out).findings == []


def test_an_input_error_of_the_disk_is_damage(out, monkeypatch):
    path = out / "minima" / "000001.parquet"
    monkeypatch.setattr(pq, "ParquetFile", refusing(OSError(errno.EIO, "Input/output error"), path))
    assert [finding.path for finding in verify(out).damaged] == [path]


def test_a_damaged_footer_that_needs_too_much_memory_is_damage(out, monkeypatch):
    path = out / "minima" / "000001.parquet"
    damage(path, "footer")
    monkeypatch.setattr(pq, "ParquetFile", refusing(pa.ArrowMemoryError("malloc of size 2**60 failed"), path))
    assert [finding.path for finding in verify(out).damaged] == [path]


def test_a_repeated_run_is_named_and_repaired(out):
    again = [encode(finished(5)), encode(finished(5))]
    parts.publish(out, 4, again, footer(SWEEP))
    log = Log(out / "log" / "000005.log")
    for record in (encode(finished(0)), encode(finished(6))):
        log.append(record)
    log.flush()
    log.close()
    found = {finding.path.relative_to(out).as_posix(): finding.reason for finding in verify(out).damaged}
    assert found == {
        "trials/000004.parquet": "it repeats trial 5, replicate 0",
        "log/000005.log": "it repeats trial 0, replicate 0",
    }
    repair(out)
    assert trials(out) == [0, 1, 2, 3, 3, 6]
    assert verify(out).findings == []


@pytest.mark.parametrize("text", [b"name = '\xff'", b"", b"name = "], ids=["no UTF-8", "empty", "no TOML"])
def test_an_invalid_sweep_file_is_damage(out, text):
    path = out / "sweep.toml"
    path.write_bytes(text)
    for repaired in (repair(out), []):
        assert repaired == []
        (finding,) = verify(out).damaged
        assert finding.path == path
        assert finding.reason.startswith("it is not a sweep: replace this file by a copy, or move it away")
    path.unlink()
    Store.open(out, SWEEP).close()
    assert verify(out).findings == []


def test_a_changed_sweep_file_is_reported(out):
    Store.open(out, SWEEP + "trials = 9\n").close()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (out / "sweep.toml", False)
    store = Store.open(out, SWEEP + "trials = 9\n")
    append(store, finished(4))
    store.close()
    assert verify(out).findings == []


def test_results_in_the_log_of_another_command_are_counted(out):
    (out / "log" / "host-1-abc").mkdir()
    log = Log(out / "log" / "host-1-abc" / "000001.log")
    for record in (encode(finished(0)), encode(finished(6)), encode(finished(7, 2))):
        log.append(record)
    log.flush()
    log.close()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (log.path, False)
    assert finding.reason == "it has 2 results that the next sweepgd search adds to the study"
    assert repair(out) == []
    damage(log.path, "page")
    assert [finding.path for finding in verify(out).damaged] == [log.path]
    before = log.path.read_bytes()
    (done,) = repair(out)
    assert (done.aside, done.outcome) == (None, "the next sweepgd search adds the undamaged records of this file")
    assert log.path.read_bytes() == before


def test_the_repair_command_is_right_during_a_compaction(out):
    (out / "compacted").mkdir()
    (out / "minima").rename(out / "compacted" / "minima")
    damage(out / "compacted" / "minima" / "000001.parquet", "page")
    with pytest.raises(
        SweepgdError, match=rf"compacted/minima/000001\.parquet cannot be read: .*: sweepgd verify {out} --repair"
    ):
        _ = load(out).minima

import os

import pytest
from recorded import finished

from sweepgd.core.errors import SweepgdError
from sweepgd.record.log import MAGIC, Log, faults, frames
from sweepgd.record.trial_record import encode


@pytest.fixture
def path(tmp_path):
    return tmp_path / "000001.log"


def write(path, *payloads):
    log = Log(path)
    for payload in payloads:
        log.append(payload)
    log.flush()
    log.close()


def test_flushed_records_are_read_in_order(path):
    write(path, b"one", b"two" * 1000)
    write(path, b"three")
    assert list(frames(path)) == [b"one", b"two" * 1000, b"three"]


def test_a_record_is_not_in_the_file_before_flush(path):
    log = Log(path)
    log.append(b"one")
    assert log.empty
    assert path.read_bytes() == MAGIC
    log.flush()
    assert not log.empty
    assert list(frames(path)) == [b"one"]
    log.close()


def test_a_log_truncated_in_its_last_frame_keeps_the_others(path):
    write(path, b"first", b"second")
    kept = path.stat().st_size
    write(path, encode(finished(7, points=1)))
    whole = path.read_bytes()
    torn = path.with_suffix(".torn")
    for size in range(kept, len(whole)):
        path.write_bytes(whole[:size])
        torn.unlink(missing_ok=True)
        assert list(frames(path)) == [b"first", b"second"]
        Log(path).close()
        assert path.read_bytes() == whole[:kept]
        assert (torn.read_bytes() if torn.exists() else b"") == whole[kept:size]
    write(path, b"third")
    assert list(frames(path)) == [b"first", b"second", b"third"]


@pytest.mark.parametrize("tail", [bytes(40), b"\xff" * 40], ids=["zeros", "ones"])
def test_trailing_garbage_is_cut(path, tail):
    write(path, b"first")
    with path.open("ab") as file:
        file.write(tail)
    assert list(frames(path)) == [b"first"]
    write(path, b"second")
    assert list(frames(path)) == [b"first", b"second"]
    assert path.with_suffix(".torn").read_bytes() == tail


def test_a_changed_byte_loses_only_its_own_frame(path):
    sizes, records = [len(MAGIC)], [encode(finished(trial, points=20)) for trial in range(3)]
    for record in records:
        write(path, record)
        sizes.append(path.stat().st_size)
    whole = path.read_bytes()
    for at in [*range(sizes[1], sizes[1] + 12), sizes[1] + 100, sizes[2] - 1]:
        for bit in range(0, 8, 7):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            assert list(frames(path)) == [records[0], records[2]]
            assert faults(path) == (sizes[2] - sizes[1], 0)


def test_a_changed_byte_in_the_last_frame_is_detected(path):
    write(path, b"first", b"second")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert list(frames(path)) == [b"first"]


def test_a_failed_flush_can_be_repeated(path, monkeypatch):
    log = Log(path)
    log.append(b"first")
    log.flush()
    log.append(b"second")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", _full_disk)
        with pytest.raises(OSError, match="full"):
            log.flush()
    log.append(b"third")
    log.flush()
    log.close()
    assert list(frames(path)) == [b"first", b"second", b"third"]


def _full_disk(descriptor):
    raise OSError(28, "disk full")


def test_a_file_that_is_not_a_log_is_refused_and_not_changed(path):
    path.write_bytes(b"something else entirely")
    with pytest.raises(SweepgdError, match=r"000001\.log is not a log .*: sweepgd verify .* --repair"):
        Log(path)
    assert path.read_bytes() == b"something else entirely"

"""What a search says and leaves when it is to end before all is in parts: asked to, out of time, or out of room."""

import errno
import os
import signal
from time import monotonic

import pytest
from recorded import append, finished
from tiny import assert_same, sweep

from sweepgd import dispatch, load, reporting, search
from sweepgd.interrupts import Stop
from sweepgd.record import NoRoom, Store, pace, parts, store
from sweepgd.record.stopping import GivenUp
from sweepgd.reporting import Reporting, Silence

LONG = ("search.trials=40", "budget.epochs=400")


class Listener(Silence):
    """Who keeps what is said, and presses Ctrl-C when the first trial has finished, or when something is said."""

    def __init__(self, at=None):
        self.at, self.notes, self.heard = at, [], []

    def note(self, what):
        self.notes.append(what)
        if self.at is not None and self.at in what:
            self._interrupt()

    def finished(self, result):
        self.heard.append(result.trial)
        if self.at == "finished" and len(self.heard) == 1:
            self._interrupt()

    def _interrupt(self):
        self.at = None
        os.kill(os.getpid(), signal.SIGINT)


def full(*_):
    raise NoRoom("cannot write it: No space left on device")


def test_an_interrupt_waits_for_no_long_publication(monkeypatch, tmp_path):
    """Neither for the one that it comes before, nor for the last: the log holds all, for the next command."""
    monkeypatch.setattr(pace, "PART_RECORDS", 1)
    for module in (store, reporting):
        monkeypatch.setattr(module, "CLOSE_BYTES", 1000)
    listener = Listener("finished")
    with pytest.raises(KeyboardInterrupt):
        search(sweep(*LONG), out=tmp_path / "out", workers=1, progress=listener)
    assert listener.notes[-1].endswith(
        "B of results are safe in the log: the next command that writes there makes parts of them"
    )
    assert not list((tmp_path / "out" / "trials").iterdir())
    kept = load(tmp_path / "out").trials
    assert sorted(listener.heard) == kept["trial"].to_pylist()
    assert 1 <= kept.num_rows < 40
    with (tmp_path / "out" / "log" / "000002.log").open("ab") as log:
        log.write(b"half a record")
    listener = Listener()
    ended = search(sweep(f"search.trials={kept.num_rows}", LONG[1]), out=tmp_path / "out", progress=listener)
    assert "the last 13 bytes of " in listener.notes[0]
    assert parts.numbers(tmp_path / "out" / "trials", ".parquet")
    assert ended.trials.equals(kept)


# Asked before each of three records, before each of the four tables' row group is written, and before each is sealed.
@pytest.mark.parametrize("answers", [2, 6, 7])
def test_a_publication_that_is_given_up_leaves_nothing_and_can_be_repeated(answers, tmp_path):
    opened = Store.open(tmp_path, "")
    for trial in range(3):
        append(opened, finished(trial))
    asked = iter([False] * answers + [True])
    with pytest.raises(GivenUp):
        opened.publish(lambda: next(asked))
    assert not list((tmp_path / "trials").iterdir())
    append(opened, finished(3))
    opened.publish(lambda: False)
    assert parts.numbers(tmp_path / "trials", ".parquet") == [1, 2]
    opened.close()
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1, 2, 3]


def test_the_parts_before_are_not_read_back_for_who_has_asked_to_stop(monkeypatch, tmp_path):
    """The log that they were made of waits for the next publication; who closes the store does not wait for a long one."""
    monkeypatch.setattr(parts, "GROUP_BYTES", 1)
    opened = Store.open(tmp_path, "")
    for trial in range(3):
        append(opened, finished(trial))
    opened.publish()
    append(opened, finished(3))
    answers = []

    def stop():
        """Once the parts are there, and of those before the second of three row groups was read."""
        answers.append((tmp_path / "trials" / "000002.parquet").exists())
        return answers.count(True) == 3

    opened.publish(stop)
    assert answers.count(True) == 3
    assert parts.numbers(tmp_path / "log", ".log") == [1, 2, 3]
    append(opened, finished(4))
    opened.flush()
    monkeypatch.setattr(store, "CLOSE_BYTES", opened.unpublished_bytes)
    opened.close()
    assert parts.numbers(tmp_path / "trials", ".parquet") == [1, 2, 3]
    assert parts.numbers(tmp_path / "log", ".log") == [1, 3]
    Store.open(tmp_path, "").close()
    assert parts.numbers(tmp_path / "log", ".log") == [3]
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1, 2, 3, 4]


def test_an_interrupt_while_the_last_parts_wait_for_room_is_one(monkeypatch, tmp_path):
    monkeypatch.setattr(Store, "publish", full)
    monkeypatch.setattr(reporting, "RETRY_SECONDS", 0.01)
    with pytest.raises(KeyboardInterrupt):
        search(sweep(), out=tmp_path, workers=1, progress=Listener("paused: "))
    assert load(tmp_path).trials.num_rows == 6


@pytest.mark.parametrize("room", [True, False], ids=["for the log", "for nothing"])
def test_time_is_up_also_while_there_is_no_room(room, monkeypatch, tmp_path):
    listener = Listener()

    def clock():
        """An hour passes once it is paused."""
        return monotonic() + (3601 if any("paused: " in note for note in listener.notes) else 0)

    with monkeypatch.context() as context:
        for module in (dispatch, reporting):
            context.setattr(module, "monotonic", clock)
        context.setattr(reporting, "free_bytes", lambda folder: 0)
        context.setattr(Store, "publish", full)
        if not room:
            context.setattr(Store, "flush", full)
        search(sweep(*LONG), out=tmp_path / "out", workers=1, timeout=3600.0, progress=listener)
    recorded = load(tmp_path / "out").trials.num_rows
    assert len(listener.heard) == recorded
    assert listener.notes[-1] == f"time is up: {recorded} of 40 trials are recorded; the same command goes on"
    lost = [
        note for note in listener.notes if note.endswith(" finished, but there was no room to record it: it will be run again")
    ]
    assert (0 < recorded < 40, len(lost)) == ((True, 0) if room else (False, 1))
    assert_same(search(sweep(*LONG), out=tmp_path / "out"), search(sweep(*LONG), out=tmp_path / "whole"))


def test_a_publication_without_room_still_needs_as_much(monkeypatch, tmp_path):
    opened, listener = Store.open(tmp_path, ""), Listener()
    told = Reporting(opened, listener, Stop())
    append(opened, finished(0))
    opened.flush()
    size = opened.unpublished_bytes

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(reporting, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(reporting, "RESERVE_BYTES", 0)
    monkeypatch.setattr(reporting, "free_bytes", lambda folder: size - 1)
    with monkeypatch.context() as context:
        context.setattr(parts, "publish", fail)
        for _ in range(3):
            told.report(now=True)
            told.unreported = [finished(0)]
    assert told.paused
    assert opened.unpublished_bytes >= size
    assert len(listener.notes) == 1
    told.report(now=True)
    assert listener.notes[1:] == ["there is room again: going on"]
    assert opened.unpublished_bytes < size
    opened.close()

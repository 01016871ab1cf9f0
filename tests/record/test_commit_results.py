"""Messages and results of a search that must end before all results are published: interrupted, timed out, or disk full."""

import errno
import os
import signal
from time import monotonic

import pytest
from linear_sweep import assert_same, sweep
from recorded import append, finished

from sweepgd import load, search
from sweepgd.core.interrupts import Stop
from sweepgd.execution import dispatch
from sweepgd.record import NoRoom, Store, commit_results, parts, publish_schedule, store
from sweepgd.record.commit_results import NoProgress, ResultCommitter
from sweepgd.record.stopping import GivenUp, never

LONG = ("search.trials=40", "budget.epochs=400")


class Listener(NoProgress):
    """Record progress events, and interrupt at the first finished trial, or at a note that contains `at`."""

    def __init__(self, at=None):
        self.at, self.notes, self.finished_trials = at, [], []

    def note(self, what):
        self.notes.append(what)
        if self.at is not None and self.at in what:
            self._interrupt()

    def finished(self, result):
        self.finished_trials.append(result.trial)
        if self.at == "finished" and len(self.finished_trials) == 1:
            self._interrupt()

    def _interrupt(self):
        self.at = None
        os.kill(os.getpid(), signal.SIGINT)


def full(*_):
    raise NoRoom("cannot write it: No space left on device")


def test_an_interrupt_does_not_wait_for_a_long_publication(monkeypatch, tmp_path):
    """Neither the publication during the search nor the last one runs: the next command publishes the log."""
    monkeypatch.setattr(publish_schedule, "PART_RECORDS", 1)
    for module in (store, commit_results):
        monkeypatch.setattr(module, "CLOSE_BYTES", 1000)
    listener = Listener("finished")
    with pytest.raises(KeyboardInterrupt):
        search(sweep(*LONG), out=tmp_path / "out", workers=1, progress=listener)
    assert listener.notes[-1].endswith(
        "B of results are safe in the log; the next command that writes to the directory publishes them"
    )
    assert not list((tmp_path / "out" / "trials").iterdir())
    kept = load(tmp_path / "out").trials
    assert sorted(listener.finished_trials) == kept["trial"].to_pylist()
    assert 1 <= kept.num_rows < 40
    with (tmp_path / "out" / "log" / "000002.log").open("ab") as log:
        log.write(b"half a record")
    listener = Listener()
    ended = search(sweep(f"search.trials={kept.num_rows}", LONG[1]), out=tmp_path / "out", progress=listener)
    assert "the last 13 bytes of " in listener.notes[0]
    assert parts.numbers(tmp_path / "out" / "trials", ".parquet")
    assert ended.trials.equals(kept)


# `stop` is called before each of 3 records, each of the 4 tables' row groups, and each checksum.
@pytest.mark.parametrize("answers", [2, 6, 7])
def test_a_stopped_publication_leaves_no_part_and_can_be_repeated(answers, tmp_path):
    opened = Store.open(tmp_path, "")
    for trial in range(3):
        append(opened, finished(trial))
    replies = iter([False] * answers + [True])
    opened.stop = lambda: next(replies)
    with pytest.raises(GivenUp):
        opened.publish()
    assert not list((tmp_path / "trials").iterdir())
    append(opened, finished(3))
    opened.stop = never
    opened.publish()
    assert parts.numbers(tmp_path / "trials", ".parquet") == [1, 2]
    opened.close()
    assert load(tmp_path).trials["trial"].to_pylist() == [0, 1, 2, 3]


def test_earlier_parts_are_not_read_back_after_a_stop(monkeypatch, tmp_path):
    """Their log is removed at the next publication, and closing the store does not wait for a long one."""
    monkeypatch.setattr(parts, "GROUP_BYTES", 1)
    opened = Store.open(tmp_path, "")
    for trial in range(3):
        append(opened, finished(trial))
    opened.publish()
    append(opened, finished(3))
    answers = []

    def stop():
        """Return True at the third call after the new parts exist: two of the three older row groups were not read."""
        answers.append((tmp_path / "trials" / "000002.parquet").exists())
        return answers.count(True) == 3

    opened.stop = stop
    opened.publish()
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


def test_an_interrupt_while_waiting_for_disk_space(monkeypatch, tmp_path):
    monkeypatch.setattr(Store, "publish", full)
    monkeypatch.setattr(commit_results, "RETRY_SECONDS", 0.01)
    with pytest.raises(KeyboardInterrupt):
        search(sweep(), out=tmp_path, workers=1, progress=Listener("paused: "))
    assert load(tmp_path).trials.num_rows == 6


@pytest.mark.parametrize("space", [True, False], ids=["for the log", "for nothing"])
def test_the_timeout_ends_a_search_on_a_full_disk(space, monkeypatch, tmp_path):
    listener = Listener()

    def clock():
        """Return a time that is an hour later once the search is paused."""
        return monotonic() + (3601 if any("paused: " in note for note in listener.notes) else 0)

    with monkeypatch.context() as context:
        for module in (dispatch, commit_results):
            context.setattr(module, "monotonic", clock)
        context.setattr(commit_results, "free_bytes", lambda folder: 0)
        context.setattr(Store, "publish", full)
        if not space:
            context.setattr(Store, "flush", full)
        search(sweep(*LONG), out=tmp_path / "out", workers=1, timeout=3600.0, progress=listener)
    recorded = load(tmp_path / "out").trials.num_rows
    assert len(listener.finished_trials) == recorded
    assert listener.notes[-1] == f"time is up: {recorded} of 40 trials are recorded; run the same command to continue"
    lost = [
        note
        for note in listener.notes
        if note.endswith("could not be recorded, because the disk is full: their tasks will run again")
    ]
    assert (0 < recorded < 40, len(lost)) == ((True, 0) if space else (False, 1))
    assert_same(search(sweep(*LONG), out=tmp_path / "out"), search(sweep(*LONG), out=tmp_path / "whole"))


def test_a_failed_publication_is_retried_and_reserves_its_space(monkeypatch, tmp_path):
    opened, listener = Store.open(tmp_path, ""), Listener()
    committer = ResultCommitter(opened, listener, Stop())
    append(opened, finished(0))
    opened.flush()
    size = opened.unpublished_bytes

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(commit_results, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(commit_results, "RESERVE_BYTES", 0)
    monkeypatch.setattr(commit_results, "free_bytes", lambda folder: size - 1)
    with monkeypatch.context() as context:
        context.setattr(parts, "publish", fail)
        for _ in range(3):
            committer.report(now=True)
            committer.unreported = [finished(0)]
    assert committer.paused
    assert opened.unpublished_bytes >= size
    assert len(listener.notes) == 1
    committer.report(now=True)
    assert listener.notes[1:] == ["the disk has space again: the command continues"]
    assert opened.unpublished_bytes < size
    opened.close()

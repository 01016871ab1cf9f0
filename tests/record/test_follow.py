"""Readers that follow a directory while it is written: new trials, and what the lock file tells of the search."""

import fcntl
import os
from datetime import UTC, datetime

import pytest
from recorded import append, finished

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, lock
from sweepgd.record.activity import activity
from sweepgd.record.follow import COLUMNS, Follower


def record(store, *trials, replicates=1):
    for trial in trials:
        append(store, finished(trial, replicates))
    store.flush()


def test_each_trial_is_read_once_from_the_log_or_from_a_part(tmp_path):
    store = Store.open(tmp_path, "name = 'followed'\n")
    record(store, 4, 2, replicates=2)
    follower = Follower(tmp_path)
    read = list(follower.new_trials())
    assert [[(row["trial"], row["replicate"]) for row in rows] for rows in read] == [[(4, 0), (4, 1)], [(2, 0), (2, 1)]]
    store.publish()
    record(store, 7)
    log = tmp_path / "log" / "000002.log"
    whole = log.read_bytes()
    with log.open("r+b") as file:  # the writer is in the middle of a record
        file.truncate(len(whole) - 9)
    assert list(follower.new_trials()) == []
    log.write_bytes(whole)
    assert [rows[0]["trial"] for rows in follower.new_trials()] == [7]
    store.publish()
    record(store, 5)
    store.close()
    (rows,) = follower.new_trials()
    assert rows[0]["trial"] == 5
    assert rows[0]["objectives"] == finished(5).rows[0]["objectives"]
    assert set(COLUMNS) <= rows[0].keys()
    assert sorted(rows[0]["trial"] for rows in Follower(tmp_path).new_trials()) == [2, 4, 5, 7]


def test_a_follower_notices_another_directory_at_its_path(tmp_path):
    Store.open(tmp_path / "one", "name = 'one'\n").close()
    follower = Follower(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "aside")
    Store.open(tmp_path / "one", "name = 'two'\n").close()
    with pytest.raises(SweepgdError, match="one was moved or replaced: run the command again"):
        list(follower.new_trials())


def test_the_lock_file_tells_of_a_search_while_it_runs_and_how_it_ended(tmp_path):
    assert not activity(tmp_path).held
    store = Store.open(tmp_path, "name = 'search'\n")
    assert (activity(tmp_path).held, activity(tmp_path).searching) == (True, False)
    store.announce(64, "2 workers")
    told = activity(tmp_path)
    assert (told.searching, told.total, told.where, told.released) == (True, 64, "2 workers", False)
    assert told.holder.startswith(f"process {os.getpid()} on ")
    assert abs((told.began - datetime.now(UTC)).total_seconds()) < 60
    store.close()
    ended = activity(tmp_path)
    assert (ended.held, ended.searching, ended.killed, ended.total) == (False, False, False, 64)
    again = lock.take_lock(tmp_path)
    os.close(again)  # as at the end of a killed process
    assert activity(tmp_path).killed


def test_a_reader_that_looks_at_the_lock_does_not_stop_a_writer(tmp_path, monkeypatch):
    (tmp_path / "log").mkdir()
    lock.release(lock.take_lock(tmp_path))
    reader = os.open(lock.lock_path(tmp_path), os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    monkeypatch.setattr(lock, "sleep", lambda seconds: os.close(reader))
    lock.release(lock.take_lock(tmp_path))

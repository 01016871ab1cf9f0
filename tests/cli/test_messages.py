"""Hundreds of tasks and results between driver and workers at once: none is lost, and nothing deadlocks."""

import os
import signal
import socket

import pytest
from linear_sweep import statuses, sweep

from sweepgd import search
from sweepgd.execution import fork_server
from sweepgd.record.commit_results import NoProgress

MANY = 1000


@pytest.fixture
def one_minute_limit():
    """Raise TimeoutError after 60 s, so that a hanging search fails the test."""

    def raise_timeout(number, frame):
        raise TimeoutError("the search hangs")

    before = signal.signal(signal.SIGALRM, raise_timeout)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("one_minute_limit")
def test_small_pipes_do_not_deadlock_the_driver_and_its_workers(tmp_path, monkeypatch):
    """A pipe holds 8 KB on macOS, less than the tasks that a worker is sent at once."""

    def small_pipe(pipe=fork_server.context.Pipe):
        ends = pipe()
        for end in ends:
            with socket.socket(fileno=os.dup(end.fileno())) as copy:
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return ends

    monkeypatch.setattr(fork_server.context, "Pipe", small_pipe)
    results = search(sweep(f"search.trials={MANY}"), out=tmp_path / "out", workers=2)
    assert results.trials["trial"].to_pylist() == list(range(MANY))


class KillsOneWorker(NoProgress):
    """Kills the worker of the trial that finishes first."""

    def __init__(self):
        self.killed = False

    def finished(self, result):
        if not self.killed:
            self.killed = True
            _, _, worker = result.finished.rows[0]["worker"].rpartition(":")
            os.kill(int(worker), signal.SIGKILL)


@pytest.mark.usefixtures("one_minute_limit")
def test_no_trial_is_lost_if_a_worker_with_many_tasks_is_killed(tmp_path):
    results = search(sweep(f"search.trials={MANY}"), out=tmp_path / "out", workers=2, progress=KillsOneWorker())
    assert sorted(results.trials["trial"].to_pylist()) == list(range(MANY))
    assert statuses(results) == ["completed"] * MANY
    assert len(set(results.trials["worker"].to_pylist())) == 3

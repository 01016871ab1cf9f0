"""Hundreds of tasks and results on their way at once: none is lost or waited for in vain."""

import os
import signal
import socket

import pytest
from tiny import statuses, sweep

from sweepgd import processes, search
from sweepgd.reporting import Silence

MANY = 1000


@pytest.fixture
def no_longer_than_a_minute():
    """A search that hangs raises."""

    def give_up(number, frame):
        raise TimeoutError("the search hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("no_longer_than_a_minute")
def test_pipes_that_hold_little_do_not_make_parent_and_worker_wait_for_each_other(tmp_path, monkeypatch):
    """As on macOS, where a pipe holds 8 KB: less than the tasks that a worker is sent at once."""

    def small_pipe(pipe=processes.context.Pipe):
        ends = pipe()
        for end in ends:
            with socket.socket(fileno=os.dup(end.fileno())) as copy:
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return ends

    monkeypatch.setattr(processes.context, "Pipe", small_pipe)
    results = search(sweep(f"search.trials={MANY}"), out=tmp_path / "out", workers=2)
    assert results.trials["trial"].to_pylist() == list(range(MANY))


class KillsOneWorker(Silence):
    """Kills the worker of the first trial to be finished."""

    def __init__(self):
        self.killed = False

    def finished(self, result):
        if not self.killed:
            self.killed = True
            _, _, worker = result.finished.rows[0]["worker"].rpartition(":")
            os.kill(int(worker), signal.SIGKILL)


@pytest.mark.usefixtures("no_longer_than_a_minute")
def test_a_worker_killed_with_many_tasks_costs_no_trial(tmp_path):
    results = search(sweep(f"search.trials={MANY}"), out=tmp_path / "out", workers=2, progress=KillsOneWorker())
    assert sorted(results.trials["trial"].to_pylist()) == list(range(MANY))
    assert statuses(results) == ["completed"] * MANY
    assert len(set(results.trials["worker"].to_pylist())) == 3

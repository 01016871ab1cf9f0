"""The worker pool: crashed, killed and drained workers, and scripts without a main guard."""

import os
import signal
import subprocess
import sys
from collections import deque
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path

import pytest
from linear_sweep import LINEAR, assert_same, statuses, sweep, sweep_file
from session import alive
from waiting import NEVER_SECONDS, wait_until
from worker_tasks import Task, exits, killed, killed_at_start, waits_for_gate

from sweepgd import load, search
from sweepgd.core.errors import SweepgdError
from sweepgd.execution import fork_server
from sweepgd.execution import pool as pool_module
from sweepgd.execution.pool import ATTEMPTS, MOST_KILLED_AT_START, Pool
from sweepgd.execution.worker_handle import Lost
from sweepgd.execution.worker_process import WorkerSetup

PERILOUS = Path(__file__).parents[1] / "isolation" / "plugins" / "perilous.py"
SWEEP = (
    LINEAR.replace('optimizer = ["sgd", "momentum"]', 'optimizer = "perilous"')
    .replace("{ low = 1e-3, high = 0.3, log = true }", "0.1")
    .replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[optimizer.perilous]\nperil = [0, 9]")
    .replace("trials = 6", 'sampler = "tpe"\ntrials = 6\ngeneration = 3')
)
SCRIPT = """
import sys
from sweepgd import search
print("once")
results = search(sys.argv[1], out=sys.argv[2], workers=2)
print(set(results.trials["status"].to_pylist()))
"""


def test_a_script_that_calls_search_is_not_run_again_by_the_workers(tmp_path):
    """It has no `if __name__ == "__main__"`, which multiprocessing otherwise needs."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), sweep_file(tmp_path), str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=NEVER_SECONDS)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "once\n{'completed'}\n", "")


def test_an_adaptive_search_continues_after_failed_trials(tmp_path):
    for trials, out in ((6, "whole"), (4, "parts"), (6, "parts")):
        search(sweep(f"search.trials={trials}", text=SWEEP), out=tmp_path / out, workers=2, plugins=[PERILOUS])
    whole, parts = load(tmp_path / "whole"), load(tmp_path / "parts")
    assert_same(whole, parts)
    assert {"completed", "failed"} <= set(statuses(whole))


def test_workers_killed_during_start_up_do_not_count_as_attempts(monkeypatch, tmp_path):
    """Two of three starts fail, and never three in a row, which would be given up."""
    monkeypatch.setattr(pool_module, "MOST_KILLED_AT_START", 3)
    start, begun, notes = fork_server.start, [], []

    def starting(target, *arguments):
        begun.append(target)
        return start(killed_at_start if len(begun) % 3 else target, *arguments)

    monkeypatch.setattr(fork_server, "start", starting)
    with Pool(WorkerSetup(sweep(), killed), 1, notes.append) as pool:
        pool.submit(Task(tmp_path / "times"))
        while pool.busy:
            list(pool.events(timeout=0.1))
    assert (tmp_path / "times").read_text() == "x" * ATTEMPTS
    assert len(begun) == 3 * ATTEMPTS + 1


def test_a_pool_gives_up_if_all_workers_are_killed_during_start_up(monkeypatch, tmp_path):
    start, begun, notes = fork_server.start, [], []
    monkeypatch.setattr(fork_server, "start", lambda target, *given: begun.append(target) or start(killed_at_start, *given))
    with Pool(WorkerSetup(sweep(), killed), 2, notes.append) as pool:
        pool.submit(Task(tmp_path / "times"))
        message = r"^10 workers in a row were killed \(SIGKILL\) during .* use fewer --workers$"
        with pytest.raises(SweepgdError, match=message):
            deque(event for _ in range(100) for event in pool.events(timeout=0.1))
    assert len(begun) == 2 + MOST_KILLED_AT_START - 1


def test_a_task_is_lost_after_its_worker_was_killed_three_times(tmp_path):
    notes = []
    with Pool(WorkerSetup(sweep(), killed), 1, notes.append) as pool:
        pool.submit(Task(tmp_path / "times"))
        events = []
        while pool.busy:
            events += pool.events(timeout=0.1)
    message = "the worker process ended by signal SIGKILL, in each of 3 attempts"
    assert events == [Lost(Task(tmp_path / "times", 3), "failed", message, killed=True)]
    assert (tmp_path / "times").read_text() == "xxx"
    assert notes == ["a worker was killed (SIGKILL): its task starts again in another worker"] * 2


def test_a_pool_of_one_attempt_leaves_the_next_to_its_caller(tmp_path):
    """As that of a helper: the driver counts the attempts."""
    notes, task = [], Task(tmp_path / "times", attempt=2)
    with Pool(WorkerSetup(sweep(), killed), 1, notes.append, attempts=1) as pool:
        pool.submit(task)
        events = []
        while pool.busy:
            events += pool.events(timeout=0.1)
    message = "the worker process ended by signal SIGKILL, in each of 2 attempts"
    assert (events, notes) == ([Lost(task, "failed", message, killed=True)], [])
    assert task.path.read_text() == "x"


@pytest.mark.parametrize("code", [1, 255])  # multiprocessing also returns 255 if the fork server has ended
def test_a_task_that_ends_its_worker_is_not_repeated(code):
    notes, events = [], []
    with Pool(WorkerSetup(sweep(), exits), 1, notes.append) as pool:
        pool.submit(code)
        while pool.busy:
            events += pool.events(timeout=0.1)
    assert events == [Lost(code, "failed", f"the worker process ended with exit code {code}")]
    assert notes == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")
def test_tasks_are_repeated_after_the_fork_server_was_killed(tmp_path):
    """Only the fork server knows how a worker ended; a new one is started for the next worker."""
    notes, task = [], Task(tmp_path / "task")
    with Pool(WorkerSetup(sweep(), waits_for_gate), 1, notes.append) as pool:
        pool.submit(task)
        wait_until(lambda: list(pool.events(timeout=0.1)) or task.path.exists())
        (worker,) = pool._workers
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        wait_until(lambda: list(pool.events(timeout=0.1)) or notes)
        wait_until(lambda: worker.process.pid not in {process.pid for process in alive(os.getsid(0))})
        (tmp_path / "open").touch()
        ended = []
        wait_until(lambda: ended.extend(pool.events(timeout=0.1)) or not pool.busy)
    assert [event.task for event in ended] == [replace(task, attempt=2)]
    assert notes == ["a worker was killed (SIGKILL): its task starts again in another worker"]


def test_a_process_that_cannot_start_gives_one_line(monkeypatch):
    def refuse(process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(fork_server.context.Process, "start", refuse)
    line = r"^cannot start a worker process: BlockingIOError: .*unavailable; use fewer --workers, or try again$"
    with pytest.raises(SweepgdError, match=line):
        fork_server.start(print)


def test_draining_finishes_the_running_task_only(tmp_path):
    first, second = Task(tmp_path / "first"), Task(tmp_path / "second")
    with Pool(WorkerSetup(sweep(), waits_for_gate), 1, print) as pool:
        for task in (first, second):
            pool.submit(task)
        wait_until(lambda: list(pool.events(timeout=0.1)) or first.path.exists())
        list(pool.events(timeout=0.1))
        (worker,) = pool._workers
        assert (worker.tasks, worker.unsent) == ([first, second], [])  # it holds both
        pool.drain()
        (tmp_path / "open").touch()
        ended = []
        wait_until(lambda: ended.extend(pool.events(timeout=0.1)) or not pool.busy)
    assert [event.task for event in ended] == [first]
    assert not second.path.exists()

"""Workers and those who call them: scripts without a guard, and samplers that a crashed trial has nothing to tell."""

import os
import signal
import subprocess
import sys
from collections import deque
from multiprocessing import forkserver
from pathlib import Path

import pytest
from deadly import ends, gated, killed, still_born
from session import alive
from tiny import LINEAR, assert_same, statuses, sweep, sweep_file
from waiting import NEVER_SECONDS, wait_until

from sweepgd import load, processes, search
from sweepgd.problem import Problem
from sweepgd.worker import Lost
from sweepgd.worker_process import WorkerSetup
from sweepgd.workers import ATTEMPTS, STILLBORN, Pool

PERILOUS = Path(__file__).parent / "isolation" / "plugins" / "perilous.py"
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
    """Without `if __name__ == "__main__"`, which multiprocessing otherwise wants."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), sweep_file(tmp_path), str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=NEVER_SECONDS)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "once\n{'completed'}\n", "")


def test_what_an_adaptive_sampler_cannot_be_told_it_goes_on_without(tmp_path):
    for trials, out in ((6, "whole"), (4, "parts"), (6, "parts")):
        search(sweep(f"search.trials={trials}", text=SWEEP), out=tmp_path / out, workers=2, plugins=[PERILOUS])
    whole, parts = load(tmp_path / "whole"), load(tmp_path / "parts")
    assert_same(whole, parts)
    assert {"completed", "failed"} <= set(statuses(whole))


def test_workers_that_are_killed_before_they_begin_are_no_attempts(monkeypatch, tmp_path):
    start, begun, notes = processes.start, [], []

    def starting(target, *arguments):
        begun.append(target)
        return start(still_born if len(begun) <= ATTEMPTS else target, *arguments)

    monkeypatch.setattr(processes, "start", starting)
    with Pool(WorkerSetup(sweep(), killed), 1, notes.append) as pool:
        pool.submit(tmp_path / "times")
        while pool.busy:
            list(pool.events(timeout=0.1))
    assert (tmp_path / "times").read_text() == "x" * ATTEMPTS
    assert len(begun) == 2 * ATTEMPTS + 1


def test_workers_that_are_all_killed_before_they_begin_are_given_up(monkeypatch, tmp_path):
    start, begun, notes = processes.start, [], []
    monkeypatch.setattr(processes, "start", lambda target, *given: begun.append(target) or start(still_born, *given))
    with Pool(WorkerSetup(sweep(), killed), 2, notes.append) as pool:
        pool.submit(tmp_path / "times")
        told = r"^10 workers in a row were killed \(SIGKILL\) before .* give fewer --workers$"
        with pytest.raises(Problem, match=told):
            deque(event for _ in range(100) for event in pool.events(timeout=0.1))
    assert len(begun) == 2 + STILLBORN - 1


def test_a_task_whose_worker_is_killed_each_time_is_given_up(tmp_path):
    notes = []
    with Pool(WorkerSetup(sweep(), killed), 1, notes.append) as pool:
        pool.submit(tmp_path / "times")
        events = []
        while pool.busy:
            events += pool.events(timeout=0.1)
    message = "the worker process ended by signal SIGKILL, in each of 3 attempts"
    assert events == [Lost(tmp_path / "times", "failed", message)]
    assert (tmp_path / "times").read_text() == "xxx"
    assert notes == ["a worker was killed (SIGKILL): what it ran begins anew in another"] * 2


@pytest.mark.parametrize("code", [1, 255])  # 255 is also what multiprocessing gives where the fork server is gone
def test_a_task_that_ends_its_worker_is_not_run_again(code):
    notes, events = [], []
    with Pool(WorkerSetup(sweep(), ends), 1, notes.append) as pool:
        pool.submit(code)
        while pool.busy:
            events += pool.events(timeout=0.1)
    assert events == [Lost(code, "failed", f"the worker process ended with exit code {code}")]
    assert notes == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")
def test_with_the_fork_server_go_its_workers_and_what_they_ran_is_run_again(tmp_path):
    """It alone would know how a worker ended; a new one is started for the next."""
    notes, task = [], tmp_path / "task"
    with Pool(WorkerSetup(sweep(), gated), 1, notes.append) as pool:
        pool.submit(task)
        wait_until(lambda: list(pool.events(timeout=0.1)) or task.exists())
        (worker,) = pool._workers
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        wait_until(lambda: list(pool.events(timeout=0.1)) or notes)
        wait_until(lambda: worker.process.pid not in {process.pid for process in alive(os.getsid(0))})
        (tmp_path / "open").touch()
        ended = []
        wait_until(lambda: ended.extend(pool.events(timeout=0.1)) or not pool.busy)
    assert [event.task for event in ended] == [task]
    assert notes == ["a worker was killed (SIGKILL): what it ran begins anew in another"]


def test_a_process_that_cannot_be_started_is_one_line(monkeypatch):
    def refuse(process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(processes.context.Process, "start", refuse)
    line = r"^cannot start a worker process: BlockingIOError: .*unavailable; give fewer --workers, or try again$"
    with pytest.raises(Problem, match=line):
        processes.start(print)


def test_who_drains_ends_the_task_that_runs_and_begins_none_that_waits(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    with Pool(WorkerSetup(sweep(), gated), 1, print) as pool:
        for task in (first, second):
            pool.submit(task)
        wait_until(lambda: list(pool.events(timeout=0.1)) or first.exists())
        list(pool.events(timeout=0.1))
        (worker,) = pool._workers
        assert (worker.tasks, worker.unsent) == ([first, second], [])  # it holds both
        pool.drain()
        (tmp_path / "open").touch()
        ended = []
        wait_until(lambda: ended.extend(pool.events(timeout=0.1)) or not pool.busy)
    assert [event.task for event in ended] == [first]
    assert not second.exists()

"""Only the loss of a Dask worker counts as an attempt of a trial, not its planned end, and not what Dask counts."""

import os
import re
import sys
from threading import Event, Thread

import pytest
from dask_cluster import DaskCluster
from linear_sweep import LINEAR, sweep

import sweepgd
from sweepgd.execution import transport
from sweepgd.record.commit_results import NoProgress

distributed = pytest.importorskip("distributed", reason="distributed is not installed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

# A schedule that ends the Dask worker, the parent of its helper process, wherever a trial with more than 0.5 of it runs.
EXITING = """
import os
import signal
from pathlib import Path

import numpy as np
from sweepgd.schedules import Schedule
from sweepgd.core.setting import Setting


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def factor(clock, ends):
    pid = os.getpid()
    while ends > 0.5 and pid > 1:
        above = parent(pid)
        if b"sweepgd.execution.helper_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(above, signal.SIGKILL)
        pid = above
    return np.ones(len(clock.updates))


ends = Setting("ends", 0.0, "ends its worker above 0.5", low=0.0, high=1.0)
exiting = Schedule("exiting", factor, (ends,), needs_length=False, source="a test", description="ends its worker")
"""
# A schedule that tells when it begins to sleep for ever, in a process that runs trials.
SLEEPY = """
import time
from multiprocessing import parent_process
from pathlib import Path

import numpy as np
from sweepgd.schedules import Schedule
from sweepgd.core.setting import Setting


def factor(clock, sleeps):
    if sleeps > 0.5 and parent_process() is not None:
        Path({begun!r}).touch()
        time.sleep(1e6)
    return np.ones(len(clock.updates))


sleeps = Setting("sleeps", 0.0, "sleeps above 0.5", low=0.0, high=1.0)
sleepy = Schedule("sleepy", factor, (sleeps,), needs_length=False, source="a test", description="sleeps")
"""
NO_FAILURES = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
LONG = ("budget.epochs=5000", "budget.eval_every=85000")


class Notes(NoProgress):
    """The lines that a search says."""

    def __init__(self):
        self.lines = []
        self.finished_trials = 0

    def note(self, what):
        self.lines.append(what)

    def finished(self, result):
        self.finished_trials += 1


def lost(notes):
    return [line for line in notes.lines if "lost" in line or "again on another" in line]


def at_its_lifetime(client, worker):
    """Begin what Dask does at the end of a worker's lifetime."""

    def end_as_planned(dask_worker):
        dask_worker.loop.add_callback(dask_worker.close_gracefully)

    client.run(end_as_planned, workers=[worker])


def retired(client, worker):
    client.wait_for_workers(2)  # the last one could not hand on its data
    assert list(client.retire_workers([worker])) == [worker]


@pytest.mark.parametrize(
    ("workers", "ends"),
    [pytest.param(1, {3: at_its_lifetime}, marks=pytest.mark.slow), (2, {3: at_its_lifetime, 10: retired})],
)
def test_a_worker_that_ends_as_planned_costs_no_attempt(workers, ends, tmp_path):
    """Neither one that leaves its data to another, nor the last one, which cannot. Another comes in its place."""
    with DaskCluster(tmp_path, "--no-nanny", env=NO_FAILURES) as cluster:
        for _ in range(workers):
            cluster.add_worker()
        with distributed.Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers)

            class Retires(Notes):
                def finished(self, result):
                    super().finished(result)
                    if self.finished_trials in ends:
                        ends[self.finished_trials](client, next(iter(client.nthreads())))
                        cluster.add_worker()

            notes = Retires()
            given = sweep(*LONG, "search.trials=30")
            trials = sweepgd.search(given, out=tmp_path / "out", executor=client, progress=notes).trials
    assert trials["trial"].to_pylist() == list(range(30))
    assert set(trials["attempt"].to_pylist()) == {1}
    assert set(trials["status"].to_pylist()) == {"completed"}
    assert lost(notes) == []


def test_a_trial_longer_than_the_life_of_three_workers_fails_and_no_other(monkeypatch, tmp_path):
    """A schedule that sleeps for ever in one of two trials: each worker ends as planned once it has begun to."""
    monkeypatch.setattr(transport, "WHOLE_LIFE", 0.5)  # the time until a busy machine begins a block is part of a life
    begun = tmp_path / "begun"
    (tmp_path / "sleepy.py").write_text(SLEEPY.format(begun=str(begun)))
    text = LINEAR.replace('optimizer = ["sgd", "momentum"]', 'schedule = "sleepy"').replace("[5, 10, 20]", "5")
    text = text.replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[schedule.sleepy]\nsleeps = [0.0, 1.0]")
    given = sweep('search.sampler="grid"', "space.learning_rate=0.1", "search.trials=2", text=text)
    notes, ended = Notes(), Event()
    with DaskCluster(tmp_path, "--no-nanny") as cluster:

        def end_workers():
            while not ended.wait(0.05):
                if begun.exists():
                    begun.unlink()
                    for worker in list(client.nthreads())[:1]:  # none, if the last one has just ended
                        at_its_lifetime(client, worker)
                    cluster.add_worker()

        cluster.add_worker()
        with distributed.Client(cluster.address, set_as_default=False) as client:
            ends = Thread(target=end_workers)
            ends.start()
            try:
                results = sweepgd.search(
                    given, out=tmp_path / "out", executor=client, plugins=[tmp_path / "sleepy.py"], progress=notes
                )
            finally:
                ended.set()
                ends.join()
    rows = results.trials.to_pylist()
    assert [row["trial"] for row in rows] == [0, 1]
    assert {row["attempt"] for row in rows} == {1}
    sleep = [dict(row["hyperparameters"])["schedule.sleeps"] == 1.0 for row in rows]
    assert [row["status"] for row in rows] == ["failed" if sleeps else "completed" for sleeps in sleep]
    assert sum(sleep) == 1
    why = (
        r"schedule 'sleepy' of .*sleepy\.py: did not end in the \d+ s before its worker's walltime, 3 times: give the workers a"
        r" longer walltime, or set fewer epochs or a --trial-timeout"
    )
    assert all(re.fullmatch(why, row["message"]) for row, sleeps in zip(rows, sleep, strict=True) if sleeps)
    assert sum("it waits for a new worker" in line for line in notes.lines) == 2
    assert lost(notes) == []


@pytest.mark.slow
def test_a_trial_that_always_ends_its_worker_is_a_failed_row_and_others_complete(tmp_path):
    """Whatever Dask allows: our own three attempts count."""
    (tmp_path / "exiting.py").write_text(EXITING)
    text = LINEAR.replace('optimizer = ["sgd", "momentum"]', 'schedule = ["exiting", "constant"]')
    text = text.replace(
        "[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[schedule.exiting]\nends = { low = 0.0, high = 1.0 }"
    )
    given = sweep("search.trials=5", text=text)
    notes = Notes()
    with DaskCluster(tmp_path, env=NO_FAILURES) as cluster:
        cluster.add_worker()
        cluster.add_worker()
        with distributed.Client(cluster.address, set_as_default=False) as client:
            results = sweepgd.search(
                given, out=tmp_path / "out", executor=client, plugins=[tmp_path / "exiting.py"], progress=notes
            )
    rows = results.trials.to_pylist()
    assert [row["trial"] for row in rows] == list(range(5))
    exits = [row["schedule"] == "exiting" and dict(row["hyperparameters"])["schedule.ends"] > 0.5 for row in rows]
    assert any(exits)
    assert not all(exits)
    for row, exited in zip(rows, exits, strict=True):
        if exited:
            assert (row["status"], row["attempt"]) == ("failed", 3)
            where = f"schedule 'exiting' of {tmp_path / 'exiting.py'}"
            assert row["message"] == f"{where}: its worker was lost, in each of 3 attempts"
        else:
            assert row["status"] == "completed"
            assert row["attempt"] <= 3

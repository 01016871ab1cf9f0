"""Only the loss of a Dask worker counts as an attempt of a trial, not its planned end, and not what Dask counts."""

import os
import sys

import pytest
from dask_cluster import DaskCluster
from tiny import LINEAR, sweep

import sweepgd
from sweepgd.record.commit_results import NoProgress

distributed = pytest.importorskip("distributed", reason="distributed is not installed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

# A schedule that ends the Dask worker, the parent of its helper process, wherever a trial with more than 0.5 of it runs.
DEADLY = """
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
deadly = Schedule("deadly", factor, (ends,), needs_length=False, source="a test", description="ends its worker")
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
    return [line for line in notes.lines if "lost" in line or "anew" in line]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_ends_as_planned_costs_no_attempt(workers, tmp_path):
    """Neither one that leaves its data to another, nor the last one, which cannot. Another comes in its place."""

    def end_as_planned(dask_worker):
        """Begin what Dask does at the end of a worker's lifetime."""
        dask_worker.loop.add_callback(dask_worker.close_gracefully)

    with DaskCluster(tmp_path, "--no-nanny", env=NO_FAILURES) as cluster:
        for _ in range(workers):
            cluster.add_worker()
        with distributed.Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(workers)

            class Retires(Notes):
                def finished(self, result):
                    super().finished(result)
                    if self.finished_trials == 3:
                        client.run(end_as_planned, workers=[next(iter(client.nthreads()))])
                        cluster.add_worker()

            notes = Retires()
            given = sweep(*LONG, "search.trials=20")
            trials = sweepgd.search(given, out=tmp_path / "out", executor=client, progress=notes).trials
    assert trials["trial"].to_pylist() == list(range(20))
    assert set(trials["attempt"].to_pylist()) == {1}
    assert set(trials["status"].to_pylist()) == {"completed"}
    assert lost(notes) == []


def test_a_trial_that_ends_its_worker_each_time_is_a_failed_row_and_the_others_complete(tmp_path):
    """Whatever Dask allows: our own three attempts count."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    text = LINEAR.replace('optimizer = ["sgd", "momentum"]', 'schedule = ["deadly", "constant"]')
    text = text.replace(
        "[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "[schedule.deadly]\nends = { low = 0.0, high = 1.0 }"
    )
    given = sweep("search.trials=5", text=text)
    notes = Notes()
    with DaskCluster(tmp_path, env=NO_FAILURES) as cluster:
        cluster.add_worker()
        cluster.add_worker()
        with distributed.Client(cluster.address, set_as_default=False) as client:
            results = sweepgd.search(
                given, out=tmp_path / "out", executor=client, plugins=[tmp_path / "deadly.py"], progress=notes
            )
    rows = results.trials.to_pylist()
    assert [row["trial"] for row in rows] == list(range(5))
    ends = [row["schedule"] == "deadly" and dict(row["hyperparameters"])["schedule.ends"] > 0.5 for row in rows]
    assert any(ends)
    assert not all(ends)
    for row, deadly in zip(rows, ends, strict=True):
        if deadly:
            assert (row["status"], row["attempt"]) == ("failed", 3)
            where = f"schedule 'deadly' of {tmp_path / 'deadly.py'}"
            assert row["message"] == f"{where}: its worker was lost, in each of 3 attempts"
        else:
            assert row["status"] == "completed"
            assert row["attempt"] <= 3

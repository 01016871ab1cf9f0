"""`--on slurm`: a cluster of jobs that is made for a search, ends with it, and outlives the walltime of its jobs."""

import os
import re
import subprocess
import sys

import pytest
import slurm
from commands import completed
from linear_sweep import LINEAR, assert_same, sweep, sweep_file
from session import alive
from waiting import wait_until

from sweepgd import load, search
from sweepgd.execution.queues import walltime_seconds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")


def stand_in(folder, *arguments):
    """The environment in which a script stands in for Slurm's `sbatch`, and the folder with the scripts of its jobs."""
    environment = slurm.jobqueue(folder, *arguments)
    jobs = folder / "jobs"
    jobs.mkdir()
    return environment | {"PATH": f"{slurm.STAND_IN}:{environment['PATH']}", "STAND_IN_JOBS": str(jobs)}, jobs


def lifetimes(jobs):
    """The lifetimes that the workers of all jobs are given."""
    return [re.findall(r"--lifetime (\S+)", script.read_text()) for script in jobs.iterdir()]


def test_jobs_of_a_stand_in_run_a_search_to_its_end_and_are_gone(tmp_path):
    """A worker ends a minute before its walltime."""
    environment, jobs = stand_in(tmp_path)
    given = ("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--on", "slurm", "--jobs", "2")
    ended = completed(*given, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "requested 2 jobs from slurm: trials begin when the first job starts\n" in ended.stderr
    assert lifetimes(jobs) == [["1740s"], ["1740s"]]
    wait_until(lambda: not any(alive(int(job.name)) for job in jobs.iterdir()))
    assert_same(load(tmp_path / "out"), search(sweep(), out=tmp_path / "local", workers=1))


@pytest.mark.slow
def test_jobs_that_end_as_planned_are_replaced_and_cost_no_attempt(tmp_path):
    environment, jobs = stand_in(tmp_path, "--lifetime", "10s")
    text = LINEAR.replace("epochs = 2", "epochs = 20000\neval_every = 340000").replace("trials = 6", "trials = 40")
    given = ("search", sweep_file(tmp_path, text), "--out", str(tmp_path / "out"), "--on", "slurm", "--jobs", "1")
    ended = completed(*given, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert len(lifetimes(jobs)) >= 2
    assert {tuple(each) for each in lifetimes(jobs)} == {("10s",)}
    trials = load(tmp_path / "out").trials
    assert trials["trial"].to_pylist() == list(range(40))
    assert set(trials["attempt"].to_pylist()) == {1}


@pytest.mark.skipif(not slurm.is_installed(), reason="Slurm and MUNGE are not installed")
@pytest.mark.parametrize("name", ["linear", pytest.param("quickstart", marks=pytest.mark.slow)])
def test_a_real_slurm_runs_a_search_to_its_end(name, short_folder, tmp_path):
    given_sweep = sweep_file(tmp_path) if name == "linear" else name
    environment = slurm.jobqueue(tmp_path)
    with slurm.running(short_folder) as variables:
        given = ("search", given_sweep, "--out", str(tmp_path / "out"), "--on", "slurm", "--jobs", "2")
        ended = completed(*given, env=environment | variables)
        assert ended.returncode == 0, ended.stderr

        def queue_is_empty():
            told = subprocess.run(["squeue", "-h"], capture_output=True, text=True, env=os.environ | variables)
            return told.returncode == 0 and not told.stdout.strip()

        wait_until(queue_is_empty)
        accounted = subprocess.run(["scontrol", "show", "jobs"], capture_output=True, text=True, env=os.environ | variables)
    assert accounted.stdout.count("JobName=dask-worker") == 2
    assert_same(load(tmp_path / "out"), search(given_sweep, out=tmp_path / "local", workers=2))


@pytest.mark.parametrize(
    ("on", "walltime", "seconds"),
    [
        ("slurm", "00:30:00", 1800),
        ("slurm", "90", 5400),
        ("slurm", "10:30", 630),
        ("slurm", "2-12", 216000),
        ("slurm", "1-02:03:04", 93784),
        ("slurm", 45, 2700),
        ("pbs", "01:00:00", 3600),
        ("pbs", "90", 90),
        ("lsf", "01:30", 5400),
        ("lsf", "90", 5400),
        ("sge", "02:00:00", 7200),
        ("sge", 3600, 3600),
        ("slurm", "UNLIMITED", None),
        ("slurm", None, None),
    ],
)
def test_walltimes_are_read_as_each_queueing_system_does(on, walltime, seconds):
    assert walltime_seconds(on, walltime) == seconds

"""A search on Dask that ends early says why, and leaves no process, task or file."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from commands import completed, rest, running, said, wait_for_rows
from dask_cluster import DaskCluster
from linear_sweep import LINEAR, sweep_file
from session import alive, wait_until_gone
from waiting import wait_until

from sweepgd import load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

# Trials of a few milliseconds, and of minutes.
SHORT = LINEAR.replace("epochs = 2", "epochs = 200\neval_every = 3400").replace("trials = 6", "trials = 100000")
ENDLESS = LINEAR.replace("epochs = 2", "epochs = 100000000\neval_every = 3400").replace("trials = 6", "trials = 100000")
# Of processor time, hundredths of a second: more than a worker takes to begin.
TRAINING_TICKS = 50
# An idle study and an unwanted block end soon.
IMPATIENT = "from sweepgd.execution import helpers\nhelpers.IDLE_SECONDS = 0.5\n"


@pytest.fixture(scope="module")
def folder():
    """The temporary folder of the cluster's worker."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, folder):
    """A worker without a nanny, whose session has no other process than itself and what the trials need.

    Each test leaves it idle; the last one to use it kills the scheduler.
    """
    made = tmp_path_factory.mktemp("cluster")
    (made / "impatient.py").write_text(IMPATIENT)
    given = ("--no-nanny", "--preload", str(made / "impatient.py"))
    with DaskCluster(made, *given, env=os.environ | {"TMPDIR": str(folder)}) as started:
        started.add_worker()
        yield started


def interrupted(out):
    return f"sweepgd: interrupted; finished trials are in {out}: run the same command to continue"


def helpers(cluster):
    """The processes of a cluster's worker beside itself."""
    worker = cluster.workers[0]
    assert worker.runs
    return [each for each in alive(worker.process.pid) if each.pid != worker.process.pid]


def wait_until_idle(cluster, folder):
    """Wait until the worker has no process beside itself and no file of a study."""
    wait_until(lambda: not helpers(cluster))
    wait_until(lambda: not list(folder.glob("sweepgd-data-*")))


def wait_until_training(session, processes, search):
    """Wait until a session has so many processes, and the last of them is training: what has not begun drains at once."""

    def trains():
        assert search.poll() is None, search.stderr.read()
        found = alive(session)
        if len(found) < processes:
            return False
        with suppress(FileNotFoundError, ProcessLookupError):
            ticks = Path(f"/proc/{max(found).pid}/stat").read_text().rpartition(")")[2].split()[11]
            return int(ticks) >= TRAINING_TICKS
        return False

    wait_until(trains)


def assert_no_fork_server(driver):
    """Assert that a driver has started its helper alone: what forks workers belongs to the helper."""
    commands = [Path(f"/proc/{each.pid}/cmdline").read_text() for each in alive(driver) if each.parent == driver]
    assert len([command for command in commands if "helper_process" in command]) == 1
    assert [command for command in commands if "forkserver" in command] == []


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_the_first_signal_drains_and_leaves_nothing_on_the_workers(number, cluster, folder, tmp_path):
    out = tmp_path / "out"
    with running("search", sweep_file(tmp_path, SHORT), "--out", str(out), "--on", cluster.address) as search:
        wait_for_rows(out, 2, search)
        search.send_signal(number)
        assert said(search, "stopping: ") == "stopping: running tasks have 1 s to finish; a second Ctrl-C stops at once\n"
        err = rest(search)
    assert (search.returncode, err.splitlines()[-1]) == (130, interrupted(out))
    assert {row["status"] for row in load(out).trials.to_pylist()} == {"completed"}
    wait_until_idle(cluster, folder)


@pytest.mark.slow
def test_a_trial_that_does_not_end_is_not_waited_for(cluster, folder, tmp_path):
    out = tmp_path / "out"
    with running("search", sweep_file(tmp_path, ENDLESS), "--out", str(out), "--on", cluster.address) as search:
        wait_until_training(cluster.workers[0].process.pid, 5, search)
        search.send_signal(signal.SIGINT)
        _, err = search.communicate()
    assert (search.returncode, err.splitlines()[-1], "Traceback" in err) == (130, interrupted(out), False)
    wait_until_idle(cluster, folder)


def test_a_killed_driver_leaves_nothing_on_the_workers_for_long(cluster, folder, tmp_path):
    out = tmp_path / "out"
    with running("search", sweep_file(tmp_path, ENDLESS), "--out", str(out), "--on", cluster.address) as search:
        wait_until_training(cluster.workers[0].process.pid, 5, search)
        search.kill()
    wait_until_idle(cluster, folder)


@pytest.mark.parametrize("text", [pytest.param(SHORT, id="short", marks=pytest.mark.slow), pytest.param(ENDLESS, id="endless")])
def test_the_terminals_interrupt_ends_a_local_cluster_without_a_word_of_it(text, short_folder, tmp_path):
    """It reaches all processes of the command's group."""
    out = tmp_path / "out"
    given = ("search", sweep_file(tmp_path, text), "--out", str(out), "--on", "dask", "--jobs", "1")
    with running(*given, start_new_session=True, env=os.environ | {"TMPDIR": str(short_folder)}) as search:
        wait_until_training(search.pid, 5, search)
        assert_no_fork_server(search.pid)
        os.killpg(search.pid, signal.SIGINT)
        _, err = search.communicate()
    assert search.returncode == 130
    lines = [line for line in err.splitlines() if " trials, " not in line and "free, and the remaining trials" not in line]
    stopping = "stopping: running tasks have 1 s to finish; a second Ctrl-C stops at once"
    assert lines == ["running 100000 trials on the workers of dask", stopping, interrupted(out)]
    wait_until_gone(search.pid)
    assert not list(short_folder.glob("sweepgd-data-*"))


def test_the_second_signal_waits_for_nothing(short_folder, tmp_path):
    out = tmp_path / "out"
    given = ("search", sweep_file(tmp_path, ENDLESS), "--out", str(out), "--on", "dask", "--jobs", "1")
    patient = {"sweepgd.execution.dispatch.DRAIN_SECONDS": 3600.0}
    with running(*given, constants=patient, start_new_session=True, env=os.environ | {"TMPDIR": str(short_folder)}) as search:
        wait_until_training(search.pid, 5, search)
        os.killpg(search.pid, signal.SIGINT)
        said(search, "stopping: running tasks have 3600 s")
        time.sleep(0.2)  # a signal of the next SAME_SECONDS is taken for the first
        os.killpg(search.pid, signal.SIGINT)
        err = rest(search)
    # A second signal that arrives in the interpreter's own end ends the process by SIGINT, which a shell shows as 130, too.
    assert search.returncode in (130, -signal.SIGINT)
    assert err.splitlines() == [interrupted(out)]
    wait_until_gone(search.pid)


def test_the_scheduler_goes_and_the_search_ends_with_a_line_and_goes_on(cluster, tmp_path):
    out = tmp_path / "out"
    given = ("search", sweep_file(tmp_path, SHORT), "--out", str(out))
    with running(*given, "--on", cluster.address) as search:
        wait_for_rows(out, 2, search)
        cluster.scheduler.kill()
        _, err = search.communicate()
    last = err.splitlines()[-1]
    assert (search.returncode, "Traceback" in err) == (1, False)
    why = "(its connection is lost): finished trials are recorded; run the same command to continue"
    assert last == f"sweepgd: the Dask scheduler at {cluster.address} is gone {why}", err
    finished = finished_at(out)
    trials = max(finished) + 3
    ended = completed(*given, "--trials", str(trials), "--workers", "1")
    assert ended.returncode == 0, ended.stderr
    assert finished.items() <= finished_at(out).items()
    assert list(finished_at(out)) == list(range(trials))


def finished_at(out):
    """Return the time at which each trial finished."""
    rows = load(out).trials.select(["trial", "finished_at"]).to_pylist()
    found = {row["trial"]: row["finished_at"] for row in rows}
    assert len(found) == len(rows)
    return found

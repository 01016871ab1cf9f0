"""Interrupts: the messages and results of a command that is stopped. For durations see tests/bench/ending.py."""

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

import pytest
from commands import completed, rest, running, said, wait_for_rows
from linear_sweep import LINEAR, sweep_file
from session import wait_until_gone, workers

from sweepgd import load

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")

# An optimizer whose kernel never returns.
HANGS = """
from dataclasses import fields

from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    while theta[0] == theta[0]:
        theta[0] = -theta[0]


given = {field.name: getattr(sgd, field.name) for field in fields(Optimizer)}
hangs = Optimizer(**given | {"name": "hangs", "update": update})
"""


@pytest.fixture
def scratch(short_folder):
    """The environment of a command with its own temporary folder."""
    return os.environ | {"TMPDIR": str(short_folder)}


@pytest.fixture
def endless(tmp_path):
    """The arguments of a search whose trials with one optimizer end at once, and with the other never leave the kernel."""
    (tmp_path / "hangs.py").write_text(HANGS)
    text = LINEAR.replace('["sgd", "momentum"]', '["sgd", "hangs"]').replace("[5, 10, 20]", "[5, 10]")
    text = text.replace("{ low = 1e-3, high = 0.3, log = true }", "0.1").replace("trials = 6", 'sampler = "grid"')
    text = text.replace("[optimizer.momentum]\nbeta = { low = 0.1, high = 0.9 }", "")
    given = ("--plugin", str(tmp_path / "hangs.py"), "--out", str(tmp_path / "out"), "--workers", "2")
    return ("search", sweep_file(tmp_path, text), *given)


def test_an_interrupt_inside_an_exec_has_the_same_exit_code(tmp_path):
    (tmp_path / "interrupted.py").write_text("exec('raise KeyboardInterrupt')\n")
    ended = completed(
        "search", sweep_file(tmp_path), "--plugin", str(tmp_path / "interrupted.py"), "--out", str(tmp_path / "out")
    )
    assert (ended.returncode, ended.stderr.count("sweepgd: interrupted")) == (130, 1)


# `sweepgd` with a signal that arrives before the import of a module, where a KeyboardInterrupt is swallowed. The import then
# waits until the signal is raised again: on a fast machine the command would end before that.
EARLY = """
import os, signal, sys, time

wanted, number = sys.argv[1], int(sys.argv[2])
class Finder:
    def find_spec(self, name, *_):
        if name == wanted:
            try:
                os.kill(os.getpid(), number)
            except KeyboardInterrupt:
                pass
            if signal.getsignal(number) is not signal.SIG_IGN:
                time.sleep(600)
sys.meta_path.insert(0, Finder())
sys.argv[1:] = sys.argv[3:]
from sweepgd.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["sweepgd.cli.main", "typer", "sweepgd.sweep"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_imports_gives_one_line(module, number, tmp_path):
    given = ("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"))
    ended = subprocess.run([sys.executable, "-c", EARLY, module, str(int(number)), *given], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "sweepgd: interrupted\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_a_reading_command_gives_one_line(number, tmp_path):
    command = [sys.executable, "-c", EARLY, "sweepgd.cli.listing", str(int(number)), "list", "optimizers"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "sweepgd: interrupted\n")


def test_a_signal_that_the_caller_ignores_is_ignored(tmp_path):
    """A shell makes its background commands ignore Ctrl-C."""
    command = [sys.executable, "-c", EARLY, "sweepgd.cli.listing", str(int(signal.SIGINT)), "list", "optimizers", "--json"]
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    ended = subprocess.run([*shell, *command], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_installed_script_handles_signals_from_the_start():
    (script,) = (point for point in entry_points(group="console_scripts") if point.name == "sweepgd")
    assert script.value == "sweepgd.__main__:main"


SWALLOWS = """
import os, signal, time

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

if not hasattr(signal, "swallowed"):
    signal.swallowed = True
    Finalized()
"""


def test_a_swallowed_interrupt_still_ends_the_command(tmp_path):
    (tmp_path / "swallows.py").write_text(SWALLOWS + HANGS)
    path = sweep_file(tmp_path, LINEAR.replace("epochs = 2", "epochs = 100000000"))
    given = ("search", path, "--plugin", str(tmp_path / "swallows.py"), "--out", str(tmp_path / "out"), "--workers", "1")
    with running(*given) as search:
        _, err = search.communicate()
    assert (search.returncode, "sweepgd: interrupted" in err, "KeyboardInterrupt" in err) == (130, True, False)


ENDLESS = """
import os, signal, time

sent = False
while True:
    try:
        if not sent:
            sent = True
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


def test_endless_work_during_preparation_is_not_waited_for(tmp_path):
    """LLVM behaves like this with a large kernel."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    given = ("search", sweep_file(tmp_path), "--plugin", str(tmp_path / "endless.py"), "--out", str(tmp_path / "out"))
    with running(*given) as search:
        _, err = search.communicate()
    assert (search.returncode, err.count("sweepgd: interrupted")) == (130, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_running_trials_finish_after_the_first_signal(number, tmp_path):
    path = sweep_file(tmp_path, LINEAR.replace("epochs = 2", "epochs = 6000"))
    out = tmp_path / "out"
    given = ("search", path, "--out", str(out), "--workers", "2", "--trials", "200")
    with running(*given, start_new_session=True) as search:
        wait_for_rows(out, 2, search)
        os.killpg(search.pid, number)
        assert said(search, "stopping: ") == "stopping: running tasks have 1 s to finish; a second Ctrl-C stops at once\n"
        err = rest(search)
    line = f"sweepgd: interrupted; finished trials are in {out}: run the same command to continue\n"
    assert (search.returncode, err.splitlines(keepends=True)[-1]) == (130, line)  # a slow search prints its progress before
    assert {row["status"] for row in load(out).trials.to_pylist()} == {"completed"}
    assert load(out).trials.num_rows < 200
    wait_until_gone(search.pid)


def test_a_trial_that_does_not_end_is_killed(endless, tmp_path):
    with running(*endless, start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 1, search)
        os.killpg(search.pid, signal.SIGINT)
        _, err = search.communicate()
    assert (search.returncode, "Traceback" in err) == (130, False)
    wait_until_gone(search.pid)
    assert set(load(tmp_path / "out").trials["optimizer"].to_pylist()) == {"sgd"}


def test_an_interrupt_during_compilation_waits_for_one_kernel(tmp_path):
    """An immediate KeyboardInterrupt would mostly be raised in a function that LLVM calls through ctypes, which swallows it."""
    kernels = tmp_path / "kernels"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(kernels)}
    given = ("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--workers", "1")
    with running(*given, env=environment, start_new_session=True) as search:
        while "compiling" not in search.stderr.readline():
            assert search.poll() is None
        time.sleep(0.5)
        os.killpg(search.pid, signal.SIGINT)
        before = len(list(kernels.rglob("*.nbi")))
        _, err = search.communicate()
    line = f"sweepgd: interrupted; finished trials are in {tmp_path / 'out'}: run the same command to continue"
    assert (search.returncode, err.splitlines()) == (130, [line])
    assert len(list(kernels.rglob("*.nbi"))) <= before + 1
    assert load(tmp_path / "out").trials.num_rows == 0


def test_the_second_signal_ends_a_search_at_once(endless, scratch, tmp_path):
    constants = {"sweepgd.execution.dispatch.DRAIN_SECONDS": 3600.0}
    with running(*endless, constants=constants, env=scratch, start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 1, search)
        os.kill(search.pid, signal.SIGINT)
        said(search, "stopping: running tasks have 3600 s")
        time.sleep(0.2)  # a signal within SAME_SECONDS counts as the same
        os.kill(search.pid, signal.SIGINT)
        err = rest(search)
    assert (search.returncode, err.startswith("sweepgd: interrupted; finished trials are in")) == (130, True)
    wait_until_gone(search.pid)


def test_workers_and_folders_of_a_killed_search_are_removed(endless, scratch, short_folder, tmp_path):
    """One of the workers is stopped by SIGSTOP."""
    with running(*endless, env=scratch, start_new_session=True) as search:
        wait_for_rows(tmp_path / "out", 1, search)
        stopped, _ = workers(search.pid)
        os.kill(stopped, signal.SIGSTOP)
        search.kill()
        search.wait()
    wait_until_gone(search.pid)
    (left_over,) = short_folder.glob("sweepgd-data-*")
    assert list(left_over.rglob("train_inputs.npy"))
    assert len(list(short_folder.glob("pymp-*"))) == 1
    unmarked = short_folder / "sweepgd-other"
    unmarked.mkdir()
    ended = completed("search", sweep_file(tmp_path), "--out", str(tmp_path / "other"), "--workers", "1", env=scratch)
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in short_folder.iterdir()] == ["sweepgd-other"]


def test_a_finished_search_leaves_no_process_and_no_folder(scratch, short_folder, tmp_path):
    given = ("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--workers", "2")
    with running(*given, env=scratch, start_new_session=True) as search:
        search.communicate()
    assert search.returncode == 0
    wait_until_gone(search.pid)
    assert not list(short_folder.iterdir())

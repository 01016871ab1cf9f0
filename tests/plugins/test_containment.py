"""Changes that a plugin makes to the process that imports it are undone, and its output does not reach stdout."""

import json
import os
import signal
import subprocess
import sys
import warnings

import pytest
from commands import completed, process
from waiting import NEVER_SECONDS

from sweepgd.plugins import single_file
from sweepgd.plugins.containment import contained

RULE = """
from dataclasses import fields
from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd

{does}
given = {{field.name: getattr(sgd, field.name) for field in fields(Optimizer)}}
own = Optimizer(**given | {{"name": "own"}})
"""


def rule(folder, does):
    """Write a plugin file that runs the code `does` at import."""
    path = folder / "own.py"
    path.write_text(RULE.format(does=does))
    return path


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


STATES = {
    "working directory": ("import os; os.chdir('/')", os.getcwd),
    "recursion limit": ("import sys; sys.setrecursionlimit(200)", sys.getrecursionlimit),
    "umask": ("import os; os.umask(0o777)", umask),
    "streams": ("import sys; sys.stdin = sys.stdout = sys.stderr = None", lambda: (sys.stdin, sys.stdout, sys.stderr)),
    "SIGINT": ("import signal; signal.signal(2, signal.SIG_IGN)", lambda: signal.getsignal(signal.SIGINT)),
    "SIGTERM": ("import signal; signal.signal(15, signal.SIG_IGN)", lambda: signal.getsignal(signal.SIGTERM)),
}


@pytest.mark.parametrize("state", STATES)
def test_changes_of_the_process_at_import_are_undone(state, tmp_path):
    does, look = STATES[state]
    before = look()
    with single_file.registered([rule(tmp_path, does)]):
        assert look() == before


def test_printed_text_goes_to_stderr_and_stdout_is_restored(capfd):
    print("before")
    with contained():
        print("by Python")
        os.write(1, b"beneath it\n")
    print("after")
    assert capfd.readouterr() == ("before\nafter\n", "by Python\nbeneath it\n")


def test_closed_standard_descriptors_are_restored(capfd):
    with contained():
        os.closerange(0, 3)
    os.write(1, b"out")
    os.write(2, b"err")
    os.fstat(0)
    assert capfd.readouterr() == ("out", "err")


def test_a_process_forked_within_the_block_ends_with_it(capfd):
    with warnings.catch_warnings(action="ignore"), contained():  # Python 3.12 warns of threads
        child = os.fork()
    assert child > 0  # the forked process has ended
    assert os.waitpid(child, 0) == (child, 0)


def trained(tmp_path, does, **options):
    """Run `sweepgd train --json` with such a plugin in a separate process."""
    plugin = rule(tmp_path, does)
    given = ("--data", "synthetic_linear", "--model", "linear", "--optimizer", "own", "--epochs", "1")
    return completed("train", *given, "--json", "--plugin", str(plugin), **options)


LEAVES = """
import os, threading, time
print("imported")
kept = [open(os.environ["KEPT"], "w")]
kept[0].write("what it noted")
threading.Thread(target=time.sleep, args=(10**6,)).start()
"""


def test_an_endless_thread_does_not_block_the_exit_and_files_are_flushed(tmp_path):
    ended = trained(tmp_path, LEAVES, env=os.environ | {"KEPT": str(tmp_path / "kept")})
    assert (ended.returncode, json.loads(ended.stdout)["status"]) == (0, "completed"), ended.stderr
    assert "imported" in ended.stderr
    assert (tmp_path / "kept").read_text() == "what it noted"


def test_a_plugin_that_closes_all_descriptors_gives_one_line(tmp_path):
    ended = trained(tmp_path, "import os; os.closerange(3, 1000)")
    line = "sweepgd: a plugin has closed file descriptors of the process that imported it: fix it\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)


def test_workers_print_to_stderr(tmp_path):
    sweep = ("search", "gluon_linear", "--trials", "1", "--workers", "1", "--out", str(tmp_path / "out"), "--json")
    plugin = rule(tmp_path, "print('imported')")
    ended = subprocess.run(
        process(*sweep, "--plugin", str(plugin)), capture_output=True, text=True, timeout=NEVER_SECONDS, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr
    assert isinstance(json.loads(ended.stdout), dict | list)
    assert ended.stderr.count("imported") == 2  # by the command, and by its worker

"""Starting processes leaves the environment unchanged, and a failed start gives one line."""

import multiprocessing
import os
from multiprocessing.context import SpawnContext
from time import sleep

import pytest
from commands import completed
from linear_sweep import sweep_file

from sweepgd.execution import fork_server


@pytest.mark.parametrize("before", [None, "0", "1"])
def test_a_process_without_jit_leaves_the_variable_unchanged(before, monkeypatch):
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    if before is not None:
        monkeypatch.setenv("NUMBA_DISABLE_JIT", before)
    process = fork_server.start_without_jit(sleep, 0)
    assert os.environ.get("NUMBA_DISABLE_JIT") == before
    process.join(60)
    assert process.exitcode == 0


class Foreign(SpawnContext):
    """A start method that a new process does not know, such as "loky" in the workers of joblib."""

    _name = "foreign"


def test_a_process_starts_under_a_start_method_of_another_library(monkeypatch):
    monkeypatch.setitem(multiprocessing.context._concrete_contexts, "foreign", Foreign())
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("foreign", force=True)
    try:
        process = fork_server.start(sleep, 0)
        assert multiprocessing.get_start_method() == "foreign"
    finally:
        multiprocessing.set_start_method(before, force=True)
    process.join(60)
    assert process.exitcode == 0


def test_a_temporary_folder_with_too_long_a_path_gives_one_line(tmp_path):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    ended = completed("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), env=os.environ | {"TMPDIR": str(long)})
    line = f"sweepgd: cannot start workers from {long}: AF_UNIX path too long; set TMPDIR to a folder with a short path\n"
    assert (ended.returncode, ended.stderr) == (1, line)

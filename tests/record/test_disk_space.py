"""Full and read-only disks, with real file systems: for results, the home folder and the cache."""

import os
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from commands import call, completed, rest, running, said, wait_for_rows
from linear_sweep import assert_same, statuses, sweep, sweep_file

from sweepgd import load, search
from sweepgd.record.disk_space import free_bytes, in_words
from sweepgd.training.sweep_context import SweepContext


@contextmanager
def mounted_disk(folder: Path, options: str):
    """Mount a temporary file system on a folder."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount a file system here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    with mounted_disk(tmp_path / "small", "size=64m") as folder:
        yield folder


def fill(folder: Path, leaving: int) -> Path:
    """Fill a file system with one file except for `leaving` bytes, and return the file."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:  # another process may have used the last bytes
        while (left := free_bytes(folder) - leaving) > 0:
            file.write(bytes(min(left, 65536)))
    return filler


@pytest.mark.parametrize("leaving", [0, 200_000], ids=["full", "almost full"])
def test_a_full_disk_pauses_a_search_until_there_is_space(leaving, small_disk, tmp_path):
    overrides = ["budget.epochs=1000", "search.trials=60"]  # on a busy machine 30 ended before the disk was full
    sets = [part for override in overrides for part in ("--set", override)]
    out = small_disk / "out"
    with running("search", sweep_file(tmp_path), "--out", str(out), "--workers", "2", *sets) as paused:
        wait_for_rows(out, 2, paused)
        filler = fill(small_disk, leaving)
        line = said(paused, "paused: ")
        assert line.startswith(f"paused: {out} has ")
        assert line.rstrip().endswith("B: free some space there to continue")
        before = None
        while (rows := load(out).trials.num_rows) != before:  # running trials still finish
            before = rows
            time.sleep(1.2)  # longer than RETRY_SECONDS
        assert paused.poll() is None
        assert rows < 60
        filler.unlink()
        assert "the disk has space again: the command continues" in said(paused, "space again")
        err = rest(paused)
    assert paused.returncode == 0, err
    assert_same(load(out), search(sweep(*overrides), out=tmp_path / "whole", workers=2))


def test_an_interrupt_on_a_full_disk_loses_no_reported_result(small_disk, tmp_path):
    out = small_disk / "out"
    given = ("search", sweep_file(tmp_path), "--out", str(out), "--workers", "2", "--trials", "30")
    with running(*given, "--set", "budget.epochs=1000", "--verbose") as paused:
        wait_for_rows(out, 2, paused)
        filler = fill(small_disk, 0)
        said(paused, "paused: ")
        before = load(out).trials
        paused.terminate()
        err = rest(paused)
    assert (paused.returncode, "Traceback" in err) == (130, False)
    after = load(out).trials
    assert after.slice(0, before.num_rows).equals(before)
    filler.unlink()
    ended = completed(*given, "--set", "budget.epochs=1000")
    assert ended.returncode == 0, ended.stderr
    assert statuses(load(out)) == ["completed"] * 30


def test_a_study_that_may_not_fit_is_reported_before_any_trial(small_disk, tmp_path):
    wide = ("--set", "model={name='mlp',hidden=[4000]}", "--set", "search.trials=1000", "--timeout", "0.001s")
    ended = completed("search", sweep_file(tmp_path), "--out", str(small_disk / "out"), *wide)
    assert ended.returncode == 0, ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if "free, and" in line]
    assert line.startswith(f"{small_disk / 'out'} has ")
    # 2 vectors of 4000·3 + 1 parameters of 4 bytes, and a row and 3 curve points of 280 bytes together.
    assert " MB free, and the remaining trials may take 128 MB: the search will pause if the disk becomes full; " in line
    assert load(small_disk / "out").trials.num_rows == 0


@pytest.fixture
def read_only(tmp_path):
    """A read-only file system with the results of a search in `out`."""
    with mounted_disk(tmp_path / "read_only", "size=64m") as folder:
        search(sweep(), out=folder / "out", workers=1)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield folder


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("search", "{sweep}", "--out", "{disk}/out"), "out"),
        (("search", "quickstart", "--out", "{disk}/new/below"), ""),
        (("measure", "{disk}/out"), "out"),
        (("train", "--out", "{disk}/new"), ""),
    ],
    ids=["search", "search in a new folder", "measure", "train"],
)
def test_unwritable_results_are_refused_before_kernels(command, named, read_only, tmp_path, monkeypatch, capsys):
    def compile(*_):
        raise AssertionError("kernels are compiled, which takes seconds")

    monkeypatch.setattr(SweepContext, "compile", compile)
    places = {"sweep": sweep_file(tmp_path), "disk": read_only}
    ended = call(monkeypatch, capsys, *(part.format(**places) for part in command))
    line = f"sweepgd: cannot write {read_only / named}: Read-only file system; make it writable, or choose another folder\n"
    assert (ended.code, ended.out, ended.err) == (1, "", line)
    assert load(read_only / "out").trials.num_rows == 6


@pytest.mark.parametrize("without_jit", ["1", pytest.param("0", marks=pytest.mark.slow)], ids=["plain", "compiled"])
def test_an_unwritable_home_and_cache_give_a_warning(without_jit, read_only, short_folder, tmp_path):
    environment = os.environ | {"HOME": str(read_only), "TMPDIR": str(short_folder), "NUMBA_DISABLE_JIT": without_jit}
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    given = ("search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--workers", "2")
    ended = completed(*given, env=environment)
    assert ended.returncode == 0, ended.stderr
    cache = read_only / ".cache" / "sweepgd" / "kernels"
    own = short_folder / f"sweepgd-kernels-{os.getuid()}"
    line = f"sweepgd: {cache} cannot be written (Read-only file system), so compiled kernels go to {own}: set NUMBA_"
    assert ended.stderr.count("NUMBA_CACHE_DIR") == ended.stderr.count(line) == 1
    assert own.stat().st_mode & 0o077 == 0
    assert any(own.iterdir()) == (without_jit == "0")
    assert statuses(load(tmp_path / "out")) == ["completed"] * 6


def test_bytes_in_words():
    assert [in_words(size) for size in (0, 1234, 8_388_608, 1_500_000_000)] == ["0 kB", "1.23 kB", "8.39 MB", "1.5 GB"]

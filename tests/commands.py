"""The command line as a script calls it, in this process or in one of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import NamedTuple

import pytest

from sweepgd import cli, load

VARIABLES = ("SWEEPGD_WORKERS", "SWEEPGD_OUT", "SWEEPGD_QUIET", "SWEEPGD_VERBOSE")


class Run(NamedTuple):
    """A call of the command line: its exit code, and what it printed."""

    code: int
    out: str
    err: str


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> Run:
    """`sweepgd ARGUMENTS` in this process."""
    monkeypatch.setattr("sys.argv", ["sweepgd", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    captured = capsys.readouterr()
    return Run(end.value.code or 0, captured.out, captured.err)


def process(*arguments: str, constants: Mapping[str, float] | None = None) -> list[str]:
    """`sweepgd ARGUMENTS` for a process of its own, with other values for constants: {"sweepgd.module.NAME": 1.0}."""
    if not constants:
        return [sys.executable, "-m", "sweepgd", *arguments]
    code = (
        "import sys; from importlib import import_module; from sweepgd.cli import main; sys.argv[0] = 'sweepgd';"
        f" [setattr(import_module(path.rpartition('.')[0]), path.rpartition('.')[2], value)"
        f" for path, value in {dict(constants)!r}.items()]; main()"
    )
    return [sys.executable, "-c", code, *arguments]


def completed(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """`sweepgd ARGUMENTS` in a process of its own, run to its end."""
    return subprocess.run(process(*arguments), capture_output=True, text=True, timeout=120, **options)


@contextmanager
def running(*arguments: str, constants: Mapping[str, float] | None = None, **options) -> Iterator[subprocess.Popen[str]]:
    """`sweepgd ARGUMENTS` in a process of its own, which is gone afterwards."""
    with subprocess.Popen(process(*arguments, constants=constants), stdout=PIPE, stderr=PIPE, text=True, **options) as started:
        try:
            yield started
        finally:
            started.kill()


def wait_for_rows(directory: Path, rows: int, search: subprocess.Popen[str], seconds: float = 60.0) -> None:
    """Waits until a running search has recorded so many rows."""
    deadline = time.monotonic() + seconds
    while not (directory / "sweep.toml").is_file() or load(directory).trials.num_rows < rows:
        assert search.poll() is None, search.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(command: subprocess.Popen[str], what: str) -> str:
    """The next line with `what` in it that a running command says on stderr."""
    for line in command.stderr:
        if what in line:
            return line
    raise AssertionError(what)

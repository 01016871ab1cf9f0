"""The command line as a script calls it, in this process or in one of its own."""

import subprocess
import sys
from typing import NamedTuple

import pytest

from sweepgd import cli

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


def process(*arguments: str) -> list[str]:
    """`sweepgd ARGUMENTS` for a process of its own."""
    return [sys.executable, "-m", "sweepgd", *arguments]


def completed(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """`sweepgd ARGUMENTS` in a process of its own, run to its end."""
    return subprocess.run(process(*arguments), capture_output=True, text=True, timeout=120, **options)

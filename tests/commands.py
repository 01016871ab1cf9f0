"""The command line as a script calls it, in this process or in one of its own."""

import gc
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from subprocess import PIPE
from threading import Timer
from typing import NamedTuple

import pytest
from waiting import NEVER_SECONDS, wait_until

from sweepgd import load
from sweepgd.cli.main import main

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
        main()
    gc.unfreeze()  # it is not Python's end, as the command supposes
    captured = capsys.readouterr()
    return Run(end.value.code or 0, captured.out, captured.err)


def process(*arguments: str, constants: Mapping[str, float] | None = None) -> list[str]:
    """`sweepgd ARGUMENTS` for a process of its own, with other values for constants: {"sweepgd.module.NAME": 1.0}."""
    if not constants:
        return [sys.executable, "-m", "sweepgd", *arguments]
    code = f"import commands; commands.main_with({dict(constants)!r})"
    return [sys.executable, "-c", f"import sys; sys.path.append({str(Path(__file__).parent)!r}); {code}", *arguments]


def main_with(constants: Mapping[str, float]) -> None:
    """The command line with these constants."""
    for path, value in constants.items():
        module, _, name = path.rpartition(".")
        assert hasattr(import_module(module), name), path
        setattr(import_module(module), name, value)
    sys.argv[0] = "sweepgd"
    main()


def completed(*arguments: str, constants: Mapping[str, float] | None = None, **options) -> subprocess.CompletedProcess[str]:
    """`sweepgd ARGUMENTS` in a process of its own, run to its end."""
    return subprocess.run(
        process(*arguments, constants=constants), capture_output=True, text=True, timeout=NEVER_SECONDS, **options
    )


@contextmanager
def started(command: list[str], **options) -> Iterator[subprocess.Popen[str]]:
    """A process that is gone afterwards, and where it does not end by itself."""
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, **options) as begun:
        guard = Timer(NEVER_SECONDS, begun.kill)
        guard.start()
        try:
            yield begun
        finally:
            guard.cancel()
            begun.kill()


def running(*arguments: str, constants: Mapping[str, float] | None = None, **options):
    """`sweepgd ARGUMENTS`, `started`."""
    return started(process(*arguments, constants=constants), **options)


def wait_for_rows(directory: Path, rows: int, search: subprocess.Popen[str]) -> None:
    """Waits until a running search has recorded so many rows."""

    def recorded() -> bool:
        assert search.poll() is None, search.stderr.read()
        return (directory / "sweep.toml").is_file() and load(directory).trials.num_rows >= rows

    wait_until(recorded)


def said(command: subprocess.Popen[str], what: str) -> str:
    """The next line with `what` in it that a running command says on stderr."""
    for line in command.stderr:
        if what in line:
            return line
    raise AssertionError(what)


def rest(command: subprocess.Popen[str]) -> str:
    """All that it says on stderr after what was `said`, when it has ended: `communicate` would leave out what is read ahead."""
    err = command.stderr.read()
    command.wait()
    return err

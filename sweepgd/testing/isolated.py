"""Checks in processes of their own: a plugin that hangs, crashes or ends its process fails one check, and ends the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sweepgd import processes
from sweepgd.kernels.policy import config
from sweepgd.problem import Problem, UsageProblem, reason
from sweepgd.testing.finding import FAILED, PASSED, Finding
from sweepgd.testing.output import Output
from sweepgd.testing.subject import Subject, subject_of
from sweepgd.testing.worker import LOADS, NOT_RUN, serve, serve_names, serve_plain

# Before the first check a process starts; in these, Numba may compile what takes it a minute, and more on a busy machine.
LONG_SECONDS = 300.0
LONG = ("", "compiles", "trainer")
# For a file to be run: its process starts, and it imports what it needs.
FILE_SECONDS = 60.0
# A check that waits itself, for the walk without JIT, gives up before it is stopped.
GRACE_SECONDS = 1.0


def findings(plugin: Any, seconds: float) -> Iterator[Finding]:
    """What each check finds, as it ends; a check that takes longer than `seconds` fails. Raise Problem with JIT off."""
    if config.DISABLE_JIT:
        raise Problem("NUMBA_DISABLE_JIT is set, and what is checked are compiled kernels: unset it")
    try:
        subject = subject_of(plugin)
    except UsageProblem:
        raise
    except Exception as error:
        yield Finding(LOADS, FAILED, f"another process cannot import it: {reason(error)}{NOT_RUN}")
        return
    output = Output()
    receives, sends = processes.context.Pipe(duplex=False)
    plain = processes.start_without_jit(serve_plain, sends, output.end, subject)
    try:
        with _worker(serve, output.end, subject, receives, seconds) as (connection, worker):
            sends.close()
            receives.close()
            yield from _received(connection, worker, seconds)
    finally:
        plain.kill()
        plain.join()
    if printed := output.told():
        yield Finding("output", PASSED, printed)


def plugins_in(file: Path) -> list[Subject]:
    """The plugins that a file defines. Raise Problem where it cannot be read, does not run in time, or defines none."""
    output = Output()
    with _worker(serve_names, output.end, file) as (connection, worker):
        if not connection.poll(FILE_SECONDS):
            raise Problem(f"{file} did not come back within {FILE_SECONDS:g} s: a plugin file only defines what it offers")
        try:
            found = connection.recv()
        except (EOFError, OSError):
            worker.join(FILE_SECONDS)
            raise Problem(f"the process that loaded {file} ended {processes.ending(worker)}") from None
    output.told()
    if isinstance(found, Problem):
        raise found
    return [Subject(kind, name, file.resolve()) for kind, name in found]


@contextmanager
def _worker(target: Any, *arguments: Any) -> Iterator[tuple[Connection, BaseProcess]]:
    """A process that runs `target`, the other end of its connection before its arguments, and is killed in the end."""
    ours, theirs = processes.context.Pipe()
    worker = processes.start(target, theirs, *arguments)
    theirs.close()
    try:
        yield ours, worker
    finally:
        worker.kill()
        worker.join()
        ours.close()


def _received(connection: Connection, worker: BaseProcess, seconds: float) -> Iterator[Finding]:
    running = ""
    while True:
        limit = LONG_SECONDS if running in LONG else seconds + GRACE_SECONDS
        if not connection.poll(limit):
            yield Finding(running, FAILED, f"did not come back within {limit:g} s{NOT_RUN}")
            return
        try:
            message = connection.recv()
        except (EOFError, OSError):
            worker.join(seconds)  # no longer: a rule may close the connection, and live on
            ended = f"its process ended {processes.ending(worker)}" if worker.exitcode is not None else "closed its connection"
            yield Finding(running, FAILED, ended + NOT_RUN)
            return
        if message is None:
            return
        if isinstance(message, Finding):
            yield message
        else:
            running = message

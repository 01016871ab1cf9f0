"""Run checks in separate processes. If a plugin hangs or crashes, the running check fails and further checks do not run."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError, UsageError, reason
from sweepgd.execution import fork_server
from sweepgd.kernels.compiling import config
from sweepgd.plugins.checks.check_process import LOADS, NOT_RUN, serve, serve_names, serve_plain
from sweepgd.plugins.checks.finding import FAILED, PASSED, Finding
from sweepgd.plugins.checks.output import Output
from sweepgd.plugins.checks.subject import Subject, subject_of

# The time limit in seconds of checks that start the process or compile. Compilation may take a minute, and longer on a busy
# machine.
LONG_SECONDS = 300.0
LONG = ("", "compiles", "trainer")
# The time limit in seconds to start a process and run a plugin file with its imports.
FILE_SECONDS = 60.0
# The seconds that are added to the time limit of a check. The check "python" itself waits until its time limit, and can then
# report first.
GRACE_SECONDS = 1.0


def findings(plugin: Any, seconds: float) -> Iterator[Finding]:
    """Yield the finding of each check when the check ends. A check that takes longer than `seconds` fails. Raises SweepgdError
    if JIT is off.
    """
    if config.DISABLE_JIT:
        raise SweepgdError("NUMBA_DISABLE_JIT is set, but the checks need compiled kernels: unset it")
    try:
        subject = subject_of(plugin)
    except UsageError:
        raise
    except Exception as error:
        yield Finding(LOADS, FAILED, f"another process cannot import the plugin: {reason(error)}{NOT_RUN}")
        return
    output = Output()
    receives, sends = fork_server.context.Pipe(duplex=False)
    plain = fork_server.start_without_jit(serve_plain, sends, output.end, subject)
    try:
        with _worker(serve, output.end, subject, receives, seconds) as (connection, worker):
            sends.close()
            receives.close()
            yield from _received(connection, worker, seconds)
    finally:
        plain.kill()
        plain.join()
    if printed := output.summary():
        yield Finding("output", PASSED, printed)


def plugins_in(file: Path) -> list[Subject]:
    """Return the plugins that a file defines. Raises SweepgdError if the file cannot be read, does not return in time, or
    defines no plugin.
    """
    output = Output()
    with _worker(serve_names, output.end, file) as (connection, worker):
        if not connection.poll(FILE_SECONDS):
            raise SweepgdError(f"{file} did not return within {FILE_SECONDS:g} s: a plugin file must only define its plugins")
        try:
            found = connection.recv()
        except (EOFError, OSError):
            worker.join(FILE_SECONDS)
            raise SweepgdError(f"the process that loaded {file} ended {fork_server.ending(worker)}") from None
    output.summary()
    if isinstance(found, SweepgdError):
        raise found
    return [Subject(kind, name, file.resolve()) for kind, name in found]


@contextmanager
def _worker(target: Any, *arguments: Any) -> Iterator[tuple[Connection, BaseProcess]]:
    """Run `target(connection, *arguments)` in a process, which is killed when the context ends. Yields the parent's end of the
    connection, and the process.
    """
    ours, theirs = fork_server.context.Pipe()
    worker = fork_server.start(target, theirs, *arguments)
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
            yield Finding(running, FAILED, f"did not return within {limit:g} s{NOT_RUN}")
            return
        try:
            message = connection.recv()
        except (EOFError, OSError):
            worker.join(seconds)  # a time limit, because a rule may close the connection and continue to run
            ended = (
                f"its process ended {fork_server.ending(worker)}" if worker.exitcode is not None else "closed its connection"
            )
            yield Finding(running, FAILED, ended + NOT_RUN)
            return
        if message is None:
            return
        if isinstance(message, Finding):
            yield message
        else:
            running = message

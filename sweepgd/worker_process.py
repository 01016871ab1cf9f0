"""The code of a worker process: set up the sweep's context, then run tasks one after the other until told to stop."""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from sweepgd import one_off
from sweepgd.contained import STDERR, STDOUT
from sweepgd.interrupts import SIGNALS
from sweepgd.problem import Problem, reason
from sweepgd.share import keep_to
from sweepgd.sweep import Sweep

Run = Callable[..., Any]
# Raised when sending to a process that has ended.
GONE = (BrokenPipeError, ConnectionResetError)
# Sent when a worker begins its set-up, in which plugin code runs, and again when it is ready for tasks.
BEGUN = "begun"
# The exit code of a worker that exceeded its memory limit.
OUT_OF_MEMORY = 112


@dataclass(frozen=True)
class Kept:
    """A partial result, which is recorded if the worker is lost afterwards."""

    result: Any


def serve(
    connection: Connection, sweep: Sweep, run: Run, shared: Path | None, plugins: Sequence[Path], memory: int | None
) -> None:
    """Set up the sweep's context, then run tasks until told to stop. The process ends at once when the connection closes."""
    from sweepgd.lab import Lab, one_blas_thread

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # for systems that do not inherit signal masks
    with suppress(OSError):  # one of them may be closed
        os.dup2(STDERR, STDOUT)  # the output of a plugin must not mix with that of the command
    incoming = _Incoming(connection)
    if memory is not None:
        keep_to(memory)
    connection.send(BEGUN)
    try:
        one_off.register(plugins)
        lab = Lab(sweep, shared)
    except Exception as error:
        connection.send(Problem(reason(error)))
        return

    def report(rung: int, mean: float) -> bool:
        connection.send((rung, mean))
        return incoming.replies.get()

    def keep(result: Any) -> None:
        connection.send(Kept(result))

    with one_blas_thread(), suppress(*GONE):
        connection.send(BEGUN)
        while not incoming.stop.is_set():
            for task in incoming.tasks.get():
                if incoming.stop.is_set():
                    break
                try:
                    result = run(lab, task, report, keep)
                except MemoryError:
                    os._exit(OUT_OF_MEMORY)  # memory that is still allocated would be missing in later trials
                connection.send(result)


class _Incoming:
    """A thread that reads the parent's messages as they arrive: tasks, replies at rungs, and None for a stop.

    A worker that reads only between trials could wait to send a result while the parent waits to send it tasks: a deadlock if
    a pipe holds little (8 KB on macOS).
    """

    def __init__(self, connection: Connection) -> None:
        self.tasks = SimpleQueue[list[Any]]()
        self.replies = SimpleQueue[bool]()
        self.stop = Event()
        Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                message = connection.recv()
                if isinstance(message, list):
                    self.tasks.put(message)
                elif isinstance(message, bool):
                    self.replies.put(message)
                else:
                    self.stop.set()
                    self.tasks.put([])  # wakes `serve`, which may be waiting
        os._exit(0)  # the parent has ended

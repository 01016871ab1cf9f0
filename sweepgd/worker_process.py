"""A worker process: it makes its lab, then runs the tasks that come, one after the other, until it is to stop."""

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
# What sending to a process that is gone raises.
GONE = (BrokenPipeError, ConnectionResetError)
# What a worker says when it begins to make its lab, in which plugins run already, and when it is ready for tasks.
BEGUN = "begun"
# The exit code of a worker that came to the end of its share of memory.
OUT_OF_MEMORY = 112


@dataclass(frozen=True)
class Kept:
    """A result that a worker goes on with: it stands if the worker is lost from here on."""

    result: Any


def serve(
    connection: Connection, sweep: Sweep, run: Run, shared: Path | None, plugins: Sequence[Path], memory: int | None
) -> None:
    """A worker's life: build the lab, then run tasks until it is to stop. Ends where it is when the connection closes."""
    from sweepgd.lab import Lab, one_blas_thread

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # where masks are not inherited
    with suppress(OSError):  # where one of them is closed
        os.dup2(STDERR, STDOUT)  # what a plugin prints is no part of the command's own output
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
        return incoming.answers.get()

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
                    os._exit(OUT_OF_MEMORY)  # what it still holds is lost to the trials after this one
                connection.send(result)


class _Incoming:
    """What the parent sends, read as it comes: tasks, answers at rungs, and None for a stop.

    A worker that only read between trials could wait to send a result while the parent waits to send it tasks: for ever, where
    a pipe holds little (8 KB on macOS).
    """

    def __init__(self, connection: Connection) -> None:
        self.tasks = SimpleQueue[list[Any]]()
        self.answers = SimpleQueue[bool]()
        self.stop = Event()
        Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                message = connection.recv()
                if isinstance(message, list):
                    self.tasks.put(message)
                elif isinstance(message, bool):
                    self.answers.put(message)
                else:
                    self.stop.set()
                    self.tasks.put([])  # for who waits for some
        os._exit(0)  # the parent is gone

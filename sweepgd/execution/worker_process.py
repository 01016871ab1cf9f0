"""The code of a worker process, which prepares the sweep and then runs tasks one after another until it is told to stop."""

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

from sweepgd.core.errors import reason
from sweepgd.core.interrupts import SIGNALS
from sweepgd.core.memory_limit import limit_memory
from sweepgd.plugins import single_file
from sweepgd.plugins.containment import STDERR, STDOUT
from sweepgd.sweep import Sweep

TaskFunction = Callable[..., Any]
# The errors that sending to an ended process may raise.
GONE = (BrokenPipeError, ConnectionResetError)
# The exit code of a worker that exceeded its memory limit.
OUT_OF_MEMORY = 112


@dataclass(frozen=True, eq=False)
class WorkerSetup:
    """All that a worker needs before its first task."""

    sweep: Sweep
    run: TaskFunction
    """The function that runs a task. It is defined at the top level of a module, and is called with the context, a task,
    `report` and `keep`. Its result has a field `seconds`, the duration of the task.
    """
    shared: Path | None = None
    """The folder with the prepared data. None if the worker prepares the data itself."""
    plugins: Sequence[Path] = ()
    """Single-file plugins."""
    memory: int | None = None
    """The memory limit of a worker in bytes. By default, all workers have equal shares of the machine's memory."""


# Messages to a worker


@dataclass(frozen=True)
class NextTasks:
    """Tasks to run in this order, after all tasks that were received before."""

    tasks: list[Any]


@dataclass(frozen=True)
class RungDecision:
    """The answer to RungReached. True prunes the trial, and False continues the trial."""

    prune: bool


@dataclass(frozen=True)
class StopAfterTask:
    """An order to begin no further task."""


# Messages from a worker


@dataclass(frozen=True)
class Begun:
    """The worker begins to prepare the sweep, which may run plugins, or the worker is ready for tasks."""


@dataclass(frozen=True)
class CannotBegin:
    """The reason why the worker cannot prepare the sweep, in one line."""

    message: str


@dataclass(frozen=True)
class RungReached:
    """The mean objective of the running trial at a rung (a percentage of the budget). The worker waits for a RungDecision."""

    percent: int
    mean: float


@dataclass(frozen=True)
class Kept:
    """A partial result of the running task, which is used if the worker is lost later."""

    result: Any


@dataclass(frozen=True)
class TaskDone:
    """The result of the running task, which has ended."""

    result: Any


def serve(connection: Connection, setup: WorkerSetup) -> None:
    """Prepare the sweep, then run tasks until told to stop. The process ends at once when the connection closes."""
    from sweepgd.training.blas_threads import one_blas_thread
    from sweepgd.training.sweep_context import SweepContext

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # needed on systems where a process does not inherit blocked signals
    with suppress(OSError):  # a standard stream may be closed
        os.dup2(STDERR, STDOUT)  # the output of a plugin must not mix with the output of the command
    incoming = _Incoming(connection)
    if setup.memory is not None:
        limit_memory(setup.memory)
    connection.send(Begun())
    try:
        single_file.register(setup.plugins)
        context = SweepContext(setup.sweep, setup.shared)
    except Exception as error:
        connection.send(CannotBegin(reason(error)))
        return

    def report(percent: int, mean: float) -> bool:
        connection.send(RungReached(percent, mean))
        return incoming.decisions.get().prune

    def keep(result: Any) -> None:
        connection.send(Kept(result))

    with one_blas_thread(), suppress(*GONE):
        connection.send(Begun())
        while not incoming.stop.is_set():
            for task in incoming.tasks.get():
                if incoming.stop.is_set():
                    break
                try:
                    result = setup.run(context, task, report, keep)
                except MemoryError:
                    os._exit(OUT_OF_MEMORY)  # end the process, because it may still hold memory that later trials need
                connection.send(TaskDone(result))


class _Incoming:
    """Messages to this worker, read by a separate thread as they arrive.

    If a worker read messages only between trials, the worker could wait to send a result while the parent waits to send tasks.
    This would be a deadlock if the pipe is small (8 KB on macOS).
    """

    def __init__(self, connection: Connection) -> None:
        self.tasks = SimpleQueue[list[Any]]()
        self.decisions = SimpleQueue[RungDecision]()
        self.stop = Event()
        Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: Connection) -> None:
        with suppress(EOFError, OSError):
            while True:
                match connection.recv():
                    case NextTasks(tasks):
                        self.tasks.put(tasks)
                    case RungDecision() as decision:
                        self.decisions.put(decision)
                    case StopAfterTask():
                        self.stop.set()
                        self.tasks.put([])  # ends the wait for tasks
        os._exit(0)  # the parent has ended

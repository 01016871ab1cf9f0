"""The helper process that a worker on another machine starts. The process runs blocks of trials in a local pool.

A Dask worker is a daemonic process, which may start a `subprocess` but no `multiprocessing` children (distributed#2142).
Because of the pool, only one trial is lost if a plugin raises, hangs, crashes or uses all memory.
"""

import os
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection
from pathlib import Path
from select import poll
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from sweepgd.core.errors import reason
from sweepgd.core.interrupts import SIGNALS
from sweepgd.execution.messages import Answer, Block, Refused, Returned, RungReport, Withdraw
from sweepgd.execution.pool import Pool
from sweepgd.execution.worker_handle import Rung
from sweepgd.execution.worker_process import TaskFunction, WorkerSetup
from sweepgd.plugins import single_file
from sweepgd.sweep import Sweep
from sweepgd.training.sweep_context import SweepContext

if TYPE_CHECKING:
    from sweepgd.execution.pruners import Judge, PruningTable

# After this time in seconds, a block returns the tasks that have not begun, so that other workers can run these tasks.
LONGEST_SECONDS = 10.0
# The seconds after which this process is ended once its worker has ended. Compiling a kernel, for example, could take longer.
PATIENCE_SECONDS = 0.3
# If the driver has not answered for this many seconds, a trial continues, because the driver may have been killed.
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Start:
    """The first message to a helper: the study, with paths on this machine, and the memory limit of a trial in bytes."""

    sweep: Sweep
    run: TaskFunction
    optimizers: tuple[str, ...]
    data: Path | None
    plugins: tuple[Path, ...]
    trial_timeout: float | None
    ahead: bool
    memory: int | None


def main() -> None:
    """Run the blocks that arrive over the inherited connection, until the connection closes."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # only the driver handles a Ctrl-C in the terminal
    connection = Connection(int(sys.argv[1]))
    Thread(target=_end_with_worker, args=(connection.fileno(),), daemon=True).start()
    with suppress(EOFError, OSError):  # the worker is gone
        start: Start = connection.recv()
        try:
            notes: list[str] = []
            pool = _pool(start, connection, notes)
        except Exception as error:
            connection.send(Refused(reason(error)))
            return
        with pool:
            while True:
                message = connection.recv()
                if isinstance(message, Block):
                    connection.send(_BlockRun(pool, connection, message, notes).run())
    os._exit(0)  # all results are sent, and plugins may have threads that do not end


def _end_with_worker(descriptor: int) -> None:
    """End this process soon after the worker has closed the connection or has ended."""
    closed = poll()
    closed.register(descriptor, 0)  # an event mask of 0 reports only the end
    closed.poll()
    sleep(PATIENCE_SECONDS)
    os._exit(1)  # the pool's processes notice this and end too


def _pool(start: Start, connection: Connection, notes: list[str]) -> Pool:
    single_file.register(start.plugins)
    context = SweepContext(start.sweep, start.data)
    context.compile(start.optimizers, lambda _: None)
    setup = WorkerSetup(start.sweep, start.run, start.data, start.plugins, start.memory)
    # Only the driver repeats a task and counts its attempts, because the end of this process would lose the count.
    return Pool(setup, 1, notes.append, ahead=start.ahead, task_timeout=start.trial_timeout, wake=connection, attempts=1)


class _BlockRun:
    """One block in progress."""

    def __init__(self, pool: Pool, connection: Connection, block: Block, notes: list[str]) -> None:
        self._pool, self._connection = pool, connection
        self._judge = None if block.table is None else _judge(block.table)
        self._waiting = deque(block.tasks)
        self._returned = Returned(notes=notes)
        self._rung: Rung | None = None
        self._asked_at = inf
        """The time at which the driver was asked about the trial that waits at a rung."""

    def run(self) -> Returned:
        """Run the tasks and return their results. Raises EOFError or OSError if the worker is gone."""
        end = monotonic() + LONGEST_SECONDS
        while self._waiting or self._pool.busy:
            while self._connection.poll():
                self._receive(self._connection.recv())
            if monotonic() > end:
                self._set_aside()
            if monotonic() > self._asked_at + ANSWER_SECONDS:
                self._receive(Answer(prune=False))
            while self._waiting and self._pool.has_room:
                self._pool.submit(self._waiting.popleft())
            for event in self._pool.events(timeout=end - monotonic() if self._waiting else LONGEST_SECONDS):
                self._take(event)
        return self._returned

    def _receive(self, message: Any) -> None:
        if isinstance(message, Withdraw):
            self._set_aside()
            if message.drain:
                self._pool.drain()
        elif isinstance(message, Answer) and self._rung is not None:
            self._pool.reply(self._rung, message.prune)
            self._rung, self._asked_at = None, inf

    def _set_aside(self) -> None:
        self._returned.not_begun.extend(self._waiting)
        self._waiting.clear()

    def _take(self, event: Any) -> None:
        if not isinstance(event, Rung):
            self._returned.events.append(event)
            return
        report = RungReport(event.task, event.percent, event.mean, judged=self._judge is not None)
        if self._judge is None:
            self._rung, self._asked_at = event, monotonic()
            self._connection.send(report)
        else:
            self._returned.events.append(report)
            self._pool.reply(event, self._judge.should_prune(event.task.trial, event.percent, event.mean))


def _judge(table: "PruningTable") -> "Judge":
    # imported late, because importing Optuna takes a second and few studies prune trials
    from sweepgd.execution.pruners import Judge

    return Judge(table)


if __name__ == "__main__":
    main()

"""The pool's handle of a worker, with its process and its tasks, and the events that a worker sends."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess, SpawnProcess
from typing import Any

from sweepgd.execution.worker_process import GONE, NextTasks

# A worker holds tasks for about this many seconds, but at least two tasks, so that the worker never waits for a task.
AHEAD_SECONDS = 0.05
# A shorter task counts as this many seconds, so that a worker holds at most a few hundred tasks.
SHORTEST_SECONDS = 1e-4
# The seconds after a trial's time limit at which its worker is stopped. Usually the trial ends itself at the limit. The worker
# is stopped only if a kernel or plugin does not return.
GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Lost:
    """A task whose worker died or was stopped at a time limit, with the task's partial result if there is one."""

    task: Any
    status: str
    message: str
    partial: Any = None
    killed: bool = False
    """True if the worker was killed from outside (SIGKILL), which the task may not have caused."""


@dataclass(frozen=True)
class Rung:
    """The report of a worker at a rung. The worker waits for a reply."""

    task: Any
    percent: int
    mean: float
    origin: Any
    """The waiting worker, for the pool's `reply`."""


def begun_again(task: Any) -> Any:
    """Return a copy of a task with the number of the next attempt."""
    return replace(task, attempt=task.attempt + 1)


@dataclass
class Worker:
    """A worker process, its connection, and its tasks. The first of the tasks is the running task."""

    process: ForkServerProcess | SpawnProcess
    connection: Connection
    tasks: list[Any] = field(default_factory=list)
    unsent: list[Any] = field(default_factory=list)
    """The tasks at the end of `tasks` that have not been sent to the worker yet."""
    partial: Any = None
    """The partial result, which is recorded if the worker is lost."""
    started: float | None = None
    """The start time of the running task, or of the preparation of the sweep. None while the process starts."""
    pace: float = inf
    """The running mean of the seconds per task."""

    @property
    def wanted(self) -> int:
        """The number of tasks that the worker should hold."""
        return 2 + int(AHEAD_SECONDS / self.pace)

    def deadline(self, limit: float) -> float:
        """Return the time at which the worker is stopped if its running task has not ended after `limit` seconds."""
        return inf if not self.tasks or self.started is None else self.started + limit + GRACE_SECONDS

    def took(self, seconds: float) -> None:
        """Update the running mean with the duration of a task."""
        seconds = max(seconds, SHORTEST_SECONDS)
        self.pace = seconds if self.pace == inf else 0.9 * self.pace + 0.1 * seconds

    def send(self) -> None:
        """Send all unsent tasks of the worker in one message."""
        tasks, self.unsent = self.unsent, []
        if tasks:
            with suppress(*GONE):
                self.connection.send(NextTasks(tasks))

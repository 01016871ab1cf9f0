"""A worker as the pool sees it: its process, its tasks, and the events that it sends."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess, SpawnProcess
from typing import Any

from sweepgd.execution.worker_process import GONE, NextTasks

# A worker holds tasks for about this time, but at least two tasks, so that it never waits for the next one.
AHEAD_SECONDS = 0.05
# A shorter task counts as this long, so that a worker holds a few hundred tasks at most.
SHORTEST_SECONDS = 1e-4
# A trial ends itself at its time limit; a worker is stopped only if its kernel or plugin does not return.
GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Lost:
    """A task whose worker died or was stopped at its time limit, and its partial result, if there is one."""

    task: Any
    status: str
    message: str
    partial: Any = None
    killed: bool = False
    """True if the worker was killed from outside (SIGKILL). The task need not be the cause."""


@dataclass(frozen=True)
class Rung:
    """A worker's report at a rung; the worker waits for a reply."""

    task: Any
    percent: int
    mean: float
    origin: Any
    """The waiting worker, for the pool's `reply`."""


def begun_again(task: Any) -> Any:
    """Return a task for its next attempt."""
    return replace(task, attempt=task.attempt + 1)


@dataclass
class Worker:
    """A worker process, the connection to it, and its tasks, the running one first."""

    process: ForkServerProcess | SpawnProcess
    connection: Connection
    tasks: list[Any] = field(default_factory=list)
    unsent: list[Any] = field(default_factory=list)
    """Those of its tasks that have not been sent yet; they are the last ones."""
    partial: Any = None
    """The partial result, which is recorded if the worker is lost."""
    started: float | None = None
    """Start time of its running task, or of its set-up; None during start-up."""
    pace: float = inf
    """Seconds per task, a running mean."""

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
        """Send all its unsent tasks in one message."""
        tasks, self.unsent = self.unsent, []
        if tasks:
            with suppress(*GONE):
                self.connection.send(NextTasks(tasks))

"""A worker as its pool sees it: a process, the tasks that it holds, and what may become of them."""

from contextlib import suppress
from dataclasses import dataclass, field, is_dataclass, replace
from math import inf
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess, SpawnProcess
from typing import Any

from sweepgd.worker_process import GONE, NextTasks

# A worker holds the tasks of about this time, at least two, so that it never waits for the next one.
AHEAD_SECONDS = 0.05
# No task is taken for shorter: a worker holds some hundreds at most.
SHORTEST_SECONDS = 1e-4
# A trial ends itself at its limit; a worker is stopped only where its kernel or plugin does not come back.
GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Lost:
    """A task whose worker died or was stopped at its time limit, and the result of it that was kept, if there is one."""

    task: Any
    status: str
    message: str
    kept: Any = None


@dataclass(frozen=True)
class Rung:
    """A worker's report at a rung; it waits to hear whether to go on."""

    task: Any
    percent: int
    mean: float
    origin: Any
    """Where it waits, for the pool's `reply`."""


def begun_again(task: Any, attempt: int) -> Any:
    """Return a task with the number of its attempt, where it records one."""
    recorded = is_dataclass(task) and not isinstance(task, type) and hasattr(task, "attempt")
    return replace(task, attempt=attempt) if recorded else task


@dataclass
class Worker:
    """A process, the connection to it, and the tasks that it holds, the running one first."""

    process: ForkServerProcess | SpawnProcess
    connection: Connection
    tasks: list[Any] = field(default_factory=list)
    unsent: list[Any] = field(default_factory=list)
    """The last of its tasks, which it does not know of yet."""
    kept: Any = None
    """What stands of its running task if it is lost."""
    attempt: int = 1
    """The how manieth worker it is that runs its running task."""
    started: float | None = None
    """When its running task, or the making of its lab, began; None while it still starts."""
    pace: float = inf
    """Seconds that it takes for a task, a running mean."""

    @property
    def wanted(self) -> int:
        """How many tasks it should hold."""
        return 2 + int(AHEAD_SECONDS / self.pace)

    def deadline(self, limit: float) -> float:
        """When it is stopped if its running task, which ends itself after `limit` seconds, has not ended."""
        return inf if not self.tasks or self.started is None else self.started + limit + GRACE_SECONDS

    def took(self, seconds: float) -> None:
        """Counts a task into the pace."""
        seconds = max(seconds, SHORTEST_SECONDS)
        self.pace = seconds if self.pace == inf else 0.9 * self.pace + 0.1 * seconds

    def send(self) -> None:
        """Tells it of all its tasks, in one message."""
        tasks, self.unsent = self.unsent, []
        if tasks:
            with suppress(*GONE):
                self.connection.send(NextTasks(tasks))

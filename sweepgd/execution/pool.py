"""A pool of local worker processes, in which a crash or a hang loses only one trial."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from math import inf
from multiprocessing.connection import Connection
from selectors import EVENT_READ, DefaultSelector
from time import monotonic, sleep
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.core.memory_limit import memory_per_worker
from sweepgd.core.outcome import FAILED, TIMED_OUT
from sweepgd.execution import fork_server
from sweepgd.execution.worker_handle import Lost, Rung, Worker, begun_again
from sweepgd.execution.worker_process import (
    GONE,
    OUT_OF_MEMORY,
    Begun,
    CannotBegin,
    Kept,
    RungDecision,
    RungReached,
    StopAfterTask,
    TaskDone,
    WorkerSetup,
    serve,
)

# The parent sleeps for this many seconds before it reads all results, unless a worker runs out of tasks. A parent that wakes
# for each trial of 0.5 ms takes a core from a worker. Two cores then run 1620 linear trials/s instead of 2100.
GATHER_SECONDS = 0.005
# A worker that has closed its connection must end within this time in seconds.
STOP_SECONDS = 1.0
# The maximum number of attempts of a task whose worker is killed from outside. The system kills workers when memory is short.
ATTEMPTS = 3
# The pool gives up after this many workers in a row are killed during start-up.
MOST_KILLED_AT_START = 10


class Pool:
    """Worker processes for one sweep. The pool is a context manager that ends all workers.

    Tasks are dataclasses with a field `attempt`, which counts from 1. If the worker of a task is killed from outside, the task
    begins again. A task has `attempts` attempts in all.

    Workers call `setup.run(context, task, report, keep)`. `report(percent, mean)` reports at a rung and returns True if the
    task should stop. `keep(result)` sends a partial result, which is used if the worker is lost afterwards. `note` receives a
    line for each killed worker. With `ahead`, a worker holds several tasks. Set `ahead` to False if workers wait for replies at
    rungs, because the reply must be the next message in the pipe. Also set `ahead` to False if no task may begin after a
    deadline. A task is stopped after `task_timeout` seconds. `events` returns early when the connection `wake` receives a
    message.
    """

    def __init__(
        self,
        setup: WorkerSetup,
        workers: int,
        note: Callable[[str], None],
        *,
        ahead: bool = True,
        task_timeout: float | None = None,
        wake: Connection | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._setup = replace(setup, memory=memory_per_worker(workers)) if setup.memory is None else setup
        self._limit = inf if task_timeout is None else task_timeout
        self._workers: list[Worker] = []
        self._number, self._note, self._attempts = workers, note, attempts
        self._ahead = ahead
        self._draining = False
        self._killed_at_start = 0
        self._selector = DefaultSelector()
        if wake is not None:
            self._selector.register(wake, EVENT_READ)

    def __enter__(self) -> "Pool":
        self._workers = [self._start() for _ in range(self._number)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._end(worker)
        self._selector.close()

    def _start(self) -> Worker:
        ours, theirs = fork_server.context.Pipe()
        process = fork_server.start(serve, theirs, self._setup)
        theirs.close()
        worker = Worker(process, ours)
        self._selector.register(ours, EVENT_READ, worker)
        return worker

    def _end(self, worker: Worker) -> None:
        self._selector.unregister(worker.connection)
        worker.process.join()
        worker.connection.close()

    @property
    def has_room(self) -> bool:
        return any(len(worker.tasks) < (worker.wanted if self._ahead else 1) for worker in self._workers)

    @property
    def busy(self) -> bool:
        return any(worker.tasks for worker in self._workers)

    def submit(self, task: Any) -> None:
        """Assign a task to the worker with the fewest tasks. An idle worker gets the task at once. A busy worker gets the task
        at the next call of `events`.
        """
        worker = min(self._workers, key=lambda worker: len(worker.tasks))
        worker.unsent.append(task)
        worker.tasks.append(task)
        if len(worker.tasks) == 1:
            if worker.started is not None:
                worker.started = monotonic()
            worker.send()

    def withdraw(self) -> None:
        """Take back the tasks that have not been sent. Without `ahead`, each worker then has only its running task."""
        for worker in self._workers:
            del worker.tasks[len(worker.tasks) - len(worker.unsent) :]
            worker.unsent.clear()

    def drain(self) -> None:
        """Let each worker finish its running task, begin no other task, and leave the pool."""
        self._draining = True
        for worker in self._workers:
            worker.unsent.clear()
            with suppress(*GONE):
                worker.connection.send(StopAfterTask())

    def reply(self, rung: Rung, prune: bool) -> None:
        """Send the decision about pruning to a worker that waits at a rung."""
        with suppress(*GONE):
            rung.origin.connection.send(RungDecision(prune))

    def events(self, timeout: float) -> Iterator[Any]:
        """Yield new events, each a result, a Rung (which needs a `reply`) or a Lost. Wait at most `timeout` seconds for the
        first event.
        """
        ready = self._ready(0.0)
        if not ready:
            for worker in self._workers:
                worker.send()
            if all((len(worker.tasks) - 1) * worker.pace > GATHER_SECONDS for worker in self._workers):
                sleep(GATHER_SECONDS)
            deadline = min((worker.deadline(self._limit) for worker in self._workers), default=inf)
            ready = self._ready(max(0.0, min(timeout, deadline - monotonic())))
        for worker in list(self._workers):
            if worker.connection in ready:
                yield from self._receive(worker)
            elif not self._draining and monotonic() > worker.deadline(self._limit):
                message = f"its worker was stopped at the trial's time limit of {self._limit:g} s"
                yield from self._replace(worker, TIMED_OUT, message)

    def _ready(self, patience: float) -> set[Any]:
        """Return the connections that have a message or are closed. Wait at most `patience` seconds for the first such
        connection.
        """
        return {key.fileobj for key, _ in self._selector.select(patience)}

    def _receive(self, worker: Worker) -> Iterator[Any]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # OSError if the worker died during a send
            yield from self._ended(worker)
            return
        match message:
            case Begun():
                worker.started = monotonic()
                self._killed_at_start = 0
            case CannotBegin(why):
                raise SweepgdError(f"a worker cannot begin: {why}")
            case RungReached(percent, mean):
                yield Rung(worker.tasks[0], percent, mean, worker)
            case Kept(result):
                worker.partial = result
            case TaskDone(result):
                worker.tasks.pop(0)
                worker.partial = None
                worker.started = monotonic()
                worker.took(result.seconds)
                if len(worker.unsent) == len(worker.tasks):
                    worker.send()
                yield result

    def _ended(self, worker: Worker) -> Iterator[Lost]:
        """Remove or replace a worker that has died."""
        worker.process.join(STOP_SECONDS)
        if self._draining:
            worker.process.kill()
            self._workers.remove(worker)
            self._end(worker)
        elif fork_server.was_killed(worker.process) and worker.started is None:
            self._killed_at_start += 1
            if self._killed_at_start == MOST_KILLED_AT_START:
                killed = f"{MOST_KILLED_AT_START} workers in a row were killed (SIGKILL) during start-up"
                raise SweepgdError(f"{killed}, as the system does when memory is short: use fewer --workers")
            self._restart(worker, worker.tasks)  # the worker's end was not caused by the task
        elif fork_server.was_killed(worker.process) and all(task.attempt < self._attempts for task in worker.tasks[:1]):
            self._note("a worker was killed (SIGKILL): its task starts again in another worker")
            self._restart(worker, [begun_again(task) for task in worker.tasks[:1]] + worker.tasks[1:])
        else:
            yield from self._replace(worker, FAILED, self._reason_of_end(worker))

    def _reason_of_end(self, worker: Worker) -> str:
        """Return the reason of a worker's end."""
        if worker.process.exitcode == OUT_OF_MEMORY and self._setup.memory is not None:
            return f"took more than its worker's share of memory, {self._setup.memory / 1e9:.3g} GB: use fewer --workers"
        last = fork_server.was_killed(worker.process) and worker.tasks and worker.tasks[0].attempt > 1
        again = f", in each of {worker.tasks[0].attempt} attempts" if last else ""
        return f"the worker process ended {fork_server.ending(worker.process)}{again}"

    def _replace(self, worker: Worker, status: str, message: str) -> Iterator[Lost]:
        """End a worker, report its running task as lost, and give its waiting tasks to a new worker."""
        killed = status == FAILED and fork_server.was_killed(worker.process)
        self._restart(worker, worker.tasks[1:])
        for task in worker.tasks[:1]:
            yield Lost(task, status, message, worker.partial, killed)

    def _restart(self, worker: Worker, tasks: list[Any]) -> Worker:
        """End a worker, and give these tasks to a new worker."""
        worker.process.kill()
        successor = self._start()
        self._workers[self._workers.index(worker)] = successor
        self._end(worker)
        successor.tasks, successor.unsent = list(tasks), list(tasks)
        successor.send()
        return successor

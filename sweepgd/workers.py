"""Where trials run: worker processes, each with its own lab, so that a crash or a hang costs one trial and no more."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from math import inf
from multiprocessing.connection import Connection
from selectors import EVENT_READ, DefaultSelector
from time import monotonic, sleep
from typing import Any

from sweepgd import processes
from sweepgd.outcome import FAILED, TIMED_OUT
from sweepgd.problem import Problem
from sweepgd.share import share
from sweepgd.worker import Lost, Rung, Worker, begun_again
from sweepgd.worker_process import (
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

# Where no worker will run out meanwhile, the parent sleeps for this long, and then reads all that came: with trials of half
# a millisecond it otherwise wakes for each, and takes the core from a worker (1620 linear trials/s on two cores, 2100 so).
GATHER_SECONDS = 0.005
# How long a worker that has closed its connection may take to end.
STOP_SECONDS = 1.0
# A worker that something kills from outside, as the system does for want of memory, has its task begun so many times in all.
ATTEMPTS = 3
# So many that are killed one after the other before they begin are no accident.
STILLBORN = 10


class Pool:
    """Workers for one sweep. Use as a context manager; on leaving it, all workers are gone.

    They call `setup.run(lab, task, report, keep)`.
    `report(percent, mean)` reports at a rung, and returns whether to give the task up; `keep(result)` hands over what stands if
    the worker is lost from there on. `note` is told of a worker that something has killed. Without `ahead` a worker holds one
    task only, as it must where it waits at rungs for the answer whether to go on, which has to be next in its pipe, and where
    no task may begin after a deadline. A task is stopped after `task_timeout` seconds, and `events` ends its wait when a
    message arrives on the connection `wake`.
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
    ) -> None:
        self._setup = replace(setup, memory=share(workers)) if setup.memory is None else setup
        self._limit = inf if task_timeout is None else task_timeout
        self._workers: list[Worker] = []
        self._wanted, self._note = workers, note
        self._ahead = ahead
        self._draining = False
        self._stillborn = 0
        self._selector = DefaultSelector()
        if wake is not None:
            self._selector.register(wake, EVENT_READ)

    def __enter__(self) -> "Pool":
        self._workers = [self._start() for _ in range(self._wanted)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._end(worker)
        self._selector.close()

    def _start(self) -> Worker:
        ours, theirs = processes.context.Pipe()
        process = processes.start(serve, theirs, self._setup)
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
        """Gives a task to the worker with the fewest: at once to one that has none, else by the next `events`."""
        worker = min(self._workers, key=lambda worker: len(worker.tasks))
        worker.unsent.append(task)
        worker.tasks.append(task)
        if len(worker.tasks) == 1:
            if worker.started is not None:
                worker.started = monotonic()
            worker.send()

    def withdraw(self) -> None:
        """Take back the tasks that have not been sent. Without `ahead` no worker has others than the one that it runs."""
        for worker in self._workers:
            del worker.tasks[len(worker.tasks) - len(worker.unsent) :]
            worker.unsent.clear()

    def drain(self) -> None:
        """Lets each worker end the task that it runs, and begin no other: it then leaves the pool."""
        self._draining = True
        for worker in self._workers:
            worker.unsent.clear()
            with suppress(*GONE):
                worker.connection.send(StopAfterTask())

    def reply(self, rung: Rung, prune: bool) -> None:
        """Tells a worker that waits at a rung whether to give its trial up."""
        with suppress(*GONE):
            rung.origin.connection.send(RungDecision(prune))

    def events(self, timeout: float) -> Iterator[Any]:
        """What has happened since: a Result, a Rung (to be replied to), or a Lost. Waits for one at most `timeout` seconds."""
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
                why = f"its worker was stopped at the trial's time limit of {self._limit:g} s"
                yield from self._replace(worker, TIMED_OUT, why)

    def _ready(self, patience: float) -> set[Any]:
        """The connections on which something has come, or which have closed."""
        return {key.fileobj for key, _ in self._selector.select(patience)}

    def _receive(self, worker: Worker) -> Iterator[Any]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # OSError where it died while it sent
            yield from self._ended(worker)
            return
        match message:
            case Begun():
                worker.started = monotonic()
                self._stillborn = 0
            case CannotBegin(why):
                raise Problem(f"a worker cannot begin: {why}")
            case RungReached(percent, mean):
                yield Rung(worker.tasks[0], percent, mean, worker)
            case Kept(result):
                worker.kept = result
            case TaskDone(result):
                worker.tasks.pop(0)
                worker.kept = None
                worker.attempt = 1
                worker.started = monotonic()
                worker.took(result.seconds)
                if len(worker.unsent) == len(worker.tasks):
                    worker.send()
                yield result

    def _ended(self, worker: Worker) -> Iterator[Lost]:
        """Lets a worker go that has died."""
        worker.process.join(STOP_SECONDS)
        if self._draining:
            worker.process.kill()
            self._workers.remove(worker)
            self._end(worker)
        elif processes.was_killed(worker.process) and worker.started is None:
            self._stillborn += 1
            if self._stillborn == STILLBORN:
                killed = f"{STILLBORN} workers in a row were killed (SIGKILL) before they began"
                raise Problem(f"{killed}, as the system does where memory is short: give fewer --workers")
            self._succeed(worker, worker.tasks).attempt = worker.attempt  # its task had no part in its end
        elif processes.was_killed(worker.process) and worker.attempt < ATTEMPTS:
            self._note("a worker was killed (SIGKILL): what it ran begins anew in another")
            attempt = worker.attempt + 1
            again = [begun_again(task, attempt) for task in worker.tasks[:1]]
            self._succeed(worker, again + worker.tasks[1:]).attempt = attempt
        else:
            yield from self._replace(worker, FAILED, self._epitaph(worker))

    def _epitaph(self, worker: Worker) -> str:
        """Why a worker ended."""
        if worker.process.exitcode == OUT_OF_MEMORY and self._setup.memory is not None:
            return f"took more than its worker's share of memory, {self._setup.memory / 1e9:.3g} GB: give fewer --workers"
        again = f", in each of {worker.attempt} attempts" if worker.attempt > 1 else ""
        return f"the worker process ended {processes.ending(worker.process)}{again}"

    def _replace(self, worker: Worker, status: str, message: str) -> Iterator[Lost]:
        """Ends a worker, reports its running task as lost, and hands its waiting ones to a new worker."""
        self._succeed(worker, worker.tasks[1:])
        for task in worker.tasks[:1]:
            yield Lost(task, status, message, worker.kept)

    def _succeed(self, worker: Worker, tasks: list[Any]) -> Worker:
        """Ends a worker, and hands these tasks to a new one."""
        worker.process.kill()
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        self._end(worker)
        fresh.tasks, fresh.unsent = list(tasks), list(tasks)
        fresh.send()
        return fresh

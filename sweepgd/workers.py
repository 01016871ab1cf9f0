"""Where trials run: worker processes, each with its own lab, so that a crash or a hang costs one trial and no more."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess, SpawnProcess
from pathlib import Path
from queue import SimpleQueue
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from sweepgd import one_off, processes
from sweepgd.interrupts import SIGNALS
from sweepgd.outcome import FAILED, TIMED_OUT
from sweepgd.problem import Problem, reason
from sweepgd.share import keep_to, share
from sweepgd.sweep import Sweep

Run = Callable[..., Any]
# A worker holds the tasks of about this time, at least two, so that it never waits for the next one.
AHEAD_SECONDS = 0.05
# No task is taken for shorter: a worker holds some hundreds at most.
SHORTEST_SECONDS = 1e-4
# Where no worker will run out meanwhile, the parent sleeps for this long, and then reads all that came: with trials of half
# a millisecond it otherwise wakes for each, and takes the core from a worker (1620 linear trials/s on two cores, 2100 so).
GATHER_SECONDS = 0.005
# A trial ends itself at its limit; a worker is stopped only where its kernel or plugin does not come back.
GRACE_SECONDS = 2.0
STOP_SECONDS = 1.0
# A worker that something kills from outside, as the system does for want of memory, has its task begun anew so many times.
ATTEMPTS = 3
# What sending to a dead worker raises; `events` then finds its end of the connection closed, and says so.
GONE = (BrokenPipeError, ConnectionResetError)
# What a worker says when it begins to make its lab, in which plugins run already, and when it is ready for tasks.
BEGUN = "begun"
# The exit code of a worker that came to the end of its share of memory.
OUT_OF_MEMORY = 112


@dataclass(frozen=True)
class Kept:
    """A result that a worker goes on with: it stands if the worker is lost from here on."""

    result: Any


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
    worker: "Worker"


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

    def took(self, seconds: float) -> None:
        """Counts a task into the pace."""
        seconds = max(seconds, SHORTEST_SECONDS)
        self.pace = seconds if self.pace == inf else 0.9 * self.pace + 0.1 * seconds

    def send(self) -> None:
        """Tells it of all its tasks, in one message."""
        tasks, self.unsent = self.unsent, []
        if tasks:
            with suppress(*GONE):
                self.connection.send(tasks)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool:
    """Workers for one sweep. Use as a context manager; on leaving it, all workers are gone.

    They do what `run(lab, task, report, keep)` does, a function of a module whose result says in `seconds` how long it took.
    `report(percent, mean)` reports at a rung, and returns whether to give the task up; `keep(result)` hands over what stands if
    the worker is lost from there on. Without `ahead` a worker holds one task only, as it must where it waits at rungs for the
    answer whether to go on, which has to be next in its pipe, and where no task may begin after a deadline.
    """

    def __init__(
        self,
        sweep: Sweep,
        run: Run,
        workers: int,
        *,
        shared: Path | None = None,
        plugins: Sequence[Path] = (),
        ahead: bool = True,
        trial_timeout: float | None = None,
    ) -> None:
        self._sweep, self._run, self._shared, self._plugins = sweep, run, shared, plugins
        self._limit = inf if trial_timeout is None else trial_timeout
        self._workers: list[Worker] = []
        self._wanted = workers
        self._share = share(workers)
        self._ahead = ahead
        self._draining = False
        self._selector = DefaultSelector()

    def __enter__(self) -> "Pool":
        self._workers = [self._start() for _ in range(self._wanted)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._end(worker)
        self._workers = []
        self._selector.close()

    def _start(self) -> Worker:
        ours, theirs = processes.context.Pipe()
        process = processes.start(serve, theirs, self._sweep, self._run, self._shared, self._plugins, self._share)
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

    def drain(self) -> None:
        """Lets each worker end the task that it runs, and begin no other: it then leaves the pool."""
        self._draining = True
        for worker in self._workers:
            worker.unsent.clear()
            with suppress(*GONE):
                worker.connection.send(None)

    def reply(self, rung: Rung, prune: bool) -> None:
        """Tells a worker that waits at a rung whether to give its trial up."""
        with suppress(*GONE):
            rung.worker.connection.send(bool(prune))

    def events(self, timeout: float) -> Iterator[Any]:
        """What has happened since: a Result, a Rung (to be replied to), or a Lost. Waits for one at most `timeout` seconds."""
        ready = self._ready(0.0)
        if not ready:
            for worker in self._workers:
                worker.send()
            if all((len(worker.tasks) - 1) * worker.pace > GATHER_SECONDS for worker in self._workers):
                sleep(GATHER_SECONDS)
            deadlines = [
                worker.started + self._limit + GRACE_SECONDS
                for worker in self._workers
                if worker.tasks and worker.started is not None
            ]
            ready = self._ready(max(0.0, min([timeout, *(deadline - monotonic() for deadline in deadlines)])))
        for worker in list(self._workers):
            if worker.connection in ready:
                yield from self._receive(worker)
            elif not self._draining and self._is_late(worker):
                yield from self._replace(
                    worker, TIMED_OUT, f"its worker was stopped at the trial's time limit of {self._limit:g} s"
                )

    def _ready(self, patience: float) -> set[Any]:
        """The connections on which something has come, or which have closed."""
        return {key.fileobj for key, _ in self._selector.select(patience)}

    def _is_late(self, worker: Worker) -> bool:
        if not worker.tasks or worker.started is None:
            return False
        return monotonic() - worker.started > self._limit + GRACE_SECONDS

    def _receive(self, worker: Worker) -> Iterator[Any]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # OSError where it died while it sent
            worker.process.join(STOP_SECONDS)
            if self._draining:
                worker.process.kill()
                self._workers.remove(worker)
                self._end(worker)
            elif worker.process.exitcode == -signal.SIGKILL and (worker.started is None or worker.attempt < ATTEMPTS):
                # One that had not begun had no part in its end.
                self._succeed(worker, worker.tasks).attempt = worker.attempt + (worker.started is not None)
            else:
                yield from self._replace(worker, FAILED, self._epitaph(worker))
            return
        if message == BEGUN:
            worker.started = monotonic()
        elif isinstance(message, Problem):
            raise Problem(f"a worker cannot begin: {message}")
        elif isinstance(message, tuple):
            percent, mean = message
            yield Rung(worker.tasks[0], percent, mean, worker)
        elif isinstance(message, Kept):
            worker.kept = message.result
        else:
            worker.tasks.pop(0)
            worker.kept = None
            worker.attempt = 1
            worker.started = monotonic()
            worker.took(message.seconds)
            if len(worker.unsent) == len(worker.tasks):
                worker.send()
            yield message

    def _epitaph(self, worker: Worker) -> str:
        """Why a worker ended."""
        if worker.process.exitcode == OUT_OF_MEMORY and self._share is not None:
            return f"took more than its worker's share of memory, {self._share / 1e9:.3g} GB: give fewer --workers"
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


def serve(
    connection: Connection, sweep: Sweep, run: Run, shared: Path | None, plugins: Sequence[Path], memory: int | None
) -> None:
    """A worker's life: build the lab, then run tasks until it is to stop. Ends where it is when the connection closes."""
    from sweepgd.lab import Lab, one_blas_thread

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # where masks are not inherited
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

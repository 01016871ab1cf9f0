"""The way to the database: a thread that does jobs in order, and again for as long as the database is away."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from optuna.exceptions import OptunaError
from sqlalchemy.exc import SQLAlchemyError

from sweepgd.problem import Problem
from sweepgd.storage.database import is_away, line, refusal
from sweepgd.storage.watch import Watch

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
AWAY = "the database is away ({}): training goes on with what is claimed, and results are kept until it is back"
# A server that has been silent for so long is taken for away.
SILENT_SECONDS = 3.0
# The thread has so long to end a job when the link is closed; a server that hangs would keep it for ever.
END_SECONDS = 0.2
# For what is asked only where the database was there just now.
ANSWER_SECONDS = 10.0
NOT_THERE = "Record does not exist."  # the KeyError of Optuna's storage

T = TypeVar("T")


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what the database refuses into a Problem."""
    try:
        yield
    except (SQLAlchemyError, OptunaError) as error:
        raise refusal(error) from error
    except KeyError as error:
        if error.args != (NOT_THERE,):
            raise
        raise Problem("Optuna's study was deleted from the database: the same command makes it anew") from error


def answer(future: "Future[T]", timeout: float | None = None) -> T:
    """What the database answered. Raises Problem where it refused, TimeoutError where it has not answered in time."""
    with refusals():
        return future.result(timeout)


class Link:
    """Does jobs, each a function that may be repeated, in the order of `submit`; `every` seconds it does `beat` in between.

    While the database is away a job is tried again with growing pauses, and `note` is told once, and once when it is back.
    `end` closes the connections, after the last job, which may outlast `close`: one that is in use meanwhile would stay open.
    """

    def __init__(
        self,
        beat: Callable[[], object],
        every: float,
        watch: Watch,
        note: Callable[[str], None],
        end: Callable[[], None],
    ) -> None:
        self._beat, self._every, self._watch, self._note, self._end = beat, every, watch, note, end
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._later: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._closing = Event()
        self.patience = SILENT_SECONDS
        """After so many seconds without an answer the database counts as away."""
        self._lost = self._noted = False
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T]) -> "Future[T]":
        """Queues a job."""
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def submit_later(self, job: Callable[[], object]) -> None:
        """Queues a job for when there is no other."""
        self._later.append((job, Future()))
        self._jobs.put(None)

    def drop_later(self) -> None:
        """Gives up the jobs of `submit_later` that still wait."""
        self._later.clear()

    @property
    def away(self) -> bool:
        """Whether the last attempt found no database, or this one waits for long."""
        return self._lost or self._watch.seconds > self.patience

    def check(self) -> None:
        """Says where the database does not answer. Raises Problem where the beat has found it to refuse."""
        if self._watch.seconds > self.patience:
            self._note_away(f"no answer for {self.patience:g} s")
        if self._failure is not None:
            raise refusal(self._failure) from self._failure

    def close(self) -> None:
        """Ends the thread, after the job that it is at if that is short; those that wait are given up."""
        self._closing.set()
        self._jobs.put(None)
        self._thread.join(END_SECONDS)

    def _work(self) -> None:
        try:
            self._work_until_closed()
        finally:
            self._end()

    def _work_until_closed(self) -> None:
        due = monotonic()
        while not self._closing.is_set():
            try:
                item = self._jobs.get(not self._later, max(0.0, due - monotonic()))
            except Empty:
                item = self._later.popleft() if self._later else None
            if monotonic() >= due:
                beat: Future[object] = Future()
                self._do(self._beat, beat)
                if beat.done() and (error := beat.exception()) is not None:
                    self._failure = error
                due = monotonic() + self._every
            if item is not None:
                self._do(*item)

    def _do(self, job: Callable[[], T], future: "Future[T]") -> None:
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            try:
                result = job()
            except Exception as error:
                if not is_away(error):
                    future.set_exception(error)
                    return
                self._lost = True
                self._note_away(line(error))
                self._closing.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self._lost = False
                if self._noted:
                    self._noted = False
                    self._note("the database is back")
                future.set_result(result)
                return

    def _note_away(self, reason: str) -> None:
        if not self._noted:
            self._noted = True
            self._note(AWAY.format(reason))

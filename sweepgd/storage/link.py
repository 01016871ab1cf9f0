"""The way to the database: a thread that does jobs in order, and again for as long as the database is away."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from sweepgd.storage.database import refusal

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
AWAY = "the database is away: training goes on with what is claimed, and results are kept until it is back"
# For what is asked only where the database was there just now.
ANSWER_SECONDS = 10.0

T = TypeVar("T")


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what the database refuses into a Problem."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        raise refusal(error) from error


def answer(future: "Future[T]", timeout: float | None = None) -> T:
    """What the database answered. Raises Problem where it refused, TimeoutError where it has not answered in time."""
    with refusals():
        return future.result(timeout)


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is not there, and not that something is wrong with what it was asked."""
    if isinstance(error, StorageInternalError):
        return error.__cause__ is not None and is_away(error.__cause__)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | InterfaceError)


class Link:
    """Does jobs, each a function that may be repeated, in the order of `submit`; `every` seconds it does `beat` in between.

    While the database is away a job is tried again with growing pauses, and `note` is told once, and once when it is back.
    """

    def __init__(self, beat: Callable[[], object], every: float, note: Callable[[str], None]) -> None:
        self._beat, self._every, self._note = beat, every, note
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._later: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._closing = Event()
        self.away = False
        """Whether the last attempt found no database."""
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

    @property
    def later(self) -> int:
        """How many jobs of `submit_later` still wait."""
        return len(self._later)

    def check(self) -> None:
        """Raises Problem where the beat has found the database to refuse it."""
        if self._failure is not None:
            raise refusal(self._failure) from self._failure

    def close(self) -> None:
        """Ends the thread, after the job that it is at; those that wait are given up."""
        self._closing.set()
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        due = monotonic()
        while not self._closing.is_set():
            try:
                item = self._jobs.get(not self._later, max(0.0, due - monotonic()))
            except Empty:
                item = self._later[0] if self._later else None
            if monotonic() >= due:
                beat: Future[object] = Future()
                self._do(self._beat, beat)
                if beat.done() and (error := beat.exception()) is not None:
                    self._failure = error
                due = monotonic() + self._every
            if item is not None:
                self._do(*item)
                if self._later and item == self._later[0]:
                    self._later.popleft()

    def _do(self, job: Callable[[], T], future: "Future[T]") -> None:
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            try:
                result = job()
            except Exception as error:
                if not is_away(error):
                    future.set_exception(error)
                    return
                if not self.away:
                    self.away = True
                    self._note(AWAY)
                self._closing.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if self.away:
                    self.away = False
                    self._note("the database is back")
                future.set_result(result)
                return

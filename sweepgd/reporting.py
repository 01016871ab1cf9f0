"""What has finished is made durable, and only then reported; where there is no room for it, that waits."""

from contextlib import suppress
from math import inf
from time import monotonic, sleep
from typing import Any, Protocol

from sweepgd.interrupts import Stop
from sweepgd.record import NoRoom, Store
from sweepgd.record.pace import CLOSE_BYTES
from sweepgd.record.stopping import GivenUp
from sweepgd.room import RESERVE_BYTES, free_bytes, in_words

# One fsync makes every result of this time durable.
FLUSH_SECONDS = 0.1
# How often a full disk is looked at again.
RETRY_SECONDS = 1.0


class Progress(Protocol):
    """Who is told how it goes: what is about to be waited for, what has finished, and what had better be different."""

    def note(self, what: str) -> None: ...
    def warn(self, what: str) -> None: ...
    def started(self, total: int, done: int, where: str) -> None: ...
    def finished(self, result: Any) -> None: ...


class Silence:
    """Progress for nobody."""

    def note(self, what: str) -> None: ...
    def warn(self, what: str) -> None: ...
    def started(self, total: int, done: int, where: str) -> None: ...
    def finished(self, result: Any) -> None: ...


class Reporting:
    """Flushes a store every so often, and then reports what it was given since."""

    def __init__(self, store: Store, progress: Progress, stop: Stop) -> None:
        self._store, self._progress, self._stop = store, progress, stop
        self.note = progress.note
        self._looked = monotonic()
        self.unreported: list[Any] = []
        self.paused = False
        """Whether room is lacking, so that no task should begin."""

    def report(self, now: bool = False) -> None:
        """Makes what has finished durable and says so, if it is time for it, and notices where there is no room for that."""
        since = monotonic() - self._looked
        if now or since > (RETRY_SECONDS if self.paused else FLUSH_SECONDS):
            self._looked = monotonic()
            if self.paused or self.unreported:
                self._flush()

    def publish(self, deadline: float = inf) -> None:
        """Publishes all, and waits for the room that it takes until the deadline.

        Raises KeyboardInterrupt once asked to stop.
        """
        while not self._stop:
            try:
                self._store.publish(self._asked)
                break
            except NoRoom as problem:
                if monotonic() > deadline:
                    break
                self._pause(problem)
                sleep(RETRY_SECONDS)
            except GivenUp:
                pass
        if self._stop:
            self.end()
            raise KeyboardInterrupt

    def end(self) -> None:
        """Makes durable what has finished, where there is room for it, and says what the next command has to do."""
        with suppress(NoRoom):
            self._record()
        if self.unreported:
            self.note(f"{len(self.unreported)} finished, but there was no room to record it: it will be run again")
        if (size := self._store.unpublished_bytes) > CLOSE_BYTES:
            self.note(
                f"{in_words(size)} of results are safe in the log: the next command that writes there makes parts of them"
            )

    def _record(self) -> None:
        self._store.flush()
        for result in self.unreported:
            self._progress.finished(result)
        self.unreported.clear()

    def _asked(self) -> bool:
        return bool(self._stop)

    def _flush(self) -> None:
        try:
            self._record()
            self._store.publish_if_due(self._asked)
            if free_bytes(self._store.directory) < self._needed and self._store.unpublished_bytes > RESERVE_BYTES:
                self._store.publish(self._asked)  # parts are compressed, and no log has to be kept room for then
        except GivenUp:
            return
        except NoRoom as problem:
            self._pause(problem)
            return
        if free_bytes(self._store.directory) < self._needed:
            self._pause()
        elif self.paused:
            self.paused = False
            self.note("there is room again: going on")

    @property
    def _needed(self) -> int:
        return self._store.unpublished_bytes + RESERVE_BYTES

    def _pause(self, problem: NoRoom | None = None) -> None:
        if self.paused:
            return
        self.paused = True
        free = free_bytes(self._store.directory)
        # A quota, or a lack of inodes, is not seen in what is free.
        why = f"has {in_words(free)} free" if problem is None or free < self._needed else f"is full ({problem})"
        self.note(
            f"paused: {self._store.directory} {why}, and needs {in_words(self._needed)}: make room, and it goes on by itself"
        )

"""Commit finished results. Results are first made durable and then reported. The command pauses while the disk is full."""

from contextlib import suppress
from functools import partial
from math import inf
from time import monotonic, sleep
from typing import Any, Protocol

from sweepgd.core.interrupts import Stop
from sweepgd.record import NoRoom, Store
from sweepgd.record.disk_space import RESERVE_BYTES, free_bytes, in_words
from sweepgd.record.publish_schedule import CLOSE_BYTES
from sweepgd.record.stopping import GivenUp

# The seconds between two calls of fsync. An fsync makes all results since the last call durable.
FLUSH_SECONDS = 0.1
# The seconds between checks of a full disk.
RETRY_SECONDS = 1.0


class Progress(Protocol):
    """The receiver of progress events: notes, warnings, the start of the work, and each finished result."""

    def note(self, what: str) -> None: ...
    def warn(self, what: str) -> None: ...
    def started(self, total: int, done: int, where: str) -> None: ...
    def finished(self, result: Any) -> None: ...


class NoProgress:
    """Ignore all progress events."""

    def note(self, what: str) -> None: ...
    def warn(self, what: str) -> None: ...
    def started(self, total: int, done: int, where: str) -> None: ...
    def finished(self, result: Any) -> None: ...


class ResultCommitter:
    """Flushes a store periodically, and then reports the results in `unreported`. A stop request also ends a running
    publication.
    """

    def __init__(self, store: Store, progress: Progress, stop: Stop) -> None:
        store.stop = partial(bool, stop)
        self._store, self._progress, self._stop = store, progress, stop
        self.note = progress.note
        self._checked = monotonic()
        self.unreported: list[Any] = []
        self.paused = False
        """True while the disk is full. Meanwhile, no task should begin."""

    def report(self, now: bool = False) -> None:
        """Make finished results durable and report them, at most once in FLUSH_SECONDS unless `now` is True. Pause on a full
        disk.
        """
        since = monotonic() - self._checked
        if now or since > (RETRY_SECONDS if self.paused else FLUSH_SECONDS):
            self._checked = monotonic()
            if self.paused or self.unreported:
                self._flush()

    def publish(self, deadline: float = inf) -> None:
        """Publish all results. If the disk is full, wait for space until the deadline.

        Raises KeyboardInterrupt after a stop request.
        """
        while not self._stop:
            try:
                self._store.publish()
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
        """Make finished results durable if the disk has space. Tell the user about results that the next command must record or
        publish.
        """
        with suppress(NoRoom):
            self._record()
        if self.unreported:
            self.note(
                f"{len(self.unreported)} finished results could not be recorded, because the disk is full: their tasks "
                "will run again"
            )
        if (size := self._store.unpublished_bytes) > CLOSE_BYTES:
            self.note(
                f"{in_words(size)} of results are safe in the log; the next command that writes to the directory publishes them"
            )

    def _record(self) -> None:
        self._store.flush()
        for result in self.unreported:
            self._progress.finished(result)
        self.unreported.clear()

    def _flush(self) -> None:
        try:
            self._record()
            self._store.publish_if_due()
            if free_bytes(self._store.directory) < self._needed and self._store.unpublished_bytes > RESERVE_BYTES:
                self._store.publish()  # publishing makes room, because parts are compressed and published logs need no reserve
        except GivenUp:
            return
        except NoRoom as problem:
            self._pause(problem)
            return
        if free_bytes(self._store.directory) < self._needed:
            self._pause()
        elif self.paused:
            self.paused = False
            self.note("the disk has space again: the command continues")

    @property
    def _needed(self) -> int:
        return self._store.unpublished_bytes + RESERVE_BYTES

    def _pause(self, problem: NoRoom | None = None) -> None:
        if self.paused:
            return
        self.paused = True
        free = free_bytes(self._store.directory)
        # A disk with free bytes can be full because of a quota or a lack of inodes.
        why = f"has {in_words(free)} free" if problem is None or free < self._needed else f"is full ({problem})"
        self.note(
            f"paused: {self._store.directory} {why} but needs {in_words(self._needed)}: free some space there to continue"
        )

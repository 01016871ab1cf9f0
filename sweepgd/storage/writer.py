"""What one command writes into a shared results directory: its own log, in which a result waits until it is known to count."""

import fcntl
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sweepgd.problem import Problem
from sweepgd.record import parts
from sweepgd.record.files import sync_folder, writing
from sweepgd.record.finished import unpack
from sweepgd.record.log import Log, frames
from sweepgd.record.schema import SCHEMAS
from sweepgd.record.stopping import never

LOCK_FILES = "[!.]*/lock"

Attempt = tuple[int, int]
"""A trial, and which of its holders ran it."""


def attempt_of(record: bytes) -> Attempt:
    """Which attempt a record is of."""
    packed = unpack(record)
    return packed.trial, packed.rows[0]["attempt"]


def largest_segment(directory: Path) -> int:
    """The largest number of a segment of the log, or of a part."""
    return max([*parts.numbers(directory / "log", ".log"), parts.largest(directory)])


class Writer:
    """A folder `log/<holder>` of one command, locked while it lives.

    It holds the results that may still turn out not to count, in `<number>.log`, and its lock names the segment that the
    others were moved to, in which every reader sees them. Results that came late are kept in `late/<holder>.log`.
    """

    def __init__(self, directory: Path, holder: str) -> None:
        """Makes the folder. It gets its name, by which others find it, when it is locked."""
        self.directory, self.holder = directory, holder
        self.folder = directory / "log" / holder
        hidden = self.folder.with_name(f".{holder}")
        with writing(directory):
            hidden.mkdir(parents=True)
            self._lock = os.open(hidden / "lock", os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            hidden.rename(self.folder)
            sync_folder(self.folder.parent)
            self._waiting = Log(self.folder / "000001.log")
            self._segment: Log | None = None
            self._final: Path | None = None

    def append(self, record: bytes) -> None:
        """Adds a result, in memory until the next `flush`."""
        self._waiting.append(record)

    def flush(self) -> None:
        """Makes everything appended durable."""
        with writing(self.directory):
            self._waiting.flush()
            if self._segment is not None:
                self._segment.flush()

    @property
    def has_segment(self) -> bool:
        return self._segment is not None

    @property
    def unpublished(self) -> bool:
        """Whether a segment is closed and has no parts yet, for want of room or as that was given up: none is begun before."""
        return self._final is not None

    def begin_segment(self, number: int) -> None:
        """Begins the segment that results are shown in. Raises Problem where there is a part of its number."""
        if any(parts.part(self.directory, table, number).exists() for table in SCHEMAS):
            raise Problem(f"{self.directory} has parts {number:06} already, which the database does not know: run it again")
        with writing(self.directory):
            os.pwrite(self._lock, f"{number:06}".encode(), 0)
            os.fsync(self._lock)
            self._segment = Log(self.directory / "log" / f"{number:06}.log")

    def show(self, record: bytes) -> None:
        """Adds a result that counts to where every reader sees it, in memory until the next `flush`."""
        assert self._segment is not None
        self._segment.append(record)

    def set_aside(self, records: Iterable[bytes]) -> Path:
        """Keeps results that do not count; returns where."""
        return keep_late(self.directory, self.holder, records)

    def publish(self, footer: dict[str, str], stop: Callable[[], bool] = never) -> None:
        """Makes parts of the segment. Raises GivenUp where `stop` says so; after that, or a Problem, it can be repeated."""
        with writing(self.directory):
            if self._segment is not None:
                self._segment.close()
                self._final, self._segment = self._segment.path, None
            if self._final is not None:
                publish_segment(self.directory, self._final, footer, stop)
                self._final = None

    def wait_anew(self, waiting: Iterable[bytes]) -> None:
        """Begins another log of what waits, as most of the last one does not any more. After a Problem it can be repeated."""
        with writing(self.directory):
            before, self._waiting = self._waiting, Log(self._following())
            before.close()
            for record in waiting:
                self._waiting.append(record)
            self._waiting.flush()
            before.path.unlink()

    def _following(self) -> Path:
        return self.folder / f"{int(self._waiting.path.stem) + 1:06}.log"

    def close(self, *, leave: bool) -> None:
        """Lets the folder go: it is removed, or left with what waits in it to whoever comes next."""
        self._waiting.close()
        if self._segment is not None:
            self._segment.close()
        try:
            if not leave:
                with writing(self.directory):
                    empty(self.folder)
        finally:
            os.close(self._lock)
        remove(self.folder)


def keep_late(directory: Path, holder: str, records: Iterable[bytes]) -> Path:
    """Keeps results that do not count in `late/<holder>.log`."""
    path = directory / "late" / f"{holder}.log"
    with writing(directory):
        path.parent.mkdir(exist_ok=True)
        log = Log(path)
        for record in records:
            log.append(record)
        log.flush()
        log.close()
    return path


def publish_segment(directory: Path, path: Path, footer: dict[str, str], stop: Callable[[], bool] = never) -> None:
    """Makes parts of a segment that nobody writes to any more, and removes it. Raises GivenUp where `stop` says so."""
    if next(frames(path), None) is not None:
        parts.publish(directory, int(path.stem), frames(path), footer, stop)
    path.unlink()


def empty(folder: Path) -> None:
    """Removes what the folder of a command that has ended holds, the lock last, as the folder is found by it."""
    lock = folder / "lock"
    for path in folder.iterdir():
        if path != lock:
            path.unlink()
    lock.unlink()


def remove(folder: Path) -> None:
    """Removes the folder of a command, where it is empty, and nobody has the lock open: NFS keeps a name for it so long."""
    with suppress(OSError):
        folder.rmdir()


def holders(directory: Path) -> set[str]:
    """The commands, alive or dead, that have a folder."""
    return {lock_file.parent.name for lock_file in (directory / "log").glob(LOCK_FILES)}

"""The folders of commands that have ended without removing them."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from sweepgd.record import parts
from sweepgd.record.log import Log, frames
from sweepgd.storage.writer import LOCKS, empty, publish_segment, remove


class Dead:
    """The folder of a command that has ended without removing it, locked."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.holder, self._folder, self._lock = folder.name, folder, lock
        self._directory = folder.parent.parent

    def waiting(self) -> list[bytes]:
        """Its results that were durable, and not known to count."""
        records: list[bytes] = []
        for number in parts.numbers(self._folder, ".log"):
            path = self._folder / f"{number:06}.log"
            Log(path).close()  # cuts a torn tail
            records += frames(path)
        return records

    def publish(self, footer: dict[str, str]) -> None:
        """Makes parts of the segment that it left."""
        number = os.pread(self._lock, 6, 0).decode()
        path = self._directory / "log" / f"{number}.log"
        if number and path.exists():
            Log(path).close()
            publish_segment(self._directory, path, footer)

    def empty(self) -> None:
        empty(self._folder)


def dead(directory: Path) -> Iterator[Dead]:
    """The folders of commands that live no more, each locked until the next one is asked for."""
    for lock_file in sorted((directory / "log").glob(LOCKS)):
        try:
            lock = os.open(lock_file, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_nlink == 0:  # removed by its command, or by another, meanwhile
                    continue
            except BlockingIOError:
                continue
            yield Dead(lock_file.parent, lock)
        finally:
            os.close(lock)
        remove(lock_file.parent)

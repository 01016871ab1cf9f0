"""The folders of commands that have ended without removing them."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from sweepgd.record import parts
from sweepgd.record.log import Log, frames
from sweepgd.record.stopping import never
from sweepgd.storage.writer import LOCK_FILES, empty, publish_segment, remove


class Dead:
    """The folder of a command that has ended without removing it, locked."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.holder, self._folder, self._lock = folder.name, folder, lock
        self._directory = folder.parent.parent
        self.notes: list[str] = []
        """What was cut from its logs, a line each."""

    def waiting(self) -> list[bytes]:
        """Its results that were durable, and not known to count."""
        records: list[bytes] = []
        for number in parts.numbers(self._folder, ".log"):
            path = self._folder / f"{number:06}.log"
            Log(path).close()  # cuts a torn tail
            records += frames(path)
        for torn in sorted(self._folder.glob("*.torn")):  # the folder goes
            self._note_torn(torn.rename(self._folder.with_name(f"{self.holder}-{torn.name}")))
        return records

    def publish(self, footer: dict[str, str], stop: Callable[[], bool] = never) -> None:
        """Makes parts of the segment that it left. Raises GivenUp where `stop` says so."""
        number = os.pread(self._lock, 6, 0).decode()
        path = self._directory / "log" / f"{number}.log"
        if number and path.exists():
            log = Log(path)
            log.close()
            if log.cut:
                self._note_torn(path.with_suffix(".torn"))
            publish_segment(self._directory, path, footer, stop)

    def _note_torn(self, torn: Path) -> None:
        self.notes.append(f"the end of a log of {self.holder} is of a record that is not whole: cut, and kept in {torn}")

    def empty(self) -> None:
        empty(self._folder)


def dead(directory: Path) -> Iterator[Dead]:
    """The folders of commands that live no more, each locked until the next one is asked for."""
    for lock_file in sorted((directory / "log").glob(LOCK_FILES)):
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

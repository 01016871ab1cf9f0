"""Follow the trials of a results directory while a search is writing to it. Each byte is read once."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parquet_reader, parts
from sweepgd.record.log import MAGIC, frames_after
from sweepgd.record.schema import TRIALS
from sweepgd.record.trial_record import unpack

Row = Mapping[str, Any]
COLUMNS = (
    "trial", "replicate", "status", "objectives", "optimizer", "schedule", "batch_size", "learning_rate", "finished_at",
)  # fmt: skip


class Follower:
    """A reader of the trials that were recorded since its last reading, in published parts or in the log only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folder = self._identity()
        self._parts_read: set[int] = set()
        self._ends: dict[int, int] = {}  # of each log, as far as it has been read
        self._trials: set[int] = set()

    def new_trials(self) -> Iterator[list[Row]]:
        """Yield the rows of each new trial, with COLUMNS at least.

        Raises SweepgdError if a file is damaged, or if another directory is at the path.
        """
        if self._identity() != self._folder:
            raise SweepgdError(f"{self._directory} was moved or replaced: run the command again")
        published = parts.numbers(parts.folder(self._directory, "trials"), ".parquet")
        for number in published:
            if number not in self._parts_read:
                path = parts.part(self._directory, "trials", number)
                yield from self._unseen(parquet_reader.read(path, TRIALS, COLUMNS).to_pylist())
                self._parts_read.add(number)
        for number in parts.numbers(self._directory / "log", ".log"):
            if number not in published:
                with suppress(FileNotFoundError):  # published and removed meanwhile: the next call reads the part
                    yield from self._logged(number)

    def _logged(self, number: int) -> Iterator[list[Row]]:
        path = self._directory / "log" / f"{number:06}.log"
        for end, record in frames_after(path, self._ends.get(number, len(MAGIC))):
            self._ends[number] = end
            yield from self._unseen(unpack(record).rows)

    def _unseen(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """Yield the rows of each trial that is new. The rows of one trial are next to each other."""
        for trial, group in groupby(rows, itemgetter("trial")):
            if trial not in self._trials:
                self._trials.add(trial)
                yield list(group)

    def _identity(self) -> int | None:
        """Return the inode of the directory, or None if the directory does not exist."""
        try:
            return self._directory.stat().st_ino
        except FileNotFoundError:
            return None

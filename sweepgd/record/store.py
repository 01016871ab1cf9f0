"""The only writer of a result directory: a durable log, turned now and then into immutable Parquet parts."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sweepgd.record import parts, reading
from sweepgd.record.files import NoRoom, writing
from sweepgd.record.finished import unpack
from sweepgd.record.lock import prepare, take_lock
from sweepgd.record.log import Log, frames
from sweepgd.record.schema import SCHEMAS, TRIALS, footer

# A part has this many trials or lasts this long, whichever comes first. Publishing takes 40 µs a trial, and the first time
# half a second, as pyarrow then imports pandas where it is installed: a search of seconds had better not wait for that.
PART_TRIALS, PART_SECONDS = 4096, 30.0


class Store:
    """A result directory open for recording. Segment `log/000001.log` becomes part 000001 of each table.

    Publishing starts the next segment first, so that a segment with a successor is final and its publication can be
    repeated after a crash at any point. The log of the newest parts stays, so that they can be made again should they be
    damaged; it goes once there are newer ones and its own have been read back.
    """

    def __init__(self, directory: Path, sweep_toml: str, lock: int) -> None:
        """Use `Store.open`, which takes the lock."""
        self.directory = directory
        self._lock = lock
        self._footer = footer(sweep_toml)
        published = parts.numbers(directory / "trials", ".parquet")
        logged = parts.numbers(directory / "log", ".log")
        self._segment = max([1, *logged, *(number + 1 for number in published)])
        for number in {*logged, self._segment}:
            Log(self._log_path(number)).close()  # cuts a torn tail and keeps it, before any segment is published
        self._publish_final_segments()

        self.recorded: set[int] = set()
        """The numbers of all trials recorded so far, flushed or not."""
        for number in parts.numbers(directory / "trials", ".parquet"):
            table = reading.read(parts.part(directory, "trials", number), TRIALS, ["trial"])
            self.recorded.update(table["trial"].to_pylist())
        self._published = len(self.recorded)
        """How many records are in parts, but for the supplements there when this store was opened."""
        self._pending = 0
        self._log = Log(self._log_path(self._segment))
        for packed in map(unpack, frames(self._log.path)):
            self._pending += 1
            if packed.rows:
                self.recorded.add(packed.trial)
        self._opened = self._published_at = time.monotonic()

    @classmethod
    def open(cls, directory: Path, sweep_toml: str) -> "Store":
        """Creates the result directory, or reopens it: repairs its log and finishes an interrupted publication.

        `sweep_toml`, the resolved sweep, is kept as `sweep.toml`. Raises Problem where the directory cannot be written,
        is damaged, or is being written by another process.
        """
        with writing(directory):
            (directory / "log").mkdir(parents=True, exist_ok=True)
            lock = take_lock(directory)
            try:
                prepare(directory, sweep_toml)
                return cls(directory, sweep_toml, lock)
            except BaseException:
                os.close(lock)
                raise

    def remaining(self, numbers: Iterable[int]) -> Iterator[int]:
        """Those of these trials that are not recorded."""
        return (number for number in numbers if number not in self.recorded)

    def attempt(self, trial: int) -> int:
        """Which attempt at a trial this is: where there is one writer, nobody takes a trial over."""
        return 1

    def append(self, trial: int, record: bytes) -> None:
        """Records a configuration as `encode` wrote it, in memory until the next `flush`.

        Raises ValueError where its trial is already recorded.
        """
        if trial in self.recorded:
            raise ValueError(f"trial {trial} is already recorded")
        self._log.append(record)
        self._pending += 1
        self.recorded.add(trial)

    def supplement(self, trial: int, record: bytes) -> None:
        """Adds what was measured of a recorded configuration since, a record without trials rows, in memory until `flush`.

        Raises ValueError where its trial is not recorded.
        """
        if trial not in self.recorded:
            raise ValueError(f"trial {trial} is not recorded")
        self._log.append(record)
        self._pending += 1

    def flush(self) -> None:
        """Makes everything appended durable, with one fsync. After a Problem, as a full disk, it can be repeated."""
        with writing(self.directory):
            self._log.flush()

    def publish(self) -> None:
        """Turns everything recorded into whole, immutable parts. After a Problem it can be repeated."""
        self.flush()
        with writing(self.directory):
            if not self._log.empty:
                following = Log(self._log_path(self._segment + 1))
                self._log.close()
                self._log, self._segment = following, self._segment + 1
            self._publish_final_segments()
        self._published += self._pending
        self._pending = 0
        self._published_at = time.monotonic()

    def publish_if_due(self) -> None:
        """Publishes so often that parts grow geometrically, in records or in seconds: any study is tens of files."""
        now = time.monotonic()
        many = self._pending >= max(PART_TRIALS, self._published // 8)
        late = now - self._published_at > max(PART_SECONDS, (now - self._opened) / 10)
        if self._pending and (many or late):
            self.publish()

    @property
    def unpublished_bytes(self) -> int:
        """The size of the log that the next parts will be made of: they take about as much room beside it, and then it goes."""
        return self._log.size

    def close(self) -> None:
        """Publishes the rest and lets the directory go.

        Where there is no room for it, what was flushed stays in the log, and is published when the directory is opened
        again. What was not is given up then: who wants to hear of that calls `flush` before.
        """
        try:
            with suppress(NoRoom), writing(self.directory):
                self.publish()
                self._log.path.unlink()
        finally:
            self._log.close()
            os.close(self._lock)

    def _log_path(self, segment: int) -> Path:
        return self.directory / "log" / f"{segment:06}.log"

    def _publish_final_segments(self) -> None:
        final = [number for number in parts.numbers(self.directory / "log", ".log") if number != self._segment]
        for number in final:
            parts.publish(self.directory, number, frames(self._log_path(number)), self._footer)
        for number in final[:-1]:
            if all(reading.is_whole(parts.part(self.directory, table, number)) for table in SCHEMAS):
                self._log_path(number).unlink()

"""The writer of a results directory. Records go to a durable log. From time to time, the log is published as immutable Parquet
parts.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parquet_reader, parts
from sweepgd.record.activity import announce
from sweepgd.record.atomic_files import NoRoom, to_repair, writing
from sweepgd.record.lock import check_held, release, take_lock
from sweepgd.record.log import Log, faults, frames
from sweepgd.record.new_directory import make_ready
from sweepgd.record.publish_schedule import CLOSE_BYTES, Pace
from sweepgd.record.run_keys import has_more
from sweepgd.record.schema import SCHEMAS, TRIALS, footer
from sweepgd.record.shared_logs import remove_waiting, waiting_logs, waiting_records
from sweepgd.record.stopping import never
from sweepgd.record.trial_record import unpack

PROCESSOR = ["processor", "vector_bits"]


class Store:
    """A results directory open for writing. Segment `log/000001.log` is published as part 000001 of each table.

    Before a segment is published, the next segment begins. A segment that has a successor is final, and its publication can be
    repeated after a crash at any point. The log of the newest parts is kept, so that damaged parts can be rebuilt. A log is
    removed once newer parts exist and the log's own parts have been read back. Only the locked directory is written. If another
    directory is at the path, every method that writes raises SweepgdError. Flushed results are then in the log of the moved
    directory.
    """

    def __init__(self, directory: Path, sweep_toml: str, lock: int) -> None:
        """Initialise the store of a locked directory. Call `Store.open` instead, which takes the lock."""
        self.directory = directory
        self._lock = lock
        self._footer = footer(sweep_toml)
        self.stop: Callable[[], bool] = never
        """A function that is called repeatedly during a publication. When it returns True, the publication ends with GivenUp.
        """
        self.notes: list[str] = []
        """Lines for the user: one for each log that was cut, and one for each log of another command whose results were added.
        """
        logged = parts.numbers(directory / "log", ".log")
        self._segment = max([*logged, parts.largest(directory) + 1])
        for number in {*logged, self._segment}:
            if not parts.complete(directory, number):
                self._repair_log(self._log_path(number))  # all logs are repaired before any segment is published
        with suppress(NoRoom), writing(directory):  # without room, readers use the logs, and the next publication tries again
            self._publish_final_segments()
            self._remove_logs()

        self.recorded: set[int] = set()
        """The numbers of all recorded trials, including trials that are not flushed yet."""
        self.processors: set[tuple[str, int | None]] = set()
        """The values of `processor` and `vector_bits` in earlier rows that have a processor."""
        published = parts.numbers(directory / "trials", ".parquet")
        for number in published:
            table = parquet_reader.read(parts.part(directory, "trials", number), TRIALS, ["trial", *PROCESSOR])
            self.recorded.update(table["trial"].to_pylist())
            self._add_processors(table.group_by(PROCESSOR).aggregate([]).to_pylist())
        self._pace = Pace(len(self.recorded))
        self._log = Log(self._log_path(self._segment))
        for number in sorted({*logged, self._segment}.difference(published)):
            for packed in map(unpack, frames(self._log_path(number))):
                self._pace.add()
                if packed.rows:
                    self.recorded.add(packed.trial)
                    self._add_processors(packed.rows)
        self._add_shared_logs()

    def _add_shared_logs(self) -> None:
        """Record the results that are in the logs of other commands (see `sweepgd.record.shared_logs`). Each trial is recorded
        once.
        """
        logs = waiting_logs(self.directory)
        for log in logs:
            added = 0
            for record in waiting_records(log):
                packed = unpack(record)
                if packed.trial not in self.recorded:
                    self.append(packed.trial, record)
                    self._add_processors(packed.rows)
                    added += 1
            if added:
                self.notes.append(f"added {added} result{'s' * (added > 1)} from {log}")
        with suppress(NoRoom), writing(self.directory):  # without room, the logs stay, and the next flush tries again
            self._log.flush()
            for torn in filter(None, map(remove_waiting, logs)):
                self.notes.append(f"a log of another command is damaged or incomplete: it is kept as {torn}")

    def _add_processors(self, rows: Iterable[Mapping[str, Any]]) -> None:
        types = ((row.get("processor"), row.get("vector_bits")) for row in rows)
        self.processors.update((name, bits) for name, bits in types if name is not None)

    @classmethod
    def open(cls, directory: Path, sweep_toml: str, check: Callable[[], None] = lambda: None) -> "Store":
        """Create or reopen a results directory. Cut incomplete records, and finish an interrupted publication.

        `check` is called after the directory has been locked. If `check` does not raise an exception, the resolved sweep is
        written as `sweep.toml`. Raises SweepgdError if the directory cannot be written, is damaged, or is being written by
        another process.
        """
        with writing(directory):
            (directory / "log").mkdir(parents=True, exist_ok=True)
            lock = take_lock(directory)
            try:
                check()  # under the lock, because another command may have begun another sweep meanwhile
                make_ready(directory, sweep_toml)
                return cls(directory, sweep_toml, lock)
            except BaseException:
                release(lock)
                raise

    def announce(self, total: int, where: str) -> None:
        """Tell readers of the directory that a search of `total` trials has begun, and where its trials run."""
        announce(self._lock, total, where)

    def append(self, trial: int, record: bytes) -> None:
        """Add the record of a trial, as `encode` returns it, in memory. The next `flush` writes the record.

        Raises ValueError if the trial is already recorded.
        """
        if trial in self.recorded:
            raise ValueError(f"trial {trial} is already recorded")
        self._log.append(record)
        self._pace.add()
        self.recorded.add(trial)

    def supplement(self, trial: int, record: bytes) -> None:
        """Add measures of a recorded trial in memory. The next `flush` writes the measures.

        `record` has no rows of trials. Raises ValueError if the trial is not recorded.
        """
        if trial not in self.recorded:
            raise ValueError(f"trial {trial} is not recorded")
        self._log.append(record)
        self._pace.add()

    def flush(self) -> None:
        """Make all appended records durable with one fsync. The call can be repeated after a SweepgdError, for example about a
        full disk.
        """
        with writing(self.directory):
            self._log.flush()
            self.check_held()

    def check_held(self) -> None:
        """Raise SweepgdError if the directory at this path is no longer the locked directory."""
        check_held(self.directory, self._lock)

    def publish(self) -> None:
        """Publish all records as complete, immutable parts.

        After a SweepgdError, the call can be repeated. Raises GivenUp if `stop` returns True before the parts are complete.
        """
        self._publish()
        with writing(self.directory):
            self._remove_logs()

    def _publish(self) -> None:
        self.flush()
        with writing(self.directory):
            if not self._log.empty:
                following = Log(self._log_path(self._segment + 1))
                self._log.close()
                self._log, self._segment = following, self._segment + 1
            self._publish_final_segments()
        self._pace.publish()

    def publish_if_due(self) -> None:
        """Publish if the next part is due."""
        if self._pace.due:
            self.publish()

    @property
    def unpublished_bytes(self) -> int:
        """The number of bytes in logs that are not published yet. The parts of these logs will need about the same space."""
        published = parts.numbers(self.directory / "trials", ".parquet")
        final = {*parts.numbers(self.directory / "log", ".log")} - {*published, self._segment}
        return self._log.size + sum(self._log_path(number).stat().st_size for number in final)

    def close(self) -> None:
        """Release the directory. First publish the remaining records, unless these take more than CLOSE_BYTES.

        Flushed records that are not published, for example for lack of disk space, stay in the log. These records are published
        when the directory is opened again. If the disk is full, records that were not flushed are lost without an error. A call
        of `flush` before `close` raises the error.
        """
        self.stop = never
        try:
            with suppress(NoRoom), writing(self.directory):
                self.flush()
                if self.unpublished_bytes <= CLOSE_BYTES:
                    self._publish()
                    self._remove_logs(most=CLOSE_BYTES)
                    self.check_held()
                    self._log.path.unlink()
        finally:
            self._log.close()
            release(self._lock)

    def _repair_log(self, path: Path) -> None:
        """Cut an incomplete record from the end of a log. If there is no log, create one. Raises SweepgdError if the log is
        damaged.
        """
        if path.exists() and (between := faults(path)[0]):
            raise SweepgdError(f"{path} is damaged: {between} bytes between its records are not readable; {to_repair(path)}")
        log = Log(path)
        log.close()
        if log.cut:
            torn = path.with_suffix(".torn")
            self.notes.append(f"the last {log.cut} bytes of {path} are an incomplete record: moved to {torn}")

    def _log_path(self, segment: int) -> Path:
        return self.directory / "log" / f"{segment:06}.log"

    def _final_segments(self) -> list[int]:
        return [number for number in parts.numbers(self.directory / "log", ".log") if number != self._segment]

    def _publish_final_segments(self) -> None:
        for number in self._final_segments():
            parts.publish(self.directory, number, frames(self._log_path(number)), self._footer, self._held_and_stopped)

    def _remove_logs(self, most: float = inf) -> None:
        """Remove each log that has a successor and at most `most` bytes, if undamaged parts hold all runs of the log."""
        for log in map(self._log_path, self._final_segments()[:-1]):
            made = [parts.part(self.directory, table, int(log.stem)) for table in SCHEMAS]
            if (
                log.stat().st_size > most
                or not all(parquet_reader.is_whole(path, self.stop) for path in made)
                or has_more(log, self.stop)
            ):
                continue
            self.check_held()
            log.unlink()

    def _held_and_stopped(self) -> bool:
        """Check that the path is still the locked directory, and return the answer of `stop`. Called during a publication."""
        self.check_held()
        return self.stop()

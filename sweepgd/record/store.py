"""The only writer of a result directory: a durable log, turned now and then into immutable Parquet parts."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

from sweepgd.problem import Problem
from sweepgd.record import parts, reading
from sweepgd.record.files import NoRoom, to_repair, writing
from sweepgd.record.finished import unpack
from sweepgd.record.lock import check_held, take_lock
from sweepgd.record.log import Log, faults, frames
from sweepgd.record.pace import CLOSE_BYTES, Pace
from sweepgd.record.ready import make_ready
from sweepgd.record.runs import has_more
from sweepgd.record.schema import SCHEMAS, TRIALS, footer
from sweepgd.record.stopping import never
from sweepgd.record.waiting import remove_waiting, waiting_logs, waiting_records

PROCESSOR = ["processor", "vector_bits"]


class Store:
    """A result directory open for recording. Segment `log/000001.log` becomes part 000001 of each table.

    Publishing starts the next segment first, so that a segment with a successor is final and its publication can be
    repeated after a crash at any point. The log of the newest parts stays, so that they can be made again should they be
    damaged; it goes once there are newer ones and its own have been read back.

    The directory that is locked is written, and no other: where another stands at its path meanwhile, whatever writes raises
    Problem. What was flushed before that is in the log, wherever its directory is now.
    """

    def __init__(self, directory: Path, sweep_toml: str, lock: int) -> None:
        """Use `Store.open`, which takes the lock."""
        self.directory = directory
        self._lock = lock
        self._footer = footer(sweep_toml)
        self.notes: list[str] = []
        """What was cut from its logs, and what was added from logs of other commands, a line each."""
        logged = parts.numbers(directory / "log", ".log")
        self._segment = max([*logged, parts.largest(directory) + 1])
        for number in {*logged, self._segment}:
            if not parts.complete(directory, number):
                self._mend(self._log_path(number))  # before any segment is published
        with suppress(NoRoom), writing(directory):  # then their logs do, for readers too, and the next publication tries again
            self._publish_final_segments()
            self._remove_logs()

        self.recorded: set[int] = set()
        """The numbers of all trials recorded so far, flushed or not."""
        self.processors: set[tuple[str, int | None]] = set()
        """The columns `processor` and `vector_bits` of all rows recorded before, without those of rows that do not say."""
        published = parts.numbers(directory / "trials", ".parquet")
        for number in published:
            table = reading.read(parts.part(directory, "trials", number), TRIALS, ["trial", *PROCESSOR])
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
        self._add_waiting()

    def _add_waiting(self) -> None:
        """Record what waits in logs of single commands, see `sweepgd.record.waiting`, each trial once."""
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
                self.notes.append(f"recorded {added} result{'s' * (added > 1)} that waited in {log}")
        with suppress(NoRoom), writing(self.directory):  # then the logs stay, and the next flush tries again
            self._log.flush()
            for torn in filter(None, map(remove_waiting, logs)):
                self.notes.append(f"a log of an earlier command has bytes of no whole record: it is kept in {torn}")

    def _add_processors(self, rows: Iterable[Mapping[str, Any]]) -> None:
        types = ((row.get("processor"), row.get("vector_bits")) for row in rows)
        self.processors.update((name, bits) for name, bits in types if name is not None)

    @classmethod
    def open(cls, directory: Path, sweep_toml: str, check: Callable[[], None] = lambda: None) -> "Store":
        """Creates the result directory, or reopens it: repairs its log and finishes an interrupted publication.

        `sweep_toml`, the resolved sweep, is kept as `sweep.toml`, unless `check`, called once the directory is locked, raises.
        Raises Problem where the directory cannot be written, is damaged, or is being written by another process.
        """
        with writing(directory):
            (directory / "log").mkdir(parents=True, exist_ok=True)
            lock = take_lock(directory)
            try:
                check()  # not before: another command may have begun another sweep meanwhile
                make_ready(directory, sweep_toml)
                return cls(directory, sweep_toml, lock)
            except BaseException:
                os.close(lock)
                raise

    def append(self, trial: int, record: bytes) -> None:
        """Records a configuration as `encode` wrote it, in memory until the next `flush`.

        Raises ValueError where its trial is already recorded.
        """
        if trial in self.recorded:
            raise ValueError(f"trial {trial} is already recorded")
        self._log.append(record)
        self._pace.add()
        self.recorded.add(trial)

    def supplement(self, trial: int, record: bytes) -> None:
        """Adds what was measured of a recorded configuration since, a record without trials rows, in memory until `flush`.

        Raises ValueError where its trial is not recorded.
        """
        if trial not in self.recorded:
            raise ValueError(f"trial {trial} is not recorded")
        self._log.append(record)
        self._pace.add()

    def flush(self) -> None:
        """Makes everything appended durable, with one fsync. After a Problem, as a full disk, it can be repeated."""
        with writing(self.directory):
            self._log.flush()
            self.check_held()

    def check_held(self) -> None:
        """Raise Problem where the directory at this path is not the locked one any more."""
        check_held(self.directory, self._lock)

    def publish(self, stop: Callable[[], bool] = never) -> None:
        """Turns everything recorded into whole, immutable parts. After a Problem it can be repeated.

        Raises GivenUp where `stop`, asked all along, says so before the parts are there.
        """
        self._publish(stop)
        with writing(self.directory):
            self._remove_logs(stop)

    def _publish(self, stop: Callable[[], bool] = never) -> None:
        self.flush()
        with writing(self.directory):
            if not self._log.empty:
                following = Log(self._log_path(self._segment + 1))
                self._log.close()
                self._log, self._segment = following, self._segment + 1
            self._publish_final_segments(stop)
        self._pace.publish()

    def publish_if_due(self, stop: Callable[[], bool] = never) -> None:
        """Publishes where it is time for the next part."""
        if self._pace.due:
            self.publish(stop)

    @property
    def unpublished_bytes(self) -> int:
        """The size of the logs that the next parts will be made of: they take about as much room beside them."""
        published = parts.numbers(self.directory / "trials", ".parquet")
        final = {*parts.numbers(self.directory / "log", ".log")} - {*published, self._segment}
        return self._log.size + sum(self._log_path(number).stat().st_size for number in final)

    def close(self) -> None:
        """Publishes the rest, unless it is more than CLOSE_BYTES, and lets the directory go.

        What was flushed and is not published, also where there is no room for it, stays in the log, and is published when
        the directory is opened again. What was not flushed is given up then: who wants to hear of that calls `flush` before.
        """
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
            os.close(self._lock)

    def _mend(self, path: Path) -> None:
        """Cuts a torn tail of a log, and makes one where there is none."""
        if path.exists() and (between := faults(path)[0]):
            raise Problem(f"{path} cannot be read: {between} bytes between its records are damaged; {to_repair(path)}")
        log = Log(path)
        log.close()
        if log.cut:
            torn = path.with_suffix(".torn")
            self.notes.append(f"the last {log.cut} bytes of {path} are of a record that is not whole: cut, and kept in {torn}")

    def _log_path(self, segment: int) -> Path:
        return self.directory / "log" / f"{segment:06}.log"

    def _final_segments(self) -> list[int]:
        return [number for number in parts.numbers(self.directory / "log", ".log") if number != self._segment]

    def _publish_final_segments(self, stop: Callable[[], bool] = never) -> None:
        for number in self._final_segments():
            records, held = frames(self._log_path(number)), self._while_held(stop)
            parts.publish(self.directory, number, records, self._footer, held)

    def _remove_logs(self, stop: Callable[[], bool] = never, most: float = inf) -> None:
        """Removes the logs of at most so many bytes whose parts have successors and hold all; the others wait."""
        for log in map(self._log_path, self._final_segments()[:-1]):
            made = [parts.part(self.directory, table, int(log.stem)) for table in SCHEMAS]
            if log.stat().st_size > most or not all(reading.is_whole(path, stop) for path in made) or has_more(log, stop):
                continue
            self.check_held()
            log.unlink()

    def _while_held(self, stop: Callable[[], bool]) -> Callable[[], bool]:
        """`stop` after `check_held`, which, once a part is begun, tells whether it was begun in the locked directory."""

        def asked() -> bool:
            self.check_held()
            return stop()

        return asked

"""Repair a results directory. Damaged files are moved, and parts are rebuilt from the logs."""

from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parts
from sweepgd.record.atomic_files import sync_folder, writing
from sweepgd.record.finish_compaction import finish_compaction
from sweepgd.record.lock import exclusively
from sweepgd.record.log import Log, frames
from sweepgd.record.parquet_reader import Damaged, pages, read
from sweepgd.record.results import load, sweep_toml
from sweepgd.record.schema import SCHEMAS, TRIALS, footer
from sweepgd.record.trial_record import unpack
from sweepgd.record.verify import verify

_RECOVERY = {
    "trials": "run the same sweepgd search to repeat missing trials",
    "curvature": "run sweepgd measure with its --measures to compute it again",
    "landscapes": "run the same sweepgd landscape to compute it again",
}


@dataclass(frozen=True)
class Repaired:
    """The repair of one file. `aside` is the file's new path, or None if the file was missing or was not moved. `outcome` says
    what happened to the file's rows.
    """

    path: Path
    aside: Path | None
    outcome: str


def repair(directory: Path | str) -> list[Repaired]:
    """Move damaged files to `damaged/`, and rebuild parts whose rows are still in a log.

    No file is deleted. If the `trials` part of a segment is lost, the other parts of this segment are moved too. The trials can
    then be run again without duplicate rows. Raises SweepgdError if another process is writing to the directory, or if the
    directory cannot be written.
    """
    root = load(directory).directory
    with writing(root), exclusively(root):
        finish_compaction(root)
        found = verify(root).findings
        lacking = {finding.path for finding in found if finding.damage or not finding.path.exists()}
        logs = {finding.path for finding in found if finding.path.parent == root / "log"}
        done = [_cut(path) for path in sorted(logs - lacking)]
        of_segments = [root / folder for folder in (*SCHEMAS, "log")]
        for number in sorted({int(path.stem) for path in lacking if path.parent in of_segments}):
            done += _segment(root, number, lacking)
        for finding in found:
            if finding.path.parent == root / "landscapes":
                done.append(Repaired(finding.path, _set_aside(finding.path), f"lost; {_RECOVERY['landscapes']}"))
            elif finding.damage and finding.path.parent.parent == root / "log":
                done.append(Repaired(finding.path, None, "the next sweepgd search adds the undamaged records of this file"))
    return done


def _cut(log: Path) -> Repaired:
    """Cut an incomplete record from the end of a log."""
    Log(log).close()
    return Repaired(
        log, log.with_suffix(".torn"), f"its incomplete last record is cut; if this record was a trial, {_RECOVERY['trials']}"
    )


def _segment(root: Path, number: int, lacking: Set[Path]) -> Iterator[Repaired]:
    """Move the damaged files of a segment to `damaged/`, and rebuild the parts of the segment from its log. Without a log, the
    rebuilt parts are empty.
    """
    log, trials = root / "log" / f"{number:06}.log", _trials(root, number)
    damaged = [table for table in SCHEMAS if parts.part(root, table, number) in lacking]
    records = _records(root, log)
    whole = records is not None and log not in lacking
    lost = [*SCHEMAS] if "trials" in damaged and not whole else damaged
    # The part of trials is moved first, because readers ignore a segment that has no part of trials.
    aside = {table: _set_aside(parts.part(root, table, number)) for table in lost}
    if records is not None or (damaged and "trials" not in lost):
        parts.publish(root, number, records or [], footer(sweep_toml(root)))
    if log in lacking:
        _publish_left_out(root, records or [])
        rest = "it cannot be read" if records is None else "its undamaged records are published"
        yield Repaired(log, _set_aside(log), f"{rest}; {_RECOVERY['trials']}")
    for table, where in aside.items():
        rebuilt = "" if records is None else f"rows in log/{log.name} are rebuilt; other "
        if whole:
            outcome = f"rebuilt from log/{log.name}"
        elif "trials" in lost:
            outcome = f"{rebuilt}{table} of {trials} lost; {_RECOVERY.get(table, _RECOVERY['trials'])}"
        elif table == "curvature":
            outcome = f"{rebuilt}curvature lost; {_RECOVERY[table]}"
        else:
            outcome = (
                f"{rebuilt}{table} of {trials} lost, but the rows of these trials remain; to run the trials again, move "
                f"*/{number:06}.parquet away and run the same sweepgd search"
            )
        if where is not None or table in damaged:
            yield Repaired(root / table / f"{number:06}.parquet", where, outcome)


def _publish_left_out(root: Path, records: Iterable[bytes]) -> None:
    """Publish, as a new segment, the records of trials that no part holds."""
    recorded = _published(root)
    left_out = [record for record in _once(records, recorded.copy()) if unpack(record).trial not in recorded]
    if left_out:
        newest = max([parts.largest(root), *parts.numbers(root / "log", ".log")])
        parts.publish(root, newest + 1, left_out, footer(sweep_toml(root)))


def _records(root: Path, log: Path) -> list[bytes] | None:
    """Return the records in the log of a segment, each trial once. Return None if there is no readable log."""
    try:
        return list(_once(frames(log), _published(root, int(log.stem))))
    except (FileNotFoundError, SweepgdError):
        return None


def _once(records: Iterable[bytes], recorded: set[int]) -> Iterator[bytes]:
    """Yield all supplements, and one record for each trial that is not recorded yet."""
    for record in records:
        packed = unpack(record)
        if not packed.rows or packed.trial not in recorded:
            yield record
        if packed.rows:
            recorded.add(packed.trial)


def _published(root: Path, but: int | None = None) -> set[int]:
    """Return the trials in readable parts of all segments except `but`."""
    recorded: set[int] = set()
    for number in {*parts.numbers(root / "trials", ".parquet")} - {but}:
        with suppress(Damaged):
            recorded.update(read(parts.part(root, "trials", number), TRIALS, ["trial"])["trial"].to_pylist())
    return recorded


def _trials(root: Path, number: int) -> str:
    """Return a description of the trials of a segment, from the first part of the segment that can be read."""
    for table in ("trials", "minima", "curves"):
        found: set[int] = set()
        with suppress(Damaged):
            for group in pages(parts.part(root, table, number)):
                found.update(group["trial"].to_pylist())
            if found:
                return f"{len(found)} trials, {min(found)} to {max(found)}," if len(found) > 1 else f"trial {min(found)}"
    return "its trials"


def _set_aside(path: Path) -> Path | None:
    """Move a file to the same relative path in `damaged/`. Return the new path, or None if the file does not exist."""
    if not path.exists():
        return None
    folder = path.parent.parent / "damaged" / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    names = (path.name, *(f"{path.stem}.{number}{path.suffix}" for number in range(2, 10_000)))
    target = next(folder / name for name in names if not (folder / name).exists())
    path.rename(target)
    sync_folder(folder)
    sync_folder(path.parent)
    return target

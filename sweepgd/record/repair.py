"""Damage set aside, so that every reader reads the rest; what a log still holds is made again."""

from collections.abc import Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sweepgd.problem import Problem
from sweepgd.record import parts
from sweepgd.record.compacted import finish_compaction
from sweepgd.record.files import sync_folder, writing
from sweepgd.record.finished import unpack
from sweepgd.record.load import load, sweep_toml
from sweepgd.record.lock import exclusively
from sweepgd.record.log import Log, frames
from sweepgd.record.reading import Damaged, pages, read
from sweepgd.record.schema import SCHEMAS, TRIALS, footer
from sweepgd.record.verify import verify

_AGAIN = {
    "trials": "the same sweepgd search runs them again",
    "curvature": "sweepgd measure takes them again, with --measures those that are named",
    "landscapes": "the same sweepgd landscape draws it again",
}


@dataclass(frozen=True)
class Repaired:
    """What became of a damaged file: where it is `aside` (None where it was missing), and what that means for its rows."""

    path: Path
    aside: Path | None
    outcome: str


def repair(directory: Path | str) -> list[Repaired]:
    """Sets damaged files aside in `damaged/`, never deleting one, and makes again what a log still holds.

    A segment without its trials part is set aside as a whole, so that its trials can be run again and no row is there twice.
    Raises Problem where somebody is writing there, or the directory cannot be written.
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
                done.append(Repaired(finding.path, _set_aside(finding.path), f"lost; {_AGAIN['landscapes']}"))
            elif finding.damage and finding.path.parent.parent == root / "log":
                done.append(Repaired(finding.path, None, "the next sweepgd search adds what is whole of it"))
    return done


def _cut(log: Path) -> Repaired:
    """Cuts the end of a log that is not whole."""
    Log(log).close()
    return Repaired(log, log.with_suffix(".torn"), f"what is not whole is cut; if its trial is lost: {_AGAIN['trials']}")


def _segment(root: Path, number: int, lacking: Set[Path]) -> Iterator[Repaired]:
    """Sets what is damaged of a segment aside, and makes its parts again from what its log holds, or without rows."""
    log, trials = root / "log" / f"{number:06}.log", _trials(root, number)
    damaged = [table for table in SCHEMAS if parts.part(root, table, number) in lacking]
    records = _records(root, log)
    whole = records is not None and log not in lacking
    lost = [*SCHEMAS] if "trials" in damaged and not whole else damaged
    # Trials first: a segment without them is not read.
    aside = {table: _set_aside(parts.part(root, table, number)) for table in lost}
    if records is not None or (damaged and "trials" not in lost):
        parts.publish(root, number, records or [], footer(sweep_toml(root)))
    if log in lacking:
        _publish_left_out(root, records or [])
        rest = "nothing of it can be read" if records is None else "its other records are published"
        yield Repaired(log, _set_aside(log), f"{rest}; trials that are not recorded now: {_AGAIN['trials']}")
    for table, where in aside.items():
        held = "" if records is None else f"what log/{log.name} still holds is made again, the rest of the "
        if whole:
            outcome = f"made again from log/{log.name}"
        elif "trials" in lost:
            outcome = f"{held}{table} of {trials} lost; {_AGAIN.get(table, _AGAIN['trials'])}"
        elif table == "curvature":
            outcome = f"{held}curvature lost; {_AGAIN[table]}"
        else:
            outcome = (
                f"{held}{table} of {trials} lost, their trials rows stand; to run these again: "
                f"move */{number:06}.parquet away, and then the same sweepgd search"
            )
        if where is not None or table in damaged:
            yield Repaired(root / table / f"{number:06}.parquet", where, outcome)


def _publish_left_out(root: Path, records: Iterable[bytes]) -> None:
    """Makes parts of the records whose trials are in no part, as a segment of their own."""
    recorded = _published(root)
    left_out = [record for record in _once(records, recorded.copy()) if unpack(record).trial not in recorded]
    if left_out:
        newest = max([parts.largest(root), *parts.numbers(root / "log", ".log")])
        parts.publish(root, newest + 1, left_out, footer(sweep_toml(root)))


def _records(root: Path, log: Path) -> list[bytes] | None:
    """The records of a segment that its log holds, each trial once; None where there is no log that can be read."""
    try:
        return list(_once(frames(log), _published(root, int(log.stem))))
    except (FileNotFoundError, Problem):
        return None


def _once(records: Iterable[bytes], recorded: set[int]) -> Iterator[bytes]:
    """The records of trials that are not recorded yet, each once, and all supplements."""
    for record in records:
        packed = unpack(record)
        if not packed.rows or packed.trial not in recorded:
            yield record
        if packed.rows:
            recorded.add(packed.trial)


def _published(root: Path, but: int | None = None) -> set[int]:
    """The trials that are in parts which can be read, of all segments but one."""
    recorded: set[int] = set()
    for number in {*parts.numbers(root / "trials", ".parquet")} - {but}:
        with suppress(Damaged):
            recorded.update(read(parts.part(root, "trials", number), TRIALS, ["trial"])["trial"].to_pylist())
    return recorded


def _trials(root: Path, number: int) -> str:
    """Which trials a segment has, as far as one of its parts can tell."""
    for table in ("trials", "minima", "curves"):
        found: set[int] = set()
        with suppress(Damaged):
            for group in pages(parts.part(root, table, number)):
                found.update(group["trial"].to_pylist())
            if found:
                return f"{len(found)} trials, {min(found)} to {max(found)}," if len(found) > 1 else f"trial {min(found)}"
    return "its trials"


def _set_aside(path: Path) -> Path | None:
    """Moves a file to the same place in `damaged/`; returns where, None where there is no such file."""
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

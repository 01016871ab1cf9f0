"""Is a result directory as it was written: every byte of its parts, logs and landscapes, and do its tables fit together?"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.problem import Problem
from sweepgd.record import parts
from sweepgd.record.finished import unpack
from sweepgd.record.load import load
from sweepgd.record.log import faults, frames
from sweepgd.record.reading import Damaged, groups, pages, version_of
from sweepgd.record.schema import SCHEMAS

_REPLICATES = 2**20  # a run is trial · _REPLICATES + replicate
Runs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finding:
    """What is wrong with one file, and whether that is damage: what a kill leaves behind is not."""

    path: Path
    reason: str
    damage: bool = True


@dataclass(frozen=True)
class Verified:
    """How many `files` were read, of how many `trials`, and what is wrong with them."""

    directory: Path
    files: int
    trials: int
    findings: list[Finding]

    @property
    def damaged(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.damage]


def verify(directory: Path | str) -> Verified:
    """Reads every byte of a result directory, which may be in use meanwhile.

    Raises Problem where it is no result directory, or a newer version wrote it.
    """
    root = load(directory).directory
    # In this order, what is published meanwhile is in a later list if it is in an earlier one.
    others = {number for table in SCHEMAS if table != "trials" for number in _numbers(root, table)}
    logs = parts.numbers(root / "log", ".log")
    published = _numbers(root, "trials")
    lacking = sorted(others - {*published, *logs})
    findings = [Finding(parts.part(root, "trials", number), "it is missing beside its curves and minima") for number in lacking]
    files = 0
    runs: dict[str, dict[Path, Runs]] = {table: {} for table in SCHEMAS}
    for number in published:
        for table, schema in SCHEMAS.items():
            path = parts.part(root, table, number)
            if not path.exists():
                if table != "curvature" or not _older(root, number):
                    findings.append(Finding(path, "it is missing"))
                continue
            files += 1
            try:
                runs[table][path] = _runs(groups(path, schema))
            except Damaged as damaged:
                findings.append(Finding(path, damaged.reason))
    findings += _twice(runs["trials"])
    logged = [root / "log" / f"{number:06}.log" for number in logs]
    findings += [finding for path in logged for finding in _log(path)]
    recorded = np.concatenate([np.empty(0, np.int64), *runs["trials"].values(), *map(_waiting, logged)])
    if not any(finding.damage for finding in findings):
        findings += _unknown(runs, recorded)
    landscapes = sorted((root / "landscapes").glob("*.parquet"))
    for path in landscapes:
        try:
            deque(pages(path), maxlen=0)
        except Damaged as damaged:
            findings.append(Finding(path, damaged.reason))
    return Verified(root, files + len(logs) + len(landscapes), len(np.unique(recorded // _REPLICATES)), findings)


def _numbers(root: Path, table: str) -> list[int]:
    return parts.numbers(parts.folder(root, table), ".parquet")


def _older(root: Path, number: int) -> bool:
    """Whether a segment was published by a version that did not have all tables."""
    try:
        return version_of(parts.part(root, "trials", number)) == 1
    except Damaged:
        return True


def _runs(tables: Iterable[pa.Table]) -> Runs:
    """The runs that the rows of tables belong to: of neighbours of the same run, the first."""
    found = [np.empty(0, np.int64)]
    for table in tables:
        keys = table["trial"].to_numpy() * _REPLICATES + table["replicate"].to_numpy()
        found.append(keys[np.flatnonzero(np.diff(keys, prepend=-1))])
    return np.concatenate(found)


def _twice(trials: Mapping[Path, Runs]) -> Iterator[Finding]:
    """The parts of trials that hold a run which they, or an earlier part, hold already."""
    earlier = np.empty(0, np.int64)
    for path, runs in trials.items():
        distinct, counts = np.unique(runs, return_counts=True)
        again = np.concatenate([distinct[counts > 1], np.intersect1d(distinct, earlier)])
        if len(again):
            yield Finding(path, f"{_text(again)} more than once")
        earlier = np.union1d(earlier, distinct)


def _unknown(runs: Mapping[str, Mapping[Path, Runs]], recorded: Runs) -> Iterator[Finding]:
    """The parts of other tables with rows of runs that no trials row tells of.

    Measures of such runs are no damage: they were taken before the trials were set aside.
    """
    for table in ("curves", "minima", "curvature"):
        for path, found in runs[table].items():
            if len(unknown := np.setdiff1d(found, recorded)):
                reason = f"it has rows of {_text(unknown)}, which no row of trials tells of"
                yield Finding(path, reason, damage=table != "curvature")


def _log(path: Path) -> Iterator[Finding]:
    try:
        between, after = faults(path)
    except FileNotFoundError:
        return  # published since it was listed
    except Problem:
        yield Finding(path, "it does not begin as a log does")
        return
    if between:
        yield Finding(path, f"{between} bytes between its records are damaged")
    if after:
        yield Finding(path, f"its last {after} bytes are of a record that was never finished", damage=False)


def _waiting(path: Path) -> Runs:
    """The runs whose rows are in a log and in no part."""
    root, number = path.parent.parent, int(path.stem)
    try:
        rows = [row for record in frames(path) for row in unpack(record).rows]
    except (FileNotFoundError, Problem):
        rows = []
    if parts.part(root, "trials", number).exists():
        rows = []
    return np.array([row["trial"] * _REPLICATES + row["replicate"] for row in rows], np.int64)


def _text(runs: Runs) -> str:
    trial, replicate = divmod(int(runs[0]), _REPLICATES)
    more = f" and {len(runs) - 1} more runs" if len(runs) > 1 else ""
    return f"trial {trial}, replicate {replicate}{more}"

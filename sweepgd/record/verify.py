"""Is a result directory as it was written: every byte of its parts, logs and landscapes, and do its tables fit together?"""

import tomllib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sweepgd.problem import Problem
from sweepgd.record import parts
from sweepgd.record.load import SWEEP_REMEDY, load, sweep_toml
from sweepgd.record.log import faults
from sweepgd.record.reading import Damaged, groups, pages, sweep_of, unreadable, version_of
from sweepgd.record.runs import Runs, in_words, joined, runs_in, runs_of, trials_of
from sweepgd.record.schema import SCHEMAS, sha256
from sweepgd.record.waiting import waiting_logs


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
    for number in sorted(others.intersection(logs).difference(published)):
        again = f"it is missing, and log/{number:06}.log holds its rows: the next search makes it again, as --repair does"
        findings.append(Finding(parts.part(root, "trials", number), again, damage=False))  # a search may be making it
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
                found = [keys if table == "trials" else np.unique(keys) for keys in map(runs_of, groups(path, schema))]
                runs[table][path] = joined(*found)
            except Damaged as damaged:
                findings.append(Finding(path, damaged.reason))
    logged = [root / "log" / f"{number:06}.log" for number in logs]
    findings += [finding for path in logged for finding in _log(path)]
    findings += _left_out(logged, runs["trials"])
    held = runs["trials"] | {path: _waiting(path) for path in logged}
    findings += _twice(held)
    recorded = joined(*held.values())
    if not any(finding.damage for finding in findings):
        findings += _unknown(runs, recorded)
    landscapes = sorted((root / "landscapes").glob("*.parquet"))
    for path in landscapes:
        try:
            deque(pages(path), maxlen=0)
        except Damaged as damaged:
            findings.append(Finding(path, damaged.reason))
    for path in waiting_logs(root):
        findings += _held(path, recorded)
    findings += _sweep(root, published[-1:])
    findings += _strangers(root)
    return Verified(root, files + len(logs) + len(landscapes), len(trials_of(recorded)), findings)


def _numbers(root: Path, table: str) -> list[int]:
    return parts.numbers(parts.folder(root, table), ".parquet")


def _strangers(root: Path) -> Iterator[Finding]:
    """Parquet files among the parts that are none."""
    for table in SCHEMAS:
        ours = {parts.part(root, table, number) for number in _numbers(root, table)}
        for path in sorted({*parts.folder(root, table).glob("*.parquet")} - ours):
            yield Finding(path, "it is no part of this study, and other readers take its rows for some", damage=False)


def _older(root: Path, number: int) -> bool:
    """Whether a segment was published by a version that did not have all tables."""
    try:
        return version_of(parts.part(root, "trials", number)) == 1
    except Damaged:
        return True


def _twice(trials: Mapping[Path, Runs]) -> Iterator[Finding]:
    """The parts of trials, and then logs, that hold a run which they, or an earlier one, hold already."""
    earlier = joined()
    for path, runs in trials.items():
        distinct, counts = np.unique(runs, return_counts=True)
        again = np.concatenate([distinct[counts > 1], np.intersect1d(distinct, earlier)])
        if len(again):
            yield Finding(path, f"{in_words(again)} more than once")
        earlier = np.union1d(earlier, distinct)


def _unknown(runs: Mapping[str, Mapping[Path, Runs]], recorded: Runs) -> Iterator[Finding]:
    """The parts of other tables with rows of runs that no trials row tells of.

    Measures of such runs are no damage: they were taken before the trials were set aside.
    """
    for table in ("curves", "minima", "curvature"):
        for path, found in runs[table].items():
            if len(unknown := np.setdiff1d(found, recorded)):
                reason = f"it has rows of {in_words(unknown)}, which no row of trials tells of"
                yield Finding(path, reason, damage=table != "curvature")


def _log(path: Path) -> Iterator[Finding]:
    try:
        between, after = faults(path)
    except FileNotFoundError:
        return  # published since it was listed
    except OSError as error:
        raise unreadable(path, error) from error
    except Problem:
        yield Finding(path, "it does not begin as a log does")
        return
    if between:
        yield Finding(path, f"{between} bytes between its records are damaged")
    if after:
        yield Finding(path, f"its last {after} bytes are of a record that is not whole", damage=False)


def _left_out(logs: Iterable[Path], trials: Mapping[Path, Runs]) -> Iterator[Finding]:
    """The logs whose parts were read, and which have runs that no part has."""
    published = joined(*trials.values())
    for log in logs:
        if parts.part(log.parent.parent, "trials", int(log.stem)) in trials:
            lost = np.setdiff1d(runs_in(log), published)
            if len(lost):
                yield Finding(log, f"it has rows of {in_words(lost)}, which no part has")


def _held(log: Path, recorded: Runs) -> Iterator[Finding]:
    """What one of several commands has left in its own log."""
    yield from _log(log)
    if waiting := len(trials_of(np.setdiff1d(runs_in(log), recorded))):
        yield Finding(log, f"{waiting} results wait here for the next sweepgd search", damage=False)


def _sweep(root: Path, newest: Sequence[int]) -> Iterator[Finding]:
    """Whether sweep.toml is a sweep, and that of the newest parts: it may be another, as `--trials` changes it."""
    path = root / "sweep.toml"
    try:
        text = sweep_toml(root)
        whole = "name" in tomllib.loads(text)
    except (Problem, ValueError, RecursionError):  # not only what is no TOML: a number of 5,000 digits, tables a thousand deep
        whole = False
    if not whole:
        yield Finding(path, f"it is no sweep: {SWEEP_REMEDY}")
        return
    with suppress(Damaged):
        if any(sweep_of(parts.part(root, "trials", number)) != sha256(text) for number in newest):
            changed = "it was changed after the newest parts were written, as a search with other --trials does"
            yield Finding(path, changed, damage=False)


def _waiting(path: Path) -> Runs:
    """The runs whose rows are in a log and in no part."""
    runs = runs_in(path)
    return runs[:0] if parts.part(path.parent.parent, "trials", int(path.stem)).exists() else runs

"""Verify every byte of the parts, logs and landscapes of a results directory, and the consistency of its tables."""

import tomllib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parts
from sweepgd.record.log import faults
from sweepgd.record.parquet_reader import Damaged, groups, pages, sweep_of, unreadable, version_of
from sweepgd.record.results import SWEEP_REMEDY, load, sweep_toml
from sweepgd.record.run_keys import Runs, describe_runs, joined, runs_in, runs_of, trials_of
from sweepgd.record.schema import SCHEMAS, sha256
from sweepgd.record.shared_logs import waiting_logs


@dataclass(frozen=True)
class Finding:
    """A defect of one file. `damage` is False if nothing is lost. For example, a killed process leaves defects without loss."""

    path: Path
    reason: str
    damage: bool = True


@dataclass(frozen=True)
class Verified:
    """The number of `files` that were read, the number of `trials` in them, and the defects found."""

    directory: Path
    files: int
    trials: int
    findings: list[Finding]

    @property
    def damaged(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.damage]


def verify(directory: Path | str) -> Verified:
    """Read every byte of a results directory, which may be in use.

    Raises SweepgdError if the directory is not a results directory, or if a newer version of sweepgd wrote it.
    """
    root = load(directory).directory
    # The order of the lists matters. A part that is published meanwhile and is in an earlier list is also in the later lists.
    others = {number for table in SCHEMAS if table != "trials" for number in _numbers(root, table)}
    logs = parts.numbers(root / "log", ".log")
    published = _numbers(root, "trials")
    lacking = sorted(others - {*published, *logs})
    absent = "it is missing, but its curves or minima exist"
    findings = [Finding(parts.part(root, "trials", number), absent) for number in lacking]
    for number in sorted(others.intersection(logs).difference(published)):
        rebuild = f"it is missing, but its rows are in log/{number:06}.log: the next search or --repair rebuilds it"
        # a running search may be writing this part
        findings.append(Finding(parts.part(root, "trials", number), rebuild, damage=False))
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
    held = runs["trials"] | {path: _unpublished(path) for path in logged}
    findings += _repeated(held)
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
        findings += _other_command(path, recorded)
    findings += _sweep(root, published[-1:])
    findings += _foreign_files(root)
    return Verified(root, files + len(logs) + len(landscapes), len(trials_of(recorded)), findings)


def _numbers(root: Path, table: str) -> list[int]:
    return parts.numbers(parts.folder(root, table), ".parquet")


def _foreign_files(root: Path) -> Iterator[Finding]:
    """Yield each Parquet file in the folders of parts that is not a part of this study."""
    for table in SCHEMAS:
        ours = {parts.part(root, table, number) for number in _numbers(root, table)}
        for path in sorted({*parts.folder(root, table).glob("*.parquet")} - ours):
            yield Finding(
                path, "it is not a part of this study, but other programs would read its rows: move it away", damage=False
            )


def _older(root: Path, number: int) -> bool:
    """Return True if a segment has schema version 1, in which some tables did not exist yet."""
    try:
        return version_of(parts.part(root, "trials", number)) == 1
    except Damaged:
        return True


def _repeated(trials: Mapping[Path, Runs]) -> Iterator[Finding]:
    """Yield each file that holds a run twice, or a run that an earlier file holds. Parts of `trials` come before logs."""
    earlier = joined()
    for path, runs in trials.items():
        distinct, counts = np.unique(runs, return_counts=True)
        again = np.concatenate([distinct[counts > 1], np.intersect1d(distinct, earlier)])
        if len(again):
            yield Finding(path, f"it repeats {describe_runs(again)}")
        earlier = np.union1d(earlier, distinct)


def _unknown(runs: Mapping[str, Mapping[Path, Runs]], recorded: Runs) -> Iterator[Finding]:
    """Yield each part of the other tables that holds a run which `trials` does not have.

    Curvature of such a run is not damage: it was measured before a repair moved the trials.
    """
    for table in ("curves", "minima", "curvature"):
        for path, found in runs[table].items():
            if len(unknown := np.setdiff1d(found, recorded)):
                reason = f"it has rows of runs that are not in trials: {describe_runs(unknown)}"
                yield Finding(path, reason, damage=table != "curvature")


def _log(path: Path) -> Iterator[Finding]:
    try:
        between, after = faults(path)
    except FileNotFoundError:
        return  # the log was listed and then published
    except OSError as error:
        raise unreadable(path, error) from error
    except SweepgdError:
        yield Finding(path, "it does not begin like a log")
        return
    if between:
        yield Finding(path, f"{between} bytes between its records are damaged")
    if after:
        yield Finding(path, f"its last {after} bytes are an incomplete record", damage=False)


def _left_out(logs: Iterable[Path], trials: Mapping[Path, Runs]) -> Iterator[Finding]:
    """Yield each log with runs that are missing from all parts, although the log's own parts exist."""
    published = joined(*trials.values())
    for log in logs:
        if parts.part(log.parent.parent, "trials", int(log.stem)) in trials:
            lost = np.setdiff1d(runs_in(log), published)
            if len(lost):
                yield Finding(log, f"it has rows of {describe_runs(lost)}, which are in no part")


def _other_command(log: Path, recorded: Runs) -> Iterator[Finding]:
    """Yield the defects of a log that another command left, and a finding with the number of its results that are not recorded
    yet.
    """
    yield from _log(log)
    if waiting := len(trials_of(np.setdiff1d(runs_in(log), recorded))):
        yield Finding(log, f"it has {waiting} results that the next sweepgd search adds to the study", damage=False)


def _sweep(root: Path, newest: Sequence[int]) -> Iterator[Finding]:
    """Yield a finding if sweep.toml is not a sweep, or is not the sweep of the newest parts. A search with a different
    `--trials`, for example, changes sweep.toml.
    """
    path = root / "sweep.toml"
    try:
        text = sweep_toml(root)
        whole = "name" in tomllib.loads(text)
    except (SweepgdError, ValueError, RecursionError):  # such as a number of 5,000 digits, or 1,000 nested tables
        whole = False
    if not whole:
        yield Finding(path, f"it is not a sweep: {SWEEP_REMEDY}")
        return
    with suppress(Damaged):
        if any(sweep_of(parts.part(root, "trials", number)) != sha256(text) for number in newest):
            changed = "it was changed after the newest parts were written, for example by a search with a different --trials"
            yield Finding(path, changed, damage=False)


def _unpublished(path: Path) -> Runs:
    """Return the runs in the logs that do not have parts yet."""
    runs = runs_in(path)
    return runs[:0] if parts.part(path.parent.parent, "trials", int(path.stem)).exists() else runs

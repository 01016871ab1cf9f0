"""What Optuna is told of trials that are recorded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from sweepgd.advisor import Advisor
from sweepgd.outcome import FAILED, TIMED_OUT
from sweepgd.record import load

COLUMNS = ("trial", "status", "objectives", "search_state")
Row = Mapping[str, Any]


def states(directory: Path, advisor: Advisor) -> dict[int, str]:
    """The state of every recorded trial that lies in the space, by its number."""
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in load(directory).trials.select(COLUMNS).to_pylist():
        grouped[row["trial"]].append(row)
    found = {number: state(number, rows, advisor) for number, rows in grouped.items()}
    return {number: told for number, told in found.items() if told is not None}


def state(number: int, rows: Sequence[Row], advisor: Advisor) -> str | None:
    """The state of a trial as it is recorded, else as Optuna would have been told, None where it lies outside of the space."""
    return rows[0]["search_state"] or advisor.state_of_point(advisor.ask(number), values(rows))


def values(rows: Sequence[Row]) -> list[float] | None:
    """The mean objectives of a trial, None where a replicate has none."""
    if any(row["status"] in (FAILED, TIMED_OUT) or None in (row["objectives"] or [None]) for row in rows):
        return None
    return [fmean(each) for each in zip(*(row["objectives"] for row in rows), strict=True)]

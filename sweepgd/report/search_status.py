"""The progress of a search: what is done and left, the best configuration so far, and how trials ended."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import inf, isfinite
from typing import Any

from sweepgd.core.outcome import COMPLETED, DIVERGED, FAILED, PRUNED, TIMED_OUT, worst
from sweepgd.report.number_format import short, significant
from sweepgd.report.question_table import Row
from sweepgd.report.task_status import TaskStatus

CUT_SHORT = (DIVERGED, PRUNED, FAILED, TIMED_OUT)


class SearchStatus(TaskStatus):
    """The progress of a search. Trials are added as they end. The best trial is the completed trial with the lowest mean
    objective.
    """

    def __init__(self, counted: str | None = None) -> None:
        super().__init__("trials", counted)
        self._endings: Counter[str] = Counter()
        self._best, self._best_row = inf, dict[str, Any]()

    def add(self, status: str, objective: float | None, row: Callable[[], Row]) -> None:
        """Count a trial by its status. `row`, one of its rows, is asked for only if its mean objective is the lowest so far."""
        self._endings[status] += 1
        if status == COMPLETED and objective is not None and objective < self._best:
            self._best, self._best_row = objective, dict(row())

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Count a trial by its recorded rows, one for each replicate."""
        values = [row["objectives"][0] if row.get("objectives") else None for row in rows]
        known = [value for value in values if value is not None and isfinite(value)]
        mean = sum(known) / len(known) if len(known) == len(rows) else None
        self.add(worst([row["status"] for row in rows]), mean, lambda: rows[0])

    def best(self) -> str:
        """Return the lowest objective so far with its trial and configuration, or "" before the first completed trial."""
        if not self._best_row:
            return ""
        row = self._best_row
        return f"best {_objective(row)}{significant(self._best)} (trial {row['trial']}: {in_few_words(row)})"

    def details(self) -> str:
        ended = [(self._endings[name], name.replace("_", " ")) for name in CUT_SHORT if self._endings[name]]
        # Only the first number has the unit. A trial counts here if one of its runs ended in this way.
        units = [f" trial{'s' * (ended[0][0] != 1)}", *[""] * (len(ended) - 1)] if ended else []
        cut_short = [f"{count}{unit} {name}" for (count, name), unit in zip(ended, units, strict=True)]
        return ", ".join(filter(None, (self.best(), *cut_short)))

    def values(self) -> dict[str, Any]:
        """Return the progress for `json.dumps`, with None for unknown values."""
        row = self._best_row
        described = ("trial", "optimizer", "schedule", "batch_size", "learning_rate")
        best = {"objective": self._best} | {name: row.get(name) for name in described} if row else None
        counts = {name: self._endings[name] for name in (COMPLETED, *CUT_SHORT)}
        numbers = {"done": self.done, "total": self.total, "left": max(0, self.total - self.done)}
        pace = {"trials_per_second": self.rate, "seconds_left": self.seconds_left}
        return numbers | pace | {"best": best} | counts | {"where": self.where or None}


def _objective(row: Row) -> str:
    """Return the name of the loss or error that equals the objective of a recorded run, and a blank; "" if there is none."""
    from sweepgd.analysis.configurations import LOSS_COLUMNS  # takes a moment to import

    values = row.get("objectives") or [None]
    names = (name for name in LOSS_COLUMNS if values[0] is not None and row.get(name) == values[0])
    return next((f"{name.replace('_', ' ')} " for name in names), "")


def in_few_words(row: Row) -> str:
    """Return the optimizer, batch size and rate of a recorded run, and its schedule unless the schedule is constant."""
    schedule = row.get("schedule")
    words = f"{row['optimizer']}, batch {row['batch_size']}, rate {short(row['learning_rate'])}"
    return words if schedule in (None, "constant") else f"{words}, {schedule}"

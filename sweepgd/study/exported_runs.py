"""The recorded runs as other programs show runs: settings, numbers along the run, and final numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import isfinite
from typing import Any

from sweepgd.record import Results

PARTS = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")
ALONG = (*PARTS, "gradient_norm", "learning_rate", "batch_size")
ENDS = (*PARTS, "generalization_gap")
SETTINGS = ("data", "model", "optimizer", "schedule", "batch_schedule", "batch_size", "learning_rate", "seed")
Row = dict[str, Any]


@dataclass(frozen=True)
class ExportedRun:
    """A run with its `row` of the trials table.

    `settings` has names and numbers. `along` yields (update, seconds since the start, numbers by name) for each evaluation.
    `ends` has the final losses and errors; their names begin with "end/". Numbers that are not finite are left out.
    """

    row: Row
    settings: Row
    along: tuple[tuple[int, float, Row], ...]
    ends: Row

    @property
    def name(self) -> str:
        """The trial and the replicate, such as 12-0."""
        return f"{self.row['trial']}-{self.row['replicate']}"

    @property
    def began(self) -> float:
        """The start of the run in seconds since 1970, or 0 if it is not recorded."""
        return self.row["started_at"].timestamp() if self.row["started_at"] else 0.0


def exported_runs(results: Results) -> Iterator[ExportedRun]:
    """Yield the runs of a record in the order of trial and replicate."""
    curves = results.curves.select(["trial", "replicate", "update", "seconds", *ALONG]).to_pylist()
    evaluations = {run: list(rows) for run, rows in groupby(curves, _key)}
    for row in results.trials.to_pylist():
        along = tuple(
            (point["update"], point["seconds"] or 0.0, _finite(point, ALONG)) for point in evaluations.get(_key(row), ())
        )
        settings = {name: row[name] for name in SETTINGS if row[name] is not None} | dict(row["hyperparameters"] or ())
        yield ExportedRun(row, settings, along, {f"end/{name}": value for name, value in _finite(row, ENDS).items()})


def _key(row: Row) -> tuple[int, int]:
    return row["trial"], row["replicate"]


def _finite(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names if row[name] is not None and isfinite(row[name])}

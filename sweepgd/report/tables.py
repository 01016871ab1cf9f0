"""The summary of a study as terminal tables, and as plain values for `--json`."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa
from rich.console import Group

from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.numbers import duration, percent, short, significant, spread, whole
from sweepgd.report.sharpness import SHARPNESS

TITLES = {
    "best": "Which configurations did best?",
    "by_batch_size": "Which batch size? Each at its best configuration",
    "by_optimizer": "Which optimizer? Each at its best configuration",
    "by_schedule": "Which schedule? Each at its best configuration",
    "learned_weights": "What was learned? Mean weights over replicates ± standard deviation",
}

BATCH_SIZE = Column("batch_size", "batch\nsize")
OPTIMIZER = Column("optimizer", "optimizer", number=False)
SCHEDULE = Column("schedule", "schedule", number=False)
DIVERGED = Column("share_diverged", "div.\n%", lambda share: f"{100 * share:.0f}", legend="div. = replicates that diverged")
OBJECTIVE = Column("objective", "objective", significant)
LOSSES = (
    Column("train_loss", "train\nloss", significant),
    Column("validation_loss", "valid.\nloss", significant),
    Column("validation_error", "valid.\nerr. %", percent),
    Column("test_error", "test\nerr. %", percent),
)
COSTS = (
    Column("updates", "updates", whole),
    Column("steps_to_goal", "to goal", whole, legend="to goal = fewest updates of any configuration"),
    Column("seconds_per_update", "time/\nupdate", duration, legend="times = medians, evaluation not counted"),
    Column("seconds_per_epoch", "time/\nepoch", duration),
)
GAP = Column("generalization_gap", "gap", significant, legend="gap = test (where none, valid.) - train loss")
EVALUATED = Column(
    "evaluated_at_update",
    "at\nupdate",
    whole,
    legend="at update = of a run's best evaluation, which losses, errors and gap are of; mean over replicates",
)
BEST = (Column("trial", "trial"), OPTIMIZER, SCHEDULE, BATCH_SIZE, Column("learning_rate", "rate", short))
BY = (Column("trials", "trials"), DIVERGED, Column("learning_rate", "best\nrate", short), *LOSSES, GAP)

# What a narrow terminal goes without, the first first; `--json` has everything.
DISPENSABLE = (
    "seconds_per_epoch", "seconds_per_update", "evaluated_at_update", "updates", "steps_to_goal", "train_loss", "schedule",
    "validation_loss", "generalization_gap", "trials", "test_error",
)  # fmt: skip


def render(summary: Mapping[str, pa.Table]) -> Group:
    """The tables of `summary` and of `sharpness`, each under the question that it answers, for any rich console.

    A table that asks none, because another one sums it up, is left out, and so is one that compares a single value.
    """
    asked = {name: table for name, table in summary.items() if name in TITLES or name in SHARPNESS}
    single = {name for name in ("by_optimizer", "by_schedule") if name in asked and asked[name].num_rows == 1}
    shown = {name: table.to_pylist() for name, table in asked.items() if name not in single}
    return Group(*(SHARPNESS[name](rows) if name in SHARPNESS else _answer(name, rows) for name, rows in shown.items()))


def to_json(summary: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The same tables as lists of rows that `json.dumps` takes, in full precision, None where there is no value."""
    return {
        name: [{column: _plain(value) for column, value in row.items()} for row in table.to_pylist()]
        for name, table in summary.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return dict(value)  # Arrow gives a map as pairs.
    return None if isinstance(value, float) and not isfinite(value) else value


def _answer(name: str, rows: Sequence[Row]) -> Answer:
    if name == "best":
        return _best(TITLES[name], rows)
    if name == "learned_weights":
        return _learned(TITLES[name], rows)
    factor = name.removeprefix("by_")
    column = {"batch_size": BATCH_SIZE, "optimizer": OPTIMIZER, "schedule": SCHEDULE}[factor]
    first = [_batch_sizes(row) if factor == "batch_size" else column.cell(row) for row in rows]
    columns = (*BY, *_evaluated(rows), *COSTS)
    shown = [(column, first), *((column, [column.cell(row) for row in rows]) for column in columns)]
    return Answer(TITLES[name], shown if rows else [], frozenset([factor, _target(rows).name]), dispensable=DISPENSABLE)


def _target(rows: Sequence[Row]) -> Column:
    """What the rows are ranked by: one of the losses, where the objective is."""
    return next((column for column in LOSSES if all(row[column.name] == row["objective"] for row in rows)), OBJECTIVE)


def _evaluated(rows: Sequence[Row]) -> list[Column]:
    """A column that says which evaluations the figures are of, where that is not each run's last one."""
    return [EVALUATED] if any(row["evaluated_at_update"] != row["updates"] for row in rows) else []


def _best(question: str, rows: Sequence[Row]) -> Answer:
    # An objective that is one of the losses is shown in that loss's place, not twice.
    target = _target(rows)
    columns = [*BEST, *(LOSSES if target in LOSSES else (OBJECTIVE, *LOSSES)), *_evaluated(rows), DIVERGED]
    shown = [
        (column, [column.with_error(row) if column is target else column.cell(row) for row in rows])
        for column in columns
        if column is not DIVERGED or any(row["share_diverged"] for row in rows)
    ]
    shown.append((Column("hyperparameters", "other settings", number=False, wraps=True), _differing_settings(rows)))
    legend = [f"lowest {target.name.replace('_', ' ')} first, ± standard error over replicates"]
    return Answer(question, shown if rows else [], frozenset([target.name]), legend, DISPENSABLE)


def _learned(question: str, rows: Sequence[Row]) -> Answer:
    names = [name for name in (rows[0] if rows else ()) if f"{name}_sd" in rows[0]]
    shown = [(column, [column.cell(row) for row in rows]) for column in BEST]
    shown += [(Column(name, name), [_with_spread(row, name) for row in rows]) for name in names]
    inputs = "inputs as they were trained on, standardized where the sweep does so"
    # A surface has coordinates, x, and no inputs.
    legend = [inputs] if any(name.startswith("w") for name in names) else []
    least = ("schedule", "learning_rate", "batch_size", "optimizer", *names[::-1])
    return Answer(question, shown if rows else [], frozenset(["trial"]), legend, least)


def _with_spread(row: Row, name: str) -> str:
    mean, deviation = row[name], row[f"{name}_sd"]
    if mean is None:
        return ""
    return significant(mean, 4) if deviation is None else spread(mean, deviation)


def _batch_sizes(row: Row) -> str:
    low, high = row["batch_size_from"], row["batch_size_to"]
    return str(low) if low == high else f"{low}-{high}"


def _differing_settings(rows: Sequence[Row]) -> list[str]:
    """For each row the hyperparameters that are not the same in all rows that have them."""
    given = [{name: value for name, value in row["hyperparameters"] or () if value is not None} for row in rows]
    values: dict[str, set[float]] = {}
    for settings in given:
        for name, value in settings.items():
            values.setdefault(name, set()).add(value)
    return [
        " ".join(f"{name}={short(value)}" for name, value in settings.items() if len(values[name]) > 1) for settings in given
    ]

"""Tables of the best configurations, overall and for each batch size, optimizer and schedule."""

import json
from collections.abc import Collection, Sequence

from sweepgd.analysis.endings import CUT_SHORT, ENDINGS
from sweepgd.analysis.factors import FEWEST_WHOLE
from sweepgd.analysis.recorded_settings import COLUMNS, differing_in
from sweepgd.report.number_format import duration, percent, short, significant, whole
from sweepgd.report.question_table import Answer, Column, Row

BATCH_SIZE = Column("batch_size", "batch\nsize")
OPTIMIZER = Column("optimizer", "optimizer", number=False)
SCHEDULE = Column("schedule", "schedule", number=False)
FACTORS = {"batch_size": BATCH_SIZE, "optimizer": OPTIMIZER, "schedule": SCHEDULE}
DESCRIPTION = (Column("trial", "trial"), OPTIMIZER, SCHEDULE, BATCH_SIZE, Column("learning_rate", "rate", short))


def _count(count: int) -> str:
    return str(count) if count else ""


COUNTS = (
    Column("trials", "trials"),
    Column("completed", "compl.", _count, legend="compl. = replicates that completed"),
    Column("diverged", "div.", _count, legend="div. = replicates that diverged"),
    Column("pruned", "pruned", _count),
    Column("failed", "failed", _count),
    Column("timed_out", "timed\nout", _count),
)
OBJECTIVE = Column("objective", "objective", significant)
LOSSES = (
    Column("train_loss", "train\nloss", significant),
    Column("validation_loss", "valid.\nloss", significant),
    Column("validation_error", "valid.\nerr. %", percent),
    Column("test_error", "test\nerr. %", percent),
)
BEST_RATE = Column("learning_rate", "best\nrate", short)
GAP = Column("generalization_gap", "gap", significant, legend="gap = test loss (or else valid. loss) - train loss")
EVALUATED = Column(
    "evaluated_at_update",
    "at\nupdate",
    whole,
    legend="at update = update at which the losses, errors and gap were evaluated, mean over replicates",
)
COSTS = (
    Column("updates", "updates", whole),
    Column("steps_to_goal", "to goal", whole, legend="to goal = fewest updates in which any configuration reached the goal"),
    Column("seconds_per_update", "time/\nupdate", duration, legend="times = medians, without the time of evaluations"),
    Column("seconds_per_epoch", "time/\nepoch", duration),
)
ON_OTHERS = (
    "on other seeds = objective on one replicate of the configuration that all other replicates select; mean over replicates"
)
TOO_FEW = f"* = too few to rank: fewer than {FEWEST_WHOLE} complete configurations (all replicates completed)"

# Columns that a narrow terminal leaves out, in this order. `--json` has all columns.
DISPENSABLE = (
    "seconds_per_epoch", "seconds_per_update", "updates", "steps_to_goal", "train_loss", "evaluated_at_update", "completed",
    "schedule", "validation_loss", "generalization_gap", "objective_on_others", "trials", "test_error",
)  # fmt: skip


def best(question: str, rows: Sequence[Row], ended: Sequence[str]) -> Answer:
    """Return the table of the best configurations. `ended` holds the phrases of `in_words` about the status of all runs."""
    target = _target(rows)
    shown = [(column, [column.cell(row) for row in rows]) for column in DESCRIPTION]
    shown += _results(rows, target, of_trials=True)
    shown.append((Column("ended", "not completed", number=False), [_cut_short(row) for row in rows]))
    differing, equal = _settings(rows)
    shown.append((Column("hyperparameters", "other settings", number=False, wraps=True), differing))
    legend = [*_ranking(rows, target), *_pruned(rows), *ended, *equal]
    empty = "; ".join([Answer.empty, *ended])
    return Answer(question, shown if rows else [], frozenset([target.name]), legend, DISPENSABLE, empty)


def by(question: str, factor: str, rows: Sequence[Row], varied: Collection[str]) -> Answer:
    """Return the table with a row for each value of `factor`: "batch_size", "optimizer" or "schedule". The best configuration
    of a row is shown with the other factors that are in `varied` or differ between the rows.
    """
    target = _target(rows)
    found = {name: {row[name] for row in rows} - {None} for name in FACTORS if name != factor}
    others = [FACTORS[name] for name, values in found.items() if name in varied or len(values) > 1]
    shown = [(FACTORS[factor], [_level(factor, row) for row in rows])]
    shown += [(column, [column.cell(row) for row in rows]) for column in (*COUNTS, *others, BEST_RATE)]
    shown += _results(rows, target)
    shown += [(column, [column.cell(row) for row in rows]) for column in (GAP, *COSTS)]
    legend = [TOO_FEW] if any(row["message"] for row in rows) else []
    return Answer(question, shown if rows else [], frozenset([factor, target.name]), legend + _pruned(rows), DISPENSABLE)


def in_words(ended: Row) -> list[str]:
    """Return phrases with the number of runs by status, unless all completed, and the number of repeated trials, unless 0."""
    phrases = []
    if ended["completed"] < ended["replicates"]:
        endings = ", ".join(f"{ended[name]:,} {name.replace('_', ' ')}" for name in ENDINGS if ended[name])
        complete = f"{ended['whole']:,} of {ended['configurations']:,} configurations complete (all replicates completed)"
        phrases += [f"runs: {endings}", complete]
    if ended["repeats"]:
        phrases.append(f"{ended['repeats']:,} trials repeat a configuration and are not counted")
    return phrases


def _target(rows: Sequence[Row]) -> Column:
    """Return the column by which the rows are ranked: a loss or error that equals the objective, or else the objective."""
    return next((column for column in LOSSES if all(row[column.name] == row["objective"] for row in rows)), OBJECTIVE)


def _ranking(rows: Sequence[Row], target: Column) -> list[str]:
    """Return the legends that explain the order of the rows and their ± values."""
    name, count = target.name.replace("_", " "), rows[0]["lowest_of"] if rows else 0
    of_several = f", of {count:,} complete configurations (a minimum is biased low)" if count > 1 else ""
    ranking = f"lowest {name} first{of_several}"
    if rows and rows[0]["objective_on_others"] is not None:
        ranking += f"; a configuration chosen this way has {_on_others(target).with_error(rows[0])}"
        ranking += f"{' %' if target.text is percent else ''} on a replicate that did not choose it"
    return [ranking, *(["± standard error over replicates"] if any(row["objective_se"] is not None for row in rows) else [])]


def _on_others(target: Column) -> Column:
    return Column("objective_on_others", "on other\nseeds", target.text, legend=ON_OTHERS)


def _results(rows: Sequence[Row], target: Column, of_trials: bool = False) -> list[tuple[Column, list[str]]]:
    """Return the columns of losses and errors. An objective that is neither a loss nor an error comes first.

    If each row is a trial, the objective has its standard error. Otherwise the objective on other seeds is next to it.
    """
    shown = []
    for column in LOSSES if target in LOSSES else (target, *LOSSES):
        if column is not target:
            shown.append((column, [column.cell(row) for row in rows]))
            continue
        text = Column.with_error if of_trials else Column.cell
        shown.append((target, [_last(target, row) or text(target, row) for row in rows]))
        if not of_trials:
            shown.append((_on_others(target), [_on_others(target).cell(row) for row in rows]))
    if any(row["evaluated_at_update"] != row["updates"] for row in rows):
        shown.append((EVALUATED, [EVALUATED.cell(row) for row in rows]))
    return shown


def _last(target: Column, row: Row) -> str:
    """Return the last value of a pruned configuration, in brackets. Return "" for all other configurations."""
    last = row["pruned_objective"]
    return "" if last is None or row["objective"] is not None else f"({target.text(last)})"


def _pruned(rows: Sequence[Row]) -> list[str]:
    return ["(…) = last value of a pruned configuration"] if any(_last(OBJECTIVE, row) for row in rows) else []


def _cut_short(row: Row) -> str:
    """Return the number of replicates of a configuration that did not complete, by status."""
    counts = {name: round(row[f"share_{name}"] * row["replicates"]) for name in CUT_SHORT}
    phrases = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    return f"{', '.join(phrases)} of {row['replicates']}" if phrases else ""


def _level(factor: str, row: Row) -> str:
    """Return the text of a level, with * if the level has too few runs to be ranked. A bin of batch sizes is a range."""
    text = FACTORS[factor].cell(row)
    if factor == "batch_size":
        low, high = row["batch_size_from"], row["batch_size_to"]
        text = str(low) if low == high else f"{low}-{high}"
    return text + "*" * bool(row["message"])


def _settings(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Return a text for each row, and legends. A text lists the hyperparameters, and the settings of model and data, that
    differ between the rows. A legend lists the hyperparameters that do not differ, without those that are 0.
    """
    given = [{name: value for name, value in row["hyperparameters"] or () if value is not None} for row in rows]
    values: dict[str, set[float]] = {}
    for settings in given:
        for name, value in settings.items():
            values.setdefault(name, set()).add(value)
    texts = [[f"{name}={short(value)}" for name, value in settings.items() if len(values[name]) > 1] for settings in given]
    for kind, column in COLUMNS.items():
        for name, found in differing_in([row[column] for row in rows], f"{kind}.").items():
            for text, value in zip(texts, found, strict=True):
                if name not in values:  # numeric hyperparameters are listed already
                    text.append(f"{name}={json.dumps(value, separators=(',', ':'))}")
    equal = [f"{name}={short(min(found))}" for name, found in sorted(values.items()) if len(found) == 1 and found != {0.0}]
    legend = [f"other settings, equal in all rows that have them: {', '.join(equal)}"] if equal else []
    return [" ".join(text) for text in texts], legend

"""Configurations, each summarised over its replicates."""

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import floats, has_status, nullable, objective
from sweepgd.analysis.endings import COMPLETED, CUT_SHORT
from sweepgd.analysis.evaluations import evaluated_at
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.repeats import once
from sweepgd.analysis.table_memo import once_per_table

DESCRIPTION = (
    "config_id", "data", "model", "optimizer", "schedule", "batch_schedule", "batch_size", "learning_rate",
    "hyperparameters", "model_settings", "data_settings",
)  # fmt: skip
LOSS_COLUMNS = (
    "train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error",
    "generalization_gap",
)  # fmt: skip
TIMES = ("train_seconds", "seconds_per_update", "seconds_per_epoch")


@once_per_table
def configurations(trials: pa.Table) -> pa.Table:
    """Return one row per configuration, in the order of trials. `repeats.once` chooses among trials of the same configuration.

    Columns: `trial` and its hyperparameters; the counts `replicates` and `completed`; `share_diverged`, `share_pruned`,
    `share_failed`, `share_timed_out`. Over the completed replicates: the mean of `objective` (the first of `objectives`) and
    of each loss and error, with the standard error in `<name>_se`; the means of `evaluated_at_update` (the update of these
    losses), `epochs`, `updates` and `steps_to_goal` (null unless all completed replicates reached the goal); the medians of
    the times. Then `pruned_objective`, the mean of the last objectives of the pruned replicates, and `whole`, true if all
    replicates completed with an objective.
    """
    trials = once(trials).sort_by([("trial", "ascending"), ("replicate", "ascending")])
    groups = Groups(trials["trial"].to_numpy())
    completed = has_status(trials, COMPLETED)
    measures = {"objective": objective(trials)} | {name: floats(trials, name) for name in LOSS_COLUMNS}

    columns: dict[str, pa.Array | pa.ChunkedArray] = {"trial": pa.array(groups.keys, pa.int64())}
    columns |= {name: trials[name].take(pa.array(groups.first)) for name in DESCRIPTION}
    columns["replicates"] = pa.array(groups.size, pa.int64())
    columns["completed"] = pa.array(np.bincount(groups.index[completed], minlength=len(groups.keys)), pa.int64())
    for status in CUT_SHORT:
        columns[f"share_{status}"] = nullable(groups.mean(has_status(trials, status).astype(float)))
    for name, values in measures.items():
        known = np.where(completed, values, np.nan)
        columns[name] = nullable(groups.mean(known))
        columns[f"{name}_se"] = nullable(groups.standard_error(known))
    columns["evaluated_at_update"] = nullable(groups.mean(np.where(completed, evaluated_at(trials), np.nan)))
    for name in ("epochs", "updates"):
        columns[name] = nullable(groups.mean(np.where(completed, floats(trials, name), np.nan)))
    steps = np.where(completed, floats(trials, "steps_to_goal"), np.nan)
    all_reached = groups.count(steps) == columns["completed"].to_numpy()
    columns["steps_to_goal"] = nullable(np.where(all_reached, groups.mean(steps), np.nan))
    for name in TIMES:
        columns[name] = nullable(groups.median(np.where(completed, floats(trials, name), np.nan)))
    columns["pruned_objective"] = nullable(groups.mean(np.where(has_status(trials, "pruned"), measures["objective"], np.nan)))
    known = groups.count(np.where(completed, measures["objective"], np.nan))
    columns["whole"] = pa.array(known == groups.size)
    return pa.table(columns)

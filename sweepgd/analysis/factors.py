"""The best result of each batch size, optimizer or schedule, over all other hyperparameters."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats, has_status, nullable
from sweepgd.analysis.best import best_of_each
from sweepgd.analysis.binning import batch_levels
from sweepgd.analysis.configurations import LOSS_COLUMNS, configurations
from sweepgd.analysis.endings import ENDINGS
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.repeats import once
from sweepgd.analysis.selection import by_group
from sweepgd.core.errors import UsageError, nearest

FACTORS = ("batch_size", "optimizer", "schedule")
# The best of fewer configurations is mostly chance.
FEWEST_WHOLE = 3


def by(trials: pa.Table, factor: str) -> pa.Table:
    """Return one row for each value of `factor` (one of FACTORS), ascending. Runs without a value are left out.

    Repeats of a configuration count once. More than MOST_LEVELS batch sizes are binned to powers of two.

    Columns over all runs with the value: the factor; the smallest and largest batch size in the bin (`batch_size_from`,
    `batch_size_to`); `trials`, `replicates` and `share_diverged`; the number of replicates by status; `steps_to_goal`, the
    lowest of any configuration; the median `seconds_per_update` and `seconds_per_epoch` of completed runs.

    Columns of the best configuration, null if no run completed: `best_trial`, the other factors, `learning_rate`, `objective`,
    losses, errors and `generalization_gap` with standard errors, `evaluated_at_update`, `updates`.

    Columns on the selection: `whole`, the number of complete configurations; `objective_on_others` and its standard error,
    which do not have the downward bias of a minimum (`selection.by_group`); `pruned_objective`, the lowest last objective of
    a pruned configuration if none completed; `message`, which says that fewer than FEWEST_WHOLE configurations are complete.

    Raises UsageError for another factor.
    """
    if factor not in FACTORS:
        raise UsageError(f"unknown factor {factor!r}: {nearest(factor, FACTORS)}")
    trials = once(trials.filter(pc.is_valid(trials[factor])))
    every = configurations(trials)
    keys = levels(every, factor)
    run_keys = keys.take(pc.index_in(trials["trial"], value_set=every["trial"].combine_chunks()).combine_chunks())
    groups, runs = Groups(keys.to_numpy(zero_copy_only=False)), Groups(run_keys.to_numpy(zero_copy_only=False))
    values = pa.array(groups.keys, keys.type)
    ended = pc.is_valid(every["objective"]).combine_chunks()
    winner = best_of_each(every.filter(ended), keys.filter(ended), values)
    completed = has_status(trials, "completed")

    columns: dict[str, pa.Array | pa.ChunkedArray] = {factor: values}
    if factor == "batch_size":
        sizes = floats(every, factor)
        columns["batch_size_from"] = pa.array(groups.smallest(sizes), pa.int64())
        columns["batch_size_to"] = pa.array(-groups.smallest(-sizes), pa.int64())
    columns["trials"] = pa.array(groups.size, pa.int64())
    columns["replicates"] = pa.array(runs.size, pa.int64())
    columns["share_diverged"] = nullable(runs.mean(has_status(trials, "diverged").astype(float)))
    columns["best_trial"] = winner["trial"]
    measures = [name for measure in ("objective", *LOSS_COLUMNS) for name in (measure, f"{measure}_se")]
    for name in (
        *(other for other in FACTORS if other != factor),
        "learning_rate",
        *measures,
        "evaluated_at_update",
        "updates",
    ):
        columns[name] = winner[name]
    columns["steps_to_goal"] = nullable(groups.smallest(floats(every, "steps_to_goal")))
    for name in ("seconds_per_update", "seconds_per_epoch"):
        columns[name] = nullable(runs.median(np.where(completed, floats(trials, name), np.nan)))
    for name in ENDINGS:
        columns[name] = pa.array(np.bincount(runs.index[has_status(trials, name)], minlength=len(runs.keys)), pa.int64())
    return pa.table(columns | _selection(trials, every, groups))


def _selection(trials: pa.Table, every: pa.Table, groups: Groups) -> dict[str, pa.Array]:
    """Return the columns of the table of `by` that describe how the best configurations were selected."""
    whole, count = every["whole"].to_numpy(), len(groups.keys)
    numbers = np.bincount(groups.index[whole], minlength=count)
    mean, error = by_group(trials, every.filter(pa.array(whole)), groups.index[whole], count)
    none = groups.count(floats(every, "objective")) == 0
    few = [
        f"{number or 'no'} complete configuration{'s' * (number != 1)}: too few to rank" if number < FEWEST_WHOLE else None
        for number in numbers.tolist()
    ]
    return {
        "whole": pa.array(numbers, pa.int64()),
        "objective_on_others": mean,
        "objective_on_others_se": error,
        "pruned_objective": nullable(np.where(none, groups.smallest(floats(every, "pruned_objective")), np.nan)),
        "message": pa.array(few, pa.string()),
    }


def levels(table: pa.Table, factor: str) -> pa.Array:
    """Return the level of `factor` of each row, (rows,). More than MOST_LEVELS batch sizes are binned to powers of two."""
    if factor == "batch_size":
        return pa.array(batch_levels(floats(table, factor)), pa.int64())
    return table[factor].combine_chunks()

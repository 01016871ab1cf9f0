"""The plane of learning rate and batch size: how good the best configuration of each cell was, and what diverged."""

import numpy as np
import pyarrow as pa

from sweepgd.analysis.best import best_of_each
from sweepgd.analysis.columns import floats, nullable
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.levels import batch_levels, edges, rate_levels


def rate_batch_map(trials: pa.Table) -> pa.Table:
    """One row for each cell that holds a configuration, by batch size, then learning rate.

    Columns: `learning_rate` and `batch_size`, the cell's level (the value itself in a grid; log-spaced in a continuous
    search), each with its bounds in `<name>_low` and `<name>_high`; `trials`; `share_diverged` of their replicates;
    and the best one's `best_trial` and `objective`, null where none completed: there `pruned_objective` is the lowest last
    objective of those pruned. Rates of zero have no place on a log axis and are left out.
    """
    every = configurations(trials)
    rates, sizes = floats(every, "learning_rate"), floats(every, "batch_size")
    placed = (rates > 0) & (sizes > 0)
    every = every.filter(pa.array(placed))
    rates, sizes = rate_levels(rates[placed]), batch_levels(sizes[placed])

    rate_axis, rate_index = np.unique(rates, return_inverse=True)
    size_axis, size_index = np.unique(sizes, return_inverse=True)
    cells = size_index * len(rate_axis) + rate_index
    groups = Groups(cells)
    known = pa.array(~np.isnan(floats(every, "objective")))
    keys = pa.array(cells, pa.int64())
    winner = best_of_each(every.filter(known), keys.filter(known), pa.array(groups.keys, pa.int64()))
    pruned = np.where(winner["trial"].is_null().to_numpy(), groups.smallest(floats(every, "pruned_objective")), np.nan)
    replicates = floats(every, "replicates")
    diverged = floats(every, "share_diverged") * replicates
    size_place, rate_place = np.divmod(groups.keys, len(rate_axis)) if len(rate_axis) else (groups.keys, groups.keys)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    for name, axis, place, kind in (
        ("learning_rate", rate_axis, rate_place, pa.float64()),
        ("batch_size", size_axis, size_place, pa.int64()),
    ):
        bounds = edges(axis)
        columns[name] = pa.array(axis[place], kind)
        columns[f"{name}_low"] = nullable(bounds[place])
        columns[f"{name}_high"] = nullable(bounds[place + 1])
    columns["trials"] = pa.array(groups.size, pa.int64())
    columns["share_diverged"] = nullable(groups.mean(diverged) / groups.mean(replicates))
    columns["best_trial"] = winner["trial"]
    columns["objective"] = winner["objective"]
    columns["pruned_objective"] = nullable(pruned)
    return pa.table(columns)

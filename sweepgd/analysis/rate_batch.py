"""The map of learning rate and batch size: best objective and share diverged in each cell."""

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import floats, nullable
from sweepgd.analysis.best import best_of_each
from sweepgd.analysis.binning import batch_levels, rate_levels
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.groups import Groups


def rate_batch_map(trials: pa.Table) -> pa.Table:
    """Return one row for each cell that holds a configuration, sorted by batch size and learning rate.

    Columns: `learning_rate` and `batch_size`, the level of the cell (the value itself in a grid, log-spaced in a continuous
    search); `trials`; `share_diverged`, the share of replicates that diverged; `best_trial` and `objective` of the best
    configuration, null if none completed; `pruned_objective`, the lowest last objective of a pruned configuration if none
    completed. Rates of zero are left out, because levels are logarithmic.
    """
    every = configurations(trials)
    rates, sizes = floats(every, "learning_rate"), floats(every, "batch_size")
    positive = (rates > 0) & (sizes > 0)
    every = every.filter(pa.array(positive))
    rates, sizes = rate_levels(rates[positive]), batch_levels(sizes[positive])

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
    size_index, rate_index = np.divmod(groups.keys, len(rate_axis)) if len(rate_axis) else (groups.keys, groups.keys)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {}
    for name, axis, index, dtype in (
        ("learning_rate", rate_axis, rate_index, pa.float64()),
        ("batch_size", size_axis, size_index, pa.int64()),
    ):
        columns[name] = pa.array(axis[index], dtype)
    columns["trials"] = pa.array(groups.size, pa.int64())
    columns["share_diverged"] = nullable(groups.mean(diverged) / groups.mean(replicates))
    columns["best_trial"] = winner["trial"]
    columns["objective"] = winner["objective"]
    columns["pruned_objective"] = nullable(pruned)
    return pa.table(columns)

"""What a choice of the best is worth: the objective of the chosen configuration in a replicate that took no part in the choice.

The lowest mean of many configurations is too low, the more so the more there are. So all replicates but one choose, and the
remaining one judges, each replicate in turn (cross-validation of the choice, Stone 1974).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, nullable, objective

# With two, a single one would choose.
FEWEST_REPLICATES = 3


def by_rank(trials: pa.Table, whole: pa.Table, ranks: int) -> tuple[pa.Array, pa.Array]:
    """Return what the first, second, … of the ranking by the other replicates has in the remaining one: its mean over
    replicates and the standard error of that, both (ranks,).

    `whole` are the whole configurations of `trials`. Null beyond their number, and everywhere where there is only one, where
    they have fewer than FEWEST_REPLICATES replicates, or not all the same.
    """
    values = _objectives(trials, whole)
    found = np.full((ranks, values.shape[1]), np.nan)
    if len(values) > 1:
        count = min(ranks, len(values))
        for replicate, others in enumerate(_means_of_others(values)):
            found[:count, replicate] = values[np.argsort(others, kind="stable")[:count], replicate]
    return _summed_up(found)


def by_group(trials: pa.Table, whole: pa.Table, groups: npt.NDArray[np.int64], count: int) -> tuple[pa.Array, pa.Array]:
    """Return the same for the best of each group, both (count,). `groups`, (configurations,), numbers the groups of `whole`;
    null for a group of fewer than two configurations."""
    values = _objectives(trials, whole)
    found = np.full((count, values.shape[1]), np.nan)
    several = np.bincount(groups, minlength=count) > 1
    for replicate, others in enumerate(_means_of_others(values)):
        order = np.lexsort((others, groups))
        first = order[np.diff(groups[order], prepend=-1) != 0]
        found[groups[first], replicate] = np.where(several[groups[first]], values[first, replicate], np.nan)
    return _summed_up(found)


def _objectives(trials: pa.Table, whole: pa.Table) -> Floats:
    """Return the objectives, (configurations, replicates), without a replicate where these are too few or not all the same."""
    place = pc.index_in(trials["trial"], value_set=whole["trial"].combine_chunks()).combine_chunks()
    chosen = place.is_valid().to_numpy(zero_copy_only=False)
    rows = place.drop_null().to_numpy()
    replicates, columns = np.unique(trials["replicate"].to_numpy()[chosen], return_inverse=True)
    values = np.full((whole.num_rows, len(replicates)), np.nan)
    values[rows, columns] = objective(trials)[chosen]
    if len(replicates) < FEWEST_REPLICATES or np.isnan(values).any():
        return values[:, :0]
    return values


def _means_of_others(values: Floats) -> Floats:
    """Return for each replicate the means over the others, (replicates, configurations)."""
    count = values.shape[1]
    return ((values.sum(axis=1, keepdims=True) - values) / max(1, count - 1)).T


def _summed_up(found: Floats) -> tuple[pa.Array, pa.Array]:
    """Return the mean of each row and its standard error."""
    if not found.shape[1]:
        nulls = np.full(len(found), np.nan)
        return nullable(nulls), nullable(nulls)
    return nullable(found.mean(axis=1)), nullable(found.std(axis=1, ddof=1) / np.sqrt(found.shape[1]))

"""Unbiased estimate of the best configuration's objective, by cross-validation of the selection (Stone 1974).

The lowest mean of several configurations is biased downward, and the bias grows with the number of configurations. Here each
replicate in turn evaluates the configuration that all other replicates select.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, nullable, objective
from sweepgd.analysis.jackknife import CONFIDENCE

# With two replicates, a single replicate would select the configuration.
FEWEST_REPLICATES = 3


def by_rank(trials: pa.Table, whole: pa.Table, ranks: int) -> tuple[pa.Array, pa.Array]:
    """Return the objective of the best, second best, … configuration: its mean and its standard error over replicates, each
    (ranks,).

    Each replicate in turn is left out, and the configurations are ranked by their means on the other replicates. The result has
    the objectives on the replicates that were left out.

    `whole` holds the complete configurations of `trials`. Ranks beyond the number of configurations are null. All results are
    null if there is only one configuration, or fewer than FEWEST_REPLICATES replicates, or if the configurations have different
    replicates.
    """
    values = _enough(replicate_objectives(trials, whole))
    found = np.full((ranks, values.shape[1]), np.nan)
    if len(values) > 1:
        count = min(ranks, len(values))
        for replicate, others in enumerate(_means_of_others(values)):
            found[:count, replicate] = values[np.argsort(others, kind="stable")[:count], replicate]
    return _summed_up(found)


def by_group(trials: pa.Table, whole: pa.Table, groups: npt.NDArray[np.int64], count: int) -> tuple[pa.Array, pa.Array]:
    """Return the two results of `by_rank` for the best configuration of each group, both (count,). Groups with fewer than two
    configurations have null.

    `groups` holds the group number of each configuration of `whole`, (configurations,).
    """
    values = _enough(replicate_objectives(trials, whole))
    found = np.full((count, values.shape[1]), np.nan)
    several = np.bincount(groups, minlength=count) > 1
    for replicate, others in enumerate(_means_of_others(values)):
        order = np.lexsort((others, groups))
        first = order[np.diff(groups[order], prepend=-1) != 0]
        found[groups[first], replicate] = np.where(several[groups[first]], values[first, replicate], np.nan)
    return _summed_up(found)


def interval_on_others(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the 95 % t interval of `objective_on_others` in a row of `analysis.best`, or None if there is none."""
    mean, error = row["objective_on_others"], row["objective_on_others_se"]
    return None if mean is None or error is None else t_interval(mean, error, row["replicates"])


def t_interval(mean: float, error: float, replicates: int) -> tuple[float, float]:
    """Return the 95 % interval of a mean over replicates with this standard error, by Student's t."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    reach = float(stdtrit(replicates - 1, (1 + CONFIDENCE) / 2)) * error
    return mean - reach, mean + reach


def replicate_objectives(trials: pa.Table, whole: pa.Table) -> Floats:
    """Return the objectives of the complete configurations `whole` of `trials`, (configurations, replicates); (configurations,
    0) if they have different replicates.
    """
    configuration = pc.index_in(trials["trial"], value_set=whole["trial"].combine_chunks()).combine_chunks()
    chosen = configuration.is_valid().to_numpy(zero_copy_only=False)
    rows = configuration.drop_null().to_numpy()
    replicates, columns = np.unique(trials["replicate"].to_numpy()[chosen], return_inverse=True)
    values = np.full((whole.num_rows, len(replicates)), np.nan)
    values[rows, columns] = objective(trials)[chosen]
    return values[:, :0] if np.isnan(values).any() else values


def _enough(values: Floats) -> Floats:
    """Return the objectives, (configurations, replicates), or (configurations, 0) if there are too few replicates."""
    return values if values.shape[1] >= FEWEST_REPLICATES else values[:, :0]


def _means_of_others(values: Floats) -> Floats:
    """Return, for each replicate, the means over the other replicates, (replicates, configurations)."""
    count = values.shape[1]
    return ((values.sum(axis=1, keepdims=True) - values) / max(1, count - 1)).T


def _summed_up(found: Floats) -> tuple[pa.Array, pa.Array]:
    """Return the mean of each row and its standard error, both (rows,)."""
    if not found.shape[1]:
        nulls = np.full(len(found), np.nan)
        return nullable(nulls), nullable(nulls)
    return nullable(found.mean(axis=1)), nullable(found.std(axis=1, ddof=1) / np.sqrt(found.shape[1]))

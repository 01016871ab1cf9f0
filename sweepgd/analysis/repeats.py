"""Repeated trials of a configuration. They add no evidence, because they have the same seeds."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.arrow_columns import has_status


def once(trials: pa.Table) -> pa.Table:
    """Return the rows of one trial per `config_id`: the trial with the most completed replicates, or the first of several such
    trials.
    """
    chosen, _ = _chosen(trials)
    return trials if chosen.all() else trials.filter(pa.array(chosen))


def repeats(trials: pa.Table) -> int:
    """Return the number of trials that `once` leaves out."""
    chosen, numbers = _chosen(trials)
    return len(np.unique(numbers[~chosen]))


def _chosen(trials: pa.Table) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return two arrays, (rows,): a mask of the rows whose trial represents its configuration, and the trial number of each
    row.
    """
    numbers = trials["trial"].to_numpy()
    encoded = trials["config_id"].combine_chunks().dictionary_encode(null_encoding="encode")
    configurations = encoded.indices.to_numpy(zero_copy_only=False)
    unique, first, index = np.unique(numbers, return_index=True, return_inverse=True)
    completed = np.bincount(index, weights=has_status(trials, "completed"), minlength=len(unique))
    order = np.lexsort((unique, -completed, configurations[first]))
    is_first = np.diff(configurations[first][order], prepend=-1) != 0
    representative = np.zeros(len(unique), dtype=bool)
    representative[order[is_first]] = True
    return representative[index], numbers

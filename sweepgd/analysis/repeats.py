"""Configurations that a study ran several times: with the same seeds each time, so that their repeats are no evidence."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.columns import has_status


def once(trials: pa.Table) -> pa.Table:
    """Return the rows of one trial for each `config_id`: of several, the one with most completed replicates, then the first."""
    chosen, _ = _chosen(trials)
    return trials if chosen.all() else trials.filter(pa.array(chosen))


def repeats(trials: pa.Table) -> int:
    """Return how many trials ran a configuration for which another trial stands."""
    chosen, numbers = _chosen(trials)
    return len(np.unique(numbers[~chosen]))


def _chosen(trials: pa.Table) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return for each row whether its trial stands for its configuration, and the trial's number, both (rows,)."""
    numbers = trials["trial"].to_numpy()
    named = trials["config_id"].combine_chunks().dictionary_encode(null_encoding="encode")
    configurations = named.indices.to_numpy(zero_copy_only=False)
    unique, first, index = np.unique(numbers, return_index=True, return_inverse=True)
    completed = np.bincount(index, weights=has_status(trials, "completed"), minlength=len(unique))
    order = np.lexsort((unique, -completed, configurations[first]))
    leading = np.diff(configurations[first][order], prepend=-1) != 0
    stands = np.zeros(len(unique), dtype=bool)
    stands[order[leading]] = True
    return stands[index], numbers

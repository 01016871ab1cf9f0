"""Counts of runs by status."""

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import floats, has_status, objective
from sweepgd.analysis.repeats import once, repeats

COMPLETED = "completed"
# All statuses except "completed".
CUT_SHORT = ("diverged", "pruned", "failed", "timed_out")
ENDINGS = (COMPLETED, *CUT_SHORT)


COLUMNS = ("configurations", "whole", "repeats", "replicates", *ENDINGS)


def endings(trials: pa.Table) -> pa.Table:
    """Return one row of counts for the study, or no row if nothing is recorded.

    Columns: `configurations`; `whole`, the number of configurations whose replicates all completed with an objective;
    `repeats`, the number of trials that repeat a configuration (other columns do not count such trials); `replicates`; and the
    number of replicates by status.
    """
    runs = once(trials)
    counts = dict.fromkeys(COLUMNS, 0)
    _, index = np.unique(runs["trial"].to_numpy(), return_inverse=True)
    has_result = has_status(runs, COMPLETED) & ~np.isnan(objective(runs))
    whole = np.bincount(index, weights=~has_result) == 0
    counts |= {"configurations": len(whole), "whole": int(whole.sum()), "repeats": repeats(trials), "replicates": runs.num_rows}
    counts |= {name: int(has_status(runs, name).sum()) for name in ENDINGS}
    return pa.table({name: pa.array([counts[name]] if runs.num_rows else [], pa.int64()) for name in COLUMNS})


def not_completed(runs: pa.Table) -> dict[str, float | int]:
    """Return the number of rows of `measured` with each status in CUT_SHORT, by status.

    If runs diverged, `diverged_rate_from` and `diverged_rate_to` are the lowest and the highest learning rate of these runs.
    """
    counts: dict[str, float | int] = {name: int(has_status(runs, name).sum()) for name in CUT_SHORT}
    rates = floats(runs, "learning_rate")[has_status(runs, "diverged")]
    known = rates[~np.isnan(rates)]
    return counts | ({"diverged_rate_from": known.min(), "diverged_rate_to": known.max()} if len(known) else {})

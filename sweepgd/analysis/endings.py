"""How the runs of a study ended, in numbers."""

import numpy as np
import pyarrow as pa

from sweepgd.analysis.columns import floats, has_status, objective
from sweepgd.analysis.repeats import once, repeats

COMPLETED = "completed"
# Every other ending of a run.
CUT_SHORT = ("diverged", "pruned", "failed", "timed_out")
ENDINGS = (COMPLETED, *CUT_SHORT)


COLUMNS = ("configurations", "whole", "repeats", "replicates", *ENDINGS)


def endings(trials: pa.Table) -> pa.Table:
    """Return one row of counts for the whole study, or none where nothing is recorded.

    Columns: `configurations`; `whole`, those of which all replicates completed with an objective; `repeats`, the trials that
    ran a configuration again, which nothing else counts; `replicates`, and how many of them ended in each way.
    """
    kept = once(trials)
    counts = dict.fromkeys(COLUMNS, 0)
    _, index = np.unique(kept["trial"].to_numpy(), return_inverse=True)
    fine = has_status(kept, COMPLETED) & ~np.isnan(objective(kept))
    whole = np.bincount(index, weights=~fine) == 0
    counts |= {"configurations": len(whole), "whole": int(whole.sum()), "repeats": repeats(trials), "replicates": kept.num_rows}
    counts |= {name: int(has_status(kept, name).sum()) for name in ENDINGS}
    return pa.table({name: pa.array([counts[name]] if kept.num_rows else [], pa.int64()) for name in COLUMNS})


def left_out(runs: pa.Table) -> dict[str, float | int]:
    """Return how many rows of `measured` diverged, were pruned, failed and timed out, under those names.

    Where some diverged, `diverged_rate_from` and `diverged_rate_to` are the lowest and the highest of their learning rates.
    """
    counts: dict[str, float | int] = {name: int(has_status(runs, name).sum()) for name in CUT_SHORT}
    rates = floats(runs, "learning_rate")[has_status(runs, "diverged")]
    known = rates[~np.isnan(rates)]
    return counts | ({"diverged_rate_from": known.min(), "diverged_rate_to": known.max()} if len(known) else {})

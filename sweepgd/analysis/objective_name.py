"""The name of the objective of a study."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.configurations import LOSS_COLUMNS, configurations


def objective_name(trials: pa.Table) -> str:
    """Return the name of the loss or error that equals the objective of all configurations, or else "objective"."""
    every = configurations(trials)
    every = every.filter(pc.is_valid(every["objective"]))
    same = (name for name in LOSS_COLUMNS if every.num_rows and every[name].equals(every["objective"]))
    return next(same, "objective").replace("_", " ")

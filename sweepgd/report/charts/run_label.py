"""Labels of runs in charts."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.report.number_format import short


def label_of(trials: pa.Table, trial: int, replicate: int) -> str:
    """Return the label of a run, such as "batch 16 (adam, 0.001), run 3.0" for replicate 0 of trial 3."""
    wanted = pc.and_(pc.equal(trials["trial"], trial), pc.equal(trials["replicate"], replicate))
    row = trials.filter(wanted).select(["batch_size", "optimizer", "learning_rate"]).to_pylist()[0]
    return f"batch {row['batch_size']} ({row['optimizer']}, {short(row['learning_rate'])}), run {trial}.{replicate}"

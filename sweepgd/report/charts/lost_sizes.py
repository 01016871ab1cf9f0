"""A note on batch sizes that a chart cannot show, because every run diverged."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import has_status
from sweepgd.analysis.repeats import once
from sweepgd.core.outcome import DIVERGED


def lost_sizes(trials: pa.Table) -> list[str]:
    """Return a sentence such as "batch size 1: every run diverged", or an empty list if there is no such batch size."""
    runs = once(trials.filter(pc.is_valid(trials["batch_size"])))
    kept = runs.filter(pa.array(~has_status(runs, DIVERGED)))
    lost = sorted(set(runs["batch_size"].to_pylist()) - set(kept["batch_size"].to_pylist()))
    if not lost:
        return []
    return [f"batch size{'s' * (len(lost) > 1)} {', '.join(map(str, lost))}: every run diverged"]

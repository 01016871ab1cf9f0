"""The tables that close a search and open an analysis."""

import pyarrow as pa

from sweepgd.analysis.best import best
from sweepgd.analysis.factors import FACTORS, by


def summary(trials: pa.Table, n: int = 10) -> dict[str, pa.Table]:
    """The `n` `best` configurations, and one table for each factor: `by_batch_size`, `by_optimizer`, `by_schedule`."""
    return {"best": best(trials, n)} | {f"by_{factor}": by(trials, factor) for factor in FACTORS}

"""The tables that close a search and open an analysis."""

import pyarrow as pa

from sweepgd.analysis.best import best
from sweepgd.analysis.endings import endings
from sweepgd.analysis.factors import FACTORS, by
from sweepgd.analysis.weights import has_few_parameters, learned_weights
from sweepgd.record import Results


def summary(results: Results, n: int = 10) -> dict[str, pa.Table]:
    """Return the `n` `best` configurations, one table for each factor, `by_batch_size`, `by_optimizer`, `by_schedule`, and
    `endings`.

    Where the model is small enough, also the `learned_weights` of the best; no other minima are kept.
    """
    trials = results.trials
    tables = {"best": best(trials, n)} | {f"by_{factor}": by(trials, factor) for factor in FACTORS}
    tables["endings"] = endings(trials)
    if has_few_parameters(trials):
        tables["learned_weights"] = learned_weights(trials, results.minima_of(tables["best"]["trial"].to_pylist()), n)
    return tables

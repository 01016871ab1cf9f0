"""The tables shown at the end of a search and at the start of an analysis."""

import pyarrow as pa

from sweepgd.analysis.best import best
from sweepgd.analysis.endings import endings
from sweepgd.analysis.factors import FACTORS, by
from sweepgd.analysis.learned_weights import has_few_parameters, learned_weights
from sweepgd.record import Results


def summary(results: Results, n: int = 10) -> dict[str, pa.Table]:
    """Return tables by name: `best` with `n` rows, `by_batch_size`, `by_optimizer`, `by_schedule` and `endings`.

    For a model of few parameters, `learned_weights` of the best configurations is added. For this table, only the minima of
    these configurations are read.
    """
    trials = results.trials
    tables = {"best": best(trials, n)} | {f"by_{factor}": by(trials, factor) for factor in FACTORS}
    tables["endings"] = endings(trials)
    if has_few_parameters(trials):
        tables["learned_weights"] = learned_weights(trials, results.minima_of(tables["best"]["trial"].to_pylist()), n)
    return tables

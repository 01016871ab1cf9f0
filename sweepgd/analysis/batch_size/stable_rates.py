"""The largest learning rate without divergence, compared with the rate that λmax allows on the full batch (2/λmax for SGD)."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, has_status
from sweepgd.analysis.batch_size.resampling import percentiles, resampled_quantiles
from sweepgd.analysis.batch_size.size_groups import SizeGroup, size_groups
from sweepgd.analysis.repeats import once
from sweepgd.analysis.stability import thresholds

SCHEMA = pa.schema(
    [("optimizer", pa.string()), ("batch_size", pa.int64())]
    + [("largest_stable", pa.float64()), ("lowest_diverged", pa.float64())]
    + [("rates", pa.int64()), ("runs", pa.int64())]
    + [(f"{name}{end}", pa.float64()) for name in ("lambda_max", "allowed", "ratio") for end in ("", "_low", "_high")]
    + [("message", pa.string())]
)  # fmt: skip


def stable_rates(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """Return one row per optimizer and batch size with a stable rate. There are no rows if λmax was not measured at final
    weights.

    `lowest_diverged` is the lowest rate at which a run diverged. `largest_stable` is the largest rate below `lowest_diverged`
    at which a run completed. `rates` is the number of rates tried. `runs` is the number of runs at `largest_stable` whose
    λmax was measured at the final weights, and `lambda_max` is the median of these λmax.

    For each of these runs, a formula turns λmax with the L2 penalty into the largest rate at which full-batch descent is
    stable, such as 2/λmax for SGD (`sweepgd.analysis.stability.EDGES`). `allowed` is the median of these rates, and null for
    optimizers without a formula. `ratio` is `largest_stable` divided by `allowed`. The intervals are percentiles of a bootstrap
    over these runs. `message` names what is missing.
    """
    at_end = pc.and_(pc.equal(curvature["measure"], "lambda_max"), pc.equal(curvature["which"], "final"))
    measured = curvature.filter(pc.and_(at_end, pc.equal(curvature["rescaling"], 1.0)))
    if not measured.num_rows:
        return SCHEMA.empty_table()
    runs = once(trials)
    recorded = {
        (row["trial"], row["replicate"]): row["value"]
        for row in measured.select(["trial", "replicate", "value"]).to_pylist()
        if row["value"] is not None
    }
    keys = zip(runs["trial"].to_pylist(), runs["replicate"].to_pylist(), strict=True)
    values = np.array([recorded.get(key, np.nan) for key in keys])
    rows = [_row(group, runs, values) for group in size_groups(trials)]
    return pa.Table.from_pylist([row for row in rows if row["largest_stable"] is not None], schema=SCHEMA)


def _row(group: SizeGroup, runs: pa.Table, lambdas: Floats) -> dict[str, Any]:
    members = np.isin(runs["trial"].to_numpy(), group.trials)
    rates = floats(runs, "learning_rate")
    completed, diverged = (has_status(runs, status) & members for status in ("completed", "diverged"))
    lowest = rates[diverged].min(initial=np.inf)
    stable = rates[completed & (rates < lowest)]
    row: dict[str, Any] = {"optimizer": group.optimizer, "batch_size": group.batch_size}
    row |= {"largest_stable": float(stable.max()) if len(stable) else None}
    row |= {"lowest_diverged": float(lowest) if np.isfinite(lowest) else None}
    row |= {"rates": len(np.unique(group.rates)), "runs": 0}
    if not len(stable):
        return row
    if not np.isfinite(lowest):
        row["message"] = "no rate diverged: the largest stable rate is at least this"
    at = np.flatnonzero(completed & (rates == stable.max()) & ~np.isnan(lambdas))
    if not len(at):
        return row | {"message": "λmax was not measured at this rate"}
    row["runs"] = len(at)
    rows = runs.take(pa.array(at))
    maps = rows["hyperparameters"].combine_chunks()
    beta, decay = (
        np.array(pc.map_lookup(maps, pa.scalar(name), "first").to_numpy(zero_copy_only=False), dtype=np.float64)
        for name in ("beta", "weight_decay")
    )
    # At the edge of stability, rate · λmax equals the threshold of λmax at rate 1.
    allowed = thresholds([group.rule] * len(at), beta, np.ones(len(at))) / (lambdas[at] + np.nan_to_num(decay))
    row |= percentiles("lambda_max", resampled_quantiles(lambdas[at]))
    row |= percentiles("allowed", resampled_quantiles(allowed))
    return row | percentiles("ratio", stable.max() / resampled_quantiles(allowed))

"""λmax along training against the edge of stability of the optimizer on a quadratic loss (Cohen et al. 2021)."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, nullable
from sweepgd.analysis.groups import Groups


def _momentum(beta: Floats) -> Floats:
    return 2 * (1 + beta)


def _nesterov(beta: Floats) -> Floats:
    return 2 * (1 + beta) / (1 + 2 * beta)


# ηλ at the edge of stability of each optimizer, as a function of β: Cohen et al. 2021, equation 1. The steps of
# momentum_average are 1 - β times as long as those of momentum. λ is an eigenvalue of the loss with its L2 penalty, because
# these optimizers add the gradient of the penalty to the gradient of the loss. The edge of an adaptive optimizer depends on a
# preconditioned λmax, and the edge of a plugin is unknown.
EDGES: dict[str, Callable[[Floats], Floats]] = {
    "sgd": lambda beta: np.full(len(beta), 2.0),
    "momentum": _momentum,
    "momentum_velocity": _momentum,
    "momentum_average": lambda beta: _momentum(beta) / (1 - beta),
    "nesterov": _nesterov,
    "nesterov_velocity": _nesterov,
}

KEYS = ["trial", "replicate", "update"]
DESCRIPTION = ("optimizer", "batch_size")
AT_CLOSEST = ("epoch", "learning_rate", "lambda_max", "rows_error", "weight_decay", "threshold", "ratio")
ORDER = [("trial", "ascending"), ("replicate", "ascending"), ("update", "ascending")]


def thresholds(optimizers: Sequence[str | None], betas: Floats, rates: Floats) -> Floats:
    """Return the largest λmax of the loss with its penalty at which full-batch descent is stable, (rows,).

    `optimizers`, `betas` and `rates` are (rows,). The threshold is NaN if no formula is known for the optimizer.
    """
    names = np.array(optimizers, dtype=object)
    result = np.full(len(rates), np.nan)
    for name, edge in EDGES.items():
        rows = names == name
        result[rows] = edge(betas[rows])
    return result / np.where(rates > 0, rates, np.nan)


def edge_of_stability(trials: pa.Table, curves: pa.Table, curvature: pa.Table) -> pa.Table:
    """Return one row per measurement of λmax along training, sorted by trial, replicate and update.

    The first columns are `trial`, `replicate`, `optimizer`, `batch_size` and `update`. `epoch` and `learning_rate` (η) are from
    the evaluation after this update, and null without an evaluation. `lambda_max` is λmax of the loss, and `rows_error` is its
    standard error if a subset of the rows was measured. `weight_decay` is the most that the L2 penalty can add to λmax. (The
    penalty does not apply to biases and positions.) `threshold` is the largest stable λmax on the full batch, such as 2/η for
    gradient descent. `ratio` is the sum of λmax and weight decay, divided by the threshold. If no formula is known for the
    optimizer, the last three columns are null.
    """
    path = curvature.filter(pc.and_(pc.equal(curvature["which"], "path"), pc.equal(curvature["measure"], "lambda_max")))
    # λmax may be measured twice after the same update. The last value is the newest.
    last = [("value", "last"), ("rows_error", "last")]
    path = path.select([*KEYS, "value", "rows_error"]).group_by(KEYS, use_threads=False).aggregate(last)
    joined = along(trials, curves, path)
    values, decays, edges = (floats(joined, name) for name in ("value_last", "weight_decay", "threshold"))
    columns = {name: joined[name] for name in ("trial", "replicate", *DESCRIPTION, "update", "epoch", "learning_rate")}
    columns |= {"lambda_max": nullable(values), "rows_error": joined["rows_error_last"]}
    columns |= {name: joined[name] for name in ("weight_decay", "threshold")}
    return pa.table(columns | {"ratio": nullable((values + decays) / edges)})


def along(trials: pa.Table, curves: pa.Table, points: pa.Table) -> pa.Table:
    """Return `points` with more columns. `points` has the columns trial, replicate and update, by which the result is sorted.

    Added columns: `epoch`, `learning_rate`, `optimizer`, `batch_size`, `threshold`, and `weight_decay`, null without a
    threshold.
    """
    joined = points.join(curves.select([*KEYS, "epoch", "learning_rate"]), KEYS, join_type="left outer")
    maps = trials["hyperparameters"].combine_chunks()
    described = trials.select([*KEYS[:2], *DESCRIPTION])
    for name in ("beta", "weight_decay"):
        described = described.append_column(name, pc.map_lookup(maps, pa.scalar(name), "first"))
    joined = joined.join(described, KEYS[:2], join_type="left outer").sort_by(ORDER)
    rates = floats(joined, "learning_rate")
    rates[rates <= 0] = np.nan
    joined = joined.set_column(joined.column_names.index("learning_rate"), "learning_rate", nullable(rates))
    edges = thresholds(joined["optimizer"].to_pylist(), floats(joined, "beta"), rates)
    decays = np.where(np.isnan(edges), np.nan, np.nan_to_num(floats(joined, "weight_decay")))
    joined = joined.set_column(joined.column_names.index("weight_decay"), "weight_decay", nullable(decays))
    return joined.append_column("threshold", nullable(edges))


def stability(trials: pa.Table, rows: pa.Table) -> pa.Table:
    """Return one row per configuration from the `rows` of `edge_of_stability`, the closest to its threshold first.

    Columns: `trial`, `optimizer`, `batch_size`; `measurements`, the number of measurements after the first update, over all
    replicates; `share_beyond`, the share of measurements above the threshold, if the threshold is known; and `epoch`,
    `learning_rate`, `lambda_max`, `rows_error`, `weight_decay`, `threshold` and `ratio` of the measurement closest to the
    threshold, or with the largest λmax if there is no threshold. Configurations that ended before the first measurement are
    last, with 0 `measurements`. The table is empty if λmax was not measured along training.
    """
    rows = rows.filter(pc.and_(pc.is_valid(rows["learning_rate"]), pc.is_valid(rows["lambda_max"])))
    ratios = floats(rows, "ratio")
    groups = Groups(rows["trial"].to_numpy())
    order = np.lexsort((-floats(rows, "lambda_max"), -ratios, groups.index))
    closest = order[np.flatnonzero(np.diff(groups.index[order], prepend=-1))]
    columns = {name: rows[name].take(pa.array(closest)) for name in ("trial", *DESCRIPTION, *AT_CLOSEST)}
    beyond = np.where(np.isnan(ratios), np.nan, ratios > 1)
    columns |= {"measurements": pa.array(groups.size, pa.int64()), "share_beyond": nullable(groups.mean(beyond))}
    measured = pa.table(columns).sort_by([("ratio", "descending"), ("trial", "ascending")])
    if not measured.num_rows:
        return measured
    first = Groups(trials["trial"].to_numpy()).first
    others = trials.select(["trial", *DESCRIPTION]).take(pa.array(first))
    others = others.filter(pc.invert(pc.is_in(others["trial"], value_set=measured["trial"].combine_chunks())))
    others = others.append_column("measurements", pa.array(np.zeros(others.num_rows), pa.int64()))
    return pa.concat_tables([measured, others], promote_options="default")

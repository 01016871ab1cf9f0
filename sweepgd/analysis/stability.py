"""λmax along training against the edge at which a rule ceases to be stable on a quadratic (Cohen et al. 2021)."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, floats, nullable
from sweepgd.analysis.groups import Groups


def _momentum(beta: Floats) -> Floats:
    return 2 * (1 + beta)


def _nesterov(beta: Floats) -> Floats:
    return 2 * (1 + beta) / (1 + 2 * beta)


# ηλ at the edge of each rule, by its β: Cohen et al. 2021, equation 1, and the average, whose steps are 1 - β
# times as long as the sum's. λ is a curvature of the loss with its L2 penalty, whose gradient these rules get with the loss'.
# An adaptive rule's edge is that of a preconditioned λmax, and a plugin's is not known; momentum that decays weights apart from
# the gradient, which no rule here does, would have another edge.
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
    """The largest eigenvalue, (rows,), of the loss with its penalty up to which full-batch descent by each rule at its rate is
    stable; NaN where no formula is known."""
    names = np.array(optimizers, dtype=object)
    result = np.full(len(rates), np.nan)
    for name, edge in EDGES.items():
        own = names == name
        result[own] = edge(betas[own])
    return result / np.where(rates > 0, rates, np.nan)


def edge_of_stability(trials: pa.Table, curves: pa.Table, curvature: pa.Table) -> pa.Table:
    """A row for each look at λmax along training, by trial, replicate, update.

    Columns: `trial`, `replicate`, `optimizer`, `batch_size`, `update`, `epoch`, and `learning_rate` (η) of the evaluation after
    that update, null where there is none; `lambda_max` of the loss, and `rows_error`, its standard error where a subset of the
    rows was measured; `weight_decay`, which the L2 penalty adds to λmax (or less: it leaves biases and positions alone), null
    where there is no threshold; `threshold`, that of the rule on the full batch, such as 2/η of gradient descent, null where no
    formula is known; `ratio`, λmax and decay over threshold.
    """
    looks = curvature.filter(pc.and_(pc.equal(curvature["which"], "path"), pc.equal(curvature["measure"], "lambda_max")))
    # The last where one was measured again: the newer.
    last = [("value", "last"), ("rows_error", "last")]
    looks = looks.select([*KEYS, "value", "rows_error"]).group_by(KEYS, use_threads=False).aggregate(last)
    joined = along(trials, curves, looks)
    values, decays, edges = (floats(joined, name) for name in ("value_last", "weight_decay", "threshold"))
    columns = {name: joined[name] for name in ("trial", "replicate", *DESCRIPTION, "update", "epoch", "learning_rate")}
    columns |= {"lambda_max": nullable(values), "rows_error": joined["rows_error_last"]}
    columns |= {name: joined[name] for name in ("weight_decay", "threshold")}
    return pa.table(columns | {"ratio": nullable((values + decays) / edges)})


def along(trials: pa.Table, curves: pa.Table, points: pa.Table) -> pa.Table:
    """`points`, rows by trial, replicate and update, in that order, with `epoch`, `learning_rate`, what describes the run, the
    `threshold`, and where there is one the `weight_decay` of the L2 penalty."""
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


def stability(trials: pa.Table, looks: pa.Table) -> pa.Table:
    """The looks of `edge_of_stability` summed up, a row a configuration, those that came closest to the threshold first.

    Columns: `trial`, `optimizer`, `batch_size`, `looks` of all replicates once training had begun; `share_beyond`, of the looks
    with a threshold those beyond it; and of the run that came closest (where there is no threshold, reached the largest λmax),
    the look at which it did: `epoch`, `learning_rate`, `lambda_max`, `rows_error`, `weight_decay`, `threshold`, `ratio`.
    Configurations that were not looked at, since they ended before, have 0 `looks` and stand last. Empty where none was.
    """
    looks = looks.filter(pc.and_(pc.is_valid(looks["learning_rate"]), pc.is_valid(looks["lambda_max"])))
    ratios = floats(looks, "ratio")
    groups = Groups(looks["trial"].to_numpy())
    order = np.lexsort((-floats(looks, "lambda_max"), -ratios, groups.index))
    closest = order[np.flatnonzero(np.diff(groups.index[order], prepend=-1))]
    columns = {name: looks[name].take(pa.array(closest)) for name in ("trial", *DESCRIPTION, *AT_CLOSEST)}
    beyond = np.where(np.isnan(ratios), np.nan, ratios > 1)
    columns |= {"looks": pa.array(groups.size, pa.int64()), "share_beyond": nullable(groups.mean(beyond))}
    seen = pa.table(columns).sort_by([("ratio", "descending"), ("trial", "ascending")])
    if not seen.num_rows:
        return seen
    first = Groups(trials["trial"].to_numpy()).first
    unseen = trials.select(["trial", *DESCRIPTION]).take(pa.array(first))
    unseen = unseen.filter(pc.invert(pc.is_in(unseen["trial"], value_set=seen["trial"].combine_chunks())))
    unseen = unseen.append_column("looks", pa.array(np.zeros(unseen.num_rows), pa.int64()))
    return pa.concat_tables([seen, unseen], promote_options="default")

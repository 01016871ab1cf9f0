"""Mean loss curves of the best configurations, and optimizer paths on two-dimensional surfaces."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.factors import by


def best_curves(trials: pa.Table, curves: pa.Table, factor: str = "batch_size") -> pa.Table:
    """Return the mean loss curve of the best configuration at each value of `factor`, over its completed replicates.

    There is one row for each update at which all these replicates were evaluated, sorted by factor and update. Columns: the
    factor, `trial`, `optimizer`, `learning_rate`, `update`, `epoch`, `train_loss`, `validation_loss`.
    """
    winners = _winners(trials, factor)
    runs = _completed(trials, winners)
    replicates = runs.group_by("trial").aggregate([("replicate", "count")]).rename_columns(["trial", "replicates"])
    measures = ["epoch", "train_loss", "validation_loss"]
    curves = curves.select(["trial", "replicate", "update", *measures])
    means = (
        curves.join(runs, ["trial", "replicate"], join_type="inner")
        .sort_by([(name, "ascending") for name in ("trial", "update", "replicate")])
        .group_by(["trial", "update"], use_threads=False)
        .aggregate([(name, "mean") for name in measures] + [("replicate", "count")])
        .join(replicates, "trial", join_type="inner")
    )
    means = means.filter(pc.equal(means["replicate_count"], means["replicates"]))
    described = means.join(winners, "trial", join_type="inner").sort_by([(factor, "ascending"), ("update", "ascending")])
    columns = dict.fromkeys([factor, "trial", "optimizer", "learning_rate", "update"])
    return pa.table({name: described[name] for name in columns} | {name: described[f"{name}_mean"] for name in measures})


def paths(trials: pa.Table, curves: pa.Table) -> pa.Table:
    """Return the path of each optimizer's best configuration on a two-dimensional surface, in its first completed replicate.

    Columns: `optimizer`, `trial`, `learning_rate`, `update`, `x`, `y`, sorted by optimizer and update. The table is empty if
    no run recorded positions in two dimensions.
    """
    winners = _winners(trials, "optimizer")
    first = _completed(trials, winners).group_by("trial").aggregate([("replicate", "min")])
    curves = curves.filter(pc.equal(pc.list_value_length(curves["position"]), 2))
    points = curves.select(["trial", "replicate", "update"])
    for index, name in enumerate("xy"):
        points = points.append_column(name, pc.list_element(curves["position"], index))
    points = points.join(first, ["trial", "replicate"], ["trial", "replicate_min"], join_type="inner")
    columns = ["optimizer", "trial", "learning_rate", "update", "x", "y"]
    return (
        points.join(winners, "trial", join_type="inner")
        .select(columns)
        .sort_by([("optimizer", "ascending"), ("update", "ascending")])
    )


def _winners(trials: pa.Table, factor: str) -> pa.Table:
    winners = by(trials, factor).rename_columns({"best_trial": "trial"})
    columns = dict.fromkeys([factor, "trial", "optimizer", "learning_rate"])
    return winners.filter(pc.is_valid(winners["trial"])).select(list(columns))


def _completed(trials: pa.Table, winners: pa.Table) -> pa.Table:
    chosen = pc.and_(pc.equal(trials["status"], "completed"), pc.is_in(trials["trial"], value_set=winners["trial"]))
    return trials.filter(chosen).select(["trial", "replicate"])

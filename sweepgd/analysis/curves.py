"""Optimizer paths on two-dimensional surfaces."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.factors import by


def paths(trials: pa.Table, curves: pa.Table) -> pa.Table:
    """Return the path of each optimizer's best configuration on a two-dimensional surface, in its first completed replicate.

    Columns: `optimizer`, `trial`, `learning_rate`, `update`, `x`, `y`, sorted by optimizer and update. The table is empty if
    no run recorded positions in two dimensions.
    """
    winners = by(trials, "optimizer").rename_columns({"best_trial": "trial"})
    winners = winners.filter(pc.is_valid(winners["trial"])).select(["optimizer", "trial", "learning_rate"])
    chosen = pc.and_(pc.equal(trials["status"], "completed"), pc.is_in(trials["trial"], value_set=winners["trial"]))
    first = trials.filter(chosen).group_by("trial").aggregate([("replicate", "min")])
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

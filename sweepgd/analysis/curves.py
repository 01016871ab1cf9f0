"""Optimizer paths on two-dimensional surfaces."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.factors import by

# With more configurations, only the best one of each optimizer has a path.
MOST_PATHS = 9


def paths(trials: pa.Table, curves: pa.Table) -> pa.Table:
    """Return the paths of completed configurations on a two-dimensional surface, each in its first completed replicate.

    If more than MOST_PATHS configurations completed, only the best configuration of each optimizer has a path. Columns:
    `optimizer`, `schedule`, `trial`, `learning_rate`, `update`, `x`, `y`, sorted by trial and update. The table is empty if no
    run recorded positions in two dimensions.
    """
    completed = trials.filter(pc.equal(trials["status"], "completed"))
    if pc.count_distinct(completed["trial"]).as_py() > MOST_PATHS:
        best = by(trials, "optimizer")["best_trial"].drop_null()
        completed = completed.filter(pc.is_in(completed["trial"], value_set=best))
    keys = ["trial", "optimizer", "schedule", "learning_rate"]
    first = completed.group_by(keys).aggregate([("replicate", "min")])
    curves = curves.filter(pc.equal(pc.list_value_length(curves["position"]), 2))
    points = curves.select(["trial", "replicate", "update"])
    for index, name in enumerate("xy"):
        points = points.append_column(name, pc.list_element(curves["position"], index))
    return (
        points.join(first, ["trial", "replicate"], ["trial", "replicate_min"], join_type="inner")
        .select(["optimizer", "schedule", "trial", "learning_rate", "update", "x", "y"])
        .sort_by([("trial", "ascending"), ("update", "ascending")])
    )

"""Mean loss curves, one for each level of a factor. Configurations without a completed run are included."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.factors import FACTORS, by, levels
from sweepgd.analysis.lowest_decile import LOWEST
from sweepgd.analysis.repeats import once
from sweepgd.core.errors import UsageError, nearest

# For these factors, every configuration has a separate line.
EACH = ("learning_rate", "trial")
LINES = (*FACTORS, *EACH)
MEASURES = ("train_loss", "validation_loss")
_DESCRIPTION = (
    "trial",
    "batch_size",
    "optimizer",
    "schedule",
    "learning_rate",
    "objective",
    "whole",
    "replicates",
    "completed",
)


def mean_curves(trials: pa.Table, curves: pa.Table, factor: str = "batch_size") -> pa.Table:
    """Return a mean loss curve for each level of `factor` (one of LINES), sorted by level, trial and update.

    A level of a batch size, optimizer or schedule is shown by its best configuration, or by its first configuration if no run
    completed. For the factors learning rate and trial, every configuration has a separate line. There is a row for each update
    at which all completed replicates were evaluated. A configuration without a completed run has the curve of a single run: its
    first replicate that diverged, or its first replicate if no replicate diverged.

    Columns: `level`; `trial`, `batch_size`, `optimizer`, `schedule`, `learning_rate`, `objective`, `whole`, `replicates` and
    `completed` of the configuration; `status` of the runs; `update`; and `seconds`, the number of updates times the
    lowest decile of the time of an update over the runs, null if this time was not recorded. The other columns are means over
    the runs: of `epoch`, `rate` (the learning rate of the schedule at this update), and of `train_loss` and `validation_loss`
    with standard errors in `<name>_se`.

    Raises UsageError for another factor.
    """
    if factor not in LINES:
        raise UsageError(f"unknown factor {factor!r}: {nearest(factor, LINES)}")
    lines = _lines(trials, factor)
    runs = _runs(trials, lines["trial"])
    counts = runs.group_by("trial").aggregate([("replicate", "count"), ("status", "min")])
    counts = counts.rename_columns(["trial", "runs", "status"]).join(_update_times(runs), "trial")
    curves = curves.select(["trial", "replicate", "update", "epoch", "learning_rate", *MEASURES])
    curves = curves.rename_columns({"learning_rate": "rate"})
    deviation = pc.VarianceOptions(ddof=1, min_count=2)
    means = (
        curves.join(runs.select(["trial", "replicate"]), ["trial", "replicate"], join_type="inner")
        .sort_by([(name, "ascending") for name in ("trial", "update", "replicate")])
        .group_by(["trial", "update"], use_threads=False)
        .aggregate(
            [(name, "mean") for name in ("epoch", "rate", *MEASURES)]
            + [(name, "stddev", deviation) for name in MEASURES]
            + [("replicate", "count")]
        )
        .join(counts, "trial", join_type="inner")
    )
    means = means.filter(pc.equal(means["replicate_count"], means["runs"])).join(lines, "trial", join_type="inner")
    means = means.sort_by([(name, "ascending") for name in ("level", "trial", "update")])
    columns = {name: means[name] for name in ("level", *_DESCRIPTION, "status", "update")}
    columns |= {"epoch": means["epoch_mean"], "seconds": pc.multiply(means["update"], means["seconds_per_update"])}
    columns |= {name: means[f"{name}_mean"] for name in ("rate", *MEASURES)}
    root = pc.sqrt(means["runs"])
    return pa.table(columns | {f"{name}_se": pc.divide(means[f"{name}_stddev"], root) for name in MEASURES})


def _lines(trials: pa.Table, factor: str) -> pa.Table:
    """Return a row for each line, with its `level` and its configuration."""
    trials = trials.filter(pc.is_valid(trials[factor]))
    every = configurations(trials)
    if factor in EACH:
        chosen, level = every, every[factor]
    else:
        best = by(trials, factor)
        keys = levels(every, factor)
        first = every["trial"].take(pc.index_in(best[factor].combine_chunks(), value_set=keys))
        winners = pc.coalesce(best["best_trial"], first)
        chosen, level = every.take(pc.index_in(winners, value_set=every["trial"].combine_chunks())), best[factor]
    return chosen.select(list(_DESCRIPTION)).append_column("level", level)


def _runs(trials: pa.Table, wanted: pa.ChunkedArray) -> pa.Table:
    """Return `trial`, `replicate`, `status` and `seconds_per_update` of the runs that make the lines."""
    kept = once(trials)
    rows = kept.filter(pc.is_in(kept["trial"], value_set=wanted)).select(["trial", "replicate", "status", "seconds_per_update"])
    of_trial: dict[int, list[dict[str, Any]]] = {}
    for row in rows.sort_by([("trial", "ascending"), ("replicate", "ascending")]).to_pylist():
        of_trial.setdefault(row["trial"], []).append(row)
    chosen: list[dict[str, Any]] = []
    for runs in of_trial.values():
        completed = [run for run in runs if run["status"] == "completed"]
        diverged = [run for run in runs if run["status"] == "diverged"]
        chosen += completed or (diverged or runs)[:1]
    return pa.Table.from_pylist(chosen, schema=rows.schema)


def _update_times(runs: pa.Table) -> pa.Table:
    """Return the lowest decile of `seconds_per_update` of each trial, by `trial`. Trials without a time are left out."""
    runs = runs.filter(pc.is_valid(runs["seconds_per_update"]))
    times: dict[int, list[float]] = {}
    for trial, seconds in zip(runs["trial"].to_pylist(), runs["seconds_per_update"].to_pylist(), strict=True):
        times.setdefault(trial, []).append(seconds)
    lowest = [float(np.quantile(values, LOWEST)) for values in times.values()]
    return pa.table({"trial": pa.array(times, pa.int64()), "seconds_per_update": pa.array(lowest, pa.float64())})

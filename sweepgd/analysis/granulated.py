"""Granulated rank correlation: the rank correlation of runs that differ in one hyperparameter only (Jiang et al. 2020)."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.endings import CUT_SHORT, not_completed
from sweepgd.analysis.jackknife import Comparison, Jackknife, group_jackknife, interval, interval_columns
from sweepgd.analysis.ranks import Pairs, distinct, pairs_in
from sweepgd.analysis.runs_with_measures import completed, measure_names
from sweepgd.analysis.varied_hyperparameters import axes, codes, combined
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.core.errors import UsageError, nearest

OVERALL = "Ψ"
# If there are more pairs, value and interval are computed from a sample of the groups.
MOST_PAIRS = 50_000

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "target", "axis")]
    + [(name, pa.int64()) for name in ("groups", "runs", "configurations")]
    + [(name, pa.float64()) for name in ("value", "low", "high")]
    + [(name, pa.string()) for name in ("verdict", "message")]
    + [(name, pa.int64()) for name in ("left_out", *CUT_SHORT)]
)


def granulated(runs: pa.Table, target: str = "generalization_gap", *, seed: int = 0) -> pa.Table:
    """Return, for each measure of `measured` and each varied hyperparameter, the mean τ-b over groups of runs that differ in
    this hyperparameter only.

    The runs of a group share all other hyperparameters, the replicate and therefore the seed. Pairs at the same level of the
    hyperparameter (`axis`) do not count. A group whose targets are all equal is left out. A group whose targets vary but whose
    measures are all equal counts as 0. Larger groups are represented by MOST_OF_GROUP runs. The row with the axis "Ψ" is the
    mean over the axes. `target` and the other columns are those of `correlations`. Raises UsageError for another target.
    """
    if target not in TARGETS:
        raise UsageError(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    counts = not_completed(runs)
    finished = completed(runs)
    varied = axes(finished)
    replicates, configurations = finished["replicate"].to_numpy(), codes(finished, "config_id")
    groups = {axis: combined(replicates, *(levels for name, levels in varied.items() if name != axis)) for axis in varied}
    pairs = {axis: _sample(pairs_in(groups[axis], varied[axis]), seed) for axis in varied}
    targets = floats(finished, target)
    rows = []
    for name in measure_names(runs):
        values = floats(finished, name)
        known = ~np.isnan(values) & ~np.isnan(targets)
        reason = undefined(values[known], targets[known], replicates[known], target)
        by_axis = {}
        for axis in varied:
            chosen = pairs[axis].among(known)
            comparison = Comparison(configurations, groups[axis], chosen, distinct(replicates[chosen.first]))
            by_axis[axis] = comparison, group_jackknife(values, targets, comparison)
        rows += [
            {"measure": name, "target": target, "left_out": runs.num_rows - row["runs"]} | counts | row
            for row in _rows(by_axis, reason, target)
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rows(by_axis: dict[str, tuple[Comparison, Jackknife]], reason: str, target: str) -> list[dict[str, Any]]:
    """Return a row for each axis, and a row for the mean over the axes."""
    rows = [
        _row(axis, [comparison], jackknife, reason or _undefined(axis, [comparison], jackknife, target), target)
        for axis, (comparison, jackknife) in by_axis.items()
    ]
    # Ψ is the mean over the axes along which τ is defined.
    defined = [jackknife for _, jackknife in by_axis.values() if not np.isnan(jackknife.value)]
    comparisons = [comparison for comparison, _ in by_axis.values()]
    if defined:
        overall = Jackknife(
            float(np.mean([jackknife.value for jackknife in defined])),
            _mean([jackknife.leave_one_out for jackknife in defined]),
            np.any([jackknife.in_pairs for jackknife in defined], axis=0),
            sum(jackknife.independent_variance for jackknife in defined) / len(defined) ** 2,
        )
    else:
        overall = Jackknife(np.nan, np.empty(0), np.empty(0, dtype=bool), np.nan)
    reason = reason or _undefined(OVERALL, comparisons, overall, target)
    return [*rows, _row(OVERALL, comparisons, overall, reason, target)]


def _row(axis: str, comparisons: list[Comparison], jackknife: Jackknife, reason: str, target: str) -> dict[str, Any]:
    runs = np.unique(np.concatenate([np.empty(0, np.int64), *(ends for each in comparisons for ends in each.pairs[:2])]))
    pairs = sum(len(each.pairs.first) for each in comparisons)
    count = distinct(comparisons[0].configurations[runs]) if comparisons else 0
    row: dict[str, Any] = {"axis": axis, "runs": len(runs), "configurations": count}
    row["groups"] = sum(distinct(each.pairs.group) for each in comparisons)
    low = high = np.nan
    if not reason:
        low, high = interval(jackknife.value, jackknife)
        row |= {"value": jackknife.value} | interval_columns("", low, high)
    replicates = max((each.replicates for each in comparisons), default=0)
    row["verdict"], row["message"] = verdict(low, high, reason, count, pairs / max(1, replicates), target)
    return row


def _undefined(axis: str, comparisons: list[Comparison], jackknife: Jackknife, target: str) -> str:
    """Return the reason why the value of an axis is undefined, or "" if the value is defined."""
    if not np.isnan(jackknife.value):
        return ""
    if not comparisons:
        return "no hyperparameter varied"
    if not any(len(each.pairs.first) for each in comparisons):
        return f"no two runs differ in {'one hyperparameter' if axis == OVERALL else 'this hyperparameter'} only"
    return f"the {target.replace('_', ' ')} is equal within every group"


def _mean(values: list[Floats]) -> Floats:
    """Return the mean of several arrays, element by element, ignoring NaN. An element is NaN if all its values are NaN."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    return np.divide(np.where(known, values, 0.0).sum(axis=0), count, out=np.full(len(count), np.nan), where=count > 0)


def _sample(pairs: Pairs, seed: int) -> Pairs:
    """Return the pairs of randomly drawn groups, at most MOST_PAIRS in all."""
    groups, counts = np.unique(pairs.group, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(groups))
    return pairs.of(groups[order[np.cumsum(counts[order]) <= MOST_PAIRS]])

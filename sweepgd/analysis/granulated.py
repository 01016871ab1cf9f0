"""Granulated rank correlation: does a measure rank runs that differ in one hyperparameter alone? (Jiang et al. 2020)"""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.axes import axes, codes, together
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.endings import CUT_SHORT, left_out
from sweepgd.analysis.jackknife import Compared, Spread, ends, group_spread, interval
from sweepgd.analysis.measured import completed, measure_names
from sweepgd.analysis.ranks import Pairs, distinct, pairs_in
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.problem import UsageProblem, nearest

OVERALL = "Ψ"
# An interval of more pairs is made of a sample of the groups.
MOST_PAIRS = 50_000

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "target", "axis")]
    + [(name, pa.int64()) for name in ("groups", "runs", "configurations")]
    + [(name, pa.float64()) for name in ("value", "low", "high")]
    + [(name, pa.string()) for name in ("verdict", "message")]
    + [(name, pa.int64()) for name in ("left_out", *CUT_SHORT)]
)


def granulated(runs: pa.Table, target: str = "generalization_gap", *, seed: int = 0) -> pa.Table:
    """For each measure of `measured` and each hyperparameter that varied, the mean τ-b within groups that differ in it alone.

    A group shares everything else, the replicate and with it the seed included; a group in which the target ties is left out,
    one in which the measure alone ties counts as 0; pairs at the same level of the axis are no pairs; of a group larger than 64
    runs so many are drawn. The row whose `axis` is "Ψ" is the mean over axes. Intervals, verdicts, messages and counts of
    what is left out are those of `correlations`. Raises UsageProblem for another target.
    """
    if target not in TARGETS:
        raise UsageProblem(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    others = left_out(runs)
    whole = completed(runs)
    varied = axes(whole)
    replicates, configurations = whole["replicate"].to_numpy(), codes(whole, "config_id")
    groups = {axis: together(replicates, *(levels for name, levels in varied.items() if name != axis)) for axis in varied}
    pairs = {axis: _sample(pairs_in(groups[axis], varied[axis]), seed) for axis in varied}
    wanted = floats(whole, target)
    rows = []
    for name in measure_names(runs):
        values = floats(whole, name)
        known = ~np.isnan(values) & ~np.isnan(wanted)
        reason = undefined(values[known], wanted[known], replicates[known], target)
        found = {}
        for axis in varied:
            chosen = pairs[axis].among(known)
            of = Compared(configurations, groups[axis], chosen, distinct(replicates[chosen.first]))
            found[axis] = of, group_spread(values, wanted, of)
        rows += [
            {"measure": name, "target": target, "left_out": runs.num_rows - row["runs"]} | others | row
            for row in _rows(found, reason, target)
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _rows(found: dict[str, tuple[Compared, Spread]], reason: str, target: str) -> list[dict[str, Any]]:
    """Return a row for each axis, and one for their mean."""
    rows = [
        _row(axis, [of], spread, reason or _undefined(axis, [of], spread, target), target)
        for axis, (of, spread) in found.items()
    ]
    # Ψ is the mean over the axes along which it is defined.
    defined = [spread for _, spread in found.values() if not np.isnan(spread.value)]
    every = [of for of, _ in found.values()]
    if defined:
        overall = Spread(
            float(np.mean([spread.value for spread in defined])),
            _mean([spread.without for spread in defined]),
            np.any([spread.involved for spread in defined], axis=0),
            sum(spread.of_pairs for spread in defined) / len(defined) ** 2,
        )
    else:
        overall = Spread(np.nan, np.empty(0), np.empty(0, dtype=bool), np.nan)
    return [*rows, _row(OVERALL, every, overall, reason or _undefined(OVERALL, every, overall, target), target)]


def _row(axis: str, compared: list[Compared], spread: Spread, reason: str, target: str) -> dict[str, Any]:
    runs = np.unique(np.concatenate([np.empty(0, np.int64), *(part for of in compared for part in of.pairs[:2])]))
    pairs = sum(len(of.pairs.first) for of in compared)
    count = distinct(compared[0].configurations[runs]) if compared else 0
    row: dict[str, Any] = {"axis": axis, "runs": len(runs), "configurations": count}
    row["groups"] = sum(distinct(of.pairs.group) for of in compared)
    low = high = np.nan
    if not reason:
        low, high = interval(spread.value, spread)
        row |= {"value": spread.value} | ends("", low, high)
    each = max((of.replicates for of in compared), default=0)
    row["verdict"], row["message"] = verdict(low, high, reason, count, pairs / max(1, each), target)
    return row


def _undefined(axis: str, compared: list[Compared], spread: Spread, target: str) -> str:
    if not np.isnan(spread.value):
        return ""
    if not compared:
        return "no hyperparameter varied"
    if not any(len(of.pairs.first) for of in compared):
        return "no two runs differ in one alone" if axis == OVERALL else "no two runs differ in it alone"
    return f"the {target.replace('_', ' ')} ties in every group"


def _mean(values: list[Floats]) -> Floats:
    """Return the mean over the lists of what is not NaN; NaN where all are."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    return np.divide(np.where(known, values, 0.0).sum(axis=0), count, out=np.full(len(count), np.nan), where=count > 0)


def _sample(pairs: Pairs, seed: int) -> Pairs:
    """Whole groups at random, MOST_PAIRS pairs at most."""
    groups, counts = np.unique(pairs.group, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(groups))
    return pairs.of(groups[order[np.cumsum(counts[order]) <= MOST_PAIRS]])

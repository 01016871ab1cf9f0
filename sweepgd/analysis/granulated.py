"""Granulated rank correlation: does a measure rank runs that differ in one hyperparameter alone? (Jiang et al. 2020)"""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis import bootstrap
from sweepgd.analysis.axes import axes, codes, together
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.measured import measure_names
from sweepgd.analysis.ranks import Pairs, distinct, pairs_in
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.problem import UsageProblem, nearest

OVERALL = "Ψ"

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "target", "axis")]
    + [(name, pa.int64()) for name in ("groups", "runs", "configurations")]
    + [(name, pa.float64()) for name in ("value", "low", "high")]
    + [(name, pa.string()) for name in ("verdict", "message")]
)


def granulated(runs: pa.Table, target: str = "generalization_gap", *, seed: int = 0) -> pa.Table:
    """For each measure of `measured` and each hyperparameter that varied, the mean τ-b within groups that differ in it alone.

    A group shares everything else, the replicate and with it the seed included; a group in which the target ties is left out,
    one in which the measure alone ties counts as 0; pairs at the same level of the axis are no pairs; of a group larger than 64
    runs so many are drawn. The row whose `axis` is "Ψ" is the mean over axes. With 95 % bootstrap intervals, verdicts and
    messages as in `correlations`. Raises UsageProblem for another target.
    """
    if target not in TARGETS:
        raise UsageProblem(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    varied = axes(runs)
    replicates = runs["replicate"].to_numpy()
    pairs = {}
    for axis, levels in varied.items():
        others = [codes for name, codes in varied.items() if name != axis]
        pairs[axis] = pairs_in(together(replicates, *others), levels)
    configurations = codes(runs, "config_id")
    wanted = floats(runs, target)
    rows = []
    for name in measure_names(runs):
        values = floats(runs, name)
        known = ~np.isnan(values) & ~np.isnan(wanted)
        reason = undefined(values[known], wanted[known], target)
        rows += [
            {"measure": name, "target": target} | row
            for row in _rows(values, wanted, _among(pairs, known), configurations, reason, target, seed)
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _among(pairs: dict[str, Pairs], known: np.ndarray) -> dict[str, Pairs]:
    return {axis: Pairs(*(part[known[of.first] & known[of.second]] for part in of)) for axis, of in pairs.items()}


def _rows(
    x: Floats, y: Floats, pairs: dict[str, Pairs], configurations: np.ndarray, reason: str, target: str, seed: int
) -> list[dict[str, Any]]:
    values = {axis: float(bootstrap.mean_of_groups(x, y, of, np.ones((1, len(of.first))))[0]) for axis, of in pairs.items()}
    if reason:
        values = dict.fromkeys(values, np.nan)
    drawn = _drawn(x, y, pairs, configurations, values, seed)
    # Ψ is the mean over the axes along which it is defined.
    values[OVERALL] = float(np.mean([values[axis] for axis in drawn])) if drawn else np.nan
    drawn[OVERALL] = np.mean(list(drawn.values()), axis=0) if drawn else np.full(bootstrap.DRAWS, np.nan)
    every = Pairs(*(np.concatenate([np.empty(0, np.int64), *(of[part] for of in pairs.values())]) for part in range(3)))
    rows: list[dict[str, Any]] = []
    for axis, of in (pairs | {OVERALL: every}).items():
        runs = np.flatnonzero(np.bincount(np.concatenate([of.first, of.second])))
        count = distinct(configurations[runs])
        row: dict[str, Any] = {"axis": axis, "runs": len(runs), "configurations": count}
        row["groups"] = distinct(of.group) if axis != OVERALL else sum(other["groups"] for other in rows)
        low = high = np.nan
        why = reason
        if not np.isnan(values[axis]):
            low, high = bootstrap.interval(drawn[axis])
            row |= {"value": values[axis]} | bootstrap.ends("", low, high)
        else:
            why = reason or _undefined(axis, of, target, varied=bool(pairs))
        row["verdict"], row["message"] = verdict(low, high, why, count, target)
        rows.append(row)
    return rows


def _undefined(axis: str, pairs: Pairs, target: str, varied: bool) -> str:
    if not varied:
        return "no hyperparameter varied"
    if not len(pairs.first):
        return "no two runs differ in one alone" if axis == OVERALL else "no two runs differ in it alone"
    return f"the {target.replace('_', ' ')} ties in every group"


def _drawn(
    x: Floats, y: Floats, pairs: dict[str, Pairs], configurations: np.ndarray, values: dict[str, float], seed: int
) -> dict[str, Floats]:
    """The bootstrap's draws along each axis that has a value, (DRAWS,), from a sample of its groups where they are many."""
    sampled = {axis: _sample(of, seed) for axis, of in pairs.items() if not np.isnan(values[axis])}
    if not sampled:
        return {}
    involved = np.unique(np.concatenate([part for of, _ in sampled.values() for part in of[:2]]))
    weights = bootstrap.draws(configurations[involved], seed)
    a, b = x[involved], y[involved]
    drawn = {}
    for axis, (of, share) in sampled.items():
        here = Pairs(np.searchsorted(involved, of.first), np.searchsorted(involved, of.second), of.group)
        at_sample = float(bootstrap.mean_of_groups(a, b, here, np.ones((1, len(here.first))))[0])
        drawn[axis] = bootstrap.moved(bootstrap.group_draws(a, b, here, weights), at_sample, values[axis], share)
    return drawn


def _sample(pairs: Pairs, seed: int) -> tuple[Pairs, float]:
    """Whole groups at random, bootstrap.MOST_PAIRS pairs at most, and their share of all groups."""
    groups, counts = np.unique(pairs.group, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(groups))
    fit = groups[order[np.cumsum(counts[order]) <= max(bootstrap.MOST_PAIRS, counts.max())]]
    kept = np.isin(pairs.group, fit)
    return Pairs(*(part[kept] for part in pairs)), len(fit) / len(groups)

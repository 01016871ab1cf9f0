"""How measures rank runs against the generalization gap or the test error: over all runs, and among comparable ones."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis import bootstrap
from sweepgd.analysis.axes import axes, codes, together
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.levels import LOSS_LEVELS_A_DECADE
from sweepgd.analysis.measured import measure_names
from sweepgd.analysis.ranks import Strata, distinct, kendall, spearman
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.problem import UsageProblem, nearest

ALL, CONDITIONED, MATCHED = "all runs", "equal rate, batch", "equal train loss"

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "target", "among")]
    + [(name, pa.int64()) for name in ("runs", "configurations", "pairs")]
    + [(f"{name}{end}", pa.float64()) for name in ("spearman", "kendall") for end in ("", "_low", "_high")]
    + [(name, pa.float64()) for name in ("train_loss_from", "train_loss_to")]
    + [(name, pa.string()) for name in ("verdict", "message")]
)


def correlations(runs: pa.Table, target: str = "generalization_gap", *, seed: int = 0) -> pa.Table:
    """Spearman's ρ and Kendall's τ-b of each measure of `measured` against `target`, with 95 % bootstrap intervals.

    Three rows a measure, by which pairs of runs are compared, `among`: "all runs"; "equal rate, batch", where learning rate
    and batch size are of the same level (levels.py gathers a continuous search); "equal train loss", where both are in the same
    tenth of a decade, because loss and curvature shrink together as a run goes on. `runs`, `configurations` and `pairs`
    count what was compared; `train_loss_from` and `train_loss_to` tell over which losses. ρ is given where all runs
    are compared. `verdict` says "larger gap" (or "error") where τ's interval is above 0, "smaller gap" below, else
    "inconclusive", "too few" (configurations) or "undefined" (null τ), with the reason in `message`. Raises UsageProblem for
    another target.
    """
    if target not in TARGETS:
        raise UsageProblem(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    configurations = codes(runs, "config_id")
    strata = _strata(runs)
    wanted, losses = floats(runs, target), floats(runs, "train_loss")
    rows = []
    for name in measure_names(runs):
        values = floats(runs, name)
        for among, stratum in strata.items():
            known = ~np.isnan(values) & ~np.isnan(wanted) & (stratum >= 0)
            reason = undefined(values[known], wanted[known], target)
            known &= np.bincount(stratum[known], minlength=stratum.max(initial=0) + 1)[stratum] > 1
            row = _row(values[known], wanted[known], stratum[known], configurations[known], reason, target, seed)
            compared = losses[known][~np.isnan(losses[known])]
            ends = {"train_loss_from": compared.min(), "train_loss_to": compared.max()} if len(compared) else {}
            rows.append({"measure": name, "target": target, "among": among} | row | ends)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _strata(runs: pa.Table) -> dict[str, Strata]:
    """The stratum of each run by what is compared; -1 for none."""
    varied = axes(runs)
    everyone = np.zeros(runs.num_rows, dtype=np.int64)
    chosen = [varied[name] for name in ("learning_rate", "batch_size") if name in varied]
    losses = floats(runs, "train_loss")
    losses[losses <= 0] = np.nan
    levels = np.floor(LOSS_LEVELS_A_DECADE * np.log10(losses))
    some = ~np.isnan(levels)
    loss_level = np.where(some, levels - np.min(levels[some], initial=0), -1).astype(np.int64)
    return {
        ALL: everyone,
        CONDITIONED: together(everyone, *chosen),
        MATCHED: loss_level,
    }


def _row(x: Floats, y: Floats, strata: Strata, configurations: Strata, reason: str, target: str, seed: int) -> dict[str, Any]:
    sizes = np.bincount(strata)
    count = distinct(configurations)
    row: dict[str, Any] = {"runs": len(x), "configurations": count, "pairs": int((sizes * (sizes - 1) // 2).sum())}
    tau = np.nan
    if not reason:
        tau = kendall(x, y, strata)
        if np.isnan(tau):
            reason = "measure or target ties in every pair" if len(x) else "no two such runs"
    low = high = np.nan
    if not np.isnan(tau):
        part = bootstrap.sample(configurations, seed)
        share = distinct(configurations[part]) / count
        weights = bootstrap.draws(configurations[part], seed)
        a, b, s = x[part], y[part], strata[part]
        drawn = bootstrap.moved(bootstrap.kendall_draws(a, b, s, configurations[part], weights), kendall(a, b, s), tau, share)
        low, high = bootstrap.interval(drawn)
        row |= {"kendall": tau} | bootstrap.ends("kendall_", low, high)
        if len(sizes) == 1:
            rho = spearman(x, y)
            drawn = bootstrap.moved(bootstrap.spearman_draws(a, b, weights), spearman(a, b), rho, share)
            row |= {"spearman": rho} | bootstrap.ends("spearman_", *bootstrap.interval(drawn))
    row["verdict"], row["message"] = verdict(low, high, reason, count, target)
    return row

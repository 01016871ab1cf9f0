"""How measures rank configurations against the generalization gap or the test error: all of them, and comparable ones."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.axes import axes, codes, together
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.endings import CUT_SHORT, left_out
from sweepgd.analysis.jackknife import Compared, ends, interval, kendall_spread, spearman_spread
from sweepgd.analysis.levels import LOSS_LEVELS_A_DECADE
from sweepgd.analysis.measured import completed, measure_names
from sweepgd.analysis.ranks import Groups, distinct, kendall, pairs_in, pairs_within, spearman
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.problem import UsageProblem, nearest

ALL, CONDITIONED, MATCHED = "all runs", "equal rate, batch", "equal train loss"
Mask = npt.NDArray[np.bool_]

# An interval of more pairs is made of a sample of the configurations.
MOST_PAIRS = 50_000

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "target", "among")]
    + [(name, pa.int64()) for name in ("runs", "configurations", "pairs")]
    + [(f"{name}{end}", pa.float64()) for name in ("spearman", "kendall") for end in ("", "_low", "_high")]
    + [(name, pa.float64()) for name in ("train_loss_from", "train_loss_to")]
    + [(name, pa.string()) for name in ("verdict", "message")]
    + [(name, pa.int64()) for name in ("left_out", *CUT_SHORT)]
    + [(name, pa.float64()) for name in ("diverged_rate_from", "diverged_rate_to")]
)


def correlations(runs: pa.Table, target: str = "generalization_gap", *, seed: int = 0) -> pa.Table:
    """Spearman's ρ and Kendall's τ-b of each measure of `measured` against `target`, with 95 % jackknife intervals.

    Compared are pairs of configurations within a replicate, because replicates of the same number share their seed. There are
    three rows a measure, by which of these pairs are compared, `among`: "all runs"; "equal rate, batch", where learning rate
    and batch size are of the same level (levels.py gathers a continuous search); "equal train loss", where both are in the same
    tenth of a decade, because loss and curvature shrink together as a run goes on.

    `runs`, `configurations` and `pairs` count what was compared, `train_loss_from` and `train_loss_to` tell over which losses.
    ρ is given where all runs are compared. `verdict` says "larger gap" (or "error") where τ's interval is above 0, "smaller
    gap" below, else "inconclusive", "too few" or "undefined" (null τ), with the reason in `message`. `left_out` counts the runs
    that are not compared; of these `diverged`, `pruned`, `failed` and `timed_out` did not complete, and `diverged_rate_from`
    and `diverged_rate_to` tell the learning rates of those that diverged.

    `seed` draws the configurations that the interval of a large study is made of. Raises UsageProblem for another target.
    """
    if target not in TARGETS:
        raise UsageProblem(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    others = left_out(runs)
    whole = completed(runs)
    configurations, replicates = codes(whole, "config_id"), whole["replicate"].to_numpy()
    scopes = {among: _Scope(groups, configurations, replicates, seed) for among, groups in _groups(whole, replicates).items()}
    wanted, losses = floats(whole, target), floats(whole, "train_loss")
    rows = []
    for name in measure_names(runs):
        values = floats(whole, name)
        known = ~np.isnan(values) & ~np.isnan(wanted)
        reason = undefined(values[known], wanted[known], replicates[known], target)
        for among, scope in scopes.items():
            compared = scope.compared(known)
            row = _row(values, wanted, scope, compared, reason, target, with_rho=among == ALL)
            between = losses[compared & ~np.isnan(losses)]
            row |= {"train_loss_from": between.min(), "train_loss_to": between.max()} if len(between) else {}
            rows.append(
                {"measure": name, "target": target, "among": among, "left_out": runs.num_rows - row["runs"]} | others | row
            )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _groups(runs: pa.Table, replicates: Groups) -> dict[str, Groups]:
    """Return the group within which each run is compared, (runs,), for each scope; -1 for none."""
    varied = axes(runs)
    chosen = [varied[name] for name in ("learning_rate", "batch_size") if name in varied]
    losses = floats(runs, "train_loss")
    losses[losses <= 0] = np.nan
    levels = np.floor(LOSS_LEVELS_A_DECADE * np.log10(losses))
    some = ~np.isnan(levels)
    loss_level = np.where(some, levels - np.min(levels[some], initial=0), 0).astype(np.int64)
    return {
        ALL: replicates,
        CONDITIONED: together(replicates, *chosen),
        MATCHED: np.where(some, together(replicates, loss_level), -1),
    }


class _Scope:
    """The runs that are compared within `groups`, (runs,), and the pairs that intervals are made of."""

    def __init__(self, groups: Groups, configurations: Groups, replicates: Groups, seed: int) -> None:
        self.groups, self.configurations, self.replicates = groups, configurations, replicates
        # The row numbers of the runs that intervals are made of. Their pairs count within them.
        self._part = np.flatnonzero(groups >= 0)
        pairs = pairs_within(groups[self._part])
        if pairs > MOST_PAIRS:
            count = int(configurations.max()) + 1
            drawn = np.random.default_rng(seed).permutation(count)[: int(count * np.sqrt(MOST_PAIRS / pairs))]
            self._part = self._part[np.isin(configurations[self._part], drawn)]
        self._pairs = pairs_in(groups[self._part], configurations[self._part], most=None)

    def compared(self, known: Mask) -> Mask:
        """Return which of the `known` runs share their group with another one, (runs,)."""
        known = known & (self.groups >= 0)
        counts = np.bincount(self.groups[known], minlength=int(self.groups.max(initial=0)) + 1)
        return known & (counts[self.groups] > 1)

    def sample(self, compared: Mask) -> tuple[Groups, Compared]:
        """Return the row numbers of the runs that intervals are made of, and what is compared among them."""
        part = self._part
        pairs = self._pairs.among(compared[part])
        return part, Compared(self.configurations[part], self.groups[part], pairs, distinct(self.replicates[compared]))


def _row(x: Floats, y: Floats, scope: _Scope, compared: Mask, reason: str, target: str, with_rho: bool) -> dict[str, Any]:
    groups, count = scope.groups[compared], distinct(scope.configurations[compared])
    row: dict[str, Any] = {"runs": len(groups), "configurations": count, "pairs": pairs_within(groups)}
    tau = np.nan
    if not reason:
        tau = kendall(x[compared], y[compared], groups)
        if np.isnan(tau) and len(groups):
            reason = "measure or target ties in every pair"
    low = high = np.nan
    if not np.isnan(tau):
        part, of = scope.sample(compared)
        found = {"kendall": (tau, kendall_spread)}
        if with_rho:
            found["spearman"] = (spearman(x[compared], y[compared], groups), spearman_spread)
        for name, (value, spread) in found.items():
            of_sample = spread(x[part], y[part], of)
            narrowed = of_sample.narrowed(of_sample.involved.sum() / count)
            row |= {name: value} | ends(f"{name}_", *interval(value, narrowed))
        low, high = row.get("kendall_low", np.nan), row.get("kendall_high", np.nan)
    each = max(1, distinct(scope.replicates[compared]))
    row["verdict"], row["message"] = verdict(low, high, reason, count, row["pairs"] / each, target)
    return row

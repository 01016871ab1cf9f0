"""Rank correlations of measures with the generalization gap or the test error, both over all runs and over comparable runs."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.binning import LOSS_LEVELS_A_DECADE
from sweepgd.analysis.endings import CUT_SHORT, not_completed
from sweepgd.analysis.jackknife import Comparison, interval, interval_columns, kendall_jackknife, spearman_jackknife
from sweepgd.analysis.ranks import Groups, distinct, kendall, pairs_in, pairs_within, spearman
from sweepgd.analysis.runs_with_measures import completed, measure_names
from sweepgd.analysis.varied_hyperparameters import axes, codes, combined
from sweepgd.analysis.verdict import TARGETS, undefined, verdict
from sweepgd.core.errors import UsageError, nearest

ALL, CONDITIONED, MATCHED = "all runs", "equal rate, batch", "equal train loss"
Mask = npt.NDArray[np.bool_]

# With more pairs, the interval is computed from a sample of the configurations.
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
    """Return ρ and τ-b of each measure of `measured` with `target`, one of TARGETS, with 95 % jackknife intervals.

    Pairs of configurations are compared within a replicate, because replicates of the same number share their seed. Each
    measure has three rows, named by `among`: "all runs"; "equal rate, batch", pairs with the same level of learning rate and
    batch size; "equal train loss", pairs within the same tenth of a decade, because loss and curvature decrease together
    during training.

    Columns: `runs`, `configurations` and `pairs`, the numbers compared; `train_loss_from` and `train_loss_to`, the range of the
    train losses of these runs; `spearman` (only in rows of "all runs") and `kendall`, with intervals; `verdict`, "larger gap"
    (or "error") if the interval of τ is above 0, "smaller gap" if the interval is below 0, and otherwise "inconclusive", "too
    few" or "undefined" (null τ), with the reason in `message`; `left_out`, the number of runs that are not compared, and the
    counts of runs that did not complete (`not_completed`).

    `seed` draws the sample of configurations for the interval of a large study. Raises UsageError for another target.
    """
    if target not in TARGETS:
        raise UsageError(f"unknown target {target!r}: {nearest(target, TARGETS)}")
    counts = not_completed(runs)
    finished = completed(runs)
    configurations, replicates = codes(finished, "config_id"), finished["replicate"].to_numpy()
    groups = _groups(finished, replicates)
    scopes = {among: _Scope(of_scope, configurations, replicates, seed) for among, of_scope in groups.items()}
    targets, losses = floats(finished, target), floats(finished, "train_loss")
    rows = []
    for name in measure_names(runs):
        values = floats(finished, name)
        known = ~np.isnan(values) & ~np.isnan(targets)
        reason = undefined(values[known], targets[known], replicates[known], target)
        for among, scope in scopes.items():
            compared = scope.compared(known)
            row = _row(values, targets, scope, compared, reason, target, with_rho=among == ALL)
            compared_losses = losses[compared & ~np.isnan(losses)]
            if len(compared_losses):
                row |= {"train_loss_from": compared_losses.min(), "train_loss_to": compared_losses.max()}
            rows.append(
                {"measure": name, "target": target, "among": among, "left_out": runs.num_rows - row["runs"]} | counts | row
            )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _groups(runs: pa.Table, replicates: Groups) -> dict[str, Groups]:
    """Return, for each scope, the group of each run, (runs,). The group is -1 for a run that is not compared."""
    varied = axes(runs)
    chosen = [varied[name] for name in ("learning_rate", "batch_size") if name in varied]
    losses = floats(runs, "train_loss")
    losses[losses <= 0] = np.nan
    levels = np.floor(LOSS_LEVELS_A_DECADE * np.log10(losses))
    known = ~np.isnan(levels)
    loss_level = np.where(known, levels - np.min(levels[known], initial=0), 0).astype(np.int64)
    return {
        ALL: replicates,
        CONDITIONED: combined(replicates, *chosen),
        MATCHED: np.where(known, combined(replicates, loss_level), -1),
    }


class _Scope:
    """The runs to compare, and the sample of pairs from which intervals are computed. Runs are compared only with runs of the
    same group. `groups`, (runs,), holds the group of each run.
    """

    def __init__(self, groups: Groups, configurations: Groups, replicates: Groups, seed: int) -> None:
        self.groups, self.configurations, self.replicates = groups, configurations, replicates
        # Row numbers of the runs in the sample. The pairs index into this array.
        self._sample = np.flatnonzero(groups >= 0)
        pairs = pairs_within(groups[self._sample])
        if pairs > MOST_PAIRS:
            count = int(configurations.max()) + 1
            drawn = np.random.default_rng(seed).permutation(count)[: int(count * np.sqrt(MOST_PAIRS / pairs))]
            self._sample = self._sample[np.isin(configurations[self._sample], drawn)]
        self._pairs = pairs_in(groups[self._sample], configurations[self._sample], most=None)

    def compared(self, known: Mask) -> Mask:
        """Return a mask of the `known` runs that share their group with another known run, (runs,)."""
        known = known & (self.groups >= 0)
        counts = np.bincount(self.groups[known], minlength=int(self.groups.max(initial=0)) + 1)
        return known & (counts[self.groups] > 1)

    def sample(self, compared: Mask) -> tuple[Groups, Comparison]:
        """Return the row numbers of the sampled runs, and their comparison."""
        sample = self._sample
        pairs = self._pairs.among(compared[sample])
        replicates = distinct(self.replicates[compared])
        return sample, Comparison(self.configurations[sample], self.groups[sample], pairs, replicates)


def _row(x: Floats, y: Floats, scope: _Scope, compared: Mask, reason: str, target: str, with_rho: bool) -> dict[str, Any]:
    groups, count = scope.groups[compared], distinct(scope.configurations[compared])
    row: dict[str, Any] = {"runs": len(groups), "configurations": count, "pairs": pairs_within(groups)}
    tau = np.nan
    if not reason:
        tau = kendall(x[compared], y[compared], groups)
        if np.isnan(tau) and len(groups):
            reason = "the measure or the target is equal in every pair"
    low = high = np.nan
    if not np.isnan(tau):
        sample, comparison = scope.sample(compared)
        statistics = {"kendall": (tau, kendall_jackknife)}
        if with_rho:
            statistics["spearman"] = (spearman(x[compared], y[compared], groups), spearman_jackknife)
        for name, (value, jackknife_of) in statistics.items():
            jackknife = jackknife_of(x[sample], y[sample], comparison)
            jackknife = jackknife.scaled(jackknife.in_pairs.sum() / count)
            row |= {name: value} | interval_columns(f"{name}_", *interval(value, jackknife))
        low, high = row.get("kendall_low", np.nan), row.get("kendall_high", np.nan)
    replicates = max(1, distinct(scope.replicates[compared]))
    row["verdict"], row["message"] = verdict(low, high, reason, count, row["pairs"] / replicates, target)
    return row

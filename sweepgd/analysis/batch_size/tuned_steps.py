"""Updates, samples and seconds to a target at each optimizer and batch size, with all other hyperparameters tuned.

A configuration reaches the target where its mean curve over replicates crosses the target (`crossings`). Half of the replicates
choose the configuration with the fewest updates, the other half judge the choice, and then the halves swap. If the same
replicates chose and judged, the lowest of many noisy results would be too low.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.batch_size.crossings import crossings
from sweepgd.analysis.batch_size.replicate_curves import ReplicateCurves, replicate_curves, replicates_of
from sweepgd.analysis.batch_size.resampling import Draws, drawn_configurations, draws_of
from sweepgd.analysis.batch_size.size_groups import DRAWN, SizeGroup, size_groups
from sweepgd.analysis.batch_size.target_level import Target

COSTS = {"steps": "update", "samples": "samples", "seconds": "seconds"}
# At each batch size, only this many configurations with the fewest updates are resampled. The others are never the best.
MOST_CONFIGURATIONS = 64


class TunedSteps(NamedTuple):
    """The results of one optimizer and batch size.

    `logs` has the logarithms of `steps`, `samples` and `seconds` in each draw, (draws,), NaN if the target was not reached.
    `profile` has the updates of every configuration of the group on all replicates, (draws, configurations). These numbers are
    infinite for a configuration that does not reach the target. `lowest` is the smallest number of updates in the first draw,
    and `best` is the configuration with this number. `lowest` and `best` are None if no configuration reaches the target.
    `at_end` is True if a chosen learning rate is the lowest or the highest tried. `left_out` is the number of configurations
    with a replicate that did not complete. Such a configuration counts as not reaching the target, because a mean over its
    completed replicates would be too low. Its learning rate still counts as tried.
    """

    group: SizeGroup
    logs: dict[str, Floats]
    profile: Floats
    lowest: float | None
    best: int | None
    at_end: bool
    left_out: int


def tuned_steps(trials: pa.Table, curves: pa.Table, target: Target) -> list[TunedSteps]:
    """Return the results by optimizer and batch size."""
    draws = draws_of(replicates_of(trials))
    every = replicate_curves(trials, curves, [target.column])
    recorded = {curve.trial: curve for curve in every if curve.completed.all()}
    return [_of_group(group, recorded, target, draws) for group in size_groups(trials)]


def _of_group(group: SizeGroup, recorded: dict[int, ReplicateCurves], target: Target, draws: Draws) -> TunedSteps:
    known = np.array([trial in recorded for trial in group.trials])
    sample = Draws(*(weights[:1] for weights in draws))
    on_all = np.full(len(group.trials), np.inf)
    for index in np.flatnonzero(known):
        on_all[index] = _costs(recorded[int(group.trials[index])], target, sample.every)["steps"][0]
    promising = np.argsort(on_all, kind="stable")[:MOST_CONFIGURATIONS]
    promising = promising[known[promising]]
    profile = np.full((draws.number, len(group.trials)), np.inf)
    halves: list[dict[str, Floats]] = [
        {name: np.full((draws.number, len(promising)), np.inf) for name in COSTS} for _ in range(2)
    ]
    for place, index in enumerate(promising):
        curve = recorded[int(group.trials[index])]
        profile[:, index] = _costs(curve, target, draws.every)["steps"]
        for half, weights in zip(halves, draws[:2], strict=True):
            for name, costs in _costs(curve, target, weights).items():
                half[name][:, place] = costs
    if group.over == DRAWN:
        profile[~drawn_configurations(len(group.trials), draws.number)] = np.inf
        for half in halves:
            for costs in half.values():
                costs[np.isinf(profile[:, promising])] = np.inf
    if not np.isfinite(on_all).any():
        nothing = {name: np.full(draws.number, np.nan) for name in COSTS}
        return TunedSteps(group, nothing, profile, None, None, False, int((~known).sum()))
    ends = {
        name: np.array([recorded[int(trial)].costs[column][-1] for trial in group.trials[promising]])
        for name, column in COSTS.items()
    }
    logs, chosen = _cross_fitted(halves, ends)
    best = int(np.argmin(on_all))
    rates = group.rates[[best, *promising[chosen]]]
    extremes = (group.rates.min(), group.rates.max())
    at_end = len(np.unique(group.rates)) > 1 and bool(np.isin(rates, extremes).any())
    return TunedSteps(group, logs, profile, float(on_all[best]), int(group.trials[best]), at_end, int((~known).sum()))


def _costs(curve: ReplicateCurves, target: Target, weights: Floats) -> dict[str, Floats]:
    """Return the costs at which the mean curve crosses the target in each draw, (draws,), infinite without a crossing."""
    losses = weights @ curve.values[target.column]
    places = crossings(np.where(np.isnan(losses), np.inf, losses), target.level)
    reached = ~np.isnan(places) & np.isfinite(losses).all(axis=1)
    found = {}
    for name, column in COSTS.items():
        costs = np.interp(np.nan_to_num(places), np.arange(losses.shape[1]), curve.costs[column])
        found[name] = np.where(reached, costs, np.inf)
    return found


def _cross_fitted(halves: list[dict[str, Floats]], ends: dict[str, Floats]) -> tuple[dict[str, Floats], list[int]]:
    """Return the logarithms of the costs of the chosen configurations, (draws,), and the choices in the first draw.

    Each half of the replicates chooses a configuration, which has costs on the other half. The result is the mean of the
    logarithms over the two choices. If a choice does not reach the target on the other half, the sample (the first draw) has no
    result. In later draws, such a choice has the costs at the end of its runs, `ends` (configurations,), because an interval
    without these draws would be too narrow.
    """
    rows = np.arange(len(halves[0]["steps"]))
    choices = [half["steps"].argmin(axis=1) for half in halves]
    logs = {}
    for name, last in ends.items():
        judged = np.array([halves[1 - own][name][rows, choices[own]] for own in range(2)])
        judged[:, 1:] = np.minimum(judged[:, 1:], last[np.array(choices)][:, 1:])
        with np.errstate(divide="ignore"):  # a target that the initial weights reach takes 0 updates
            mean = np.log(judged).mean(axis=0)
        logs[name] = np.where(np.isfinite(mean), mean, np.nan)
    return logs, [int(choice[0]) for choice in choices]

"""A result at each learning rate of an optimizer and batch size, and the range of rates that is nearly as good as the best."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, has_status, objective
from sweepgd.analysis.batch_size.replicate_curves import replicates_of
from sweepgd.analysis.batch_size.resampling import drawn_configurations, draws_of
from sweepgd.analysis.batch_size.size_groups import DRAWN, SizeGroup, size_groups
from sweepgd.analysis.batch_size.tuned_steps import TunedSteps
from sweepgd.analysis.repeats import once

STEPS, OBJECTIVE = "steps", "objective"
# A result that exceeds the best one by at most this share is nearly as good.
NEARLY = 0.1


class Profile(NamedTuple):
    """The results of a group's configurations, as `values` to minimise, (draws, configurations).

    `criterion` names the kind of values: "steps" (to the target) or "objective". If a replicate of a configuration did not
    complete, the value is infinite, because a mean over the completed replicates would be too low.
    """

    criterion: str
    group: SizeGroup
    values: Floats


def profiles(trials: pa.Table, tuned: list[TunedSteps]) -> list[Profile]:
    """Return two profiles for every optimizer and batch size: one by steps to the target (only if there is a target), and one
    by the objective.
    """
    found = [Profile(STEPS, result.group, result.profile) for result in tuned]
    groups = size_groups(trials)
    if not groups:
        return found
    runs = once(trials)
    draws = draws_of(replicates_of(trials))
    results = np.where(has_status(runs, "completed"), objective(runs), np.nan)
    numbers, replicates = runs["trial"].to_numpy(), runs["replicate"].to_numpy()
    order, index = np.unique(numbers, return_inverse=True)
    table = np.full((draws.replicates, len(order)), np.nan)
    table[replicates, index] = results
    for group in groups:
        columns = table[:, np.searchsorted(order, group.trials)]
        values = draws.every @ columns
        values[np.isnan(values)] = np.inf
        if group.over == DRAWN:
            values[~drawn_configurations(len(group.trials), draws.number)] = np.inf
        found.append(Profile(OBJECTIVE, group, values))
    return found


def by_rate(profile: Profile) -> tuple[Floats, Floats]:
    """Return the distinct rates, ascending, and the best value at each of them, (draws, rates)."""
    rates, index = np.unique(profile.group.rates, return_inverse=True)
    best = np.full((len(profile.values), len(rates)), np.inf)
    for rate in range(len(rates)):
        best[:, rate] = profile.values[:, index == rate].min(axis=1)
    return rates, best


def nearly_best(rates: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the logarithm of the lowest rate and of the highest rate whose value is within NEARLY of the best, each (draws,).

    `rates`, (rates,), are ascending, and `values` is (draws, rates). Each bound is interpolated, in the logarithm of the rate,
    between the last rate inside the range and the first rate outside. For the interpolation, values are limited to twice the
    best. The results are NaN if no value is finite.
    """
    logs, rows = np.log(rates), np.arange(len(values))
    best = values.min(axis=1, keepdims=True)
    limit = np.where(best > 0, (1 + NEARLY) * best, best)
    capped = np.minimum(values, np.where(best > 0, 2 * best, np.inf))
    inside = (values <= limit) & np.isfinite(best)
    bounds = []
    for towards in (-1, 1):
        edge = np.argmax(inside, axis=1) if towards < 0 else len(rates) - 1 - np.argmax(inside[:, ::-1], axis=1)
        outer = np.clip(edge + towards, 0, len(rates) - 1)
        with np.errstate(invalid="ignore"):  # in some draws no value is finite
            rise, excess = capped[rows, outer] - capped[rows, edge], limit[:, 0] - capped[rows, edge]
        share = np.divide(excess, rise, out=np.zeros(len(values)), where=np.isfinite(rise) & (rise > 0))
        bounds.append(np.where(inside.any(axis=1), logs[edge] + share * (logs[outer] - logs[edge]), np.nan))
    return bounds[0], bounds[1]

"""Estimates of the statistics of claims, with standard errors over configurations and replicates."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.claims import claim_statistics as statistics
from sweepgd.analysis.claims.claim_columns import DIVERGED
from sweepgd.analysis.claims.claim_runs import Undecided
from sweepgd.analysis.claims.claim_statistics import Runs
from sweepgd.analysis.claims.two_way_jackknife import Mask, standard_error
from sweepgd.sweep.claim_spec import ClaimSpec


class Estimate(NamedTuple):
    """An estimate on a scale on which a t distribution applies, such as the logarithm of a ratio."""

    value: float
    standard_error: float
    freedom: float


def estimates(claim: ClaimSpec, runs: Runs) -> list[Estimate]:
    """Return the estimate of the statistic. For an ordering, return the estimate of each difference of neighbouring groups."""
    if claim.statistic in ("ratio", "slope"):
        runs = runs._replace(values=_logs(runs.values, str(claim.of)))
    if claim.statistic == "slope":
        runs = runs._replace(levels=_logs(runs.levels, str(claim.by)))
    if claim.statistic == "mean":
        return [_with_binomial_variance(claim, _estimate(claim, statistics.mean(runs), runs, matches=False), runs)]
    if claim.statistic in ("slope", "rank_correlation"):
        within = _within_matches(runs)
        if len(np.unique(within.levels)) < 2:
            raise Undecided(f"all runs have the same {claim.by}")
        make: Callable[[Runs], Callable[[Mask], float]] = getattr(statistics, claim.statistic)
        estimate = _estimate(claim, make(within), within, matches=len(np.unique(within.matches)) > 1)
        return [_with_least_variance(claim, estimate, within) if claim.statistic == "rank_correlation" else estimate]
    pairs = [(number, number + 1) for number in range(len(claim.groups) - 1)]
    return [_difference(runs.where(np.isin(runs.levels, pair)), *pair, claim) for pair in pairs]


def _with_least_variance(claim: ClaimSpec, estimate: Estimate, runs: Runs) -> Estimate:
    from scipy.special import stdtrit  # takes 0.2 s to import

    freedom = estimate.freedom if estimate.standard_error else max(1.0, len(np.unique(runs.configurations)) - 2)
    quantile = float(stdtrit(freedom, (1 + claim.confidence) / 2))
    least = statistics.least_variance(estimate.value, runs, quantile)
    return Estimate(estimate.value, max(estimate.standard_error, float(np.sqrt(least))), freedom)


def _with_binomial_variance(claim: ClaimSpec, estimate: Estimate, runs: Runs) -> Estimate:
    """Return the estimate of a share of diverged runs, or of a difference of shares, with the standard error of Agresti & Coull
    (1998) or more. Without this least error, a share of 0 or 1 in a few runs would be certain.

    A share of n runs is taken as (x + 2)/(n + 4), with x the number of diverged runs. n is the number of replicates, or of
    configurations if that is larger, because replicates of equal number share their seed.
    """
    if claim.of != DIVERGED:
        return estimate
    variance, fewest = 0.0, np.inf
    for level in np.unique(runs.levels):
        group = runs.where(runs.levels == level)
        count = max(len(np.unique(group.replicates)), len(np.unique(group.configurations)))
        share = (group.values.mean() * count + 2) / (count + 4)
        variance += share * (1 - share) / (count + 4)
        fewest = min(fewest, count)
    freedom = estimate.freedom if estimate.standard_error else max(1.0, fewest - 1)
    return Estimate(estimate.value, max(estimate.standard_error, float(np.sqrt(variance))), freedom)


def _difference(runs: Runs, first: int, second: int, claim: ClaimSpec) -> Estimate:
    within = _within_matches(runs)
    matches = len(np.unique(within.matches)) > 1
    fewest = min(len(np.unique(within.configurations[within.levels == level])) for level in (first, second))
    if not matches and fewest == 1 and len(np.unique(within.configurations)) > 2 and claim.over == "all":
        raise Undecided(
            f"one of the compared groups of {claim.by} has a single configuration, and the other has more: an interval needs "
            "one in each group, or several in each"
        )
    estimate = _estimate(claim, statistics.difference(within, first, second), within, matches, fewest)
    return _with_binomial_variance(claim, estimate, within) if claim.statistic == "difference" else estimate


def _within_matches(runs: Runs) -> Runs:
    """Return the runs that have a match at another level. If no run has a match, return all runs, which then count as one
    match.
    """
    found = statistics.matched(runs)
    return found if len(found.values) else runs._replace(matches=np.zeros_like(runs.matches))


def _estimate(
    claim: ClaimSpec, statistic: Callable[[Mask], float], runs: Runs, matches: bool, fewest: int | None = None
) -> Estimate:
    """Return the estimate of a statistic. The units of its jackknife are matches or configurations."""
    value = statistic(np.ones(len(runs.values), dtype=bool))
    units = runs.matches if matches else runs.configurations
    count = len(np.unique(units)) if matches or fewest is None else fewest
    if claim.over == "replicates":
        count = 1
    error = standard_error(statistic, units, runs.replicates, count)
    if np.isnan(error.standard_error):
        replicates = len(np.unique(runs.replicates))
        few = "there is one replicate: an interval needs two or more" if replicates == 1 else "too few runs to compare"
        raise Undecided(few)
    return Estimate(value, *error)


def _logs(values: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
    if (values <= 0).any():
        raise Undecided(f"{name} is 0 or negative in some runs: a ratio or slope needs values above 0")
    return np.log(values)

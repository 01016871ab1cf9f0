"""Estimates of laws: the critical batch size, the exponent and the range of the best rates, and the dimension of the boundary
between runs that complete and runs that diverge.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.batch_size.best_rates import at_end, middle
from sweepgd.analysis.batch_size.critical_sizes import FOUND, critical_sizes
from sweepgd.analysis.batch_size.rate_law import rate_law
from sweepgd.analysis.batch_size.rate_profiles import STEPS, Profile, by_rate, nearly_best, profiles
from sweepgd.analysis.batch_size.replicate_curves import replicates_of
from sweepgd.analysis.batch_size.resampling import interval
from sweepgd.analysis.batch_size.target_level import target_of
from sweepgd.analysis.batch_size.tuned_steps import tuned_steps
from sweepgd.analysis.boundary import FEWEST_POINTS, boundary
from sweepgd.analysis.claims.claim_estimates import Estimate
from sweepgd.analysis.claims.claim_runs import Undecided
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.sweep.claim_spec import ClaimSpec


def law_estimate(claim: ClaimSpec, trials: pa.Table, curves: pa.Table) -> Estimate:
    """Return the estimate of a claim's law from the runs in `trials`. Raises Undecided if the fit is not possible."""
    if claim.statistic == "boundary_dimension":
        return _dimension(trials)
    curves = curves.filter(pc.is_in(curves["trial"], value_set=pc.unique(trials["trial"])))
    target, replicates = target_of(trials), replicates_of(trials)
    if target is None and claim.statistic == "critical_batch_size":
        raise Undecided("the sweep has no goal: set budget.goal to the error, or the loss, that counts as reached")
    tuned = tuned_steps(trials, curves, target) if target is not None else []
    critical = critical_sizes(tuned, replicates)
    if claim.statistic == "critical_batch_size":
        return _estimate(_only(critical.to_pylist()), "critical_size", replicates, logarithmic=True)
    found = profiles(trials, tuned)
    if claim.statistic == "rate_range":
        return _range(claim, [profile for profile in found if profile.criterion == STEPS] or found, replicates)
    rows = rate_law(found, replicates, critical).to_pylist()
    by_steps = [row for row in rows if row["criterion"] == "steps"]
    return _estimate(_only(by_steps or rows), "exponent", replicates, logarithmic=False)


def _only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row of the only optimizer. Raises Undecided for several optimizers, or if the law was not found."""
    if not rows:
        raise Undecided("there are too few learning rates and batch sizes for a fit")
    if len(rows) > 1:
        names = ", ".join(row["optimizer"] for row in rows)
        raise Undecided(f"there are several laws, one for each of {names}: choose one by `where`")
    (row,) = rows
    if row["verdict"] != FOUND:
        raise Undecided(str(row["message"] or row["verdict"]))
    return row


def _estimate(row: Mapping[str, Any], name: str, replicates: int, logarithmic: bool) -> Estimate:
    """Return the estimate in the columns `name`, `name`_low and `name`_high of a row."""
    numbers = np.array([row[name], row[f"{name}_low"], row[f"{name}_high"]], dtype=np.float64)
    value, low, high = np.log(numbers) if logarithmic else numbers
    return _with_interval(value, low, high, replicates)


def _with_interval(value: float, low: float, high: float, replicates: int) -> Estimate:
    """Return an estimate whose standard error follows from an interval of `sweepgd.analysis.batch_size.resampling`."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    freedom = replicates - 2
    return Estimate(float(value), float((high - low) / 2 / stdtrit(freedom, (1 + CONFIDENCE) / 2)), float(freedom))


def _range(claim: ClaimSpec, profiles: list[Profile], replicates: int) -> Estimate:
    """Return the logarithm of the ratio of two ranges of rates. Raises Undecided if the rates do not show a range."""
    field, widths = "rule" if claim.by == "optimizer" else "batch_size", []
    for group in claim.groups:
        where = f"{claim.by} = {group}"
        own = [profile for profile in profiles if getattr(profile.group, field) == group]
        if not own:
            raise Undecided(f"no run with {where} has a learning rate and a result")
        if len(own) > 1:
            raise Undecided(f"there are {len(own)} ranges of rates at {where}: choose one by `where`")
        rates, values = by_rate(own[0])
        low, high = nearly_best(rates, values)
        if at_end(own[0]) or low[0] <= np.log(rates[0]) or high[0] >= np.log(rates[-1]):
            raise Undecided(f"the range of rates of {where} reaches the lowest or highest tried: try a wider range of rates")
        widths.append(middle(own[0])[1])
    ratio = widths[1] - widths[0]
    low_end, high_end = interval(ratio, replicates)
    if np.isnan(low_end):
        raise Undecided("no interval: an interval needs 4 replicates or more with results")
    return _with_interval(float(ratio[0]), low_end, high_end, replicates)


def _dimension(trials: pa.Table) -> Estimate:
    """Return the dimension of the boundary as a mean over replicates, with Student's interval."""
    dimensions = np.array(list({row["replicate"]: row["dimension"] for row in boundary(trials).to_pylist()}.values()))
    if not len(dimensions):
        raise Undecided(
            f"no boundary: it needs a full grid of {FEWEST_POINTS} or more learning rates by {FEWEST_POINTS} or more values of "
            "one other setting, in which some runs complete and some diverge"
        )
    if len(dimensions) == 1:
        raise Undecided("only one replicate has a boundary: an interval needs two or more")
    error = dimensions.std(ddof=1) / np.sqrt(len(dimensions))
    return Estimate(float(dimensions.mean()), float(error), float(len(dimensions) - 1))

"""Estimates of the two laws of the batch size: the exponent of the best rate, and the critical batch size."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.batch_size.critical_sizes import FOUND, critical_sizes
from sweepgd.analysis.batch_size.rate_law import rate_law
from sweepgd.analysis.batch_size.rate_profiles import profiles
from sweepgd.analysis.batch_size.replicate_curves import replicates_of
from sweepgd.analysis.batch_size.target_level import target_of
from sweepgd.analysis.batch_size.tuned_steps import tuned_steps
from sweepgd.analysis.claims.claim_estimates import Estimate
from sweepgd.analysis.claims.claim_runs import Undecided
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.sweep.claim_spec import ClaimSpec


def law_estimate(claim: ClaimSpec, trials: pa.Table, curves: pa.Table) -> Estimate:
    """Return the estimate of a claim's law from the runs in `trials`. Raises Undecided if the fit is not possible."""
    curves = curves.filter(pc.is_in(curves["trial"], value_set=pc.unique(trials["trial"])))
    target, replicates = target_of(trials), replicates_of(trials)
    if target is None and claim.statistic == "critical_batch_size":
        raise Undecided("the sweep has no goal: set budget.goal to the error, or the loss, that counts as reached")
    tuned = tuned_steps(trials, curves, target) if target is not None else []
    critical = critical_sizes(tuned, replicates)
    if claim.statistic == "critical_batch_size":
        return _estimate(_only(critical.to_pylist()), "critical_size", replicates, logarithmic=True)
    rows = rate_law(profiles(trials, tuned), replicates, critical).to_pylist()
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
    """Return the estimate of a row with its standard error, from the interval of `sweepgd.analysis.batch_size.resampling`."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    numbers = np.array([row[name], row[f"{name}_low"], row[f"{name}_high"]], dtype=np.float64)
    value, low, high = np.log(numbers) if logarithmic else numbers
    freedom = replicates - 2
    return Estimate(float(value), float((high - low) / 2 / stdtrit(freedom, (1 + CONFIDENCE) / 2)), float(freedom))

"""Decisions on claims: the interval of an estimate is compared with the region that the claim states."""

from collections.abc import Sequence
from math import inf

import numpy as np

from sweepgd.analysis.claims.claim_columns import DIVERGED
from sweepgd.analysis.claims.claim_estimates import Estimate
from sweepgd.sweep.claim_spec import POSITIVE, ClaimSpec

HELD, NOT_HELD, INCONCLUSIVE = "held", "not held", "inconclusive"


def interval(claim: ClaimSpec, estimates: Sequence[Estimate]) -> dict[str, float]:
    """Return the columns of the estimate and its interval. For an ordering, the smallest difference is the estimate."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    least = min(estimates, key=lambda estimate: estimate.value)
    half = stdtrit(least.freedom, (1 + claim.confidence) / 2) * least.standard_error
    numbers = np.array([least.value, least.value - half, least.value + half])
    if claim.statistic in POSITIVE:
        numbers = np.exp(numbers)
    elif claim.statistic == "rank_correlation" or claim.of == DIVERGED:
        numbers = np.clip(numbers, 0.0 if claim.statistic == "mean" else -1.0, 1.0)
    return dict(zip(("estimate", "low", "high"), map(float, numbers), strict=True))


def answer(claim: ClaimSpec, estimates: Sequence[Estimate]) -> tuple[str, float]:
    """Return the answer that the estimate suggests, and its p-value.

    The p-value is the chance that an estimate is at least this far from the nearest boundary of the claimed region, if the true
    value lies on this boundary. The p-value is two-sided, so that a claim is held at 95 % if the 95 % interval lies inside the
    region.
    """
    if claim.statistic == "ordering":
        if all(estimate.value > 0 for estimate in estimates):
            return HELD, max(_tail(estimate, estimate.value) for estimate in estimates)
        wrong = [_tail(estimate, estimate.value) for estimate in estimates if estimate.value <= 0]
        return NOT_HELD, min(1.0, len(estimates) * min(wrong))
    (estimate,) = estimates
    low, high = _region(claim)
    inside = low < estimate.value < high
    return (HELD if inside else NOT_HELD), _tail(estimate, min(abs(estimate.value - low), abs(estimate.value - high)))


def _region(claim: ClaimSpec) -> tuple[float, float]:
    """Return the bounds of the region that the claim states, on the scale of the estimate."""
    value, spread = claim.threshold, claim.tolerance or 0.0
    bounds = {">": (value, inf), "<": (-inf, value), "=": (value - spread, value + spread)}[claim.relation]
    if claim.statistic not in POSITIVE:
        return bounds
    return float(np.log(bounds[0])) if bounds[0] > 0 else -inf, float(np.log(bounds[1])) if bounds[1] < inf else inf


def _tail(estimate: Estimate, distance: float) -> float:
    from scipy.special import stdtr

    if estimate.standard_error == 0:
        return 0.0 if distance else 1.0
    return float(2 * stdtr(estimate.freedom, -abs(distance) / estimate.standard_error))

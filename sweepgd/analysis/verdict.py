"""What an interval allows to be said: a direction, or that it is inconclusive and why."""

import numpy as np

# A percentile interval of fewer configurations promises more than it keeps.
FEWEST = 10
INCONCLUSIVE = "inconclusive"

TARGETS = {"generalization_gap": "gap", "test_error": "error"}


def verdict(low: float, high: float, reason: str, target: str) -> tuple[str, str | None]:
    """Whether a larger measure goes with a larger or smaller target, or "inconclusive" with the reason."""
    if not reason and (np.isnan(low) or low <= 0 <= high):
        reason = "the interval holds 0" if low <= high else "too few comparable runs for an interval"
    if reason:
        return INCONCLUSIVE, reason
    return f"{'larger' if low > 0 else 'smaller'} {TARGETS[target]}", None


def undefined(measure: np.ndarray, target: np.ndarray, name: str) -> str:
    """Why the known values of a measure and its target, each (runs,), have no rank correlation; "" where they have one."""
    what = name.replace("_", " ")
    if len(measure) < 2:
        return f"{len(measure) or 'no'} run{'s' * (not len(measure))} with measure and {what}"
    if np.ptp(measure) == 0:
        return "the measure is constant"
    return f"the {what} is constant" if np.ptp(target) == 0 else ""


def too_few(configurations: int) -> str:
    """Why so few configurations are no evidence; "" where they are enough."""
    return "" if configurations >= FEWEST else f"{configurations} configurations, fewer than {FEWEST}"

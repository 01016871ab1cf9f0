"""What an interval allows to be said: a direction, or why none."""

import numpy as np

# A percentile interval of fewer configurations promises more than it keeps.
FEWEST = 10
INCONCLUSIVE, TOO_FEW, UNDEFINED = "inconclusive", "too few", "undefined"

TARGETS = {"generalization_gap": "gap", "test_error": "error"}


def verdict(low: float, high: float, reason: str, configurations: int, target: str) -> tuple[str, str | None]:
    """Whether a larger measure goes with a larger or smaller target, else "undefined" for that `reason`, "too few" or
    "inconclusive", with a message that says why.
    """
    if reason:
        return UNDEFINED, reason
    if configurations < FEWEST:
        return TOO_FEW, f"fewer than {FEWEST} configurations"
    if np.isnan(low):
        return TOO_FEW, "too few comparable runs for an interval"
    if low <= 0 <= high:
        return INCONCLUSIVE, "the interval holds 0"
    return f"{'larger' if low > 0 else 'smaller'} {TARGETS[target]}", None


def undefined(measure: np.ndarray, target: np.ndarray, name: str) -> str:
    """Why the known values of a measure and its target, each (runs,), have no rank correlation; "" where they have one."""
    what = name.replace("_", " ")
    if len(measure) < 2:
        return f"{len(measure) or 'no'} run{'s' * (not len(measure))} with measure and {what}"
    if np.ptp(measure) == 0:
        return "the measure is constant"
    return f"the {what} is constant" if np.ptp(target) == 0 else ""

"""What an interval allows to be said: a direction, or why none."""

import numpy as np

# An interval over fewer configurations promises more than it keeps.
FEWEST = 10
# Of five pairs that share no configuration all agree by chance in 1 study of 16.
FEWEST_PAIRS = 6
INCONCLUSIVE, TOO_FEW, UNDEFINED = "inconclusive", "too few", "undefined"

TARGETS = {"generalization_gap": "gap", "test_error": "error"}


def verdict(low: float, high: float, reason: str, configurations: int, pairs: float, target: str) -> tuple[str, str | None]:
    """Whether a larger measure goes with a larger or smaller target, else "undefined" for that `reason`, "too few" or
    "inconclusive", with a message that says why. `pairs` are those of configurations that a replicate has on average.
    """
    if reason:
        return UNDEFINED, reason
    if configurations < FEWEST:
        return TOO_FEW, f"fewer than {FEWEST} configurations that can be compared"
    if pairs < FEWEST_PAIRS:
        return TOO_FEW, f"fewer than {FEWEST_PAIRS} pairs of configurations in a replicate"
    if np.isnan(low):
        return TOO_FEW, "a single configuration decides"
    if low <= 0 <= high:
        return INCONCLUSIVE, "the interval holds 0"
    return f"{'larger' if low > 0 else 'smaller'} {TARGETS[target]}", None


def undefined(measure: np.ndarray, target: np.ndarray, replicates: np.ndarray, name: str) -> str:
    """Why the known values of a measure and its target, each (runs,), have no rank correlation within a replicate; "" where
    they have one, or no replicate has two runs."""
    what = name.replace("_", " ")
    if len(measure) < 2:
        return f"{len(measure) or 'no'} run{'s' * (not len(measure))} with measure and {what}"
    for values, subject in ((measure, "measure"), (target, what)):
        if np.ptp(values) == 0:
            return f"the {subject} is constant"
        order = np.lexsort((values, replicates))
        steps = np.diff(values[order])[np.diff(replicates[order]) == 0]
        if len(steps) and not steps.any():
            return f"the {subject} does not vary within a replicate"
    return ""

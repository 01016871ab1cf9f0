"""Verdicts from confidence intervals: a direction, or the reason why there is none."""

import numpy as np

# Intervals over fewer configurations contain the true value less often than stated.
FEWEST = 10
# If no two pairs share a configuration, five pairs all agree by chance in 1 study of 16.
FEWEST_PAIRS = 6
INCONCLUSIVE, TOO_FEW, UNDEFINED = "inconclusive", "too few", "undefined"

TARGETS = {"generalization_gap": "gap", "test_error": "error"}


def verdict(low: float, high: float, reason: str, configurations: int, pairs: float, target: str) -> tuple[str, str | None]:
    """Return a verdict, and a message with the reason. The message is None if the verdict is a direction.

    A direction is "larger …" or "smaller …" with the name of the target, and says how the target changes if the measure is
    larger. The other verdicts are "too few", "inconclusive" and, if a `reason` is given, "undefined". `pairs` is the mean
    number of pairs of configurations in a replicate.
    """
    if reason:
        return UNDEFINED, reason
    if configurations < FEWEST:
        return TOO_FEW, f"fewer than {FEWEST} configurations can be compared"
    if pairs < FEWEST_PAIRS:
        return TOO_FEW, f"fewer than {FEWEST_PAIRS} pairs of configurations in a replicate"
    if np.isnan(low):
        return TOO_FEW, "the correlation is undefined if one of the configurations is left out"
    if low <= 0 <= high:
        return INCONCLUSIVE, "the interval contains 0"
    return f"{'larger' if low > 0 else 'smaller'} {TARGETS[target]}", None


def undefined(measure: np.ndarray, target: np.ndarray, replicates: np.ndarray, name: str) -> str:
    """Return the reason why a measure and its target, each (runs,), have no rank correlation within a replicate.

    Return "" if they have a correlation, or if no replicate has two runs. `name` is the name of the target.
    """
    target_name = name.replace("_", " ")
    if len(measure) < 2:
        return f"{'only one run has' if len(measure) else 'no run has'} both the measure and the {target_name}"
    for values, subject in ((measure, "measure"), (target, target_name)):
        if np.ptp(values) == 0:
            return f"the {subject} is constant"
        order = np.lexsort((values, replicates))
        differences = np.diff(values[order])[np.diff(replicates[order]) == 0]
        if len(differences) and not differences.any():
            return f"the {subject} does not vary within a replicate"
    return ""

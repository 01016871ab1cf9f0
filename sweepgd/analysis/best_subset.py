"""The configurations that may be the best one: noise alone can explain why their mean objectives exceed the lowest mean."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.selection import replicate_objectives

CONFIDENCE = 0.95


class BestSubset(NamedTuple):
    """`rows` are the configurations that may be the best, lowest mean objective first. `candidates` is the number of complete
    configurations. The mean objective of each row exceeds the lowest mean by at most `margin`.
    """

    rows: pa.Table
    candidates: int
    margin: float


def best_subset(trials: pa.Table) -> BestSubset | None:
    """Return a subset of the complete configurations. With a probability of at least CONFIDENCE, the truly best configuration
    is in the subset.

    A configuration is in the subset if its mean over replicates is at most t·s·√(2/n) above the lowest mean (Gupta 1965, On
    some multiple decision (selection and ranking) rules, Technometrics 7), with n replicates. t is Student's one-sided
    quantile, adjusted for the number of comparisons (Bonferroni). s² is the mean square of the residuals that remain after the
    means of configurations and replicates are subtracted. Only the better half of the configurations enters s², because the
    worse half usually varies more.

    The result is None if fewer than two configurations are complete or if there are fewer than two replicates.
    """
    every = configurations(trials)
    whole = every.filter(every["whole"])
    values = replicate_objectives(trials, whole)
    count, replicates = values.shape
    if count < 2 or replicates < 2:
        return None
    means = values.mean(axis=1)
    better = values[means <= np.median(means)]
    if len(better) < 2:
        better = values
    from scipy.special import stdtrit  # takes 0.2 s to import

    freedom = (len(better) - 1) * (replicates - 1)
    deviation = np.sqrt(np.sum(_residuals(better) ** 2) / freedom)
    margin = float(-stdtrit(freedom, (1 - CONFIDENCE) / (count - 1)) * deviation * np.sqrt(2 / replicates))
    order = np.argsort(means, kind="stable")
    inside = order[means[order] <= means.min() + margin]
    return BestSubset(whole.take(pa.array(inside)), count, margin)


def _residuals(values: Floats) -> Floats:
    """Return `values`, (configurations, replicates), minus the means of their row and column, plus the overall mean."""
    return values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()

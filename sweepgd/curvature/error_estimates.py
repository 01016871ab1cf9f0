"""Estimates of the errors of measured values. Errors come from random vectors, from the starts of ascents, and from subsets of
rows.
"""

from math import comb, sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from sweepgd.curvature.hessian import Vector

CONFIDENCE = 0.95


def standard_error(draws: Vector) -> float:
    """Return the standard error of the mean of at least 2 independent draws (count,), multiplied by the ratio of Student's t
    quantile to the normal quantile.

    With this factor, an interval of ±1.96 errors covers the mean in 95 % of cases for any number of normal draws. Without this
    factor, the interval of 8 draws covers the mean in 91 %.
    """
    tail = (1.0 + CONFIDENCE) / 2.0
    factor = float(stdtrit(len(draws) - 1, tail) / ndtri(tail))
    return factor * float(np.std(draws, ddof=1)) / sqrt(len(draws))


def shortfall(rises: Vector) -> float | None:
    """Return the maximum of all values minus the expected maximum of a random half of the values. Return None for a single
    value.

    The difference estimates by how much the maximum would rise with twice as many starts. The difference is 0 if many starts
    reached the same maximum, although a higher maximum may still exist.
    """
    count = len(rises)
    if count < 2:
        return None
    half = (count + 1) // 2
    # For each rank, from the lowest, the share of the random halves whose maximum has this rank.
    probabilities = np.array([comb(rank, half - 1) / comb(count, half) for rank in range(count)])
    return float(probabilities @ (rises.max() - np.sort(rises)))


def rows_error(group_values: Vector, rows: int, population: int) -> float:
    """Return the standard error that arises because a value is computed on `rows` random rows instead of all `population` rows.

    The rows are drawn without replacement. `group_values` are the values on groups of these rows. All groups have equal size
    and use the directions that were found on all `rows` rows. Separate directions for each group would change the values only
    to second order.
    """
    return standard_error(group_values) * sqrt(1.0 - rows / population)

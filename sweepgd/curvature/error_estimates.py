"""Error estimates of measured values: from random vectors, from starts of ascents, and from the subset of rows."""

from math import comb, sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from sweepgd.curvature.hessian import Vector

CONFIDENCE = 0.95


def standard_error(draws: Vector) -> float:
    """Return the standard error of the mean of at least 2 independent draws (count,), multiplied by the ratio of Student's t
    quantile and the normal quantile.

    With this factor, 1.96 errors cover the mean in 95 % of cases for any number of draws. For 8 normal draws, 1.96 plain
    standard errors cover the mean in 91 %.
    """
    tail = (1.0 + CONFIDENCE) / 2.0
    factor = float(stdtrit(len(draws) - 1, tail) / ndtri(tail))
    return factor * float(np.std(draws, ddof=1)) / sqrt(len(draws))


def shortfall(rises: Vector) -> float | None:
    """Return the maximum of all values minus the expected maximum of a random half of them; None for a single value.

    The difference estimates how much twice as many starts might add. It is 0 if many starts reached the same maximum, although
    there may still be a higher one.
    """
    count = len(rises)
    if count < 2:
        return None
    half = (count + 1) // 2
    # The share of the halves whose maximum has each rank, from the lowest rank.
    probabilities = np.array([comb(rank, half - 1) / comb(count, half) for rank in range(count)])
    return float(probabilities @ (rises.max() - np.sort(rises)))


def rows_error(group_values: Vector, rows: int, population: int) -> float:
    """Return the standard error of a value over `rows` rows, drawn without replacement, as an estimate over `population` rows.

    `group_values` are the values over equal groups of these rows, along the directions found over all of these rows. Directions
    found for each group would change the values only to second order.
    """
    return standard_error(group_values) * sqrt(1.0 - rows / population)

"""Error estimates of measured values: from random vectors, from starts of ascents, and from the subset of rows."""

from math import comb, sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from sweepgd.curvature.hessian import Vector

CONFIDENCE = 0.95


def standard_error(draws: Vector) -> float:
    """Return the standard error of the mean of at least 2 independent draws (count,), times Student's t / normal quantile.

    With this factor, 1.96 errors cover the mean in 95 % of cases for any number of draws; for 8 normal draws, plain standard
    errors cover it in 91 %.
    """
    tail = (1.0 + CONFIDENCE) / 2.0
    factor = float(stdtrit(len(draws) - 1, tail) / ndtri(tail))
    return factor * float(np.std(draws, ddof=1)) / sqrt(len(draws))


def shortfall(rises: Vector) -> float | None:
    """Return the maximum of all values minus the expected maximum of a random half of them; None for a single value.

    It estimates how much twice as many starts might add. It is 0 if many starts reached the maximum, which does not prove that
    there is no higher one.
    """
    count = len(rises)
    if count < 2:
        return None
    half = (count + 1) // 2
    # For each rank, from the lowest, the share of the halves whose maximum has this rank.
    probabilities = np.array([comb(rank, half - 1) / comb(count, half) for rank in range(count)])
    return float(probabilities @ (rises.max() - np.sort(rises)))


def rows_error(group_values: Vector, rows: int, population: int) -> float:
    """Return the standard error of a value over `rows` rows, drawn without replacement, as an estimate over `population` rows.

    `group_values` are the values over equal groups of these rows, along the directions found over all of these rows: a change
    of the directions would change the values only to second order.
    """
    return standard_error(group_values) * sqrt(1.0 - rows / population)

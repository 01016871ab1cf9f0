"""How far a value may be off: by the vectors that were drawn, the starts that were tried, and the rows that were measured."""

from math import comb, sqrt

import numpy as np
from scipy.special import ndtri, stdtrit

from sweepgd.curvature.second_order import Vector

CONFIDENCE = 0.95


def standard_error(draws: Vector) -> float:
    """The standard error of the mean of at least 2 independent draws (count,), widened by Student's t over the normal quantile.

    So 1.96 errors hold the mean in 95 % of cases however few the draws are: of 8 normal ones plain errors do in 91 %.
    """
    tail = (1.0 + CONFIDENCE) / 2.0
    widening = float(stdtrit(len(draws) - 1, tail) / ndtri(tail))
    return widening * float(np.std(draws, ddof=1)) / sqrt(len(draws))


def shortfall(rises: Vector) -> float | None:
    """How much lower the highest of a random half of the values is than the highest of all, on average; None of a single one.

    It stands for what twice as many starts might add: 0 where many of them reached the highest value, which does not prove
    that there is no higher one.
    """
    count = len(rises)
    if count < 2:
        return None
    half = (count + 1) // 2
    # Of the halves, in how many the value of each rank, from the lowest, is the highest.
    chances = np.array([comb(rank, half - 1) / comb(count, half) for rank in range(count)])
    return float(chances @ (rises.max() - np.sort(rises)))


def rows_error(of_groups: Vector, rows: int, population: int) -> float:
    """The standard error of a value over `rows` rows, drawn without replacement from `population`, as a value over all of them.

    `of_groups` are the values over equal groups of the rows along the directions that were found over all the rows: those
    change the value to second order only.
    """
    return standard_error(of_groups) * sqrt(1.0 - rows / population)

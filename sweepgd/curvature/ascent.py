"""The highest rise of the loss in a ball or a box around the minimiser, climbed to from several starts."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np

from sweepgd.curvature.second_order import Product, Vector
from sweepgd.curvature.spectrum import largest
from sweepgd.problem import Problem

Rise: TypeAlias = Callable[[Vector], tuple[float, Vector]]
"""How far the loss rises at a point of the region above that at its centre, 0, and the slope there."""

# Ascents end where the slope promises no more than this share of their rise: after 4 to 6 points, within 1 % of where 20 points
# lead (114 networks on moons, wine, breast cancer and digits, in ball and ellipsoid). The best one then goes on.
LEFT = 0.01
# Residual of the eigenvectors, relative to their eigenvalue: ascents only begin there.
ROUGH = 0.1


class Region(NamedTuple):
    """A ball or a box around 0: its outermost point in a direction, where an ascent goes next from a point and the slope there,
    and the most that a slope can rise in it."""

    outermost: Callable[[Vector], Vector]
    onward: Callable[[Vector, Vector], Vector]
    support: Callable[[Vector], float]


class Summit(NamedTuple):
    """The highest point that an ascent met."""

    rise: float
    at: Vector


def directions(curvature: Product, slope: Vector, count: int, random: np.random.Generator) -> Iterator[Vector]:
    """`count` directions in which the loss may rise far.

    Uphill; both ways along the leading eigenvectors of `curvature`, a third of `count` as many; a random one; then random
    mixtures of those eigenvectors; where these cannot be had, random ones in their place. From random directions alone, which
    in many dimensions all lie the same way to the gradient, ascents mostly end where the one from the gradient does.
    """
    return islice(_directions(curvature, slope, max(1, count // 3), random), count)


def _directions(curvature: Product, slope: Vector, leading: int, random: np.random.Generator) -> Iterator[Vector]:
    if slope.any():
        yield slope
    size = len(slope)
    leading = min(leading, size)
    try:
        _, vectors = largest(curvature, random.standard_normal(size), leading, ROUGH, random)
    except Problem:  # curvature that overflows where the loss does not: the ascents are made all the same
        vectors = random.standard_normal((size, leading))
    for vector in vectors.T:
        yield vector
        yield -vector
    yield random.standard_normal(size)
    while True:
        yield vectors @ random.standard_normal(vectors.shape[1])


def climb(rise: Rise, region: Region, start: Vector, iterations: int, left: float = LEFT) -> Summit:
    """The highest of at most `iterations` points of an ascent, which ends where it rises no more, or where to first order no
    more than the share `left` of its rise is to be had."""
    summit, before, u = Summit(-inf, start), -inf, start
    for _ in range(iterations):
        height, slope = rise(u)
        if height > summit.rise:
            summit = Summit(height, u)
        if height <= before or region.support(slope) - float(slope @ u) <= left * abs(height):
            break
        before, u = height, region.onward(u, slope)
    return summit


def climbs(rise: Rise, region: Region, towards: Iterable[Vector], iterations: int) -> tuple[Summit, Vector]:
    """The highest summit of ascents from the outermost points in some directions, and the rises of them all.

    No rise is below 0, that of the centre.
    """
    best, rises = Summit(-inf, np.empty(0)), []
    for direction in towards:
        summit = climb(rise, region, region.outermost(direction), iterations)
        rises.append(max(summit.rise, 0.0))
        best = max(best, summit, key=lambda one: one.rise)
    return best, np.array(rises)

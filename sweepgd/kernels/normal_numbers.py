"""Normal random numbers from a counter, for kernels. Equal keys give equal numbers, in any order of calls.

SplitMix64 (Steele, Lea & Flood 2014) gives 64 random bits for each value of its counter. The ziggurat method with 256 layers
(Marsaglia & Tsang 2000) turns these bits into a normal number. In 99 % of the cases, one multiplication is enough. This module
uses Doornik's form (2005), in which the layer and the abscissa come from different bits.
"""

from math import erfc, exp, log, pi, sqrt

import numpy as np

from sweepgd.kernels.compiling import helper

LAYERS = 256
# The abscissa at which the tail begins. The area of the tail and the rectangle before the tail equals the area of each other
# layer (Doornik 2005, table 1).
TAIL = 3.6541528853610088
# SplitMix64's increment and its two multipliers.
GAMMA, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _right_edges() -> np.ndarray:
    """Return the right edges of the layers, from the widest to the peak, (LAYERS + 1,)."""
    height = exp(-0.5 * TAIL**2)
    area = TAIL * height + sqrt(pi / 2) * erfc(TAIL / sqrt(2))
    edges = [area / height, TAIL]
    for _ in range(2, LAYERS):
        height += area / edges[-1]
        edges.append(sqrt(-2 * log(height)))
    return np.array([*edges, 0.0])


EDGES = _right_edges()
INSIDE = EDGES[1:] / EDGES[:-1]


@helper
def mixed(counter):
    """Return 64 random bits for a counter, with SplitMix64's output function. The bits and the counter are uint64."""
    bits = (counter ^ (counter >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))


@helper
def stream_of(key):
    """Return the counter at which the stream of a key begins. Streams of successive keys are unrelated."""
    return mixed(np.uint64(key) * GAMMA)


@helper
def uniform(bits):
    """Return a number in (0, 1) from the upper 53 of 64 bits."""
    return (np.float64(bits >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@helper
def next_normal(counter):
    """Return a number drawn from N(0, 1), float64, and the counter for the next number."""
    while True:
        counter += GAMMA
        bits = mixed(counter)
        layer = np.int64(bits & np.uint64(LAYERS - 1))
        share = 2.0 * uniform(bits) - 1.0
        value = share * EDGES[layer]
        if abs(share) < INSIDE[layer]:
            return value, counter
        if layer == 0:
            beyond, height = 0.0, 1.0
            while -2.0 * height < beyond * beyond:
                counter += GAMMA
                beyond = np.log(uniform(mixed(counter))) / TAIL
                counter += GAMMA
                height = np.log(uniform(mixed(counter)))
            return beyond - TAIL if share < 0.0 else TAIL - beyond, counter
        low = np.exp(-0.5 * (EDGES[layer] ** 2 - value * value))
        high = np.exp(-0.5 * (EDGES[layer + 1] ** 2 - value * value))
        counter += GAMMA
        if high + uniform(mixed(counter)) * (low - high) < 1.0:
            return value, counter

"""Independent random streams, one for each purpose, so that drawing for one purpose does not change another."""

import numpy as np

DRAWING, SUBSET, SPLIT, NOISE, INIT, ORDER, KEY, MEASURE, LANDSCAPE, BOOTSTRAP = range(10)


def stream(seed: int, purpose: int, *counters: int) -> np.random.Generator:
    """Return the generator of one purpose; `counters`, such as an epoch, select independent streams of the same purpose."""
    return np.random.default_rng([seed, purpose, *counters])

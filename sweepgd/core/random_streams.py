"""Independent random streams for different purposes, so that draws for one purpose do not change other draws."""

import numpy as np

DRAWING, SUBSET, SPLIT, NOISE, INIT, ORDER, KEY, MEASURE, LANDSCAPE, BOOTSTRAP = range(10)


def stream(seed: int, purpose: int, *counters: int) -> np.random.Generator:
    """Return the generator for a purpose. `counters`, such as an epoch, select independent streams of the same purpose."""
    return np.random.default_rng([seed, purpose, *counters])

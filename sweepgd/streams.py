"""Random numbers by purpose: each has a stream of its own, so that none disturbs another or repeats its draws."""

import numpy as np

DRAWING, SUBSET, SPLIT, NOISE, INIT, ORDER, KEY, MEASURE, LANDSCAPE = range(9)


def stream(seed: int, purpose: int, *counters: int) -> np.random.Generator:
    """The random numbers of one purpose under this seed; `counters` tell one use of them from the next, as an epoch does."""
    return np.random.default_rng([seed, purpose, *counters])

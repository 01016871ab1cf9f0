"""Binning of batch sizes and learning rates into few levels, so that a continuous search can be read like a grid."""

from collections.abc import Callable

import numpy as np

from sweepgd.analysis.arrow_columns import Floats

# Twelve rows still fit on a screen, and the colours of a legend can still be distinguished.
MOST_LEVELS = 12


# Train losses within a tenth of a decade count as equal. The width matters, because λmax and the trace fall about in proportion
# to the train loss.
LOSS_LEVELS_A_DECADE = 10
EQUAL_LOSS = 10 ** (1 / LOSS_LEVELS_A_DECADE)


def batch_levels(values: Floats) -> Floats:
    """Return `values`, (n,), unchanged if at most MOST_LEVELS are distinct. Otherwise, return them rounded to powers of two."""
    return _levels(values, lambda sizes: np.exp2(np.round(np.log2(sizes))))


def rate_levels(values: Floats) -> Floats:
    """Return positive `values`, (n,), unchanged if at most MOST_LEVELS are distinct. Otherwise, return them rounded to 1, 2, 5,
    10, 20, …
    """
    return _levels(values, _nearest_preferred)


def _levels(values: Floats, nearest: Callable[[Floats], Floats]) -> Floats:
    return values if len(np.unique(values)) <= MOST_LEVELS else nearest(values)


def _nearest_preferred(values: Floats) -> Floats:
    # The thirds of a decade are 1, 2.15 and 4.64. Rounded to one digit, these are 1, 2 and 5.
    thirds, index = np.unique(np.round(3 * np.log10(values)), return_inverse=True)
    return np.array([float(f"{10 ** (third / 3):.1g}") for third in thirds])[index]

"""Batch sizes and learning rates gathered into few levels, so that a continuous search reads like a grid."""

from collections.abc import Callable

import numpy as np

from sweepgd.analysis.columns import Floats

# Up to here a table still fits a screen and a legend can be told apart.
MOST = 12


# Train losses are taken for equal within this factor, a tenth of a decade: λmax and trace fall about in proportion to them.
LOSS_LEVELS_A_DECADE = 10
EQUAL_LOSS = 10 ** (1 / LOSS_LEVELS_A_DECADE)


def batch_levels(values: Floats) -> Floats:
    """Each batch size itself where there are few different ones, else the nearest power of two."""
    return _levels(values, lambda sizes: np.exp2(np.round(np.log2(sizes))))


def rate_levels(values: Floats) -> Floats:
    """Each positive learning rate itself where there are few different ones, else the nearest of 1, 2, 5, 10, 20, …"""
    return _levels(values, _nearest_preferred)


def edges(levels: Floats) -> Floats:
    """The bounds, shape (levels + 1,), of cells around ascending positive `levels`, halfway on a log axis."""
    logs = np.log(levels)
    if len(logs) < 2:
        return np.exp(np.concatenate([logs - np.log(2) / 2, logs + np.log(2) / 2]))
    middles = (logs[1:] + logs[:-1]) / 2
    return np.exp(np.concatenate([[2 * logs[0] - middles[0]], middles, [2 * logs[-1] - middles[-1]]]))


def _levels(values: Floats, nearest: Callable[[Floats], Floats]) -> Floats:
    return values if len(np.unique(values)) <= MOST else nearest(values)


def _nearest_preferred(values: Floats) -> Floats:
    # The thirds of a decade are 1, 2.15, 4.64: to one digit, 1, 2, 5.
    thirds = np.round(3 * np.log10(values))
    return np.array([float(f"{10 ** (third / 3):.1g}") for third in thirds])

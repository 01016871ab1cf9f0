"""The evaluation at which a noisy curve falls to a target: the crossing of its isotonic fit in log loss.

The isotonic fit is the non-increasing curve nearest to the logarithms of the losses in least squares. The noisy curve itself
first passes the target too early, especially if the noise is strong.
"""

import numpy as np

from sweepgd.analysis.arrow_columns import Floats

# Losses are limited to this range around the target, because an error of zero has no logarithm.
LOWEST, HIGHEST = 1e-2, 1e6


def crossings(losses: Floats, target: float) -> Floats:
    """Return the place at which each curve crosses `target`, shape (…), for `losses` of shape (…, evaluations).

    A place is the index of an evaluation (from 0), with a fraction between two evaluations. The place is NaN if the curve does
    not reach the target. `target` must be positive.

    The logarithm of the target is subtracted from each log loss, and these differences are summed from the first evaluation on.
    The fit is above the target exactly until the sums reach their maximum (Robertson, Wright & Dykstra 1988, section 1.2). The
    last value of the fit before the crossing is the least mean of consecutive values that end there. The first value of the fit
    after the crossing is the largest mean of consecutive values that begin there.
    """
    above = np.log(np.clip(losses / target, LOWEST, HIGHEST))
    count = above.shape[-1]
    sums = np.concatenate([np.zeros((*above.shape[:-1], 1)), np.cumsum(above, axis=-1)], axis=-1)
    crossing = np.argmax(sums, axis=-1)
    distance = np.arange(count + 1) - crossing[..., None]
    change = sums - np.take_along_axis(sums, crossing[..., None], axis=-1)
    means = np.divide(change, distance, out=np.zeros_like(change), where=distance != 0)
    last = np.where(distance < 0, means, np.inf).min(axis=-1)
    following = np.where(distance > 0, means, -np.inf).max(axis=-1)
    inside = (crossing > 0) & (crossing < count)
    share = np.divide(last, last - following, out=np.zeros(crossing.shape), where=inside)
    return np.where(crossing == count, np.nan, np.where(inside, crossing - 1 + share, 0.0))

"""The evaluation at which a noisy curve falls to a target: the crossing of its isotonic fit in log loss.

The isotonic fit is the non-increasing curve that is nearest to the logarithms of the losses in least squares. A first passage
of the curve itself would come too early, the earlier the noisier the curve.
"""

import numpy as np

from sweepgd.analysis.arrow_columns import Floats

# Losses are limited to this range around the target: an error of zero has no logarithm.
LOWEST, HIGHEST = 1e-2, 1e6


def crossings(losses: Floats, target: float) -> Floats:
    """Return the place at which each curve crosses `target`, (…); `losses` is (…, evaluations), `target` positive.

    A place is a number of an evaluation from 0, with a fraction between two evaluations; NaN if the target is not reached.

    The fit is above a level exactly as long as the sums of the values minus that level, from the first one on, have not
    reached their maximum (Robertson, Wright & Dykstra 1988, section 1.2). Values of the fit beside the crossing are the least
    mean up to it and the largest mean after it.
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

"""Stretches of a run. A stretch holds the mini-batches of consecutive epochs, which a few calls of the compiled trainer
process.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from sweepgd.training.batches import Plan

# The largest numbers of updates and rows in a stretch of several epochs. Its arrays then take at most 10 MB.
MOST_UPDATES, MOST_ROWS = 4096, 1 << 20


@dataclass(frozen=True, eq=False)
class Stretch:
    """The mini-batches of `count` epochs. Update i uses the rows `order[bounds[i]:bounds[i + 1]]`.

    `epochs`, (updates + 1,), are the numbers of epochs passed before each update and after the last update. `largest` is the
    size of the largest batch.
    """

    order: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.float64]
    largest: int
    count: int

    @property
    def updates(self) -> int:
        return len(self.bounds) - 1


def stretch_from(plan: Plan, order_of: Callable[[int], npt.NDArray[np.int64]], first: int, least: float) -> Stretch:
    """Return the stretch from the epoch `first` on. The stretch has one epoch, or several epochs if `least` updates need them.

    The stretch may be shorter, because it has at most MOST_UPDATES updates and MOST_ROWS rows, and ends where a batch schedule
    changes the batch size.
    """
    own = plan.bounds(first)
    updates, seen, size = len(own) - 1, int(own[-1]), int(own[1])
    count = min(ceil(min(least, MOST_UPDATES) / updates), MOST_ROWS // seen)
    if count > 1:
        count = bisect_right(range(first, first + count), size, key=plan.size)
    if count <= 1:
        order = np.ascontiguousarray(order_of(first)[:seen], dtype=np.int64)
        return Stretch(order, own, first + own / seen, size, 1)
    orders = [order_of(epoch)[:seen] for epoch in range(first, first + count)]
    epochs = np.arange(first, first + count)[:, None] + own[:-1] / seen
    bounds = seen * np.arange(count)[:, None] + own[:-1]
    return Stretch(
        np.concatenate(orders, dtype=np.int64),
        np.append(bounds, seen * count),
        np.append(epochs, float(first + count)),
        size,
        count,
    )

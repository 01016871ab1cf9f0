"""The rows of each update: row orders and mini-batches by epoch, and the length of a run in updates."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from sweepgd.core.random_streams import ORDER, stream
from sweepgd.sweep.budget import Budget

# A replicate has the same seed in every trial, and therefore the same orders. Drawing an order of 1000 rows takes 17 µs, as
# long as an epoch of linear regression in batches of 32. The cache holds at most 32 MB and keeps the first orders. A cache that
# drops the oldest order would never hold the next order, because every trial uses the same sequence of orders.
CACHED_ORDERS, CACHED_ROWS = 1024, 4096
_orders: dict[tuple[int, int, int], npt.NDArray[np.int64]] = {}


def _cached(rows: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    key = (rows, seed, epoch)
    order = _orders.get(key)
    if order is None:
        order = _drawn(rows, seed, epoch)
        order.flags.writeable = False
        if len(_orders) < CACHED_ORDERS:
            _orders[key] = order
    return order


def _drawn(rows: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    return stream(seed, ORDER, epoch).permutation(rows)


def _weighted(cumulative: npt.NDArray[np.float64], seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return row numbers (rows,) drawn with replacement. `cumulative` holds the cumulative probabilities of the rows."""
    rows = len(cumulative)
    return np.minimum(np.searchsorted(cumulative, stream(seed, ORDER, epoch).random(rows), side="right"), rows - 1)


def row_orders(
    rows: int, seed: int, shuffle: str, weights: npt.NDArray[np.float64] | None = None
) -> Callable[[int], npt.NDArray[np.int64]]:
    """Return a function that takes the number of an epoch and returns the order of the training rows, (rows,).

    `shuffle` is "epoch" (a new order each epoch), "once" or "never". `weights` are probabilities of the rows. With `weights`,
    rows are drawn with replacement.
    """
    if weights is not None:
        cumulative = np.cumsum(weights)
        if shuffle == "once":
            first = _weighted(cumulative, seed, 0)
            return lambda epoch: first
        return partial(_weighted, cumulative, seed)
    if shuffle == "never" or rows == 1:  # one row has one order, and surfaces draw it in every update
        fixed = np.arange(rows, dtype=np.int64)
        return lambda epoch: fixed
    if shuffle == "once":
        drawn = _drawn(rows, seed, 0)
        return lambda epoch: drawn
    return partial(_cached if rows <= CACHED_ROWS else _drawn, rows, seed)


@dataclass(frozen=True)
class Plan:
    """The mini-batches of `rows` training rows.

    `batch_size(epoch)` is the batch size in an epoch, which never decreases from epoch to epoch. The last batch of an epoch may
    be smaller. With `drop_last`, a smaller last batch is left out.
    """

    rows: int
    batch_size: Callable[[int], int]
    drop_last: bool = False

    def bounds(self, epoch: int) -> npt.NDArray[np.int64]:
        """Return the start of each mini-batch in the epoch's order, and then the end of the last mini-batch, (updates + 1,)."""
        size = self.size(epoch)
        full = np.arange(0, self.rows + 1, size, dtype=np.int64)
        return full if self.drop_last or full[-1] == self.rows else np.append(full, self.rows)

    def updates(self, epoch: int) -> int:
        """Return the number of mini-batches of an epoch."""
        size = self.size(epoch)
        return self.rows // size if self.drop_last else -(-self.rows // size)

    def samples(self, epoch: int) -> int:
        """Return the number of rows that an epoch uses."""
        size = self.size(epoch)
        return self.rows // size * size if self.drop_last else self.rows

    def size(self, epoch: int) -> int:
        """Return the number of rows in each batch of an epoch, apart from a smaller last batch."""
        return min(self.batch_size(epoch), self.rows)

    def _equal_epochs(self, epochs: int) -> Iterator[range]:
        """Yield the epochs from 0 on in ranges of equal batch size. Bisection finds the ranges, because batch sizes never
        decrease.
        """
        first = 0
        while first < epochs:
            equal = range(first, bisect_right(range(epochs), self.size(first), lo=first, key=self.size))
            yield equal
            first = equal.stop

    def epochs(self, updates: int) -> float:
        """Return the number of epochs in the first `updates` updates. The last epoch counts as a fraction."""
        for equal in self._equal_epochs(updates + 1):
            whole = min(len(equal), updates // self.updates(equal.start))
            updates -= whole * self.updates(equal.start)
            if whole < len(equal):
                epoch = equal.start + whole
                bounds = self.bounds(epoch)
                return epoch + float(bounds[updates]) / int(bounds[-1])
        raise AssertionError("an epoch has at least one update")

    def length(self, budget: Budget) -> int | None:
        """Return the number of updates of a run, or None if the budget is in seconds."""
        if budget.updates is not None:
            return budget.updates
        epochs = budget.epochs or budget.length
        if epochs is not None:
            return sum(len(equal) * self.updates(equal.start) for equal in self._equal_epochs(epochs))
        if budget.samples is None:
            return None
        updates, left = 0, budget.samples
        for equal in self._equal_epochs(budget.samples):
            whole = min(len(equal), (left - 1) // self.samples(equal.start))  # at least 1 sample is left for the last epoch
            updates += whole * self.updates(equal.start)
            left -= whole * self.samples(equal.start)
            if whole < len(equal):
                return updates + -(-left // self.size(equal.start))
        raise AssertionError("an epoch has a sample or more")

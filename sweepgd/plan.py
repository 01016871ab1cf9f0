"""Which rows make up which update: the batch bounds of every epoch, and the length of a run in updates."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from sweepgd.budget import Budget
from sweepgd.streams import ORDER, stream

# Replicates have the same seeds in every trial, and so the same orders: to draw one of 1000 rows takes 17 µs, as long as an
# epoch of linear regression in batches of 32. These are at most 32 MB. The first ones stay, since of orders that are gone
# through again and again, more than there is room for, a cache that drops the oldest never has the next.
ORDERS_KEPT, ROWS_KEPT = 1024, 4096
_orders: dict[tuple[int, int, int], npt.NDArray[np.int64]] = {}


def _kept(rows: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    key = (rows, seed, epoch)
    order = _orders.get(key)
    if order is None:
        order = _drawn(rows, seed, epoch)
        order.flags.writeable = False
        if len(_orders) < ORDERS_KEPT:
            _orders[key] = order
    return order


def _drawn(rows: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    return stream(seed, ORDER, epoch).permutation(rows)


def _weighted(cumulative: npt.NDArray[np.float64], seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """As many rows as there are, drawn with replacement by their cumulative probabilities."""
    rows = len(cumulative)
    return np.minimum(np.searchsorted(cumulative, stream(seed, ORDER, epoch).random(rows), side="right"), rows - 1)


def row_orders(
    rows: int, seed: int, shuffle: str, weights: npt.NDArray[np.float64] | None = None
) -> Callable[[int], npt.NDArray[np.int64]]:
    """The order of the training rows as a function of the epoch: drawn anew each epoch, once, or never.

    With `weights`, the probability of each row, an epoch draws its rows with replacement.
    """
    if weights is not None:
        cumulative = np.cumsum(weights)
        if shuffle == "once":
            first = _weighted(cumulative, seed, 0)
            return lambda epoch: first
        return partial(_weighted, cumulative, seed)
    if shuffle == "never":
        fixed = np.arange(rows, dtype=np.int64)
        return lambda epoch: fixed
    if shuffle == "once":
        drawn = _drawn(rows, seed, 0)
        return lambda epoch: drawn
    return partial(_kept if rows <= ROWS_KEPT else _drawn, rows, seed)


@dataclass(frozen=True)
class Plan:
    """Mini-batches of `rows` training rows; `batch_size(epoch)` is constant within an epoch.

    A short last batch is a batch of its own length, or is left out with `drop_last`.
    """

    rows: int
    batch_size: Callable[[int], int]
    drop_last: bool = False

    def bounds(self, epoch: int) -> npt.NDArray[np.int64]:
        """Where each mini-batch begins in the epoch's order, and where the last one ends."""
        size = self._size(epoch)
        whole = np.arange(0, self.rows + 1, size, dtype=np.int64)
        return whole if self.drop_last or whole[-1] == self.rows else np.append(whole, self.rows)

    def updates(self, epoch: int) -> int:
        size = self._size(epoch)
        return self.rows // size if self.drop_last else -(-self.rows // size)

    def samples(self, epoch: int) -> int:
        size = self._size(epoch)
        return self.rows // size * size if self.drop_last else self.rows

    def _size(self, epoch: int) -> int:
        return min(self.batch_size(epoch), self.rows)

    def _stretches(self, epochs: int) -> Iterator[range]:
        """The epochs from 0 in stretches of one batch size each, found by bisection, because batch sizes never shrink."""
        first = 0
        while first < epochs:
            stretch = range(first, bisect_right(range(epochs), self._size(first), lo=first, key=self._size))
            yield stretch
            first = stretch.stop

    def epochs(self, updates: int) -> float:
        """How many epochs so many updates from the beginning are: whole ones, and the share of another."""
        for stretch in self._stretches(updates + 1):
            whole = min(len(stretch), updates // self.updates(stretch.start))
            updates -= whole * self.updates(stretch.start)
            if whole < len(stretch):
                epoch = stretch.start + whole
                bounds = self.bounds(epoch)
                return epoch + float(bounds[updates]) / int(bounds[-1])
        raise AssertionError("an epoch has an update or more")

    def length(self, budget: Budget) -> int | None:
        """The run's updates, for schedules and rungs; None where a budget in seconds leaves them open."""
        if budget.updates is not None:
            return budget.updates
        epochs = budget.epochs or budget.length
        if epochs is not None:
            return sum(len(stretch) * self.updates(stretch.start) for stretch in self._stretches(epochs))
        if budget.samples is None:
            return None
        updates, left = 0, budget.samples
        for stretch in self._stretches(budget.samples):
            whole = min(len(stretch), (left - 1) // self.samples(stretch.start))  # at least 1 is left for the last epoch
            updates += whole * self.updates(stretch.start)
            left -= whole * self.samples(stretch.start)
            if whole < len(stretch):
                return updates + -(-left // self._size(stretch.start))
        raise AssertionError("an epoch has a sample or more")

"""Which rows make up which update: the batch bounds of every epoch, and the length of a run in updates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.budget import Budget
from sweepgd.streams import ORDER, stream


def row_orders(rows: int, seed: int, shuffle: str) -> Callable[[int], npt.NDArray[np.int64]]:
    """The order of the training rows as a function of the epoch: drawn anew each epoch, once, or never."""
    if shuffle == "never":
        fixed = np.arange(rows, dtype=np.int64)
        return lambda epoch: fixed
    if shuffle == "once":
        drawn = stream(seed, ORDER, 0).permutation(rows)
        return lambda epoch: drawn
    return lambda epoch: stream(seed, ORDER, epoch).permutation(rows)


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
        size = min(self.batch_size(epoch), self.rows)
        whole = np.arange(0, self.rows + 1, size, dtype=np.int64)
        return whole if self.drop_last or whole[-1] == self.rows else np.append(whole, self.rows)

    def updates(self, epoch: int) -> int:
        size = min(self.batch_size(epoch), self.rows)
        return self.rows // size if self.drop_last else -(-self.rows // size)

    def samples(self, epoch: int) -> int:
        size = min(self.batch_size(epoch), self.rows)
        return self.rows // size * size if self.drop_last else self.rows

    def length(self, budget: Budget) -> int | None:
        """The run's updates, for schedules and rungs; None where a budget in seconds leaves them open."""
        if budget.updates is not None:
            return budget.updates
        epochs = budget.epochs or budget.length
        if epochs is not None:
            return sum(self.updates(epoch) for epoch in range(epochs))
        if budget.samples is None:
            return None
        updates = epoch = 0
        left = budget.samples
        while left > self.samples(epoch):
            updates += self.updates(epoch)
            left -= self.samples(epoch)
            epoch += 1
        return updates + -(-left // min(self.batch_size(epoch), self.rows))

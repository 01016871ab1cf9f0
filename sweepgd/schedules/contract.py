"""The contract of a schedule: settings, and one pure function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.core.setting import Setting

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """The positions of m consecutive updates in a run.

    `updates`, int64 (m,), and `epochs`, float64 (m,), are the numbers of updates and epochs before each update. The floor of
    `epochs` is the number of whole epochs. `total_updates` is the number of updates of the run, or None if this number is
    unknown.
    """

    updates: Ints
    epochs: Floats
    total_updates: int | None


@dataclass(frozen=True)
class Schedule:
    """A learning-rate schedule. `factor(clock, **settings)` returns factors of the base rate, float64 (m,).

    With `needs_length`, the factors depend on `clock.total_updates`, which is then never None.
    """

    name: str
    factor: Callable[..., Floats]
    settings: tuple[Setting, ...]
    needs_length: bool
    source: str
    description: str


@dataclass(frozen=True)
class BatchSchedule:
    """A batch-size schedule. `size(batch_size, epoch, **settings)` returns the batch size of an epoch. Epochs count from 0.

    The size may exceed the number of training rows.
    """

    name: str
    size: Callable[..., int]
    settings: tuple[Setting, ...]
    source: str
    description: str

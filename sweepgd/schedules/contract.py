"""What a schedule is: data plus one pure function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.setting import Setting

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """When each of m consecutive updates happens: what was done before it, and how long the run is.

    `updates` is int64 (m,); `epochs` is float64 (m,), its floor the number of whole epochs done. `total_updates` is None
    where the length of the run is unknown.
    """

    updates: Ints
    epochs: Floats
    total_updates: int | None


@dataclass(frozen=True)
class Schedule:
    """A learning-rate schedule: `factor(clock, **settings)` is float64 (m,), by which the base rate is multiplied.

    `needs_length` says that the factor depends on the clock's `total_updates`, which are then given.
    """

    name: str
    factor: Callable[..., Floats]
    settings: tuple[Setting, ...]
    needs_length: bool
    source: str
    description: str


@dataclass(frozen=True)
class BatchSchedule:
    """A batch-size schedule: `size(batch_size, epoch, **settings)` is that of the epoch after `epoch` whole ones.

    It knows nothing of the data, and may exceed them.
    """

    name: str
    size: Callable[..., int]
    settings: tuple[Setting, ...]
    source: str
    description: str

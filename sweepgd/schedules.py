"""Learning-rate schedules as factors of a base rate, and batch-size schedules: each is data plus one pure function."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.problem import UsageProblem
from sweepgd.setting import Setting

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LARGEST_BATCH = 2**31 - 1


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


def learning_rates(
    schedule: Schedule, settings: Mapping[str, Any], clock: Clock, learning_rate: float, warmup_updates: int
) -> Floats:
    """The learning rate of each update on the clock, float64 (m,).

    The rate first climbs linearly over `warmup_updates` (0 for none), as in Goyal et al. 2017, section 2.2; the
    schedule counts from the run's beginning, not from the end of the warm-up. Raises UsageProblem where the schedule
    needs a length that the clock does not have.
    """
    if schedule.needs_length and clock.total_updates is None:
        raise UsageProblem(
            f"schedule {schedule.name!r} needs the length of the run: give the budget in epochs, updates or samples"
        )
    rates = learning_rate * schedule.factor(clock, **settings)
    if warmup_updates:
        rates = rates * np.minimum(1.0, (clock.updates + 1) / warmup_updates)
    return rates


def _progress(clock: Clock) -> Floats:
    """The share of the run done before each update, in [0, 1]."""
    assert clock.total_updates is not None
    return np.minimum(clock.updates / clock.total_updates, 1.0)


def _constant(clock: Clock) -> Floats:
    return np.ones(len(clock.updates))


def _step(clock: Clock, after: int, every: int, factor: float) -> Floats:
    steps = np.maximum(0.0, (np.floor(clock.epochs) - after) // every + 1)
    return factor**steps


def _time(clock: Clock, decay: float) -> Floats:
    return 1.0 / (1.0 + decay * clock.updates.astype(np.float64))


def _exponential(clock: Clock, factor: float) -> Floats:
    return factor**clock.epochs


def _polynomial(clock: Clock, power: float, floor: float) -> Floats:
    return floor + (1.0 - floor) * (1.0 - _progress(clock)) ** power


def _cosine(clock: Clock, floor: float, restarts: int) -> Floats:
    assert clock.total_updates is not None
    # Whole numbers, so that a restart falls on its update exactly; the run's end is an end, not one more restart.
    done = clock.updates * (restarts + 1)
    through = np.where(clock.updates < clock.total_updates, done % clock.total_updates / clock.total_updates, 1.0)
    return floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(np.pi * through))


def _one_cycle(clock: Clock, peak: float, start_divisor: float, final_divisor: float) -> Floats:
    start = 1.0 / start_divisor
    return np.interp(_progress(clock), [0.0, peak, 2 * peak, 1.0], [start, 1.0, start, start / final_divisor])


def _inverse_sqrt(clock: Clock, after: int) -> Floats:
    return np.sqrt(after / np.maximum(clock.updates, after), dtype=np.float64)


constant = Schedule(
    name="constant",
    factor=_constant,
    settings=(),
    needs_length=False,
    source="Robbins and Monro 1951, with a fixed gain",
    description="the base rate throughout",
)

step = Schedule(
    name="step",
    factor=_step,
    settings=(
        Setting("after", 2, "whole epochs at the base rate", low=1, high=20, minimum=1),
        Setting("every", 1, "whole epochs from one step to the next", low=1, high=20, minimum=1),
        Setting("factor", 0.1, "what each step multiplies the rate by", low=0.1, high=0.9, minimum=0.0, maximum=1.0),
    ),
    needs_length=False,
    source="He et al. 2016, section 4.2",
    description="rate * factor once `after` epochs are done, and again after every `every` further ones",
)

time = Schedule(
    name="time",
    factor=_time,
    settings=(Setting("decay", 1e-6, "decay an update", low=1e-6, high=1e-2, log=True, minimum=0.0),),
    needs_length=False,
    source="Robbins and Monro 1951; the `decay` of Keras' optimizers",
    description="rate / (1 + decay * t), where t counts the updates done",
)

exponential = Schedule(
    name="exponential",
    factor=_exponential,
    settings=(Setting("factor", 0.95, "what an epoch multiplies the rate by", low=0.8, high=0.999, minimum=0.0, maximum=1.0),),
    needs_length=False,
    source="Senior et al. 2013",
    description="rate * factor^epochs, falling with every update",
)

polynomial = Schedule(
    name="polynomial",
    factor=_polynomial,
    settings=(
        Setting("power", 1.0, "exponent of the share of the run that is left", low=0.5, high=2.0, minimum=0.0),
        Setting("floor", 0.0, "share of the rate at the run's end", low=0.0, high=0.1, minimum=0.0, maximum=1.0),
    ),
    needs_length=True,
    source="Chen et al. 2018 (DeepLab)",
    description="the rate times floor + (1 - floor) (1 - t/T)^power; power 1 is a straight line",
)

cosine = Schedule(
    name="cosine",
    factor=_cosine,
    settings=(
        Setting("floor", 0.0, "share of the rate at each cycle's end", low=0.0, high=0.1, minimum=0.0, maximum=1.0),
        Setting("restarts", 0, "warm restarts, which cut the run into equal cycles", low=0, high=4, minimum=0),
    ),
    needs_length=True,
    source="Loshchilov and Hutter 2017, eq. 5",
    description="half a cosine from the rate down to its floor, begun anew at each restart",
)

one_cycle = Schedule(
    name="one_cycle",
    factor=_one_cycle,
    settings=(
        Setting("peak", 0.45, "share of the run spent climbing", low=0.1, high=0.5, minimum=0.01, maximum=0.5),
        Setting("start_divisor", 10.0, "base rate / first rate", low=5.0, high=25.0, minimum=1.0),
        Setting("final_divisor", 100.0, "first rate / last rate", low=10.0, high=1e4, log=True, minimum=1.0),
    ),
    needs_length=True,
    source="Smith 2018",
    description="straight up to the base rate, down again in the same time, then far below for what is left of the run",
)

inverse_sqrt = Schedule(
    name="inverse_sqrt",
    factor=_inverse_sqrt,
    settings=(Setting("after", 1000, "updates at the base rate", low=10, high=10_000, log=True, minimum=1),),
    needs_length=False,
    source="Vaswani et al. 2017, eq. 3",
    description="the base rate for `after` updates, then rate * sqrt(after / t)",
)


def _constant_size(batch_size: int, epoch: int) -> int:
    return batch_size


def _growth(batch_size: int, epoch: int, after: int, every: int, factor: float, limit: int) -> int:
    steps = max(0, (epoch - after) // every + 1)
    largest = max(batch_size, limit or LARGEST_BATCH)
    # Compared as logarithms, because the power itself overflows in a long run.
    if steps * math.log(factor) >= math.log(largest / batch_size):
        return largest
    return round(batch_size * factor**steps)


BATCH_SCHEDULES = {
    schedule.name: schedule
    for schedule in (
        BatchSchedule(
            name="constant",
            size=_constant_size,
            settings=(),
            source="",
            description="the same batch size throughout",
        ),
        BatchSchedule(
            name="growth",
            size=_growth,
            settings=(
                Setting("after", 2, "whole epochs at the first batch size", low=1, high=20, minimum=1),
                Setting("every", 1, "whole epochs from one step to the next", low=1, high=20, minimum=1),
                Setting("factor", 10.0, "what each step multiplies the size by", low=2.0, high=10.0, minimum=1.0),
                Setting("limit", 0, "size beyond which no step grows it, 0 for none", low=0, high=65_536, minimum=0),
            ),
            source="Smith et al. 2018",
            description="size * factor at the epochs where the schedule `step` would divide the rate by it",
        ),
    )
}

"""The built-in learning-rate schedules."""

import math

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.schedules.contract import Clock, Floats, Schedule


def _progress(clock: Clock) -> Floats:
    """Return the share of the run before each update, in [0, 1]."""
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
    """Return floor + (1 − floor)(1 − t/T)^power for update t from 0 to T − 1. The floor is reached after the last update.

    PyTorch's PolynomialLR, Keras' PolynomialDecay and optax's polynomial_schedule have the same rates.
    """
    return floor + (1.0 - floor) * (1.0 - _progress(clock)) ** power


def _cosine(clock: Clock, floor: float, restarts: int) -> Floats:
    """Return half a cosine, from 1 at the first update to `floor` after the last update, in each of restarts + 1 equal cycles.

    For example, the factors of a run of 20 updates are 1, 0.994, … 0.0245, 0.00616, and a 21st factor would be 0. PyTorch's
    CosineAnnealingLR, Keras' CosineDecay and optax's cosine_decay_schedule have the same rates.
    """
    assert clock.total_updates is not None
    # Integers make each restart happen exactly at its update. The end of the run is not a restart.
    done = clock.updates * (restarts + 1)
    share = np.where(clock.updates < clock.total_updates, done % clock.total_updates / clock.total_updates, 1.0)
    return floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(np.pi * share))


def _one_cycle(
    clock: Clock, peak: float, start_divisor: float, final_divisor: float, final_at_last_update: bool = False
) -> Floats:
    """Return a cycle of three straight lines, through the first, highest, middle and last rate.

    With `final_at_last_update`, the lines meet at updates, and the last update has the last rate, as in PyTorch's OneCycleLR
    (linear, three phases). For example, a run of 20 updates has the factors 0.1 at update 0, 1 at update 8, 0.1 at update 16
    and 0.001 at update 19. Otherwise, the lines meet at shares of the run, as in optax's linear_onecycle_schedule. In the
    example, the last rate then belongs to update 20, which does not exist, and update 19 has 0.0505. Records without the
    setting `final_at_last_update` have the second form.
    """
    start = 1.0 / start_divisor
    rates = [start, 1.0, start, start / final_divisor]
    if not final_at_last_update:
        return np.interp(_progress(clock), [0.0, peak, 2 * peak, 1.0], rates)
    assert clock.total_updates is not None
    last = clock.total_updates - 1
    top = max(1, math.floor(peak * last))
    return np.interp(clock.updates, [0, min(top, last), min(2 * top, last), last], rates)


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
        Setting("every", 1, "whole epochs between steps", low=1, high=20, minimum=1),
        Setting("factor", 0.1, "factor of the rate at each step", low=0.1, high=0.9, minimum=0.0, maximum=1.0),
    ),
    needs_length=False,
    source="He et al. 2016, section 4.2",
    description="rate * factor after `after` epochs, and again after every `every` further epochs",
)

time = Schedule(
    name="time",
    factor=_time,
    settings=(Setting("decay", 1e-6, "decay per update", low=1e-6, high=1e-2, log=True, minimum=0.0),),
    needs_length=False,
    source="Robbins and Monro 1951; the `decay` of Keras' optimizers",
    description="rate / (1 + decay * t) at update t, counted from 0",
)

exponential = Schedule(
    name="exponential",
    factor=_exponential,
    settings=(Setting("factor", 0.95, "factor of the rate per epoch", low=0.8, high=0.999, minimum=0.0, maximum=1.0),),
    needs_length=False,
    source="Senior et al. 2013",
    description="rate * factor^epochs, changed at every update",
)

polynomial = Schedule(
    name="polynomial",
    factor=_polynomial,
    settings=(
        Setting("power", 1.0, "exponent of the remaining share of the run", low=0.5, high=2.0, minimum=0.0),
        Setting("floor", 0.0, "share of the base rate after the last update", low=0.0, high=0.1, minimum=0.0, maximum=1.0),
    ),
    needs_length=True,
    source="Chen et al. 2018 (DeepLab)",
    description="rate * (floor + (1 - floor) (1 - t/T)^power) at update t from 0 to T - 1; power 1 is a straight line",
)

cosine = Schedule(
    name="cosine",
    factor=_cosine,
    settings=(
        Setting(
            "floor",
            0.0,
            "share of the base rate after the last update of each cycle",
            low=0.0,
            high=0.1,
            minimum=0.0,
            maximum=1.0,
        ),
        # With more restarts, the product of restarts and updates of a long run would overflow int64.
        Setting(
            "restarts", 0, "warm restarts, which divide the run into equal cycles", low=0, high=4, minimum=0, maximum=1_000_000
        ),
    ),
    needs_length=True,
    source="Loshchilov and Hutter 2017, eq. 5",
    description="half a cosine from the base rate to the floor after the last update, repeated at each restart",
)

one_cycle = Schedule(
    name="one_cycle",
    factor=_one_cycle,
    settings=(
        Setting("peak", 0.45, "share of the run before the highest rate", low=0.1, high=0.5, minimum=0.01, maximum=0.5),
        Setting("start_divisor", 10.0, "base rate / first rate", low=5.0, high=25.0, minimum=1.0),
        Setting("final_divisor", 100.0, "first rate / last rate", low=10.0, high=1e4, log=True, minimum=1.0),
        Setting(
            "final_at_last_update",
            True,
            "true: the last update has the last rate; false: the update after the last update would have the last rate",
            formerly=False,
        ),
    ),
    needs_length=True,
    source="Smith 2018",
    description="linearly up to the base rate, down in the same time, then to a far lower rate until the last update",
)

inverse_sqrt = Schedule(
    name="inverse_sqrt",
    factor=_inverse_sqrt,
    settings=(Setting("after", 1000, "updates at the base rate", low=10, high=10_000, log=True, minimum=1),),
    needs_length=False,
    source="Vaswani et al. 2017, eq. 3",
    description="the base rate for `after` updates, then rate * sqrt(after / t) at update t",
)

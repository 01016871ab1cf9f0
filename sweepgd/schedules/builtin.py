"""The learning-rate schedules that sweepgd ships."""

import math

import numpy as np

from sweepgd.schedules.contract import Clock, Floats, Schedule
from sweepgd.setting import Setting


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
    """The floor is reached after the last update, whose factor is that of (1/T)^power.

    So it is with PyTorch's PolynomialLR, Keras' PolynomialDecay and optax's polynomial_schedule.
    """
    return floor + (1.0 - floor) * (1.0 - _progress(clock)) ** power


def _cosine(clock: Clock, floor: float, restarts: int) -> Floats:
    """The first update has the base rate; the floor is reached after the last.

    In a run of 20 updates the rates are 1, 0.994, … 0.0245, 0.00616 and, had there been an update more, 0: as with PyTorch's
    CosineAnnealingLR, Keras' CosineDecay and optax's cosine_decay_schedule.
    """
    assert clock.total_updates is not None
    # Whole numbers, so that a restart falls on its update exactly; the run's end is an end, not one more restart.
    done = clock.updates * (restarts + 1)
    through = np.where(clock.updates < clock.total_updates, done % clock.total_updates / clock.total_updates, 1.0)
    return floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(np.pi * through))


def _one_cycle(
    clock: Clock, peak: float, start_divisor: float, final_divisor: float, final_at_last_update: bool = False
) -> Floats:
    """The corners of the cycle are its first, highest, middle and last rate.

    The last update has the last rate, and a whole update the base rate: in a run of 20 updates 0.1 at update 0, 1 at 8, 0.1 at
    16 and 0.001 at 19, as PyTorch's OneCycleLR (linear, in three phases) has it. Otherwise the corners are shares of the run
    wherever they fall, and the last rate that of an update 20 that is never made, as optax's linear_onecycle_schedule has it:
    the last update, 19, then has 0.0505. Every record made before there was a choice is of that form.
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
        Setting("floor", 0.0, "share of the rate after the last update", low=0.0, high=0.1, minimum=0.0, maximum=1.0),
    ),
    needs_length=True,
    source="Chen et al. 2018 (DeepLab)",
    description="the rate times floor + (1 - floor) (1 - t/T)^power for update t of 0 to T - 1; power 1 is a straight line",
)

cosine = Schedule(
    name="cosine",
    factor=_cosine,
    settings=(
        Setting("floor", 0.0, "share of the rate after each cycle's last update", low=0.0, high=0.1, minimum=0.0, maximum=1.0),
        # Above the maximum its product with the updates of a long run would not fit int64.
        Setting(
            "restarts", 0, "warm restarts, which cut the run into equal cycles", low=0, high=4, minimum=0, maximum=1_000_000
        ),
    ),
    needs_length=True,
    source="Loshchilov and Hutter 2017, eq. 5",
    description="half a cosine from the rate at the first update to its floor after the last, begun anew at each restart",
)

one_cycle = Schedule(
    name="one_cycle",
    factor=_one_cycle,
    settings=(
        Setting("peak", 0.45, "share of the run spent climbing", low=0.1, high=0.5, minimum=0.01, maximum=0.5),
        Setting("start_divisor", 10.0, "base rate / first rate", low=5.0, high=25.0, minimum=1.0),
        Setting("final_divisor", 100.0, "first rate / last rate", low=10.0, high=1e4, log=True, minimum=1.0),
        Setting("final_at_last_update", True, "the last update has the last rate; else one more would", formerly=False),
    ),
    needs_length=True,
    source="Smith 2018",
    description="straight up to the base rate, down again in the same time, then far below until the last update",
)

inverse_sqrt = Schedule(
    name="inverse_sqrt",
    factor=_inverse_sqrt,
    settings=(Setting("after", 1000, "updates at the base rate", low=10, high=10_000, log=True, minimum=1),),
    needs_length=False,
    source="Vaswani et al. 2017, eq. 3",
    description="the base rate for `after` updates, then rate * sqrt(after / t)",
)

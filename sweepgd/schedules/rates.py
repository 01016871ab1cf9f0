"""The learning rate of each update: the base rate times its schedule, after or during a warm-up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sweepgd.problem import UsageProblem
from sweepgd.schedules.contract import Clock, Floats, Schedule


class Start(NamedTuple):
    """When a schedule begins to count: after so many updates, which are so many epochs."""

    updates: int = 0
    epochs: float = 0.0


BEGINNING = Start()


def learning_rates(
    schedule: Schedule,
    settings: Mapping[str, Any],
    clock: Clock,
    learning_rate: float,
    warmup_updates: int,
    start: Start = BEGINNING,
) -> Floats:
    """The learning rate of each update on the clock, float64 (m,).

    Update t of a warm-up of W has (t + 1) / W of the rate that the schedule gives (Goyal et al. 2017, section 2.2). The
    schedule counts from `start`: from the run's beginning, so that the warm-up multiplies it, or from the warm-up's end, as in
    optax's warmup_cosine_decay_schedule and with Keras' warmup_steps; the warm-up then climbs to the schedule's first rate, and
    what is left of the run is the schedule's length. Raises UsageProblem where the schedule needs a length that the clock does
    not have.
    """
    if schedule.needs_length and clock.total_updates is None:
        raise UsageProblem(
            f"schedule {schedule.name!r} needs the length of the run: give the budget in epochs, updates or samples"
        )
    factors = schedule.factor(clock, **settings) if start == BEGINNING else _later(schedule, settings, clock, start)
    rates = learning_rate * factors
    if warmup_updates:
        rates = rates * np.minimum(1.0, (clock.updates + 1) / warmup_updates)
    return rates


def _later(schedule: Schedule, settings: Mapping[str, Any], clock: Clock, start: Start) -> Floats:
    """The factors of a schedule that begins at `start`; its first one before."""
    total = None if clock.total_updates is None else max(1, clock.total_updates - start.updates)
    begun = clock.updates >= start.updates
    factors = np.empty(len(begun))
    if not begun.all():
        factors[~begun] = schedule.factor(Clock(np.zeros(1, np.int64), np.zeros(1), total), **settings)
    if begun.any():
        # Without the rounding, 1.3 - 0.3 epochs would be less than a whole one.
        epochs = np.round(clock.epochs[begun] - start.epochs, 9)
        factors[begun] = schedule.factor(Clock(clock.updates[begun] - start.updates, epochs, total), **settings)
    return factors

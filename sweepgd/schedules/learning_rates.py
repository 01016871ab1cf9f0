"""The learning rate of each update, which is the base rate times the schedule's factor, with a warm-up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sweepgd.core.errors import UsageError
from sweepgd.schedules.contract import Clock, Floats, Schedule


class Start(NamedTuple):
    """The update from which a schedule counts, and the number of epochs before that update."""

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
    """Return the learning rate of each update of the clock, float64 (m,).

    Update t of a warm-up of W updates has (t + 1) / W of the schedule's rate (Goyal et al. 2017, section 2.2). The schedule
    counts updates from `start`. If `start` is the start of the run, the warm-up multiplies the schedule's rates. If `start` is
    the end of the warm-up, the warm-up rises to the schedule's first rate, and the rest of the run is the schedule's length.
    optax's warmup_cosine_decay_schedule and Keras' warmup_steps have this second form. Raises UsageError if the schedule needs
    a length and the clock has none.
    """
    if schedule.needs_length and clock.total_updates is None:
        raise UsageError(
            f"schedule {schedule.name!r} needs the length of the run: give the budget in epochs, updates or samples"
        )
    factors = schedule.factor(clock, **settings) if start == BEGINNING else _delayed_factors(schedule, settings, clock, start)
    rates = learning_rate * factors
    if warmup_updates:
        rates = rates * np.minimum(1.0, (clock.updates + 1) / warmup_updates)
    return rates


def _delayed_factors(schedule: Schedule, settings: Mapping[str, Any], clock: Clock, start: Start) -> Floats:
    """Return the factors of a schedule that counts from `start`. Updates before `start` have the schedule's first factor."""
    total = None if clock.total_updates is None else max(1, clock.total_updates - start.updates)
    begun = clock.updates >= start.updates
    factors = np.empty(len(begun))
    if not begun.all():
        factors[~begun] = schedule.factor(Clock(np.zeros(1, np.int64), np.zeros(1), total), **settings)
    if begun.any():
        # Rounded, because in floating point 1.3 - 0.3 epochs is less than 1.
        epochs = np.round(clock.epochs[begun] - start.epochs, 9)
        factors[begun] = schedule.factor(Clock(clock.updates[begun] - start.updates, epochs, total), **settings)
    return factors

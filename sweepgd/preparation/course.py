"""The course of a run as its configuration plans it: the learning rates and batch sizes of all its updates."""

from dataclasses import dataclass

import numpy as np

from sweepgd.budget import Budget
from sweepgd.configuration import Configuration
from sweepgd.schedules import Clock, learning_rates
from sweepgd.schedules.contract import Floats
from sweepgd.sweep.points import schedule_of
from sweepgd.training.start import plan_of, warmup_of

# A longer run takes more than a tenth of a second to lay out.
MOST_UPDATES, MOST_EPOCHS = 2_000_000, 20_000


@dataclass(frozen=True, eq=False)
class Course:
    """What is planned for each of `total` updates, as shares of the base rate: `rates` (updates,), and the schedule's `factors`
    alone, from where it begins. `sizes` are the batch sizes of the epochs; `warmup` is in updates."""

    total: int
    samples: int
    warmup: int
    rates: Floats
    factors: Floats
    sizes: tuple[int, ...]

    @property
    def effect(self) -> tuple[int, bytes, tuple[int, ...]]:
        """Equal for courses that compute the same."""
        return self.total, self.rates.tobytes(), self.sizes


def course_of(configuration: Configuration, budget: Budget, rows: int, last_batch: str) -> Course | None:
    """The course of a run on so many training rows; None where its length is unknown, or too long to be laid out."""
    if max(budget.epochs or 0, budget.length or 0, (budget.samples or 0) / rows) > MOST_EPOCHS:
        return None
    plan = plan_of(configuration, rows, last_batch)
    total = plan.length(budget)
    if total is None or total > MOST_UPDATES:
        return None
    epochs: list[Floats] = []
    sizes: list[int] = []
    made = samples = 0
    while made < total:
        if len(sizes) == MOST_EPOCHS:
            return None
        bounds = plan.bounds(len(sizes))[: total - made + 1]
        epochs.append(len(sizes) + bounds[:-1] / plan.samples(len(sizes)))
        sizes.append(int(bounds[1]))
        samples += int(bounds[-1])
        made += len(bounds) - 1
    clock = Clock(np.arange(total), np.concatenate(epochs), total)
    schedule, settings = schedule_of(configuration.schedule), configuration.schedule_settings
    warmup, start = warmup_of(configuration, plan)
    rates = learning_rates(schedule, settings, clock, 1.0, warmup, start)
    factors = learning_rates(schedule, settings, clock, 1.0, 0, start)[start.updates :]
    return Course(total, samples, warmup, rates, factors, tuple(sizes))

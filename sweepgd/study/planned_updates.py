"""The planned learning rates and batch sizes of all updates of a run, from its configuration."""

from dataclasses import dataclass

import numpy as np

from sweepgd.schedules import Clock, learning_rates
from sweepgd.schedules.contract import Floats
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.points import schedule_of
from sweepgd.training.start import plan_of, warmup_of

# The plan of a longer run would take more than 0.1 s to compute.
MOST_UPDATES, MOST_EPOCHS = 2_000_000, 20_000


@dataclass(frozen=True, eq=False)
class RunPlan:
    """The plan of `total` updates. `rates` (total,) are multiples of the base learning rate. `factors` are the factors of the
    schedule without the warm-up, from the schedule's first update. `sizes` are the batch sizes of the epochs. `warmup` is the
    number of updates of the warm-up.
    """

    total: int
    samples: int
    warmup: int
    rates: Floats
    factors: Floats
    sizes: tuple[int, ...]

    @property
    def effect(self) -> tuple[int, bytes, tuple[int, ...]]:
        """A key that is equal for two plans with the same rates and batch sizes."""
        return self.total, self.rates.tobytes(), self.sizes


def run_plan_of(configuration: Configuration, budget: Budget, rows: int, last_batch: str) -> RunPlan | None:
    """Return the plan of a run on `rows` training rows, or None if its length is unknown or too large."""
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
    return RunPlan(total, samples, warmup, rates, factors, tuple(sizes))

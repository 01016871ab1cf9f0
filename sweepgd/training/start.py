"""What a run begins with: its plan and warm-up, its first parameters, and its key of random numbers."""

from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.configuration import Configuration
from sweepgd.models import Architecture
from sweepgd.plan import Plan
from sweepgd.problem import UsageProblem
from sweepgd.schedules import BATCH_SCHEDULES, BEGINNING, Start
from sweepgd.streams import INIT, KEY, stream

# Replicates have the same seeds in every trial, and so the same beginnings: 30 µs a run, a tenth of a small trial. These are at
# most 8 MB.
SEEDS_KEPT, PARAMETERS_KEPT = 64, 16384


def resolve_batch_size(batch_size: int | str, rows: int) -> int:
    """The number of rows that a configuration's batch size stands for. Raises UsageProblem outside 1 to `rows`."""
    size = rows if batch_size == "full" else int(batch_size)
    if not 1 <= size <= rows:
        raise UsageProblem(f'batch_size {size}: must be 1 to {rows}, the number of training rows, or "full"')
    return size


def plan_of(configuration: Configuration, rows: int, last_batch: str) -> Plan:
    """The mini-batches of a configuration on so many training rows; `last_batch` is "keep" or "drop"."""
    size = resolve_batch_size(configuration.batch_size, rows)
    grow = partial(BATCH_SCHEDULES[configuration.batch_schedule].size, size, **configuration.batch_schedule_settings)
    return Plan(rows, grow, drop_last=last_batch == "drop")


def warmup_of(configuration: Configuration, plan: Plan) -> tuple[int, Start]:
    """How many updates a configuration's warm-up takes, and when its schedule begins."""
    updates = round(configuration.warmup * plan.updates(0))
    return updates, Start(updates, plan.epochs(updates)) if configuration.schedule_after_warmup else BEGINNING


def beginning(architecture: Architecture, seed: int) -> npt.NDArray[np.float64]:
    """The parameters that a run begins with, (parameters,)."""
    return (_kept if architecture.parameters <= PARAMETERS_KEPT else _drawn)(architecture, seed)


def _drawn(architecture: Architecture, seed: int) -> npt.NDArray[Any]:
    return architecture.initial(stream(seed, INIT))


_kept = lru_cache(SEEDS_KEPT)(_drawn)


@lru_cache(SEEDS_KEPT)
def key(seed: int) -> int:
    """The number that a run's compiled kernels draw random numbers from."""
    return int(stream(seed, KEY).integers(2**62))

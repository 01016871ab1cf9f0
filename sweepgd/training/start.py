"""All that a run needs at its start: the plan of its mini-batches, the warm-up, the initial parameters, and the key of its
random numbers.
"""

from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError
from sweepgd.core.random_streams import INIT, KEY, stream
from sweepgd.models import Architecture
from sweepgd.schedules import BATCH_SCHEDULES, BEGINNING, Start
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.batches import Plan

# A replicate has the same seed in every trial, and therefore the same initial parameters. Drawing the parameters takes 30 µs, a
# tenth of the time of a small trial. The cache holds at most 8 MB.
CACHED_SEEDS, CACHED_PARAMETERS = 64, 16384


def plan_of(configuration: Configuration, rows: int, last_batch: str) -> Plan:
    """Return the plan of a configuration's mini-batches on `rows` training rows. `last_batch` is "keep" or "drop".

    Raises UsageError if the batch size is not from 1 to `rows`.
    """
    size = configuration.batch_rows(rows)
    if not 1 <= size <= rows:
        raise UsageError(f'batch_size {size}: must be from 1 to {rows}, the number of training rows, or "full"')
    grow = partial(BATCH_SCHEDULES[configuration.batch_schedule].size, size, **configuration.batch_schedule_settings)
    return Plan(rows, grow, drop_last=last_batch == "drop")


def warmup_of(configuration: Configuration, plan: Plan) -> tuple[int, Start]:
    """Return the number of updates of a configuration's warm-up, and the Start from which the schedule counts."""
    updates = round(configuration.warmup * plan.updates(0))
    return updates, Start(updates, plan.epochs(updates)) if configuration.schedule_after_warmup else BEGINNING


def initial_parameters(architecture: Architecture, seed: int) -> npt.NDArray[np.float64]:
    """Return the parameters at the start of a run, (parameters,)."""
    return (_cached if architecture.parameters <= CACHED_PARAMETERS else _drawn)(architecture, seed)


def _drawn(architecture: Architecture, seed: int) -> npt.NDArray[Any]:
    return architecture.initial(stream(seed, INIT))


_cached = lru_cache(CACHED_SEEDS)(_drawn)


@lru_cache(CACHED_SEEDS)
def kernel_key(seed: int) -> int:
    """Return the key from which the compiled kernels of a run generate random numbers."""
    return int(stream(seed, KEY).integers(2**62))

"""The batch-size schedules."""

import math

from sweepgd.core.setting import Setting
from sweepgd.schedules.contract import BatchSchedule

LARGEST_BATCH = 2**31 - 1


def _constant_size(batch_size: int, epoch: int) -> int:
    return batch_size


def _growth(batch_size: int, epoch: int, after: int, every: int, factor: float, limit: int) -> int:
    steps = max(0, (epoch - after) // every + 1)
    largest = max(batch_size, limit or LARGEST_BATCH)
    # Logarithms are compared, because the power would overflow in a long run.
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
                Setting("every", 1, "whole epochs between steps", low=1, high=20, minimum=1),
                Setting("factor", 10.0, "factor of the batch size at each step", low=2.0, high=10.0, minimum=1.0),
                Setting("limit", 0, "largest size that a step may reach; 0 means no limit", low=0, high=65_536, minimum=0),
            ),
            source="Smith et al. 2018",
            description="size * factor at the epochs at which the schedule `step` would multiply the rate",
        ),
    )
}

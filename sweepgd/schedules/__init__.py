"""Learning-rate schedules as factors of a base rate, and batch-size schedules.

The values of a schedule are computed as arrays, before the updates that use these values. The values depend only on the
position in the run, and not on losses, gradients or optimizers.
"""

from sweepgd.schedules.batch_schedules import BATCH_SCHEDULES
from sweepgd.schedules.builtin import constant, cosine, exponential, inverse_sqrt, one_cycle, polynomial, step, time
from sweepgd.schedules.contract import BatchSchedule, Clock, Schedule
from sweepgd.schedules.learning_rates import BEGINNING, Start, learning_rates

__all__ = [
    "BATCH_SCHEDULES",
    "BEGINNING",
    "BatchSchedule",
    "Clock",
    "Schedule",
    "Start",
    "constant",
    "cosine",
    "exponential",
    "inverse_sqrt",
    "learning_rates",
    "one_cycle",
    "polynomial",
    "step",
    "time",
]

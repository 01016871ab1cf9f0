"""Learning-rate schedules as factors of a base rate, and batch-size schedules.

A schedule is evaluated to arrays before the updates that use them. It depends on the position in the run only: nothing here
sees a loss, a gradient or an optimizer.
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

"""The effect of the batch size: steps to a target, critical sizes, best rates, times, and results at equal budgets.

All results are functions of recorded tables. The bootstrap intervals of these results are over replicates, and also over
configurations if the sweep drew the configurations. Comparisons of sharpness are in `sweepgd.analysis`.
"""

from sweepgd.analysis.batch_size.batch_size_tables import batch_size_tables
from sweepgd.analysis.batch_size.best_rates import best_rates
from sweepgd.analysis.batch_size.common_rate import common_rate
from sweepgd.analysis.batch_size.critical_sizes import critical_sizes
from sweepgd.analysis.batch_size.equal_budgets import equal_budgets
from sweepgd.analysis.batch_size.rate_law import rate_law
from sweepgd.analysis.batch_size.rate_profiles import profiles
from sweepgd.analysis.batch_size.replicate_curves import replicates_of
from sweepgd.analysis.batch_size.stable_rates import stable_rates
from sweepgd.analysis.batch_size.steps_to_target import steps_to_target
from sweepgd.analysis.batch_size.target_level import Target, target_of
from sweepgd.analysis.batch_size.tuned_steps import tuned_steps
from sweepgd.analysis.batch_size.update_times import busy_notes, has_knee, update_times

__all__ = [
    "Target",
    "batch_size_tables",
    "best_rates",
    "busy_notes",
    "common_rate",
    "critical_sizes",
    "equal_budgets",
    "has_knee",
    "profiles",
    "rate_law",
    "replicates_of",
    "stable_rates",
    "steps_to_target",
    "target_of",
    "tuned_steps",
    "update_times",
]

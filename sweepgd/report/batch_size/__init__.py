"""Terminal tables of the results of `sweepgd.analysis.batch_size`. This package computes no statistics."""

from collections.abc import Callable, Sequence

from sweepgd.report.batch_size.critical_table import critical_sizes
from sweepgd.report.batch_size.equal_table import equal_budgets
from sweepgd.report.batch_size.law_table import rate_law
from sweepgd.report.batch_size.rates_table import best_rates, stable_rates
from sweepgd.report.batch_size.steps_table import steps_to_target
from sweepgd.report.batch_size.times_table import update_times
from sweepgd.report.question_table import Answer, Row

# A function returns None if its table has no rows to show. Such a table is left out.
BATCH_SIZE: dict[str, Callable[[Sequence[Row]], Answer | None]] = {
    "steps_to_target": steps_to_target,
    "critical_sizes": critical_sizes,
    "best_rates": best_rates,
    "rate_law": rate_law,
    "stable_rates": stable_rates,
    "update_times": update_times,
    "equal_budgets": equal_budgets,
}

__all__ = ["BATCH_SIZE"]

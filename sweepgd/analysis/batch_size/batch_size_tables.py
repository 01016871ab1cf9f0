"""All tables on the effect of the batch size, computed from one pass over the curves."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.batch_size.best_rates import best_rates
from sweepgd.analysis.batch_size.critical_sizes import critical_sizes
from sweepgd.analysis.batch_size.equal_budgets import equal_budgets
from sweepgd.analysis.batch_size.rate_law import rate_law
from sweepgd.analysis.batch_size.rate_profiles import profiles
from sweepgd.analysis.batch_size.replicate_curves import replicates_of
from sweepgd.analysis.batch_size.stable_rates import stable_rates
from sweepgd.analysis.batch_size.steps_to_target import steps_to_target
from sweepgd.analysis.batch_size.target_level import target_of
from sweepgd.analysis.batch_size.tuned_steps import tuned_steps
from sweepgd.analysis.batch_size.update_times import update_times
from sweepgd.record import Results


def batch_size_tables(results: Results, level: float | None = None) -> dict[str, pa.Table]:
    """Return the tables by name, in the order in which they are shown. The result is empty if only one batch size was run.

    `level` is the loss or error of the target, by default the goal of the sweep. Without a target, `steps_to_target` and
    `critical_sizes` are left out. Raises UsageError for a level that is not positive.
    """
    trials, curves = results.trials, results.curves
    target = target_of(trials, level)
    if len(pc.unique(trials["batch_size"].drop_null())) < 2:
        return {}
    replicates = replicates_of(trials)
    tuned = tuned_steps(trials, curves, target) if target is not None else []
    critical = critical_sizes(tuned, replicates)
    of_target = {} if target is None else {"steps_to_target": steps_to_target(tuned, target, replicates)}
    of_target |= {} if target is None else {"critical_sizes": critical}
    rates = profiles(trials, tuned)
    return of_target | {
        "best_rates": best_rates(rates, replicates),
        "rate_law": rate_law(rates, replicates, critical),
        "stable_rates": stable_rates(trials, results.curvature),
        "update_times": update_times(trials),
        "equal_budgets": equal_budgets(trials, curves),
    }

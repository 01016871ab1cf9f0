"""The tables on sharp and flat minima, for studies with recorded curvature."""

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.granulated import granulated
from sweepgd.analysis.invariance import invariance
from sweepgd.analysis.measure_overview import measures
from sweepgd.analysis.repeats import once
from sweepgd.analysis.runs_with_measures import measured
from sweepgd.analysis.small_large import small_large
from sweepgd.analysis.stability import edge_of_stability, stability
from sweepgd.analysis.verdict import TARGETS
from sweepgd.record import Results


def sharpness(results: Results) -> dict[str, pa.Table]:
    """Return the tables of curvature by name, in the order in which they are shown.

    Without recorded curvature, there are no tables. `correlations` and `granulated` are correlations with the generalization
    gap and, for classification, also with the test error.
    """
    curvature = results.curvature
    if not curvature.num_rows:
        return {}
    trials = once(results.trials)
    curvature = curvature.filter(pc.is_in(curvature["trial"], value_set=pc.unique(trials["trial"])))
    runs = measured(trials, curvature, results.curves)
    # A regression has no test error, and its correlations would all be undefined.
    targets = [target for target in TARGETS if target == "generalization_gap" or runs[target].null_count < runs.num_rows]
    along_training = edge_of_stability(trials, results.curves, curvature)
    return {
        "measures": measures(trials, curvature),
        "correlations": pa.concat_tables([correlations(runs, target) for target in targets]),
        "granulated": pa.concat_tables([granulated(runs, target) for target in targets]),
        "small_large": small_large(runs),
        "stability": stability(trials, along_training),
        "edge_of_stability": along_training,
        "invariance": invariance(curvature),
    }

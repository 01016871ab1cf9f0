"""The tables of sharp and flat minima that an analysis shows where curvature was recorded."""

import pyarrow as pa

from sweepgd.analysis.columns import floats
from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.granulated import granulated
from sweepgd.analysis.invariance import invariance
from sweepgd.analysis.measured import by_measure, known, measured
from sweepgd.analysis.small_large import small_large
from sweepgd.analysis.stability import edge_of_stability, stability
from sweepgd.analysis.verdict import TARGETS
from sweepgd.record import Results


def sharpness(results: Results) -> dict[str, pa.Table]:
    """`measures` in one line each, `correlations` and `granulated` against gap and test error, `small_large`,
    `stability` and the looks it sums up, `edge_of_stability`, and `invariance`; nothing where no curvature was recorded.
    """
    curvature = results.curvature
    if not curvature.num_rows:
        return {}
    runs = measured(results.trials, curvature)
    # A regression has no test error, and it is of no use to say so of each measure.
    targets = [target for target in TARGETS if target == "generalization_gap" or runs[target].null_count < runs.num_rows]
    looks = edge_of_stability(results.trials, results.curves, curvature)
    return {
        "measures": measures(curvature),
        "correlations": pa.concat_tables([correlations(runs, target) for target in targets]),
        "granulated": pa.concat_tables([granulated(runs, target) for target in targets]),
        "small_large": small_large(runs),
        "stability": stability(looks),
        "edge_of_stability": looks,
        "invariance": invariance(curvature),
    }


def measures(curvature: pa.Table) -> pa.Table:
    """Each recorded measure: `measure`, its `description` and `source`, whether it is `invariant` to rescaling, `values` and
    `missing` (rows with and without a value), and the first `message` of a row without."""
    values = floats(curvature, "value")
    rows = []
    for name, of_measure in by_measure(curvature).items():
        entry = known(name)
        missing = of_measure[values[of_measure] != values[of_measure]]
        row = {"measure": name, "values": len(of_measure) - len(missing), "missing": len(missing)}
        row["message"] = curvature["message"][int(missing[0])].as_py() if len(missing) else None
        if entry is not None:
            row |= {"description": entry.description, "source": entry.source, "invariant": entry.invariant}
        rows.append(row)
    texts = [(name, pa.string()) for name in ("measure", "description", "source", "message")]
    counts = [(name, pa.int64()) for name in ("values", "missing")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*texts, *counts, ("invariant", pa.bool_())]))

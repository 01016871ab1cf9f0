"""Which measures change when a network's layers are rescaled and its outputs are not (Dinh et al. 2017)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats
from sweepgd.analysis.measured import at_minimisers, by_measure, known
from sweepgd.analysis.verdict import INCONCLUSIVE

TOLERANCE = 0.01
KEYS = ["trial", "replicate", "which", "measure", "settings"]

SCHEMA = pa.schema(
    [("measure", pa.string()), ("minimisers", pa.int64())]
    + [(name, pa.float64()) for name in ("rescaling_from", "rescaling_to", "ratio", "share_equal")]
    + [("seen", pa.string()), ("expected", pa.string()), ("message", pa.string())]
)


def invariance(curvature: pa.Table) -> pa.Table:
    """Each measure at rescaled weights against the same minimiser's as trained, settings equal: a row a measure.

    Columns: `minimisers` compared (a rescaling each), the range of their rescalings, the median `ratio` of rescaled to
    original, `share_equal` of those that differ by at most 1 % beyond the recorded errors of both, `seen` ("invariant" where
    that is most of them, else "changes"; "inconclusive" where none can be compared, with the reason in `message`), and
    `expected`, what theory says, "invariant" or "changes", null for a measure not in the catalogue. Empty where nothing was
    measured at rescaled weights.
    """
    rows = at_minimisers(curvature).select([*KEYS, "rescaling", "value", "error"])
    trained = pc.equal(rows["rescaling"], 1.0)
    if pc.all(trained).as_py():
        return SCHEMA.empty_table()
    # The last of each: the newest.
    latest = [(name, "last") for name in ("value", "error")]
    own = rows.filter(trained).group_by(KEYS, use_threads=False).aggregate(latest).rename_columns([*KEYS, "own", "own_error"])
    other = rows.filter(pc.invert(trained)).group_by([*KEYS, "rescaling"], use_threads=False).aggregate(latest)
    pairs = other.join(own, KEYS, join_type="left outer")
    before, after = floats(pairs, "own"), floats(pairs, "value_last")
    reach = TOLERANCE * abs(before) + np.nan_to_num(floats(pairs, "own_error")) + np.nan_to_num(floats(pairs, "error_last"))
    defined = ~np.isnan(before) & ~np.isnan(after)
    rescalings = floats(pairs, "rescaling")
    found = []
    for name, of_measure in by_measure(pairs).items():
        chosen = of_measure[defined[of_measure]]
        entry = known(name)
        row = {"measure": name, "minimisers": len(chosen), "seen": INCONCLUSIVE}
        row["expected"] = None if entry is None else "invariant" if entry.invariant else "changes"
        if len(chosen):
            share = float(np.mean(abs(after - before)[chosen] <= reach[chosen]))
            row |= {"share_equal": share, "seen": "invariant" if share > 0.5 else "changes"}
            row |= {"rescaling_from": rescalings[chosen].min(), "rescaling_to": rescalings[chosen].max()}
            nonzero = chosen[before[chosen] != 0]
            row["ratio"] = float(np.median(after[nonzero] / before[nonzero])) if len(nonzero) else None
        else:
            row["message"] = "no minimiser has a value at both weights"
        found.append(row)
    return pa.Table.from_pylist(found, schema=SCHEMA)

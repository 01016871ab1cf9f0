"""Change of measures when the layers of a network are rescaled without changing its outputs (Dinh et al. 2017)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.runs_with_measures import at_minimisers, catalogue_entry, rows_by_measure
from sweepgd.analysis.verdict import INCONCLUSIVE

TOLERANCE = 0.01
KEYS = ["trial", "replicate", "which", "measure", "settings"]

SCHEMA = pa.schema(
    [("measure", pa.string()), ("minimisers", pa.int64())]
    + [(name, pa.float64()) for name in ("rescaling_from", "rescaling_to", "ratio", "share_equal")]
    + [("seen", pa.string()), ("expected", pa.string()), ("message", pa.string())]
)


def invariance(curvature: pa.Table) -> pa.Table:
    """Return one row per measure, which compares the measure's values at rescaled weights with its values at the weights as
    trained.

    Values of the same minimiser and the same settings are compared. Columns: `minimisers`, the number of minimisers compared,
    counted once for each rescaling; the range of the rescalings; `ratio`, the median ratio of rescaled to original values;
    `share_equal`, the share of minimisers whose values differ by at most 1 % plus the recorded errors; `seen`, "invariant" if
    this share is above one half, else "changes", or "inconclusive" with the reason in `message`; `expected`, "invariant" or
    "changes" by theory, null for a measure that is not in the catalogue. The table is empty if nothing was measured at rescaled
    weights.
    """
    rows = at_minimisers(curvature).select([*KEYS, "rescaling", "value", "error"])
    trained = pc.equal(rows["rescaling"], 1.0)
    if pc.all(trained).as_py():
        return SCHEMA.empty_table()
    # A minimiser may be measured more than once: the last value is the newest.
    latest = [(name, "last") for name in ("value", "error")]
    original = rows.filter(trained).group_by(KEYS, use_threads=False).aggregate(latest)
    original = original.rename_columns([*KEYS, "original", "original_error"])
    rescaled = rows.filter(pc.invert(trained)).group_by([*KEYS, "rescaling"], use_threads=False).aggregate(latest)
    pairs = rescaled.join(original, KEYS, join_type="left outer")
    before, after = floats(pairs, "original"), floats(pairs, "value_last")
    errors = np.nan_to_num(floats(pairs, "original_error")) + np.nan_to_num(floats(pairs, "error_last"))
    tolerances = TOLERANCE * abs(before) + errors
    defined = ~np.isnan(before) & ~np.isnan(after)
    rescalings = floats(pairs, "rescaling")
    found = []
    for name, of_measure in rows_by_measure(pairs).items():
        chosen = of_measure[defined[of_measure]]
        entry = catalogue_entry(name)
        row = {"measure": name, "minimisers": len(chosen), "seen": INCONCLUSIVE}
        row["expected"] = None if entry is None else "invariant" if entry.invariant else "changes"
        if len(chosen):
            share = float(np.mean(abs(after - before)[chosen] <= tolerances[chosen]))
            row |= {"share_equal": share, "seen": "invariant" if share > 0.5 else "changes"}
            row |= {"rescaling_from": rescalings[chosen].min(), "rescaling_to": rescalings[chosen].max()}
            nonzero = chosen[before[chosen] != 0]
            row["ratio"] = float(np.median(after[nonzero] / before[nonzero])) if len(nonzero) else None
        else:
            row["message"] = "no minimiser has values both as trained and after rescaling"
        found.append(row)
    return pa.Table.from_pylist(found, schema=SCHEMA)

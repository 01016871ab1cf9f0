"""What was measured, and how."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.measured import Indices, as_trained, by_measure, completed, known, one_way, place
from sweepgd.analysis.repeats import once

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "description", "source")]
    + [("invariant", pa.bool_()), ("values", pa.int64()), ("missing", pa.int64()), ("message", pa.string())]
    + [("rows", pa.int64()), ("dtype", pa.string()), ("exact", pa.bool_()), ("others", pa.int64())]
)


def measures(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """Each recorded measure as the other tables take it, at the minimisers of completed runs, as they were trained.

    Columns: `measure`, its `description` and `source`, whether it is `invariant` to rescaling; `values` and `missing` (runs
    with and without a value) and the first `message` of those without; the `rows` and `dtype` of the data that it was measured
    on, and whether products are `exact` or differences of gradients; `others`, the values set aside as their settings differ.
    """
    rows = as_trained(curvature)
    home, values = place(completed(once(trials)), rows), floats(rows, "value")
    indices = by_measure(rows)
    found = []
    for name in by_measure(curvature):
        every = indices.get(name, np.empty(0, dtype=np.int64))
        every = every[home[every] >= 0]
        chosen = one_way(rows, every, home)
        entry = known(name)
        row: dict[str, Any] = {"measure": name} | _counted(rows, chosen, every, home, values)
        if entry is not None:
            row |= {"description": entry.description, "source": entry.source, "invariant": entry.invariant}
        found.append(row)
    return pa.Table.from_pylist(found, schema=SCHEMA)


def _counted(rows: pa.Table, chosen: Indices, every: Indices, home: Indices, values: Floats) -> dict[str, Any]:
    if not len(chosen):
        return {"values": 0, "missing": 0, "others": 0}
    has = ~np.isnan(values)
    runs = np.unique(home[chosen[has[chosen]]])
    missing = chosen[~np.isin(home[chosen], runs)]
    first = rows.slice(int(chosen[0]), 1).to_pylist()[0]
    same = pc.equal(rows["which"].take(pa.array(every)), first["which"]).to_numpy().astype(bool)
    settings = json.loads(first["settings"] or "{}")
    return {
        "values": len(runs),
        "missing": len(np.unique(home[missing])),
        "message": rows["message"][int(missing[0])].as_py() if len(missing) else None,
        "rows": first["rows"],
        "dtype": settings.get("dtype"),
        "exact": settings.get("exact"),
        "others": len(np.setdiff1d(every[same & has[every]], chosen)),
    }

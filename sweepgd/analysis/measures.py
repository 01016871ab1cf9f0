"""What was measured, and how."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.measured import Indices, as_trained, by_measure, completed, known, of_one_kind, one_way, place
from sweepgd.analysis.repeats import once

OTHER = {"final": "best", "best": "final"}

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "description", "source", "which")]
    + [("invariant", pa.bool_()), ("values", pa.int64()), ("missing", pa.int64()), ("message", pa.string())]
    + [("rows", pa.int64()), ("dtype", pa.string()), ("exact", pa.bool_()), ("others", pa.int64())]
    + [("training_rows", pa.int64()), ("rows_error", pa.float64())]
)


def measures(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """Each recorded measure as the other tables take it, at the minimisers of completed runs, as they were trained.

    Columns: `measure`, its `description` and `source`, `which` weights it is of, whether it is `invariant` to rescaling;
    `values` and `missing` (runs with and without a value) and the first `message` of those without; the `rows` and `dtype` of
    the data that it was measured on, of `training_rows` in all (null where that is not recorded), and whether products are
    `exact` or differences of gradients; `others`, the values set aside as their settings differ; `rows_error`, the median
    standard error that measuring only those rows leaves, as a share of the value, null where that was not estimated.
    """
    runs = completed(once(trials))
    which, rows, _ = of_one_kind(runs, curvature)
    elsewhere = _runs_with_values(runs, as_trained(curvature))
    home, values = place(runs, rows), floats(rows, "value")
    indices = by_measure(rows)
    found = []
    for name in by_measure(curvature):
        every = indices.get(name, np.empty(0, dtype=np.int64))
        every = every[home[every] >= 0]
        chosen = one_way(rows, every, home)
        entry = known(name)
        row: dict[str, Any] = {"measure": name} | _counted(rows, chosen, every, home, values)
        if not row["values"] and elsewhere.get(name):
            row |= {
                "missing": elsewhere[name],
                "message": f"measured at the {OTHER[which]} weights, and these tables are of the {which} ones",
            }
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
    of_rows = floats(rows, "rows_error")[chosen] / abs(values[chosen])
    of_rows = of_rows[np.isfinite(of_rows)]
    settings = json.loads(first["settings"] or "{}")
    return {
        "values": len(runs),
        "missing": len(np.unique(home[missing])),
        "message": rows["message"][int(missing[0])].as_py() if len(missing) else None,
        "which": first["which"],
        "rows": first["rows"],
        "training_rows": first["training_rows"],
        "rows_error": float(np.median(of_rows)) if len(of_rows) else None,
        "dtype": settings.get("dtype"),
        "exact": settings.get("exact"),
        "others": len(np.setdiff1d(every[has[every]], chosen)),
    }


def _runs_with_values(runs: pa.Table, rows: pa.Table) -> dict[str, int]:
    """How many of `runs` have a value of each measure, at whichever weights."""
    home = place(runs, rows)
    known = (home >= 0) & ~np.isnan(floats(rows, "value"))
    return {name: len(np.unique(home[of_measure[known[of_measure]]])) for name, of_measure in by_measure(rows).items()}

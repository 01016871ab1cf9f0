"""Overview of the recorded measures and of how they were computed."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.repeats import once
from sweepgd.analysis.runs_with_measures import (
    Indices,
    as_trained,
    catalogue_entry,
    completed,
    rows_by_measure,
    run_indices,
    same_weights,
    with_equal_settings,
)

OTHER = {"final": "best", "best": "final"}

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("measure", "description", "source", "which")]
    + [("invariant", pa.bool_()), ("values", pa.int64()), ("missing", pa.int64()), ("message", pa.string())]
    + [("rows", pa.int64()), ("dtype", pa.string()), ("exact", pa.bool_()), ("others", pa.int64())]
    + [("training_rows", pa.int64()), ("rows_error", pa.float64()), ("mode", pa.string())]
)


def measures(trials: pa.Table, curvature: pa.Table) -> pa.Table:
    """Return one row per recorded measure, which describes the values that the other tables use.

    These are the values at the minimisers of completed runs as trained, without rescaling.

    Columns: `measure`, `description`, `source`; `which`, the kind of weights, final or best; `invariant`, true if rescaling
    does not change the measure; `values` and `missing`, the numbers of runs with and without a value, and the first `message`
    of a missing value; `rows`, the number of data rows measured, out of `training_rows` (null if not recorded); `dtype`;
    `exact`, true for exact Hessian products and false for differences of gradients; `others`, the number of values that are not
    used because their settings differ; `rows_error`, the median standard error due to measuring a subset of the rows, as a
    share of the value, null if not estimated; `mode`, "evaluation" for models with dropout or batch normalization.
    """
    runs = completed(once(trials))
    which, rows, _ = same_weights(runs, curvature)
    runs_with_values = _runs_with_values(runs, as_trained(curvature))
    run_of_row, values = run_indices(runs, rows), floats(rows, "value")
    indices = rows_by_measure(rows)
    found = []
    for name in rows_by_measure(curvature):
        every = indices.get(name, np.empty(0, dtype=np.int64))
        every = every[run_of_row[every] >= 0]
        chosen = with_equal_settings(rows, every, run_of_row)
        entry = catalogue_entry(name)
        row: dict[str, Any] = {"measure": name} | _row(rows, chosen, every, run_of_row, values)
        if not row["values"] and runs_with_values.get(name):
            row |= {
                "missing": runs_with_values[name],
                "message": f"measured at the {OTHER[which]} weights, but these tables use the {which} weights",
            }
        if entry is not None:
            row |= {"description": entry.description, "source": entry.source, "invariant": entry.invariant}
        found.append(row)
    return pa.Table.from_pylist(found, schema=SCHEMA)


def _row(rows: pa.Table, chosen: Indices, every: Indices, run_of_row: Indices, values: Floats) -> dict[str, Any]:
    if not len(chosen):
        return {"values": 0, "missing": 0, "others": 0}
    has = ~np.isnan(values)
    runs = np.unique(run_of_row[chosen[has[chosen]]])
    missing = chosen[~np.isin(run_of_row[chosen], runs)]
    first = rows.slice(int(chosen[0]), 1).to_pylist()[0]
    with np.errstate(divide="ignore", invalid="ignore"):  # a measure may be 0
        errors = floats(rows, "rows_error")[chosen] / abs(values[chosen])
    errors = errors[np.isfinite(errors)]
    settings = json.loads(first["settings"] or "{}")
    return {
        "values": len(runs),
        "missing": len(np.unique(run_of_row[missing])),
        "message": rows["message"][int(missing[0])].as_py() if len(missing) else None,
        "which": first["which"],
        "rows": first["rows"],
        "training_rows": first["training_rows"],
        "rows_error": float(np.median(errors)) if len(errors) else None,
        "dtype": settings.get("dtype"),
        "exact": settings.get("exact"),
        "mode": settings.get("mode"),
        "others": len(np.setdiff1d(every[has[every]], chosen)),
    }


def _runs_with_values(runs: pa.Table, rows: pa.Table) -> dict[str, int]:
    """Return, for each measure, the number of `runs` that have a value at either kind of weights."""
    run_of_row = run_indices(runs, rows)
    known = (run_of_row >= 0) & ~np.isnan(floats(rows, "value"))
    return {
        name: len(np.unique(run_of_row[of_measure[known[of_measure]]])) for name, of_measure in rows_by_measure(rows).items()
    }

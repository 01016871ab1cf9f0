"""The table of `sweepgd measure`: one row per measure."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.curvature.catalogue import EVALUATION_MODE, MEASURES, MODE_IN_WORDS, UNMEASURED, measure_of
from sweepgd.report.number_format import duration, short, significant
from sweepgd.report.question_table import Answer, Column

MEDIANS = ("value", "error", "rows_error", "seconds")
ERRORS = "residual or standard error; for a maximum, its excess over the maximum of half of the ascents"
COLUMNS = (
    Column("measure", "measure", number=False),
    Column("which", "weights", number=False),
    Column("rescaling", "layers\nrescaled", lambda factor: "" if factor == 1.0 else f"× {short(factor)}"),
    Column("minimisers", "mini-\nmisers"),
    Column("without", "no\nvalue", lambda count: str(count) if count else ""),
    Column("value", "value", significant, legend="value, error, time = medians"),
    Column("error", "error", significant, legend=f"error = {ERRORS}"),
    Column(
        "rows_error",
        "error\nof rows",
        significant,
        legend="error of rows = standard error due to measuring a subset of the rows; maxima hold for the measured rows only",
    ),
    Column("seconds", "time\neach", duration),
)


def summary(table: pa.Table) -> list[dict[str, Any]]:
    """Return one row per measure, kind of weights and rescaling, in the order of the catalogue.

    `table` holds rows of the curvature table. Keys: `measure`, `which`, `rescaling`; `minimisers` and `without`, the numbers of
    minimisers with and without a value; the medians of `value`, `error`, `rows_error` and `seconds`, or None; `rows` and
    `training_rows` of the last measurement; `message`, the most frequent reason for a missing value; `mode`, "evaluation" for
    models with dropout or batch normalization.
    """
    groups: dict[tuple[str, str, float], list[int]] = {}
    for index, key in enumerate(zip(*(table[name].to_pylist() for name in ("measure", "which", "rescaling")), strict=True)):
        groups.setdefault(key, []).append(index)
    columns = table.select([*MEDIANS, "rows", "training_rows", "message", "settings"])
    catalogue = list(MEASURES)
    keys = sorted(groups, key=lambda key: catalogue.index(measure_of(key[0]).name))
    return [_gathered(*key, columns.take(pa.array(groups[key]))) for key in keys]


def of_rows(row: Mapping[str, Any]) -> str:
    """Return the number of rows measured, as "512 of 1257" if there are more training rows."""
    rows, training = row["rows"], row["training_rows"]
    return "" if rows is None else str(rows) if training in (None, rows) else f"{rows} of {training}"


def _gathered(measure: str, which: str, rescaling: float, rows: pa.Table) -> dict[str, Any]:
    empty = pc.is_null(rows["value"])
    reasons = Counter(rows.filter(empty)["message"].to_pylist()).most_common(1)
    return {
        "measure": measure,
        "which": which,
        "rescaling": rescaling,
        "minimisers": rows.num_rows - len(rows.filter(empty)),
        "without": len(rows.filter(empty)),
        **{name: _median(rows[name]) for name in MEDIANS},
        **{name: rows[name][-1].as_py() for name in ("rows", "training_rows")},
        "message": reasons[0][0] if reasons else None,
        "mode": json.loads(rows["settings"][-1].as_py() or "{}").get("mode"),
    }


def _median(column: pa.ChunkedArray) -> float | None:
    values = column.drop_null().to_numpy()
    return float(np.median(values)) if len(values) else None


def answer(rows: Sequence[Mapping[str, Any]]) -> Answer:
    """Return the summary as a table. Its legend has the reasons for missing values."""
    legend = [f"measured on {text} training rows" for text in dict.fromkeys(map(of_rows, rows)) if "of" in text]
    legend += [f"{row['measure']}, {row['without']} without a value: {row['message']}" for row in rows if row["without"]]
    legend += [MODE_IN_WORDS] if any(row["mode"] == EVALUATION_MODE for row in rows) else []
    return Answer(
        "How sharp are the minimisers?",
        [(column, [column.cell(row) for row in rows]) for column in COLUMNS] if rows else [],
        frozenset({"measure", "value", "error"}),
        legend,
        ("seconds", "which"),
        "no minimiser was recorded",
    )


def failures(table: pa.Table) -> str:
    """Return a line with the number of values that could not yet be measured, and the first reason. Return "" if there are no
    such values.
    """
    failed = table.filter(pc.fill_null(pc.starts_with(table["message"], UNMEASURED), False))
    if not failed.num_rows:
        return ""
    first = failed.slice(0, 1).to_pylist()[0]
    values = "value" if failed.num_rows == 1 else "values"
    return f"{failed.num_rows} {values} could not be measured; trial {first['trial']}, {first['measure']}: {first['message']}"


def recorded(table: pa.Table) -> str:
    """Return a line with the number of measured runs and the names of the measures."""
    valid = table.filter(pc.is_valid(table["value"]))
    names = sorted({measure_of(name).name for name in valid["measure"].to_pylist()}, key=list(MEASURES).index)
    runs = valid.group_by(["trial", "replicate"]).aggregate([]).num_rows
    return f"Measured {runs} runs: {', '.join(names)}." if runs else "Measured nothing: no run has a value."

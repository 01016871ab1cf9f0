"""Misclassification by class, for the best configuration."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.best import best

NAMES = (
    "class",
    "rows",
    "class_error",
    "taken_for",
    "taken_rows",
    "part",
    "error",
    "balanced_error",
    "macro_f1",
    "majority_error",
)


def classes(trials: pa.Table) -> pa.Table:
    """Return one row per class, which shows how the best configuration classifies the test rows, summed over its completed
    replicates.

    If there is no test part, the validation rows are used. Columns: `class`; `rows`, the number of rows of the class;
    `class_error`, the share of these rows that is misclassified; `taken_for`, the most frequent wrong class; `taken_rows`, the
    number of rows taken for that class. The other columns are equal in all rows: `part`; the means of `error`, `balanced_error`
    and `macro_f1`; `majority_error`, the error if the largest class is always predicted. The table is empty if no confusion
    matrix is recorded.
    """
    first = best(trials, 1)
    rows = trials.filter(pc.is_in(trials["trial"], first["trial"].combine_chunks()))
    rows = rows.filter(pc.equal(rows["status"], "completed"))
    for part in ("test", "validation"):
        replicates = [row for row in rows.to_pylist() if row.get(f"{part}_confusion")]
        if replicates:
            return _table(part, replicates)
    return pa.table({name: pa.array([], pa.string()) for name in NAMES})


def _table(part: str, replicates: list[dict[str, Any]]) -> pa.Table:
    counts = np.sum([row[f"{part}_confusion"] for row in replicates], axis=0)
    rows, wrong = counts.sum(axis=1), counts - np.diag(counts.diagonal())
    names = json.loads(replicates[0]["settings"]).get("classes", [str(number) for number in range(len(counts))])
    predicted = wrong.argmax(axis=1)
    scores = ("error", "balanced_error", "macro_f1")
    means = {name: float(np.mean([row[f"{part}_{name}"] for row in replicates])) for name in scores}
    return pa.table(
        {
            "class": names,
            "rows": rows,
            "class_error": pa.array([errors / n if n else None for errors, n in zip(wrong.sum(axis=1), rows, strict=True)]),
            "taken_for": [names[other] if wrong[own, other] else None for own, other in enumerate(predicted)],
            "taken_rows": wrong.max(axis=1),
            "part": [part] * len(names),
            **{name: [value] * len(names) for name, value in means.items()},
            "majority_error": [1 - rows.max() / rows.sum()] * len(names),
        }
    )

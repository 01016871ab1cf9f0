"""Which classes the best configuration takes for which others."""

import json

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
    """A row a class of what the best configuration, all its completed replicates together, makes of the test rows.

    Where there is no test part it is the validation part. Columns: `class`, `rows`, `class_error` (the share of them taken for
    another class), `taken_for` (which, most often) and `taken_rows` (how often); and of all rows, the same in each: `part`,
    the means of `error`, `balanced_error` and `macro_f1`, and `majority_error`, that of always the largest class. Empty where
    nothing of the kind is recorded.
    """
    first = best(trials, 1)
    rows = trials.filter(pc.is_in(trials["trial"], first["trial"].combine_chunks()))
    rows = rows.filter(pc.equal(rows["status"], "completed"))
    for part in ("test", "validation"):
        kept = [row for row in rows.to_pylist() if row.get(f"{part}_confusion")]
        if kept:
            return _table(part, kept)
    return pa.table({name: pa.array([], pa.string()) for name in NAMES})


def _table(part: str, replicates: list[dict]) -> pa.Table:
    counts = np.sum([row[f"{part}_confusion"] for row in replicates], axis=0)
    rows, wrong = counts.sum(axis=1), counts - np.diag(counts.diagonal())
    names = json.loads(replicates[0]["settings"]).get("classes", [str(number) for number in range(len(counts))])
    taken = wrong.argmax(axis=1)
    scores = ("error", "balanced_error", "macro_f1")
    means = {name: float(np.mean([row[f"{part}_{name}"] for row in replicates])) for name in scores}
    return pa.table(
        {
            "class": names,
            "rows": rows,
            "class_error": pa.array([out / all_ if all_ else None for out, all_ in zip(wrong.sum(axis=1), rows, strict=True)]),
            "taken_for": [names[other] if wrong[own, other] else None for own, other in enumerate(taken)],
            "taken_rows": wrong.max(axis=1),
            "part": [part] * len(names),
            **{name: [value] * len(names) for name, value in means.items()},
            "majority_error": [1 - rows.max() / rows.sum()] * len(names),
        }
    )

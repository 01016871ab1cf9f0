"""The evaluation that gave the losses, errors and gap of a run, and the values of another evaluation."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, nullable

LOSSES_AND_ERRORS = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")
KEYS = ["trial", "replicate", "update"]


def evaluated_at(trials: pa.Table) -> Floats:
    """Return the update after which each row's losses were evaluated, (rows,), or the last update if it is not recorded."""
    recorded = floats(trials, "evaluated_at_update")
    return np.where(np.isnan(recorded), floats(trials, "updates"), recorded)


def at_evaluations(trials: pa.Table, curves: pa.Table | None, updates: Floats) -> pa.Table:
    """Return `trials` with the losses, errors and gap that were evaluated after `updates`, (rows,), one update for each row.

    A row that already has the values of this evaluation stays unchanged. The values of other rows are read from `curves`. These
    values are null if `curves` is None or does not have the evaluation.
    """
    current = evaluated_at(trials)
    changed = (updates != current) & ~(np.isnan(updates) & np.isnan(current))  # two unknown updates count as equal
    if not changed.any():
        return trials
    rows = np.flatnonzero(changed)
    found = {name: np.full(len(rows), np.nan) for name in LOSSES_AND_ERRORS}
    if curves is not None:
        wanted = trials.select(KEYS[:2]).take(pa.array(rows))
        wanted = wanted.append_column("update", pa.array(updates[rows], pa.int64(), from_pandas=True))
        wanted = wanted.append_column("index", pa.array(np.arange(len(rows))))
        points = curves.filter(pc.is_in(curves["trial"], pc.unique(wanted["trial"]))).select([*KEYS, *LOSSES_AND_ERRORS])
        joined = wanted.join(points, KEYS, join_type="inner")
        for name, values in found.items():
            values[joined["index"].to_numpy()] = floats(joined, name)
    held_out = np.where(np.isnan(found["test_loss"]), found["validation_loss"], found["test_loss"])
    found["generalization_gap"] = held_out - found["train_loss"]
    found["evaluated_at_update"] = updates[rows]
    for name, values in found.items():
        column = floats(trials, name)
        column[rows] = values
        replaced = nullable(column).cast(trials.schema.field(name).type)
        trials = trials.set_column(trials.column_names.index(name), name, replaced)
    return trials

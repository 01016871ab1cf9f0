"""Which evaluation the losses, errors and gap of a run are of, and those of another one."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, floats, nullable

FIGURES = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")
KEYS = ["trial", "replicate", "update"]


def evaluated_at(trials: pa.Table) -> Floats:
    """The update after which each row's losses were evaluated, (rows,); in a record that does not say so, its last one."""
    own = floats(trials, "evaluated_at_update")
    return np.where(np.isnan(own), floats(trials, "updates"), own)


def of_evaluation(trials: pa.Table, curves: pa.Table | None, updates: Floats) -> pa.Table:
    """`trials` with losses, errors and gap of the evaluation after so many `updates`, (rows,), one number a row.

    A row that is of that evaluation already stays as it is; another one's figures are taken from `curves`, and are null
    where these hold no such evaluation, or are not given.
    """
    own = evaluated_at(trials)
    moved = (updates != own) & ~(np.isnan(updates) & np.isnan(own))  # unknown on both sides is no other evaluation
    if not moved.any():
        return trials
    places = np.flatnonzero(moved)
    found = {name: np.full(len(places), np.nan) for name in FIGURES}
    if curves is not None:
        wanted = trials.select(KEYS[:2]).take(pa.array(places))
        wanted = wanted.append_column("update", pa.array(updates[places], pa.int64(), from_pandas=True))
        wanted = wanted.append_column("place", pa.array(np.arange(len(places))))
        points = curves.filter(pc.is_in(curves["trial"], pc.unique(wanted["trial"]))).select([*KEYS, *FIGURES])
        joined = wanted.join(points, KEYS, join_type="inner")
        found = {name: _placed(floats(joined, name), joined["place"].to_numpy(), len(places)) for name in FIGURES}
    held_out = np.where(np.isnan(found["test_loss"]), found["validation_loss"], found["test_loss"])
    found["generalization_gap"] = held_out - found["train_loss"]
    found["evaluated_at_update"] = updates[places]
    for name, values in found.items():
        column = floats(trials, name)
        column[places] = values
        replaced = nullable(column).cast(trials.schema.field(name).type)
        trials = trials.set_column(trials.column_names.index(name), name, replaced)
    return trials


def _placed(values: Floats, places: npt.NDArray[np.int64], count: int) -> Floats:
    column = np.full(count, np.nan)
    column[places] = values
    return column

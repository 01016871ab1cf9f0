"""The target of a study: the loss or error to which steps are counted."""

import json
from typing import NamedTuple

import pyarrow as pa

from sweepgd.core.errors import UsageError


class Target(NamedTuple):
    """A column of `curves`, and the value to which this column must fall."""

    column: str
    level: float


def target_of(trials: pa.Table, level: float | None = None) -> Target | None:
    """Return the target: `level`, or by default `[budget] goal` of the sweep. Return None if there is no level, or if there are
    no runs.

    The column is the same as for `goal`: the validation error (for a regression, the validation loss). Without validation
    rows, it is the error or loss on the training rows. Raises UsageError for a level that is not positive.
    """
    if level is not None and not level > 0:
        raise UsageError(f"target {level:g}: give a loss or an error above 0")
    if not trials.num_rows:
        return None
    if level is None:
        settings = json.loads(trials["settings"][0].as_py() or "{}")
        level = settings.get("budget", {}).get("goal")
    if level is None or not level > 0:
        return None
    names = ("validation_error", "validation_loss", "train_error", "train_loss")
    return next((Target(name, level) for name in names if trials[name].null_count < trials.num_rows), None)

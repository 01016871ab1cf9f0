"""A short sweep of linear regression, and comparisons of results without their measured columns."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from sweepgd.record import Results
from sweepgd.record.store import PROCESSOR
from sweepgd.sweep import Sweep, parse

# Linear regression on 34 training rows; a tail split and no scikit-learn make workers start at once.
LINEAR = """
name = "example"

[data]
name = "synthetic_linear"
rows = 50
split = "tail"

[model]
name = "linear"

[budget]
epochs = 2

[space]
batch_size = [5, 10, 20]
learning_rate = { low = 1e-3, high = 0.3, log = true }
optimizer = ["sgd", "momentum"]

[optimizer.momentum]
beta = { low = 0.1, high = 0.9 }

[search]
trials = 6
"""

# Null in records made before they were written, or with less in them.
LATER = ("evaluated_at_update", "preprocessing", "model_settings", "data_settings")
# Only these are measured, and differ from run to run.
MEASURED = {"started_at", "finished_at", "worker", "train_seconds", "seconds_per_update", "seconds_per_epoch", "seconds"}
MEASURED |= {"attempt"}  # which is more than 1 where a worker was lost


def sweep(*overrides: str, text: str = LINEAR) -> Sweep:
    """Return the linear sweep with `dotted.key=TOML-value` overrides."""
    return parse(text, overrides)


def sweep_file(folder: Path, text: str = LINEAR) -> str:
    """Write the linear sweep to a file and return its path."""
    path = folder / "example.toml"
    path.write_text(text)
    return str(path)


def computed(table: pa.Table) -> pa.Table:
    """A recorded table without what was measured."""
    return table.drop_columns([name for name in table.column_names if name in MEASURED])


def assert_same(one: Results, other: Results) -> None:
    """Both directories record the same, bit for bit."""
    for name in ("trials", "curves", "minima", "curvature"):
        left, right = computed(getattr(one, name)), computed(getattr(other, name))
        assert left.equals(right), f"{name} differ in {differing(left, right)}"


# A float32 training of a few updates, rounded otherwise at each: vectors of other widths sum in another order.
ROUNDING = 1e-4


def assert_close(one: Results, other: Results) -> None:
    """Both directories record the same, numbers within rounding: they may come from processors that compile other code."""
    for name in ("trials", "curves", "minima", "curvature"):
        left, right = computed(getattr(one, name)), computed(getattr(other, name))
        assert left.schema == right.schema
        for column in [column for column in left.column_names if column not in {*PROCESSOR, *LATER}]:
            numbers = [_numbers(table[column].combine_chunks()) for table in (left, right)]
            if column == "settings" and name == "trials":
                assert _settings(left) == _settings(right)
            elif numbers[0] is None:
                assert left[column].equals(right[column]), f"{name}.{column} differs"
            else:
                np.testing.assert_allclose(*numbers, rtol=ROUNDING, atol=ROUNDING**2, err_msg=f"{name}.{column}")


def _settings(trials: pa.Table) -> list[dict]:
    """The settings of each run, with those of the model that older records do not have."""
    found = [json.loads(text) for text in trials["settings"].to_pylist()]
    return [settings | {"model": {"init_scale": 1.0} | settings["model"]} for settings in found]


def _numbers(column: pa.Array) -> np.ndarray | None:
    """The floating-point numbers of a column or of the lists in it, NaN for null; None for a column of anything else."""
    if pa.types.is_list(column.type):
        column = column.flatten()
    return column.to_numpy(zero_copy_only=False) if pa.types.is_floating(column.type) else None


def differing(left: pa.Table, right: pa.Table) -> Iterable[str]:
    """The columns in which two tables differ."""
    return [name for name in left.column_names if left[name] != right[name]]


def statuses(results: Results) -> list[str]:
    """Return the status of each row, by trial and replicate."""
    return results.trials["status"].to_pylist()

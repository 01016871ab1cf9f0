"""Read a file of new rows in the same way as the file of the training was read. The file may lack the target columns."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import DataSpec
from sweepgd.data.advice import FOR_NEW_ROWS
from sweepgd.data.delimited import open_delimited
from sweepgd.data.formats import check_content, existing, format_of
from sweepgd.data.parquet import open_parquet
from sweepgd.data.raw import Faults, shown
from sweepgd.data.spec_checks import listed
from sweepgd.data.tabular_files import read_columns
from sweepgd.serving.encoded_inputs import inputs_of, level_numbers, missing_columns
from sweepgd.serving.trained_model import Model

# The keys of `[data]` that say how text in a file is read, and those that hold for CSV files only.
READING, DIALECT = ("missing_values", "dates"), ("separator", "decimal", "encoding", "header")


class NewRows(NamedTuple):
    """The model's inputs for new rows, and the known targets. `labelled` holds the numbers of the rows that have a target, and
    `targets` their targets. `targets` is None if the file has no target columns or all targets are missing. `notes` has a line
    for each column with levels that no training row has. `files` are the paths of images.
    """

    inputs: npt.NDArray[Any]
    targets: npt.NDArray[Any] | None
    labelled: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def read_rows(model: Model, path: str) -> NewRows:
    """Return the rows of a CSV, TSV or Parquet file. Raises SweepgdError for a fault in the file, and UsageError if a column of
    the model is absent.
    """
    header, form = model.header, _format(path)
    file = existing(path)
    spec = _spec(model, path, form)
    check_content(file, spec.encoding or "utf-8", FOR_NEW_ROWS)
    source = open_delimited(file, spec, FOR_NEW_ROWS) if form == "csv" else open_parquet(file, FOR_NEW_ROWS)
    _check_columns(path, header.columns, source.names)
    targets = tuple(header.targets) if set(header.targets) <= set(source.names) else ()
    faults = Faults(path)
    raw = read_columns(source, spec, targets, tuple(header.columns), faults)
    faults.refuse()
    if not len(raw.inputs):
        raise SweepgdError(f"{path}: no rows: add some")
    values, notes = raw.inputs, list[str]()
    for name, levels in raw.levels.items():
        column = header.columns.index(name)
        given = ~np.isnan(values[:, column])
        values[given, column], own = level_numbers(header, name, levels, values[given, column].astype(np.int64), path)
        notes += own
    inputs = inputs_of(header, values, model.scaling, path)
    labelled = np.flatnonzero(~raw.unlabelled)
    return NewRows(inputs, raw.targets[labelled] if targets and len(labelled) else None, labelled, tuple(notes))


def _format(path: str) -> str:
    try:
        form = format_of(path)
    except UsageError:
        form = "idx"  # as any other format that is not read
    if form not in ("csv", "parquet"):
        raise UsageError(
            f"{path}: give a CSV, TSV or Parquet file, or images; in Python, sweepgd.Model.load(FILE).predict takes arrays"
        )
    return form


def _check_columns(path: str, columns: Sequence[str], names: Sequence[str]) -> None:
    absent = [name for name in columns if name not in names]
    if absent:
        raise UsageError(
            f"{path}: the rows {missing_columns(absent)}, which the model takes; the file has {shown(list(names))}: add the "
            "columns, and use the separator and the format of the training file"
        )


def _spec(model: Model, path: str, form: str) -> DataSpec:
    """Return a `[data]` table that reads the file."""
    header = model.header
    keys = (*READING, *(DIALECT if form == "csv" and format_of(header.data.get("path", path)) == "csv" else ()))
    given = {key: header.data[key] for key in keys if key in header.data}
    if header.dates is not None:
        given["dates"] = header.dates or None
    elif given.get("dates") != "all":
        given["dates"] = [name for name in listed(given.get("dates")) if name in header.columns] or None
    return DataSpec(path=path, target=header.targets, task=header.task, categories=list(header.levels) or None, **given)

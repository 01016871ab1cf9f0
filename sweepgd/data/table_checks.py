"""Checks of data before a run uses them. Each message is one line that names the file or data set, and the column if known."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.memory_limit import machine_memory
from sweepgd.data.contract import Array, Table, Task
from sweepgd.record.disk_space import in_words

WORTH_TELLING_BYTES = 10**9


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn any exception that is raised while a file is read into a SweepgdError that names the file.

    For a damaged file, Arrow, NumPy, zipfile and zlib raise exceptions of many types.
    """
    try:
        yield
    except SweepgdError:
        raise
    except PermissionError as error:
        raise SweepgdError(f"cannot read {path}: permission denied; give a file that you may read") from error
    except MemoryError as error:
        raise SweepgdError(f"cannot read {path}: not enough memory; give fewer rows or columns") from error
    except Exception as error:
        reason = (str(error).strip().partition("\n")[0][:200] or type(error).__name__).rstrip(".")
        raise SweepgdError(f"cannot read {path}: {reason}; it may be truncated, damaged or in another format") from error


def check_memory(where: Path | str, rows: int, columns: int, itemsize: int = 8) -> None:
    """Raise SweepgdError if a table needs more memory than the machine has.

    Warn above 1 GB. Call this function before reading the table. The estimate is twice the size of the table, for the table and
    for the training, validation and test parts that are made from it.
    """
    need, memory = 2 * rows * columns * itemsize, machine_memory()
    what = f"{where}: {rows:,} rows of {columns:,} columns need {in_words(need)} of memory"
    if memory is not None and need > memory:
        raise SweepgdError(f"{what}, but this machine has {in_words(memory)}: give fewer rows or columns")
    if need > WORTH_TELLING_BYTES:
        warnings.warn(what, stacklevel=2)


def check_finite(values: Array, columns: Sequence[str], where: str, hint: str, rows: Array | None = None) -> None:
    """Raise SweepgdError for the first NaN or infinity, with its column and its data row, counted from 1.

    `values` has shape (n, columns). `rows` (n,) holds the number that each row has in the data set.
    """
    if values.dtype.kind != "f":
        return
    finite = np.isfinite(values)
    if finite.all():
        return
    row, column = np.argwhere(~finite)[0]
    number = row if rows is None else rows[row]
    raise SweepgdError(f"{where}: column {columns[column]!r}, row {number + 1} is {values[row, column]:g}: {hint}")


def check_table(table: Table, task: Task, where: str, targets: Sequence[str], *, gaps: bool) -> None:
    """Raise SweepgdError for no rows, no inputs, unequal numbers of inputs and targets, NaN, infinity or unknown labels.

    With `gaps`, inputs may be missing (NaN).
    """
    rows, columns = table.inputs.shape
    if task == "none":
        return
    if len(table.targets) != rows:
        raise SweepgdError(
            f"{where}: {rows} rows of inputs but {len(table.targets)} of targets: give one row of targets for each row of "
            "inputs"
        )
    if rows == 0 or columns == 0:
        raise SweepgdError(f"{where}: no {'input columns' if rows else 'rows'}: add some")
    if table.image is not None and prod(table.image) != columns:
        height, width, channels = table.image
        raise SweepgdError(
            f"{where}: images of {height} × {width} pixels and {channels} channels, but {columns} inputs: give one input for"
            " each value of a pixel"
        )
    if not gaps:
        check_finite(table.inputs, table.features, where, "remove the row or fill in a number")
    check_finite(table.targets, targets, where, "remove the row or fill in a number")
    if task == "classification" and not np.isin(table.targets, np.arange(len(table.classes))).all():
        raise SweepgdError(
            f"{where}: a label is not one of 0 to {len(table.classes) - 1}: number the classes from 0, in the order of their "
            "names"
        )


def check_classes(labels: Array, classes: Sequence[str], where: str, hint: str) -> None:
    """Raise SweepgdError if all labels (class numbers, in an array of any shape) are of one class."""
    if (labels == labels.flat[0]).all():
        raise SweepgdError(f"{where}: every row is of class {classes[int(labels.flat[0])]!r}: {hint}")

"""What data must be before a run may see it, and the one line that says where it is not."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from sweepgd.data.contract import Array, Table, Task
from sweepgd.problem import Problem


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what goes wrong while a file is read into a Problem that names it. ArrowInvalid is a ValueError."""
    try:
        yield
    except PermissionError as error:
        raise Problem(f"cannot read {path}: permission denied; give a file that you may read") from error
    except (OSError, EOFError, ValueError, zlib.error, BadZipFile) as error:
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise Problem(f"cannot read {path}: {reason}; it may be truncated, damaged or of another format") from error


def check_finite(values: Array, columns: Sequence[str], where: str, hint: str, rows: Array | None = None) -> None:
    """Raises Problem that names the column and the data row, counted from 1, of the first NaN or infinity.

    `values` is (n, columns); `rows` maps its rows to those of the data set.
    """
    if values.dtype.kind != "f":
        return
    finite = np.isfinite(values)
    if finite.all():
        return
    row, column = np.argwhere(~finite)[0]
    number = row if rows is None else rows[row]
    raise Problem(f"{where}: column {columns[column]!r}, row {number + 1} is {values[row, column]:g}: {hint}")


def check_table(table: Table, task: Task, where: str, targets: Sequence[str]) -> None:
    """Raises Problem for a table without rows or inputs, of differing lengths, with NaN, infinity or stray labels."""
    rows, columns = table.inputs.shape
    if task == "none":
        return
    if len(table.targets) != rows:
        raise Problem(f"{where}: {rows} rows of inputs but {len(table.targets)} of targets: give what belongs together")
    if rows == 0 or columns == 0:
        raise Problem(f"{where}: no {'input columns' if rows else 'rows'}: give data to learn from")
    check_finite(table.inputs, table.features, where, "remove the row or fill in a number")
    check_finite(table.targets, targets, where, "remove the row or fill in a number")
    if task == "classification" and not np.isin(table.targets, np.arange(len(table.classes))).all():
        raise Problem(f"{where}: a label is none of 0 to {len(table.classes) - 1}: number the classes as named")


def check_classes(labels: Array, classes: Sequence[str], where: str, hint: str) -> None:
    """Raises Problem where all labels, class numbers of any shape, are of one class."""
    if (labels == labels.flat[0]).all():
        raise Problem(f"{where}: every row is of class {classes[int(labels.flat[0])]!r}: {hint}")

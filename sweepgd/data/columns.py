"""CSV and Parquet files by column, as arrays; what is missing or no number is refused with its column and row."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sweepgd.data.checks import reading
from sweepgd.data.contract import Array
from sweepgd.problem import Problem, UsageProblem, nearest


def read_csv(path: Path, wanted: Sequence[str]) -> pa.Table:
    """A CSV file with a header line, .gz or not. `wanted` columns must be there."""
    with reading(path):
        table = pa.csv.read_csv(path)
        check_columns(table.column_names, wanted, path)
    return table


def read_parquet(path: Path, wanted: Sequence[str]) -> pa.Table:
    """A Parquet file. `wanted` columns must be there."""
    with reading(path), pa.parquet.ParquetFile(path) as file:
        check_columns(file.schema_arrow.names, wanted, path)
        return file.read()


def check_columns(names: Sequence[str], wanted: Sequence[str], path: Path) -> None:
    """Raises Problem for a column name that occurs twice, UsageProblem for a wanted column that does not occur."""
    for name in names:
        if names.count(name) > 1:
            raise Problem(f"{path}: two columns are called {name!r}: rename one")
    for name in wanted:
        if name not in names:
            raise UsageProblem(f"{path}: no column {name!r}: {nearest(name, names)}")


def matrix(table: pa.Table, names: Sequence[str], path: Path) -> Array:
    """The named columns as float64 of shape (rows, columns). Raises Problem for a cell that is no number."""
    values = np.empty((table.num_rows, len(names)))
    for index, name in enumerate(names):
        values[:, index] = _numbers(_whole(table, name, path), name, path)
    return values


def labels(table: pa.Table, name: str, path: Path) -> Array:
    """The named column as integers, floats, booleans or texts, shape (rows,). Raises Problem for any other type."""
    column = _whole(table, name, path)
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return _numbers(column, name, path)
    values = column.to_numpy()
    empty = np.flatnonzero(values == "")
    if len(empty):
        raise Problem(f"{path}: column {name!r}, row {empty[0] + 1} is missing: remove the row or fill in a class")
    return values


def _whole(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise Problem(f"{path}: column {name!r}, row {row + 1} is missing or NaN: remove the row or fill in a value")
    return column


def _numbers(column: pa.ChunkedArray, name: str, path: Path) -> Array:
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.to_numpy()
    texts = (str(value) for value in column.to_pylist())
    row, text = next(((row, text) for row, text in enumerate(texts, 1) if not _is_number(text)), (1, f"of type {kind}"))
    raise Problem(
        f"{path}: column {name!r}, row {row} is {text[:40]!r}, not a number: mend it, or name the columns to use in data.inputs"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

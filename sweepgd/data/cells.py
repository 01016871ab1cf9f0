"""Conversion of Arrow columns: to numbers, to days, or to the levels of a category."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.data.contract import Array
from sweepgd.data.missing_markers import with_gaps

Kind = Literal["number", "text", "time", "bytes", "other"]

# A text column with more levels than this most likely holds names of the rows.
LEVELS_MOST = 1000
DAY_SECONDS = 86_400
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def plain(column: pa.Array) -> pa.Array:
    """Return the column without dictionary, extension type or string view, because many of Arrow's functions do not support
    these types.
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    return column


def kind_of(type_: pa.DataType) -> Kind:
    """Return the kind of a plain column, which follows from its type. Booleans count as the numbers 0 and 1."""
    is_ = pa.types
    if is_.is_integer(type_) or is_.is_floating(type_) or is_.is_boolean(type_) or is_.is_decimal(type_) or is_.is_null(type_):
        return "number"
    if is_.is_string(type_):
        return "text"
    if is_.is_temporal(type_) and not is_.is_interval(type_):
        return "time"
    if is_.is_binary(type_) or is_.is_large_binary(type_) or is_.is_fixed_size_binary(type_) or is_.is_binary_view(type_):
        return "bytes"
    return "other"


def numbers(column: pa.Array, missing: Sequence[float] = ()) -> Array:
    """Return a column of kind "number" as float64, with NaN for null and for `missing` values (not in boolean columns)."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(column.type):
        column, missing = column.cast(pa.int8()), ()
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return with_gaps(column.to_numpy(zero_copy_only=False), missing).astype(np.float64, copy=False)


def days(column: pa.Array) -> Array:
    """Return a column of kind "time" in days: dates since 1970-01-01, times of day since midnight, NaN for null."""
    if pa.types.is_date(column.type):
        column, unit = column.cast(pa.date64()).cast(pa.int64()), "ms"
    else:
        unit = column.type.unit
        column = column.cast(pa.int32() if pa.types.is_time32(column.type) else pa.int64())
    return numbers(column) / (UNITS[unit] * DAY_SECONDS)


def texts(column: pa.Array, missing: Sequence[str]) -> pa.Array:
    """Return the cells as text without surrounding blanks, with null for the texts in `missing`."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(column)
    is_missing = pc.is_in(trimmed, value_set=pa.array(missing, pa.string()))
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), trimmed)


def category(
    cells: Sequence[pa.Array], missing: Sequence[str], missing_numbers: Sequence[float]
) -> tuple[Array, tuple[str, ...]]:
    """Return each cell's level number (NaN if missing), and the levels in sorted order. `cells` are the column's chunks."""
    chunks = (_with_nulls(cell, missing_numbers) for cell in cells)
    encoded = pa.chunked_array(
        [texts(chunk, missing).dictionary_encode() for chunk in chunks], pa.dictionary(pa.int32(), pa.string())
    )
    encoded = encoded.unify_dictionaries()
    if not encoded.num_chunks:
        return np.empty(0), ()
    found: list[str] = encoded.chunk(encoded.num_chunks - 1).dictionary.to_pylist()
    order = sorted(range(len(found)), key=found.__getitem__)
    rank = np.empty(len(found))
    rank[order] = np.arange(len(found))
    codes = np.concatenate([numbers(chunk.indices) for chunk in encoded.chunks])
    values = np.full(len(codes), np.nan)
    given = ~np.isnan(codes)
    values[given] = rank[codes[given].astype(np.int64)]
    return values, tuple(found[index] for index in order)


def _with_nulls(column: pa.Array, missing: Sequence[float]) -> pa.Array:
    """Return a column of kind "number" with null for NaN and for `missing` values. Return any other column unchanged."""
    if kind_of(column.type) != "number" or pa.types.is_null(column.type):
        return column
    return pc.if_else(pa.array(np.isnan(numbers(column, missing))), pa.scalar(None, column.type), column)


def words(column: pa.Array, missing: Sequence[str]) -> list[tuple[int, str]]:
    """Return the row and text of each cell that is neither missing nor a number."""
    cells = enumerate(texts(column, missing).to_pylist())
    return [(row, cell) for row, cell in cells if cell is not None and not _is_number(cell)]


def first_not_utf8(column: pa.Array) -> tuple[int, bytes]:
    """Return the row and bytes of the first cell that is not UTF-8 text. If all cells are UTF-8 text, return the first cell."""
    cells = column.to_pylist()
    return next(((row, cell) for row, cell in enumerate(cells) if not _is_utf8(cell)), (0, cells[0] if cells else b""))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_utf8(cell: bytes | None) -> bool:
    try:
        (cell or b"").decode()
    except UnicodeDecodeError:
        return False
    return True

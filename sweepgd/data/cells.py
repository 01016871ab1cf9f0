"""The cells of Arrow columns: what kind they are, and as numbers, days or the levels of a category."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.data.absent import with_gaps
from sweepgd.data.contract import Array

Kind = Literal["number", "text", "time", "bytes", "other"]

# More inputs than this from one column say that it names the rows.
LEVELS_MOST = 1000
DAY_SECONDS = 86_400
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def plain(column: pa.Array) -> pa.Array:
    """A column without dictionary, extension type or string view, which Arrow computes with only in part."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    return column


def kind_of(type_: pa.DataType) -> Kind:
    """What a plain column's cells are. Truth values are the numbers 0 and 1."""
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
    """A column of kind "number" as float64, NaN where there is none or one of `missing`, which truth values never are."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(column.type):
        column, missing = column.cast(pa.int8()), ()
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return with_gaps(column.to_numpy(zero_copy_only=False), missing).astype(np.float64, copy=False)


def days(column: pa.Array) -> Array:
    """A column of kind "time" in days: dates since 1970-01-01, times of day since midnight; NaN where there is none."""
    if pa.types.is_date(column.type):
        column, unit = column.cast(pa.date64()).cast(pa.int64()), "ms"
    else:
        unit = column.type.unit
        column = column.cast(pa.int32() if pa.types.is_time32(column.type) else pa.int64())
    return numbers(column) / (UNITS[unit] * DAY_SECONDS)


def texts(column: pa.Array, missing: Sequence[str]) -> pa.Array:
    """A column's cells as texts without blanks around them, null where they say that the value is missing."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(column)
    absent = pc.is_in(trimmed, value_set=pa.array(missing, pa.string()))
    return pc.if_else(absent, pa.scalar(None, pa.string()), trimmed)


def category(
    cells: Sequence[pa.Array], missing: Sequence[str], missing_numbers: Sequence[float]
) -> tuple[Array, tuple[str, ...]]:
    """The number of each cell's level, NaN where it is missing, and the levels in sorted order."""
    present = (_with_nulls(cell, missing_numbers) for cell in cells)
    encoded = pa.chunked_array(
        [texts(cell, missing).dictionary_encode() for cell in present], pa.dictionary(pa.int32(), pa.string())
    )
    encoded = encoded.unify_dictionaries()
    if not encoded.num_chunks:
        return np.empty(0), ()
    found: list[str] = encoded.chunk(encoded.num_chunks - 1).dictionary.to_pylist()
    order = sorted(range(len(found)), key=found.__getitem__)
    place = np.empty(len(found))
    place[order] = np.arange(len(found))
    codes = np.concatenate([numbers(chunk.indices) for chunk in encoded.chunks])
    values = np.full(len(codes), np.nan)
    there = ~np.isnan(codes)
    values[there] = place[codes[there].astype(np.int64)]
    return values, tuple(found[index] for index in order)


def _with_nulls(column: pa.Array, missing: Sequence[float]) -> pa.Array:
    """A column with nulls for what is no number, or one of `missing`, where it is of kind "number"."""
    if kind_of(column.type) != "number" or pa.types.is_null(column.type):
        return column
    return pc.if_else(pa.array(np.isnan(numbers(column, missing))), pa.scalar(None, column.type), column)


def first_text(column: pa.Array, missing: Sequence[str]) -> tuple[int, str] | None:
    """The first cell that is neither missing nor a number, with its place; None where there is none."""
    cells = enumerate(texts(column, missing).to_pylist())
    return next(((row, cell) for row, cell in cells if cell is not None and not _is_number(cell)), None)


def first_not_utf8(column: pa.Array) -> tuple[int, bytes]:
    """The first cell of bytes that are no UTF-8 text, with its place; the first cell of all where all are."""
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

"""Parquet files: pandas' index, and the types of Arrow."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data.file_examples.file_case import KINDS, NUMBERS, ROWS, FileCase

COLUMNS: dict[str, Any] = {"a": NUMBERS[:, 0], "b": NUMBERS[:, 1], "kind": KINDS}
DAY = datetime.date(2020, 1, 1)


def table(**columns: Any):
    return lambda path: pq.write_table(pa.table(COLUMNS | columns), path)


def frame(changed: Callable[[Any], Any] = lambda frame: frame) -> Callable[[Path], None]:
    """Return a function that writes the columns, as a pandas frame that `changed` has transformed, to a file."""

    def write(path: Path) -> None:
        pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        changed(pandas.DataFrame(COLUMNS)).to_parquet(path)

    return write


def shuffled(frame: Any) -> Any:
    return frame.sample(frac=1, random_state=0).sort_values("a")


def with_named_index(frame: Any) -> Any:
    return frame.assign(id=50 + np.arange(ROWS) * 5 % 13).set_index("id")


def nullable(values: Any, dtype: str) -> Callable[[Path], None]:
    """Return a function that writes the columns with column a of one of pandas' nullable types."""
    return frame(lambda frame: frame.assign(a=values).astype({"a": dtype}))


def kinds(type_: pa.DataType) -> pa.Array:
    return pa.array(KINDS.tolist(), pa.string()).cast(type_)


def nulls(values: Any, type_: pa.DataType) -> pa.Array:
    return pa.array([None if row == 2 else value for row, value in enumerate(values)], type_)


def gaps(value: float, dtype: str) -> np.ndarray:
    return np.where(np.arange(ROWS) == 2, value, 5).astype(dtype)


READ = [
    FileCase("plain", "d.parquet", table(), features=("a", "b")),
    FileCase(
        "pandas' index of a shuffled frame",
        "d.parquet",
        frame(shuffled),
        features=("a", "b"),
        notes="'__index_level_0__' is an index",
    ),
    FileCase("a named index", "d.parquet", frame(with_named_index), features=("a", "b"), notes="column 'id' is an index"),
    FileCase("an index that is asked for", "d.parquet", frame(with_named_index), {"inputs": ["id", "b"]}, first=(50, 0.25)),
    FileCase("an index in a range", "d.parquet", frame(), features=("a", "b")),
    FileCase(
        "an index without metadata",
        "d.parquet",
        table(__index_level_0__=np.arange(ROWS)[::-1]),
        features=("a", "b"),
        notes="column '__index_level_0__' is an index of the rows",
    ),
    FileCase(
        "an index read and saved again",
        "d.parquet",
        frame(lambda frame: frame.reset_index(names="Unnamed: 0")),
        features=("a", "b"),
        notes="column 'Unnamed: 0' is an index of the rows",
    ),
    FileCase(
        "a number for a gap in Parquet",
        "d.parquet",
        table(a=gaps(-999.9, "f4")),
        {"missing": "most_frequent", "missing_values": ["-999.9"]},
        (ROWS, 3),
        first=(5, 0.25, 0),
    ),
    FileCase(
        "an integer for a gap",
        "d.parquet",
        table(a=gaps(-999, "i8")),
        {"missing": "drop", "missing_values": ["-999.0"]},
        (ROWS - 1, 2),
        first=(5, 0.25),
        notes="1 of 12 rows are left out",
    ),
    FileCase(
        "a decimal for a gap",
        "d.parquet",
        table(a=pa.array(gaps(-999, "i8")).cast(pa.decimal128(21, 2))),
        {"missing": "mean", "missing_values": ["-999"]},
        (ROWS, 3),
        first=(5, 0.25, 0),
    ),
    FileCase(
        "numbers as categories with gaps",
        "d.parquet",
        table(a=np.where(np.arange(ROWS) == 2, np.nan, gaps(-1, "f8"))),
        {"categories": ["a"], "missing": "most_frequent"},
        (ROWS, 3),
        features=("a=5", "b", "a missing"),
        first=(1, 0.25, 0),
    ),
    FileCase("pandas' categories", "d.parquet", frame(lambda frame: frame.astype({"kind": "category"}))),
    FileCase("dictionaries", "d.parquet", table(kind=pa.array(KINDS.tolist()).dictionary_encode())),
    FileCase("large strings", "d.parquet", table(kind=kinds(pa.large_string()))),
    FileCase("string views", "d.parquet", table(kind=kinds(pa.string_view()))),
    FileCase("decimals", "d.parquet", table(a=pa.array(range(ROWS)).cast(pa.decimal128(21, 2)))),
    FileCase("decimals of 256 bits", "d.parquet", table(a=pa.array(range(ROWS)).cast(pa.decimal256(50, 2)))),
    FileCase("half precision in Parquet", "d.parquet", table(a=NUMBERS[:, 0].astype("f2"))),
    FileCase("nullable integers without a gap", "d.parquet", nullable(range(ROWS), "Int64")),
    FileCase("nullable truth values", "d.parquet", nullable([False, True] * 6, "boolean")),
    FileCase("a date in days", "d.parquet", table(a=pa.array([DAY] * ROWS)), {"dates": ["a"]}, first=(18262, 0.25)),
    FileCase(
        "a moment in days",
        "d.parquet",
        table(a=pa.array([datetime.datetime(2020, 1, 1, 12)] * ROWS, pa.timestamp("us"))),
        {"dates": "all"},
        first=(18262.5, 0.25),
    ),
    FileCase(
        "a time of day",
        "d.parquet",
        table(a=pa.array([datetime.time(6)] * ROWS, pa.time32("s"))),
        {"dates": "all"},
        first=(0.25, 0.25),
    ),
    FileCase(
        "a category of string views",
        "d.parquet",
        table(a=kinds(pa.string_view())),
        {"categories": "all"},
        (ROWS, 4),
        first=(0, 0, 1, 0.25),
    ),
    FileCase(
        "a dictionary as a category",
        "d.parquet",
        table(a=pa.array(KINDS.tolist()).dictionary_encode()),
        {"categories": ["a"]},
        (ROWS, 4),
        first=(0, 0, 1, 0.25),
    ),
    FileCase(
        "nulls as the most frequent",
        "d.parquet",
        table(a=nulls([5] * ROWS, pa.int64())),
        {"missing": "most_frequent"},
        (ROWS, 3),
        first=(5, 0.25, 0),
    ),
    FileCase(
        "a name with a point",
        "d.parquet",
        lambda path: pq.write_table(pa.table({"a": NUMBERS[:, 0], "a.b": NUMBERS[:, 1], "kind": KINDS}), path),
        features=("a", "a.b"),
    ),
]

REFUSED = [
    FileCase("nulls", "d.parquet", table(a=nulls(range(ROWS), pa.int64())), line="column 'a', row 3 is missing"),
    FileCase(
        "nulls among labels",
        "d.parquet",
        table(kind=nulls(KINDS.tolist(), pa.string())),
        line="column 'kind', row 3 is missing",
    ),
    FileCase(
        "nulls among dictionary labels",
        "d.parquet",
        table(kind=nulls(KINDS.tolist(), pa.string()).dictionary_encode()),
        line="column 'kind', row 3 is missing",
    ),
    FileCase(
        "a label -1 in Parquet",
        "d.parquet",
        table(kind=np.arange(ROWS) % 3 - 1),
        {"missing_values": ["-1"]},
        line="column 'kind', row 1 is missing, and 3 more",
    ),
    *(
        FileCase(
            f"{key} of Parquet",
            "d.parquet",
            table(),
            {key: value},
            line=f"data.{key} says how a CSV or TSV file is written, but d.parquet is of another format: remove data.{key}",
        )
        for key, value in {"header": False, "separator": ";", "decimal": ",", "encoding": "latin-1"}.items()
    ),
    FileCase("a column of nulls", "d.parquet", table(a=pa.nulls(ROWS)), line="column 'a', row 1 is missing, and 11 more"),
    FileCase(
        "a column of nulls as the mean",
        "d.parquet",
        table(a=pa.nulls(ROWS)),
        {"missing": "mean"},
        line="column 'a' is missing in all training rows",
    ),
    FileCase("lists", "d.parquet", table(a=pa.array([[1.0, 2.0]] * ROWS)), line="column 'a' holds list<"),
    FileCase("structures", "d.parquet", table(a=pa.array([{"u": 1}] * ROWS)), line="column 'a' holds struct<"),
    FileCase(
        "bytes",
        "d.parquet",
        table(a=pa.array([b"\xff"] * ROWS)),
        line="column 'a', row 1 is b'\\xff', which is not UTF-8 text: save it",
    ),
    FileCase(
        "numbers as text",
        "d.parquet",
        table(a=pa.array([str(row) for row in range(ROWS)])),
        line="column 'a' holds numbers as text",
    ),
    FileCase(
        "moments",
        "d.parquet",
        table(a=pa.array([datetime.datetime(2020, 1, 1)] * ROWS)),
        line="not a number: name the column in data.dates",
    ),
    FileCase("Parquet called CSV", "d.csv", table(), line="holds Parquet: rename it to end in .parquet"),
    FileCase("NaN", "d.parquet", table(a=np.where(np.arange(ROWS) == 4, np.nan, 1.0)), line="column 'a', row 5 is missing"),
]

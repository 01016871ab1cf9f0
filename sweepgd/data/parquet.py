"""Parquet files: their columns, and the columns that pandas wrote as its row index."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from sweepgd.data.advice import FOR_SWEEP, Advice
from sweepgd.data.column_source import Source, Types, is_index
from sweepgd.data.table_checks import reading

BATCH_ROWS = 65_536


def open_parquet(path: Path, advice: Advice = FOR_SWEEP) -> Source:
    """Return the columns of a Parquet file. Raises SweepgdError if the file cannot be read."""
    with reading(path), pa.parquet.ParquetFile(path) as file:
        names = tuple(file.schema_arrow.names)
        index = _index(file.schema_arrow, names)
        rows = file.metadata.num_rows

    def batches(columns: Sequence[str], types: Types) -> Iterator[pa.RecordBatch]:
        with pa.parquet.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns))

    def types_of(error: pa.ArrowInvalid, columns: Sequence[str], types: Types) -> Types:
        raise error

    return Source(path, names, index, rows, batches, types_of, advice, lambda text: None, "save it as text or numbers")


def _index(schema: pa.Schema, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are a row index, according to pandas' metadata or to names that pandas gives."""
    try:
        # A range index is described by a dict and is not stored as a column.
        listed = {name for name in json.loads((schema.metadata or {})[b"pandas"])["index_columns"] if isinstance(name, str)}
    except (KeyError, TypeError, ValueError):
        listed = set()
    return tuple(name for place, name in enumerate(names) if name in listed or is_index(name, place))

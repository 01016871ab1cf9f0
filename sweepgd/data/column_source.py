"""A file of named columns (CSV or Parquet) as batches of Arrow columns."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sweepgd.data.advice import Advice

# The limit exists because Arrow needs 0.1 ms and 35 kB per column, even with few rows.
MOST_COLUMNS = 100_000

# pandas writes an index without a name to Parquet under the first of these names, and gives the second to an unnamed CSV column
# that it reads.
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_UNNAMED = "Unnamed: 0"

Types = dict[str, pa.DataType]


def is_index(name: str, place: int) -> bool:
    """Return True if `name` is a name that pandas gives to a row index. `place` is the position of the column, from 0."""
    return _PANDAS_INDEX.fullmatch(name) is not None or (place == 0 and name == _UNNAMED)


@dataclass(frozen=True)
class Source:
    """An open file.

    `names` are the names of all columns, `index` the names of columns that are a row index, and `rows` is an upper bound on the
    number of rows. `batches(columns, types)` reads the named columns. `types` holds types of columns, for formats that do not
    store types. `types_of(error, columns, types)` returns the types for a second reading after an error in the first reading,
    or raises the error.

    `advice` has the ends of messages about the file. `of_cell(text)` returns the advice for a cell that holds `text` instead of
    a number, if that is more than `advice` says, or else None. `of_bytes` is the advice for bytes that are not UTF-8 text.
    """

    path: Path
    names: tuple[str, ...]
    index: tuple[str, ...]
    rows: int
    batches: Callable[[Sequence[str], Types], Iterator[pa.RecordBatch]]
    types_of: Callable[[pa.ArrowInvalid, Sequence[str], Types], Types]
    advice: Advice
    of_cell: Callable[[str], str | None]
    of_bytes: str

"""A file of named columns, CSV or Parquet, as batches of Arrow columns."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

# Arrow takes 0.1 ms and 35 kB a column, however few the rows are.
MOST_COLUMNS = 100_000

# The name that pandas gives to an index without one where it writes it as a column, and "Unnamed: 0" where it reads one anew.
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")
_READ_ANEW = "Unnamed: 0"

Types = dict[str, pa.DataType]


def is_index(name: str, place: int) -> bool:
    """Return whether the column of that name, the first one at place 0, is an index of the rows by what pandas calls it."""
    return _PANDAS_INDEX.fullmatch(name) is not None or (place == 0 and name == _READ_ANEW)


@dataclass(frozen=True)
class Source:
    """`names` of all columns; `index` names those that only number or name the rows, and `rows` is the most there can be.

    `batches(columns, types)` reads these columns, those in `types` as these types where the format has none of its own.
    `types_of(error, columns, types)` gives the types with which to read anew after an error of the first reading, or raises it.
    `advice(text)` says what the cause may be of a text where a number belongs, if it knows one; `of_bytes` what to do about
    bytes that are no UTF-8 text.
    """

    path: Path
    names: tuple[str, ...]
    index: tuple[str, ...]
    rows: int
    batches: Callable[[Sequence[str], Types], Iterator[pa.RecordBatch]]
    types_of: Callable[[pa.ArrowInvalid, Sequence[str], Types], Types]
    advice: Callable[[str], str | None]
    of_bytes: str

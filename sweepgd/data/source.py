"""A file of named columns, CSV or Parquet, as batches of Arrow columns."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

# Arrow takes 0.1 ms and 35 kB a column, however few the rows are.
MOST_COLUMNS = 100_000

Types = dict[str, pa.DataType]


@dataclass(frozen=True)
class Source:
    """`names` of all columns; `index` names those that only number or name the rows, and `rows` is the most there can be.

    `batches(columns, types)` reads these columns, those in `types` as these types where the format has none of its own.
    `widened(error, types)` gives the types with which to read anew after an error of the first reading, or raises it.
    `advice(text)` says what the cause may be of a text where a number belongs, if it knows one.
    """

    path: Path
    names: tuple[str, ...]
    index: tuple[str, ...]
    rows: int
    batches: Callable[[Sequence[str], Types], Iterator[pa.RecordBatch]]
    widened: Callable[[pa.ArrowInvalid, Types], Types]
    advice: Callable[[str], str | None]

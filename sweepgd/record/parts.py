"""Convert log records to Arrow tables, and publish the tables as immutable Parquet parts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.record.atomic_files import sync_folder
from sweepgd.record.checksums import sealed
from sweepgd.record.schema import CURVATURE, CURVES, MINIMA, SCHEMAS, TRIALS
from sweepgd.record.stopping import GivenUp, never
from sweepgd.record.trial_record import VALUE_BYTES, Packed, layout_in, unpack

# A row group holds about this many bytes of log records, which limits the memory that publishing needs.
GROUP_BYTES = 32 * 2**20

# The folder of a complete compaction that is not yet in place.
COMPACTED = "compacted"


def folder(directory: Path, table: str) -> Path:
    """Return the folder of a table's parts. After an interrupted compaction, the folder is inside the folder COMPACTED."""
    compacted = directory / COMPACTED / table
    return compacted if compacted.is_dir() else directory / table


def part(directory: Path, table: str, number: int) -> Path:
    """Return the path of a part of a table."""
    return folder(directory, table) / f"{number:06}.parquet"


def complete(directory: Path, number: int) -> bool:
    """Return True if a segment has all its parts."""
    return all(part(directory, table, number).exists() for table in SCHEMAS)


def parts_of(directory: Path, table: str, published: Iterable[int]) -> list[Path]:
    """Return the paths of the parts of a table with these numbers."""
    paths = [part(directory, table, number) for number in published]
    # Directories of schema version 1 have no parts of curvature.
    return [path for path in paths if table != "curvature" or path.exists()]


def numbers(within: Path, suffix: str) -> list[int]:
    """Return the sorted numbers of all files in a folder that are named like `000001<suffix>`. A missing folder has no such
    files.
    """
    stems = (path.stem for path in within.glob(f"*{suffix}"))
    return sorted(int(stem) for stem in stems if stem.isdecimal() and stem == f"{int(stem):06}")


def largest(directory: Path) -> int:
    """Return the largest number of any table's parts, or 0 if there are no parts.

    All tables count, because existing parts are never replaced. A killed repair can leave the other parts of a segment without
    the part of `trials`.
    """
    return max((number for table in SCHEMAS for number in numbers(folder(directory, table), ".parquet")), default=0)


def trials_table(batch: Sequence[Packed]) -> pa.Table:
    """Return the rows of the trials table."""
    return _rows([row for finished in batch for row in finished.rows], TRIALS)


def curves_table(batch: Sequence[Packed]) -> pa.Table:
    """Return the rows of the curves table."""
    pairs = [(row, curve) for done in batch for row, curve in zip(done.rows, done.curves, strict=True) if curve]
    curves = [curve for _, curve in pairs]
    lengths = np.array([len(curve["update"]) // VALUE_BYTES for curve in curves], dtype=np.int64)
    columns = [
        pa.array(np.repeat(np.array([row[name] for row, _ in pairs], dtype=np.int64), lengths))
        for name in ("trial", "replicate")
    ]
    for column in CURVES.names[2:-1]:
        absent = np.repeat(np.array([column not in curve for curve in curves], dtype=bool), lengths)
        raw = b"".join([curve.get(column) or bytes(len(curve["update"])) for curve in curves])
        whole_numbers = pa.types.is_integer(CURVES.field(column).type)
        joined = np.frombuffer(raw, np.int64 if whole_numbers else np.float64)
        columns.append(pa.array(joined, mask=absent | np.isnan(joined)))
    columns.append(_positions([curve.get("position") for curve in curves], lengths))
    return pa.Table.from_arrays(columns, schema=CURVES)


def minima_table(batch: Sequence[Packed]) -> pa.Table:
    """Return the rows of the minima table."""
    rows = [row for packed in batch for row in packed.minima]
    vectors = [np.frombuffer(row["parameters"], row["dtype"]).astype(np.float64) for row in rows]
    layouts = {raw: layout_in(raw).tolist() for raw in {row["layout"] for row in rows}}
    plain = [row | {"parameters": None, "layout": layouts[row["layout"]]} for row in rows]
    table = _rows(plain, MINIMA)
    sizes = np.array([len(vector) for vector in vectors], dtype=np.int64)
    lists = _lists(np.concatenate([np.empty(0), *vectors]), sizes)
    return table.set_column(MINIMA.get_field_index("parameters"), MINIMA.field("parameters"), lists)


def curvature_table(batch: Sequence[Packed]) -> pa.Table:
    """Return the rows of the curvature table."""
    return _rows([row for packed in batch for row in packed.curvature], CURVATURE)


_TABLES: dict[str, Callable[[Sequence[Packed]], pa.Table]] = {
    "trials": trials_table,
    "minima": minima_table,
    "curves": curves_table,
    "curvature": curvature_table,
}


def table_of(name: str, records: Iterable[bytes]) -> pa.Table:
    """Return the table `name` with the rows that log records hold."""
    return _TABLES[name]([unpack(record) for record in records])


def publish(
    directory: Path,
    number: int,
    records: Iterable[bytes],
    metadata: Mapping[str, str],
    stop: Callable[[], bool] = never,
) -> None:
    """Write log records as part `number` of each table.

    The part of trials is renamed last, so that a reader who finds this part also finds the other parts. Existing parts are not
    changed. `stop` is called before each record, row group and checksum. When `stop` returns True, GivenUp is raised. Parts
    that already have their names are then complete. Raises OSError if a part cannot be written.
    """

    def check_stop(raised: type[BaseException] | None = None, *_: object) -> None:
        if raised is None and stop():
            raise GivenUp

    with ExitStack() as stack:  # the stack ends its contexts in reverse order, so that the first table is renamed last
        writers = {}
        for name in _TABLES:
            path = part(directory, name, number)
            if path.exists():
                sync_folder(path.parent)
                continue
            writers[name] = stack.enter_context(sealed(path, SCHEMAS[name], metadata))
            stack.push(check_stop)
        if not writers:
            return
        for batch in _batches(records, check_stop):
            for name, writer in writers.items():
                check_stop()
                writer.write_table(_TABLES[name](batch))


def _rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays(
        [pa.array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema
    )


def _positions(positions: Sequence[bytes | None], lengths: np.ndarray) -> pa.ListArray:
    """Return the position at each point of the curves, as a list of coordinates. The position is null if the curve has no
    positions.
    """
    absent = np.repeat(np.array([position is None for position in positions], dtype=bool), lengths)
    held = [position or b"" for position in positions]
    widths = np.array([len(position) for position in held], dtype=np.int64) // VALUE_BYTES // lengths
    return _lists(np.frombuffer(b"".join(held)), np.repeat(widths, lengths), pa.array(absent))


def _lists(values: np.ndarray, sizes: np.ndarray, mask: pa.Array | None = None) -> pa.ListArray:
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(values), mask=mask)


def _batches(records: Iterable[bytes], check_stop: Callable[[], None]) -> Iterator[list[Packed]]:
    batch, size = [], 0
    for record in records:
        check_stop()
        batch.append(unpack(record))
        size += len(record)
        if size >= GROUP_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

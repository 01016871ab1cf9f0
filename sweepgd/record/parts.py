"""Configurations as Arrow tables, and tables as immutable Parquet parts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.record.files import sync_folder
from sweepgd.record.finished import VALUE_BYTES, Packed, layout_in, unpack
from sweepgd.record.schema import CURVATURE, CURVES, MINIMA, SCHEMAS, TRIALS
from sweepgd.record.sealed import sealed
from sweepgd.record.stopping import GivenUp, never

# A row group holds about this many bytes of log records, which bounds the memory that publishing takes.
GROUP_BYTES = 32 * 2**20

# The folder of a compaction that is complete but not yet in place.
COMPACTED = "compacted"


def folder(directory: Path, table: str) -> Path:
    """Where the parts of a table are: beside the others, or, where a compaction was interrupted, not yet there."""
    compacted = directory / COMPACTED / table
    return compacted if compacted.is_dir() else directory / table


def part(directory: Path, table: str, number: int) -> Path:
    """The path of a part of a table."""
    return folder(directory, table) / f"{number:06}.parquet"


def complete(directory: Path, number: int) -> bool:
    """Whether a segment has all its parts."""
    return all(part(directory, table, number).exists() for table in SCHEMAS)


def parts_of(directory: Path, table: str, published: Iterable[int]) -> list[Path]:
    """The parts of a table that were published under these numbers."""
    paths = [part(directory, table, number) for number in published]
    # Directories from before curvature was measured have parts without it.
    return [path for path in paths if table != "curvature" or path.exists()]


def numbers(within: Path, suffix: str) -> list[int]:
    """The numbers of the files `000001<suffix>` in a folder, ascending; none where there is no folder."""
    stems = (path.stem for path in within.glob(f"*{suffix}"))
    return sorted(int(stem) for stem in stems if stem.isdecimal() and stem == f"{int(stem):06}")


def largest(directory: Path) -> int:
    """The largest number of a part of any table, 0 where there is none.

    Not of trials alone: a part that exists is left as it is, and some can be there without their trials, as where a repair
    was killed.
    """
    return max((number for table in SCHEMAS for number in numbers(folder(directory, table), ".parquet")), default=0)


def trials_table(batch: Sequence[Packed]) -> pa.Table:
    """The trials rows of configurations."""
    return _rows([row for finished in batch for row in finished.rows], TRIALS)


def curves_table(batch: Sequence[Packed]) -> pa.Table:
    """The curve points of configurations."""
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
        joined = np.frombuffer(raw, CURVES.field(column).type.to_pandas_dtype())
        columns.append(pa.array(joined, mask=absent | np.isnan(joined)))
    columns.append(_positions([curve.get("position") for curve in curves], lengths))
    return pa.Table.from_arrays(columns, schema=CURVES)


def minima_table(batch: Sequence[Packed]) -> pa.Table:
    """The minimisers of configurations."""
    rows = [row for packed in batch for row in packed.minima]
    vectors = [np.frombuffer(row["parameters"], row["dtype"]).astype(np.float64) for row in rows]
    layouts = {raw: layout_in(raw).tolist() for raw in {row["layout"] for row in rows}}
    plain = [row | {"parameters": None, "layout": layouts[row["layout"]]} for row in rows]
    table = _rows(plain, MINIMA)
    sizes = np.array([len(vector) for vector in vectors], dtype=np.int64)
    lists = _lists(np.concatenate([np.empty(0), *vectors]), sizes)
    return table.set_column(MINIMA.get_field_index("parameters"), MINIMA.field("parameters"), lists)


def curvature_table(batch: Sequence[Packed]) -> pa.Table:
    """What was measured at the minimisers of configurations."""
    return _rows([row for packed in batch for row in packed.curvature], CURVATURE)


_TABLES: dict[str, Callable[[Sequence[Packed]], pa.Table]] = {
    "trials": trials_table,
    "minima": minima_table,
    "curves": curves_table,
    "curvature": curvature_table,
}


def table_of(name: str, records: Iterable[bytes]) -> pa.Table:
    """One table of the configurations in log records."""
    return _TABLES[name]([unpack(record) for record in records])


def publish(
    directory: Path,
    number: int,
    records: Iterable[bytes],
    metadata: Mapping[str, str],
    stop: Callable[[], bool] = never,
) -> None:
    """Writes log records as part `number` of each table, trials last: who sees that one sees the others.

    Parts that exist are left as they are. Raises OSError where a part cannot be written, and GivenUp where
    `stop`, asked before each record, row group and seal, says so; those that were are whole.
    """

    def ask(raised: type[BaseException] | None = None, *_: object) -> None:
        if raised is None and stop():
            raise GivenUp

    with ExitStack() as stack:  # unwinds in reverse, so that the table entered first is placed last
        writers = {}
        for name in _TABLES:
            path = part(directory, name, number)
            if path.exists():
                sync_folder(path.parent)
                continue
            writers[name] = stack.enter_context(sealed(path, SCHEMAS[name], metadata))
            stack.push(ask)
        if not writers:
            return
        for batch in _batches(records, ask):
            for name, writer in writers.items():
                ask()
                writer.write_table(_TABLES[name](batch))


def _rows(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays(
        [pa.array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema
    )


def _positions(positions: Sequence[bytes | None], lengths: np.ndarray) -> pa.ListArray:
    """A list a point, null where the curve has no positions."""
    absent = np.repeat(np.array([position is None for position in positions], dtype=bool), lengths)
    held = [position or b"" for position in positions]
    widths = np.array([len(position) for position in held], dtype=np.int64) // VALUE_BYTES // lengths
    return _lists(np.frombuffer(b"".join(held)), np.repeat(widths, lengths), pa.array(absent))


def _lists(values: np.ndarray, sizes: np.ndarray, mask: pa.Array | None = None) -> pa.ListArray:
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(values), mask=mask)


def _batches(records: Iterable[bytes], ask: Callable[[], None]) -> Iterator[list[Packed]]:
    batch, size = [], 0
    for record in records:
        ask()
        batch.append(unpack(record))
        size += len(record)
        if size >= GROUP_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

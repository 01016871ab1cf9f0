"""Merge several results directories into a new one, with the rows in the order of trials."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pyarrow as pa

from sweepgd.record import parquet_reader, parts
from sweepgd.record.atomic_files import sync_folder, writing
from sweepgd.record.checksums import sealed
from sweepgd.record.lock import release, take_lock
from sweepgd.record.new_directory import make_ready
from sweepgd.record.results import ORDER, Results
from sweepgd.record.run_keys import Runs
from sweepgd.record.schema import SCHEMAS, footer
from sweepgd.record.store import Store

# The folder in the new directory for rows that are not sorted yet.
UNSORTED = "unsorted"


@dataclass(frozen=True)
class Source:
    """A results directory to merge, with the numbers of its parts, and its trials."""

    directory: Path
    published: Sequence[int]
    trials: Runs

    def parts(self, table: str) -> list[Path]:
        """Return the parts of a table."""
        return parts.parts_of(self.directory, table, self.published)


def source(results: Results, note: Callable[[str], None]) -> Source:
    """Publish all rows of a results directory, and return the directory as a source. `note` receives a line for each log that
    was cut.

    Raises SweepgdError if another process is writing to the directory, or if the disk has no space for the rows in a log.
    """
    with closing(Store.open(results.directory, results.sweep_toml)) as store:
        for line in store.notes:
            note(line)
        store.publish()
        published = parts.numbers(results.directory / "trials", ".parquet")
        return Source(results.directory, published, np.array(sorted(store.recorded), np.int64))


def combine(sources: Sequence[Source], out: Path, sweep_toml: str) -> None:
    """Write the rows of directories without common trials to the new directory `out`. `out` appears only when it is complete.

    Memory holds only one row group and the rows of some neighbouring trials at a time, for any number of rows. If a part is
    damaged or `out` cannot be written, raises SweepgdError and leaves nothing at `out`.
    """
    trials = np.sort(np.concatenate([item.trials for item in sources]))
    with _new(out, sweep_toml) as begun:
        for table, schema in SCHEMAS.items():
            paths = [path for item in sources for path in item.parts(table)]
            with sealed(parts.part(begun, table, 1), schema, footer(sweep_toml)) as writer:
                for rows in _in_order(paths, schema, _bounds(trials, paths, schema), begun / UNSORTED):
                    writer.write_table(rows)


@contextmanager
def _new(out: Path, sweep_toml: str) -> Iterator[Path]:
    """Yield an empty results directory beside `out`, and rename it to `out` if the context ends without an error."""
    begun = out.with_name(f".{out.name}.merging")
    with writing(out):
        (begun / "log").mkdir(parents=True, exist_ok=True)
        lock = take_lock(begun)
        try:
            for folder in (*SCHEMAS, UNSORTED):  # a killed merge may have left these folders
                shutil.rmtree(begun / folder, ignore_errors=True)
            (begun / UNSORTED).mkdir()
            make_ready(begun, sweep_toml)
            yield begun
            (begun / UNSORTED).rmdir()
            begun.rename(out)
            sync_folder(out.parent)
        finally:
            shutil.rmtree(begun, ignore_errors=True)
            release(lock)


def _bounds(trials: Runs, paths: Sequence[Path], schema: pa.Schema) -> Runs:
    """Return the trials at which to divide the rows of these parts into pieces, each about as large as a row group."""
    # All rows of a sweep have about the same size in memory. The size of the file does not show this size, because the file
    # stores equal texts only once.
    sample = next((table for path in paths for table in parquet_reader.groups(path, schema) if len(table)), None)
    if sample is None:
        return trials[:0]
    size = sum(map(parquet_reader.rows_of, paths)) * sample.nbytes / len(sample)
    step = max(1, ceil(len(trials) / ceil(size / parts.GROUP_BYTES)))
    return trials[step::step]


def _in_order(paths: Sequence[Path], schema: pa.Schema, bounds: Runs, folder: Path) -> Iterator[pa.Table]:
    """Yield the rows of parts in the order of trial and replicate.

    Rows of the same run stay in the order of their part. The rows are first written to several files, one file for each range
    of trials between two neighbouring `bounds`.
    """
    for path in paths:
        for table in parquet_reader.groups(path, schema):
            ranges = np.searchsorted(bounds, table["trial"].to_numpy(), side="right")
            for index in np.unique(ranges):
                _append(folder / f"{index}.arrow", table.filter(pa.array(ranges == index)))
    for index in range(len(bounds) + 1):
        path = folder / f"{index}.arrow"
        if path.exists():
            yield _read(path).combine_chunks().sort_by([(key, "ascending") for key in ORDER])
            path.unlink()


def _append(path: Path, table: pa.Table) -> None:
    """Append a table to a file that holds Arrow streams one after another."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with path.open("ab") as file, pa.ipc.new_stream(file, table.schema, options=options) as stream:
        stream.write_table(table)


def _read(path: Path) -> pa.Table:
    """Return all tables of a file of Arrow streams as one table."""
    tables, size = [], path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            tables.append(pa.ipc.open_stream(file).read_all())
    return pa.concat_tables(tables)

"""Merge all parts of a study into one part per table."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parts
from sweepgd.record.atomic_files import sync_folder, to_repair, writing
from sweepgd.record.checksums import sealed
from sweepgd.record.finish_compaction import BEGUN, finish_compaction
from sweepgd.record.parquet_reader import groups
from sweepgd.record.results import load
from sweepgd.record.run_keys import has_more
from sweepgd.record.schema import SCHEMAS, footer
from sweepgd.record.store import Store


def compact(directory: Path | str, note: Callable[[str], None] = lambda _: None) -> tuple[int, int]:
    """Merge the parts of each table into one part. Return the number of parts per table before and after the merge.

    Do not read the study during this call, because a reader that has listed the old parts may not find their files. Compaction
    can be stopped at any point. No row is then lost or duplicated, and the next command that writes to the directory finishes
    the compaction. `note` receives a line for each log that was cut. Raises SweepgdError if another process is writing to the
    directory, if a part is damaged, or if the disk has no space for the new parts in addition to the old parts.
    """
    results = load(directory)
    with closing(Store.open(results.directory, results.sweep_toml)) as store:
        for line in store.notes:
            note(line)
        store.publish()
        numbers = parts.numbers(results.directory / "trials", ".parquet")
        if len(numbers) < 2:
            return len(numbers), len(numbers)
        _check_no_more_than(numbers, results.directory)
        with writing(results.directory):
            try:
                _merge(results.directory, numbers, footer(results.sweep_toml), store.check_held)
            finally:
                finish_compaction(results.directory)
    return len(numbers), 1


def _check_no_more_than(numbers: list[int], directory: Path) -> None:
    """Raise SweepgdError if a table has parts for which there is no part of trials. An interrupted repair leaves such parts."""
    for table in SCHEMAS:
        for number in parts.numbers(directory / table, ".parquet"):
            if number not in numbers:
                path = parts.part(directory, table, number)
                raise SweepgdError(f"{path} exists, but the file of its trials is missing; {to_repair(path)}")


def _merge(directory: Path, numbers: list[int], metadata: dict[str, str], check_held: Callable[[], None]) -> None:
    """Write the new parts into a separate folder, and mark the new parts as complete. Their number is the number of the newest
    old part.
    """
    begun = directory / BEGUN
    begun.mkdir()
    for table, schema in SCHEMAS.items():
        (begun / table).mkdir()
        merged = begun / table / f"{numbers[-1]:06}.parquet"
        with sealed(merged, schema, metadata) as writer:
            for group in _regrouped(parts.parts_of(directory, table, numbers), schema):
                writer.write_table(group)
    sync_folder(begun)
    check_held()
    # A log can rebuild only the parts of its own segment. The new parts hold all segments, so that the logs are no longer of
    # use.
    logs = [path for path in (directory / "log" / f"{number:06}.log" for number in numbers) if path.exists()]
    for log in logs:
        if has_more(log):
            raise SweepgdError(f"{log} holds runs that are missing from its parts; {to_repair(log)}")
    for log in logs:
        log.unlink()
    sync_folder(directory / "log")
    begun.rename(directory / parts.COMPACTED)
    sync_folder(directory)


def _regrouped(paths: Iterable[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of parts in tables of at least GROUP_BYTES. Each table becomes a row group."""
    held = [schema.empty_table()]
    for group in (group for path in paths for group in groups(path, schema)):
        held.append(group)
        if sum(table.nbytes for table in held) >= parts.GROUP_BYTES:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)

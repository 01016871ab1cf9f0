"""Read Parquet parts: check every byte, convert older schema versions, and name damaged files."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweepgd.core.errors import SweepgdError
from sweepgd.record.atomic_files import to_repair
from sweepgd.record.checksums import fault
from sweepgd.record.schema import SCHEMA_VERSION, SEALED
from sweepgd.record.stopping import never

# The error numbers of a missing or damaged file. Arrow's own errors have no number.
_DAMAGE = (None, errno.ENOENT, errno.EIO)


class Damaged(SweepgdError):
    """Raised for a damaged Parquet file of a results directory. `reason` describes the damage."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}; {to_repair(path)}")
        self.reason = reason


def read(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, filters: pc.Expression | None = None) -> pa.Table:
    """Return a part with the columns of `schema`, or only some of its columns or rows.

    Columns that an older version did not write are null. Every byte of the file is checked. With `filters`, only bytes that are
    read are checked. Raises Damaged if a check fails, and SweepgdError if a newer version wrote the part.
    """
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    with _opened(path) as file:
        if filters is None:
            _check(path, file)
            return _with_columns(file.read(wanted.names), wanted)
        table = pq.read_table(path, schema=schema, filters=filters, partitioning=None, page_checksum_verification=True)
        return table.select(wanted.names)


def groups(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield a part in tables of one row group each, with the columns of `schema`."""
    for table in pages(path):
        yield _with_columns(table, schema)


def pages(path: Path) -> Iterator[pa.Table]:
    """Yield a Parquet file in tables of one row group each, with the columns of the file. Raises the errors of `read`."""
    with _opened(path) as file:
        _check(path, file)
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def is_whole(path: Path, stop: Callable[[], bool] = never) -> bool:
    """Return True if a part exists and is not damaged. `stop` is called after each row group. When `stop` returns True, return
    False early.
    """
    try:
        return not (stop() or any(stop() for _ in pages(path)))
    except SweepgdError:
        return False


def version_of(path: Path) -> int:
    """Return the schema version of a part. Raises the errors of `read`."""
    with _opened(path) as file:
        return _version(file)


def sweep_of(path: Path) -> str:
    """Return the SHA-256 of the sweep that wrote a part. Raises the errors of `read`."""
    with _opened(path) as file:
        return (file.metadata.metadata or {}).get(b"sweepgd.sweep_sha256", b"").decode()


def versions_of(path: Path) -> dict[str, str]:
    """Return the versions in the footer of a part: "schema" and the names of software. Raises the errors of `read`."""
    with _opened(path) as file:
        found = {name.decode(): text.decode() for name, text in (file.metadata.metadata or {}).items()}
        software = {name.removesuffix(".version"): text for name, text in found.items() if name.endswith(".version")}
        return {"schema": str(_version(file)), **software}


def rows_of(path: Path) -> int:
    """Return the number of rows of a part. Raises the errors of `read`."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of a schema. Missing columns are filled with nulls."""
    names = set(table.column_names)
    columns = [table[field.name] if field.name in names else pa.nulls(len(table), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _check(path: Path, file: pq.ParquetFile) -> None:
    """Raise Damaged if the checksum of a file is wrong, or if the checksum is missing although files of this version have a
    checksum.
    """
    if reason := fault(path, required=SEALED <= _version(file) <= SCHEMA_VERSION):
        raise Damaged(path, reason)


def _version(file: pq.ParquetFile) -> int:
    """Return the schema version of a file, or 0 if the file does not state its version."""
    text = (file.metadata.metadata or {}).get(b"sweepgd.schema_version", b"")
    return int(text) if text.isdigit() else 0


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            version = _version(file)
            if not 0 < version <= SCHEMA_VERSION:
                _check(path, file)
                raise SweepgdError(
                    f"{path} has schema version {version or 'unknown'}, but this sweepgd reads 1 to {SCHEMA_VERSION}: "
                    "use the sweepgd version that wrote this file"
                )
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: BaseException) -> SweepgdError:
    """Return a Damaged for an error that damage causes. Return a SweepgdError for an error with another cause, such as too
    little memory.
    """
    reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    short = isinstance(error, MemoryError) and fault(path, required=False) is None
    if short or getattr(error, "errno", None) not in _DAMAGE:
        return SweepgdError(f"{path} cannot be read: {reason}; the file is not damaged: fix the cause and try again")
    return Damaged(path, reason)

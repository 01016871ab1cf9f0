"""Parts read: every byte checked, older versions as the present one, a damaged part named."""

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sweepgd.problem import Problem
from sweepgd.record.files import to_repair
from sweepgd.record.schema import SCHEMA_VERSION, SEALED
from sweepgd.record.sealed import fault
from sweepgd.record.stopping import never

# What the operating system says of a file that is gone or was damaged; Arrow's own errors have no number.
_DAMAGE = (None, errno.ENOENT, errno.EIO)


class Damaged(Problem):
    """A Parquet file of a result directory that is not as it was written, for a `reason`."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}; {to_repair(path)}")
        self.reason = reason


def read(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None, filters: pc.Expression | None = None) -> pa.Table:
    """A part with the columns of `schema`, null where an earlier version had none, or some columns or rows of it.

    Every byte is checked, of a choice of rows those that are read. Raises Damaged where they are not as they were written, and
    Problem where a newer version wrote them.
    """
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    with _opened(path) as file:
        if filters is None:
            _check(path, file)
            return _with_columns(file.read(wanted.names), wanted)
        table = pq.read_table(path, schema=schema, filters=filters, partitioning=None, page_checksum_verification=True)
        return table.select(wanted.names)


def groups(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """A part as `read` gives it, a row group at a time."""
    for table in pages(path):
        yield _with_columns(table, schema)


def pages(path: Path) -> Iterator[pa.Table]:
    """All that a Parquet file holds, as it was written, a row group at a time. Raises as `read`."""
    with _opened(path) as file:
        _check(path, file)
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def is_whole(path: Path, stop: Callable[[], bool] = never) -> bool:
    """Whether a part is there and can be read, every byte as it was written.

    False also where `stop`, asked after each row group, says so.
    """
    try:
        return not (stop() or any(stop() for _ in pages(path)))
    except Problem:
        return False


def version_of(path: Path) -> int:
    """The schema version that a part was written under. Raises as `read`."""
    with _opened(path) as file:
        return _version(file)


def sweep_of(path: Path) -> str:
    """The SHA-256 of the sweep that a part was written under. Raises as `read`."""
    with _opened(path) as file:
        return (file.metadata.metadata or {}).get(b"sweepgd.sweep_sha256", b"").decode()


def rows_of(path: Path) -> int:
    """The number of rows of a part. Raises as `read`."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of a schema, null where a table has none."""
    names = set(table.column_names)
    columns = [table[field.name] if field.name in names else pa.nulls(len(table), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _check(path: Path, file: pq.ParquetFile) -> None:
    """Raises Damaged where not every byte of a file is as it was written, as far as its version can tell."""
    if reason := fault(path, required=SEALED <= _version(file) <= SCHEMA_VERSION):
        raise Damaged(path, reason)


def _version(file: pq.ParquetFile) -> int:
    """The schema version; 0 where a file does not say."""
    text = (file.metadata.metadata or {}).get(b"sweepgd.schema_version", b"")
    return int(text) if text.isdigit() else 0


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            version = _version(file)
            if not 0 < version <= SCHEMA_VERSION:
                _check(path, file)
                raise Problem(
                    f"{path} has schema version {version or 'unknown'}, and this sweepgd reads 1 to {SCHEMA_VERSION}: "
                    "use the sweepgd that wrote it"
                )
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: BaseException) -> Problem:
    """What an error says of the file that was read: Damaged, or what hinders reading it, such as a lack of memory."""
    reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
    short = isinstance(error, MemoryError) and fault(path, required=False) is None
    if short or getattr(error, "errno", None) not in _DAMAGE:
        return Problem(f"{path} cannot be read: {reason}; that is no damage of the file: mend its cause, and try again")
    return Damaged(path, reason)

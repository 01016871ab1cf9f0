"""Parquet files that contain a checksum of the whole file, so that a change of any byte can be detected.

Parquet itself has checksums of pages, but not of page headers or of the footer, which holds names, types and statistics. The
footer metadata `sweepgd.crc32` is therefore the CRC-32 of the whole file, computed with eight zeros in place of the eight
digits of the checksum. The checksum is inside the file, so that a copy of a part keeps it. A separate file with the checksum
could not be renamed at the same moment as the part. A crash between the two renames would leave a part with the wrong checksum.
"""

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from sweepgd.record.atomic_files import atomic_replacement
from sweepgd.record.column_encoding import encodings

KEY = "sweepgd.crc32"
_ZEROS = b"00000000"
_MARK = KEY.encode() + b"\x18\x08"  # Thrift's compact protocol writes these bytes between a key and a value of eight bytes
_CHUNK = 2**20


@contextmanager
def sealed(path: Path, schema: pa.Schema, metadata: Mapping[str, str]) -> Iterator[pq.ParquetWriter]:
    """Yield a writer of a Parquet file. If the context ends without an error, the file gets its checksum and its name."""
    schema = schema.with_metadata({**metadata, KEY: _ZEROS.decode()})
    with atomic_replacement(path) as temporary, temporary.open("w+b") as file:
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True, **encodings(schema)) as writer:
            yield writer
        offset = _checksum_offset(file)
        assert offset is not None
        checksum = _checksum(file, offset)
        file.seek(offset)
        file.write(checksum)


def fault(path: Path, required: bool) -> str | None:
    """Return the fault of a file, or None if the checksum is right. A missing checksum is a fault if `required` is True."""
    with path.open("rb") as file:
        offset = _checksum_offset(file)
        if offset is None:
            return "it has no checksum" if required else None
        file.seek(offset)
        return None if file.read(len(_ZEROS)) == _checksum(file, offset) else "its bytes do not match its checksum"


def _checksum_offset(file: BinaryIO) -> int | None:
    """Return the offset of the checksum's digits, or None if there is no checksum."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    start = size - 8 - int.from_bytes(file.read(4), "little")
    if start < 0:
        return None
    file.seek(start)
    found = file.read().rfind(_MARK)
    return None if found < 0 else start + found + len(_MARK)


def _checksum(file: BinaryIO, offset: int) -> bytes:
    """Return the checksum of a file as eight hexadecimal digits. At `offset`, the file has its recorded checksum, which counts
    as zeros.
    """
    file.seek(0)
    checksum, left = 0, offset
    while left:
        chunk = file.read(min(_CHUNK, left))
        checksum, left = zlib.crc32(chunk, checksum), left - len(chunk)
    checksum = zlib.crc32(_ZEROS, checksum)
    file.seek(offset + len(_ZEROS))
    while chunk := file.read(_CHUNK):
        checksum = zlib.crc32(chunk, checksum)
    return f"{checksum:08x}".encode()

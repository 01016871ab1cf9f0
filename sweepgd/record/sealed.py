"""Parquet files that carry a checksum of themselves: a byte that changed anywhere is noticed.

Pages have Parquet's own checksums, but page headers and the footer, with names, types and statistics, have none. So the footer
holds under `sweepgd.crc32` the CRC-32 of the whole file, taken with eight zeros in the place of its own eight digits.
"""

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from sweepgd.record.files import placed

KEY = "sweepgd.crc32"
_ZEROS = b"00000000"
_MARK = KEY.encode() + b"\x18\x08"  # what Thrift's compact protocol writes between a key and a value of eight bytes
_CHUNK = 2**20


@contextmanager
def sealed(path: Path, schema: pa.Schema, metadata: Mapping[str, str]) -> Iterator[pq.ParquetWriter]:
    """A writer of a Parquet file that has its name, and its checksum, once the block is left without an error."""
    schema = schema.with_metadata({**metadata, KEY: _ZEROS.decode()})
    with placed(path) as temporary, temporary.open("w+b") as file:
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
            yield writer
        at = _place(file)
        assert at is not None
        checksum = _checksum(file, at)
        file.seek(at)
        file.write(checksum)


def fault(path: Path, required: bool) -> str | None:
    """What is wrong with a file's bytes; None where nothing is, or where it has no checksum and none is `required`."""
    with path.open("rb") as file:
        at = _place(file)
        if at is None:
            return "it has no checksum" if required else None
        file.seek(at)
        return None if file.read(len(_ZEROS)) == _checksum(file, at) else "its bytes are not those of its checksum"


def _place(file: BinaryIO) -> int | None:
    """Where the digits of the checksum begin; None where there is no checksum."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    start = size - 8 - int.from_bytes(file.read(4), "little")
    if start < 0:
        return None
    file.seek(start)
    found = file.read().rfind(_MARK)
    return None if found < 0 else start + found + len(_MARK)


def _checksum(file: BinaryIO, at: int) -> bytes:
    """The digits that belong at this place."""
    file.seek(0)
    checksum, left = 0, at
    while left:
        chunk = file.read(min(_CHUNK, left))
        checksum, left = zlib.crc32(chunk, checksum), left - len(chunk)
    checksum = zlib.crc32(_ZEROS, checksum)
    file.seek(at + len(_ZEROS))
    while chunk := file.read(_CHUNK):
        checksum = zlib.crc32(chunk, checksum)
    return f"{checksum:08x}".encode()

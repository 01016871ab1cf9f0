"""An append-only file of framed records: what was flushed survives a crash, and a torn tail is recognised and cut.

A frame that was damaged later is passed over, as long as its length still says where the next one begins.

The file is MAGIC, then frames: payload length (uint64) and CRC-32 (uint32), little-endian, then the payload.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sweepgd.problem import Problem
from sweepgd.record.files import naming, placed, sync_folder

MAGIC = b"sweepgd log 1\n"
_HEAD = struct.Struct("<QI")


def _whole(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The payloads of whole frames, the file standing behind each as it is given."""
    size = os.fstat(file.fileno()).st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise Problem(f"{path} is no log of this sweepgd: it was damaged, or written by another version")
    end = len(MAGIC)
    while end + _HEAD.size <= size:
        length, checksum = _HEAD.unpack(file.read(_HEAD.size))
        end += _HEAD.size + length
        # A length of 0 is never written, but a tail of zeros, which a power cut can leave, would pass its checksum.
        if length == 0 or end > size:
            return
        payload = file.read(length)
        if zlib.crc32(payload) == checksum:
            yield payload


def frames(path: Path) -> Iterator[bytes]:
    """The payloads of a log, which may be growing: an unfinished tail is ignored. Raises Problem where it is no log."""
    with path.open("rb") as file:
        yield from _whole(file, path)


def faults(path: Path) -> tuple[int, int]:
    """How many bytes of a log are in no whole frame: between whole ones, after the last. Raises Problem where it is no log."""
    with path.open("rb") as file:
        whole = end = len(MAGIC)
        for payload in _whole(file, path):
            whole, end = whole + _HEAD.size + len(payload), file.tell()
        return end - whole, file.seek(0, os.SEEK_END) - end


class Log:
    """A log open for appending, by one writer."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the log; a torn tail is cut, its bytes kept beside in a file ending in `.torn`."""
        self.path = path
        if not path.exists():
            with placed(path) as temporary:
                temporary.write_bytes(MAGIC)
        self._file = path.open("r+b", buffering=0)
        try:
            self._end = self._cut()
        except BaseException:
            self._file.close()
            raise
        self._pending: list[bytes] = []

    def _cut(self) -> int:
        end = self._file.seek(0, os.SEEK_END) - faults(self.path)[1]
        self._file.seek(end)
        if tail := self._file.read():
            torn = self.path.with_suffix(".torn")
            with naming(torn), torn.open("ab") as kept:
                kept.write(tail)
                kept.flush()
                os.fsync(kept.fileno())
            sync_folder(self.path.parent)
            with naming(self.path):
                self._file.truncate(end)
                os.fsync(self._file.fileno())
        return end

    def append(self, payload: bytes) -> None:
        """Adds a record, in memory until the next `flush`."""
        self._pending += _HEAD.pack(len(payload), zlib.crc32(payload)), payload

    def flush(self) -> None:
        """Makes everything appended durable, with one fsync.

        After an OSError the records are still pending, and the next flush writes them again at the same place.
        """
        if not self._pending:
            return
        data = memoryview(b"".join(self._pending))
        self._file.seek(self._end)
        written = 0
        with naming(self.path):
            while written < len(data):
                written += self._file.write(data[written:])
            os.fsync(self._file.fileno())
        self._end += len(data)
        self._pending.clear()

    @property
    def size(self) -> int:
        """How many bytes of it are durable."""
        return self._end

    @property
    def empty(self) -> bool:
        """Whether no record was ever flushed to it."""
        return self._end == len(MAGIC)

    def close(self) -> None:
        """Closes the file; what was not flushed is gone."""
        self._file.close()

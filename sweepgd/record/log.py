"""An append-only file of framed records: what was flushed survives a crash, and a torn tail is recognised and cut.

A frame that was damaged later is passed over: the next whole one is searched for, whatever became of its length.

The file is MAGIC, then frames: payload length (uint64) and CRC-32 (uint32), little-endian, then the payload, a record.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sweepgd.problem import Problem
from sweepgd.record.files import naming, placed, sync_folder, to_repair

MAGIC = b"sweepgd log 1\n"
_HEAD = struct.Struct("<QI")
# Where a frame may begin: a length of 1 to 2³² - 1, any checksum, and MessagePack's mark of an array of four or five, as
# every record begins. Without that mark each whole number of a curve would look like a length, and need a checksum taken.
_LIKELY = re.compile(rb"(?=(?!\0{4})[\s\S]{4}\0{4}[\s\S]{4}[\x94\x95])")


def _whole(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    """Where each whole frame begins, and its payload."""
    size = os.fstat(file.fileno()).st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise Problem(f"{path} is no log of this sweepgd: it was damaged, or written by another version; {to_repair(path)}")
    at = len(MAGIC)
    while at < size:
        payload = _payload(file, at, size)
        if payload is None:
            at = _next(file, at + 1, size)
        else:
            yield at, payload
            at += _HEAD.size + len(payload)


def _payload(file: BinaryIO, at: int, size: int) -> bytes | None:
    """The payload of the frame that begins here; None where no whole one does."""
    file.seek(at)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    # A length of 0 is never written, but a tail of zeros, which a power cut can leave, would pass its checksum.
    if not 0 < length <= size - at - _HEAD.size:
        return None
    payload = file.read(length)
    return payload if zlib.crc32(payload) == checksum else None


def _next(file: BinaryIO, start: int, size: int) -> int:
    """Where the next whole frame begins; the size of the file where there is none."""
    file.seek(start)
    places = (start + match.start() for match in _LIKELY.finditer(file.read(size - start)))
    return next((at for at in places if _payload(file, at, size) is not None), size)


def frames(path: Path) -> Iterator[bytes]:
    """The payloads of a log, which may be growing: an unfinished tail is ignored. Raises Problem where it is no log."""
    with path.open("rb") as file:
        for _, payload in _whole(file, path):
            yield payload


def faults(path: Path) -> tuple[int, int]:
    """How many bytes of a log are in no whole frame: between whole ones, after the last. Raises Problem where it is no log."""
    with path.open("rb") as file:
        whole = end = len(MAGIC)
        for at, payload in _whole(file, path):
            length = _HEAD.size + len(payload)
            whole, end = whole + length, at + length
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
            self.cut = self._cut()
            """How many bytes of a torn tail were cut."""
        except BaseException:
            self._file.close()
            raise
        self._pending: list[bytes] = []

    def _cut(self) -> int:
        self._end = end = self._file.seek(0, os.SEEK_END) - faults(self.path)[1]
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
        return len(tail)

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

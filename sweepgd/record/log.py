"""An append-only log of records. Flushed records survive a crash. An incomplete record at the end is detected and cut. If a
frame is damaged, even in its length, the reader searches for the next whole frame.

The file is MAGIC followed by frames. A frame is the payload length (uint64) and the CRC-32 (uint32), both little-endian, and
then the payload, which is a record.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sweepgd.core.errors import SweepgdError
from sweepgd.record.atomic_files import atomic_replacement, naming_file, sync_folder, to_repair

MAGIC = b"sweepgd log 1\n"
_HEAD = struct.Struct("<QI")
# A possible start of a frame: a length of 1 to 2³² - 1, any checksum, and MessagePack's mark of an array of 4 or 5 elements.
# Every record begins with this mark. Without the mark, each integer of a curve would look like a length, and a checksum would
# have to be computed for it.
_POSSIBLE_HEAD = re.compile(rb"(?=(?!\0{4})[\s\S]{4}\0{4}[\s\S]{4}[\x94\x95])")


def _whole_frames(file: BinaryIO, path: Path, start: int = len(MAGIC)) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the payload of each whole frame from the offset `start` on."""
    size = os.fstat(file.fileno()).st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise SweepgdError(f"{path} is not a log of this sweepgd version, or is damaged; {to_repair(path)}")
    offset = start
    while offset < size:
        payload = _payload(file, offset, size)
        if payload is None:
            offset = _next_frame(file, offset + 1, size)
        else:
            yield offset, payload
            offset += _HEAD.size + len(payload)


def _payload(file: BinaryIO, offset: int, size: int) -> bytes | None:
    """Return the payload of the frame at this offset, or None if no whole frame is there."""
    file.seek(offset)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    # No frame has a length of 0. After a power cut, a file can end in zeros, and a frame of zeros would pass the checksum.
    if not 0 < length <= size - offset - _HEAD.size:
        return None
    payload = file.read(length)
    return payload if zlib.crc32(payload) == checksum else None


def _next_frame(file: BinaryIO, start: int, size: int) -> int:
    """Return the offset of the next whole frame, or the size of the file if there is no further whole frame."""
    file.seek(start)
    candidates = (start + match.start() for match in _POSSIBLE_HEAD.finditer(file.read(size - start)))
    return next((offset for offset in candidates if _payload(file, offset, size) is not None), size)


def frames(path: Path) -> Iterator[bytes]:
    """Yield the payloads of a log. Another process may be appending to the log, so that an incomplete end is ignored. Raises
    SweepgdError if the file is not a log.
    """
    with path.open("rb") as file:
        for _, payload in _whole_frames(file, path):
            yield payload


def frames_after(path: Path, start: int = len(MAGIC)) -> Iterator[tuple[int, bytes]]:
    """Yield the end and the payload of each whole frame from the offset `start` on, which is the end of an earlier frame.

    The next call continues from the last end. Raises SweepgdError if the file is not a log.
    """
    with path.open("rb") as file:
        for offset, payload in _whole_frames(file, path, start):
            yield offset + _HEAD.size + len(payload), payload


def faults(path: Path) -> tuple[int, int]:
    """Return the number of damaged bytes between whole frames, and the number of bytes after the last whole frame.

    Raises SweepgdError if the file is not a log.
    """
    with path.open("rb") as file:
        whole = end = len(MAGIC)
        for offset, payload in _whole_frames(file, path):
            length = _HEAD.size + len(payload)
            whole, end = whole + length, offset + length
        return end - whole, file.seek(0, os.SEEK_END) - end


class Log:
    """A log open for appending by one writer."""

    def __init__(self, path: Path) -> None:
        """Open or create the log. An incomplete record at the end of the log is moved to a file with the suffix `.torn`."""
        self.path = path
        if not path.exists():
            with atomic_replacement(path) as temporary:
                temporary.write_bytes(MAGIC)
        self._file = path.open("r+b", buffering=0)
        try:
            self.cut = self._cut()
            """The number of bytes that were cut from the end."""
        except BaseException:
            self._file.close()
            raise
        self._pending: list[bytes] = []

    def _cut(self) -> int:
        self._end = end = self._file.seek(0, os.SEEK_END) - faults(self.path)[1]
        self._file.seek(end)
        if tail := self._file.read():
            torn = self.path.with_suffix(".torn")
            with naming_file(torn), torn.open("ab") as file:
                file.write(tail)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.path.parent)
            with naming_file(self.path):
                self._file.truncate(end)
                os.fsync(self._file.fileno())
        return len(tail)

    def append(self, payload: bytes) -> None:
        """Add a record in memory. The next `flush` writes the record."""
        self._pending += _HEAD.pack(len(payload), zlib.crc32(payload)), payload

    def flush(self) -> None:
        """Write all appended records and make them durable with one fsync.

        After an OSError, the records are still pending, and the next flush writes all of them again at the same offset.
        """
        if not self._pending:
            return
        data = memoryview(b"".join(self._pending))
        self._file.seek(self._end)
        written = 0
        with naming_file(self.path):
            while written < len(data):
                written += self._file.write(data[written:])
            os.fsync(self._file.fileno())
        self._end += len(data)
        self._pending.clear()

    @property
    def size(self) -> int:
        """The number of durable bytes."""
        return self._end

    @property
    def empty(self) -> bool:
        """True if the file holds no record."""
        return self._end == len(MAGIC)

    def close(self) -> None:
        """Close the file. Records that were not flushed are lost."""
        self._file.close()

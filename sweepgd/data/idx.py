"""The IDX format of MNIST: a big-endian header with type and dimensions, then the values; plain or gzip."""

import gzip
from math import prod
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array
from sweepgd.data.formats import is_packed
from sweepgd.data.table_checks import check_memory, reading

CHUNK = 1 << 20  # the number of bytes unpacked at a time, because gzip makes a copy of them
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path) -> Array:
    """Return the array of an IDX file in its shape and type. Raises SweepgdError for a wrong magic number or length."""
    with reading(path), gzip.open(path) if is_packed(path) else path.open("rb") as file:
        start = file.read(4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES:
            found = start.hex(" ") or "nothing"
            raise SweepgdError(f"{path}: starts with {found}, not with the magic number of an IDX file: give another file")
        dtype, sizes = np.dtype(TYPES[start[2]]), file.read(4 * start[3])
        if len(sizes) < 4 * start[3]:
            raise SweepgdError(f"{path}: the file ends after {4 + len(sizes)} bytes, inside its header: download it again")
        shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, 4 * start[3], 4))
        promised = prod(shape) * dtype.itemsize
        if shape:
            check_memory(path, shape[0], prod(shape[1:]), dtype.itemsize)
        # The values are read into their array, because a large file in memory twice may be too much.
        values = np.empty(shape, dtype)
        content = values.reshape(-1).view(np.uint8).data
        read = 0
        while read < promised and (count := file.readinto(content[read : read + CHUNK])):
            read += count
        read += len(file.read(1))  # notices that a file is too long without unpacking all of it
    header = 4 + len(sizes)
    if read != promised:
        found = "more" if read > promised else f"{header + read:,}"
        expected = f"{header + promised:,} bytes"
        raise SweepgdError(f"{path}: the header declares {expected}, but the file has {found}: download it again")
    return values.astype(dtype.newbyteorder("="), copy=False)

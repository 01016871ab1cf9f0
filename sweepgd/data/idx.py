"""The IDX format of MNIST: a big-endian header of type and dimensions, then the values; plain or gzip."""

import gzip
from math import prod
from pathlib import Path

import numpy as np

from sweepgd.data.checks import reading
from sweepgd.data.contract import Array
from sweepgd.problem import Problem

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path) -> Array:
    """The array of an IDX file, in its own shape and type. Raises Problem for a wrong magic number or length."""
    with reading(path), gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        content = file.read()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        start = content[:4].hex(" ") or "nothing"
        raise Problem(f"{path}: starts with {start}, not with the magic number of an IDX file: give another file")
    dtype = np.dtype(TYPES[content[2]])
    header = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4))
    expected = header + prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise Problem(f"{path}: {len(content)} bytes where its header promises {expected}: damaged, fetch it anew")
    values = np.frombuffer(content, dtype, offset=header).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)

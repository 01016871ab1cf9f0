"""Contents of users' files: 20 rows of two inputs, a class and a price, in CSV and IDX."""

import struct

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, prepare

INPUTS = np.column_stack((np.arange(20) % 7, np.arange(20) / 4.0))
KINDS = np.array(["cat", "ant", "bee"])[np.arange(20) % 3]
PRICES = INPUTS @ [2.0, 1.0]


def write(path, content):
    with open(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def csv_text(kinds=KINDS):
    lines = [f"{a:g},{b:g},{k},{p:g}" for (a, b), k, p in zip(INPUTS, kinds, PRICES, strict=True)]
    return "\n".join(["a,b,kind,price", *lines]) + "\n"


def idx_bytes(values):
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[values.dtype.str[1:]]
    header = bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(values.dtype.newbyteorder(">")).tobytes()


def refuse(line, path, kind=SweepgdError, **keys):
    with pytest.raises(kind, match=line) as caught:
        prepare(DataSpec(path=path, **{"target": "kind", "task": "classification", "inputs": ["a", "b"], **keys}))
    assert "\n" not in str(caught.value)

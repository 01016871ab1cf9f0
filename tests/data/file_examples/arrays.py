"""NPZ archives and IDX files: Keras' layout, NumPy types, and arrays that are not numbers."""

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from data.file_examples.file_case import KINDS, NUMBERS, ROWS, FileCase

CODES = np.arange(ROWS) % 3
DIGITS = ("0", "1", "2")
WITH = {"inputs": "x", "target": "y"}


def npz(**arrays: Any):
    return lambda path: np.savez(path, **arrays)


def idx(values: np.ndarray) -> bytes:
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[values.dtype.str[1:]]
    header = bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return header + values.astype(values.dtype.newbyteorder(">")).tobytes()


def idx_pair(values: np.ndarray, labels: np.ndarray):
    def make(path: Path) -> None:
        pack = gzip.compress if path.suffix == ".gz" else bytes
        path.write_bytes(pack(idx(values)))
        path.with_name("labels.idx").write_bytes(idx(labels))

    return make


def oversized(path: Path) -> None:
    """Write an array that declares 10^12 rows and has two."""
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", member.getvalue() + bytes(16))
        archive.writestr("y.npy", member.getvalue() + bytes(16))


def alone(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, NUMBERS)


def npz_line(name: str, line: str, asked: dict | None = None, **arrays: Any) -> FileCase:
    return FileCase(name, "d.npz", npz(**arrays), asked or WITH, line=line)


KERAS = {"x_train": NUMBERS, "y_train": CODES, "x_test": NUMBERS[:4], "y_test": CODES[:4]}
IMAGES = NUMBERS.reshape(ROWS, 2, 1)
LATIN = np.array([b"\xe9", b"b"] * (ROWS // 2))
OWN_TEST = {"test_inputs": "u", "test_target": "v"}
LABELS = {"target": "labels.idx"}

READ = [
    FileCase("two arrays", "d.npz", npz(x=NUMBERS, y=CODES), {"target": "y"}, classes=DIGITS),
    FileCase("images", "d.npz", npz(x=IMAGES, y=KINDS), WITH, features=("x0", "x1")),
    FileCase("labels in a column", "d.npz", npz(x=NUMBERS, y=CODES[:, None]), WITH, classes=DIGITS),
    FileCase("labels of bytes", "d.npz", npz(x=NUMBERS, y=KINDS.astype("S")), WITH),
    FileCase("half precision", "d.npz", npz(x=NUMBERS.astype("f2"), y=CODES.astype("u1")), WITH, classes=DIGITS),
    FileCase("truth values in NPZ", "d.npz", npz(x=NUMBERS > 1, y=CODES > 0), WITH, classes=("False", "True"), first=(0, 0)),
    FileCase("big-endian", "d.npz", npz(x=NUMBERS.astype(">f8"), y=CODES.astype(">i4")), WITH, classes=DIGITS),
    FileCase("Fortran order", "d.npz", npz(x=np.asfortranarray(NUMBERS), y=CODES), WITH, classes=DIGITS),
    FileCase("Keras' layout", "d.npz", npz(**KERAS), {"target": None}, classes=DIGITS, test=4),
    FileCase("Keras' layout, target named", "d.npz", npz(**KERAS), {"target": "y_train"}, classes=DIGITS, test=4),
    FileCase(
        "a test set by name",
        "d.npz",
        npz(x=NUMBERS, y=CODES, u=NUMBERS[:5], v=CODES[:5]),
        WITH | OWN_TEST,
        classes=DIGITS,
        test=5,
    ),
    FileCase(
        "a gap in NPZ as the median",
        "d.npz",
        npz(x=np.where(NUMBERS == 1.0, np.nan, NUMBERS), y=CODES),
        WITH | {"missing": "median"},
        (ROWS, 3),
        DIGITS,
        first=(0, 0.25, 0),
    ),
    FileCase(
        "a number for a gap in NPZ",
        "d.npz",
        npz(x=np.where(NUMBERS == 1.0, -999.9, NUMBERS).astype("f4"), y=CODES),
        WITH | {"missing": "median", "missing_values": ["-999.9"]},
        (ROWS, 3),
        DIGITS,
        first=(0, 0.25, 0),
    ),
    FileCase(
        "a byte for a gap",
        "d.npz",
        npz(x=np.where(NUMBERS == 1.0, 255, 2 * NUMBERS).astype("u1"), y=CODES),
        WITH | {"missing": "mean", "missing_values": ["255"]},
        (ROWS, 3),
        DIGITS,
        first=(0, 0, 0),
    ),
    FileCase(
        "labels of bytes in Latin-1", "d.npz", npz(x=NUMBERS, y=LATIN), WITH | {"encoding": "latin-1"}, classes=("b", "é")
    ),
    FileCase("IDX", "d.idx", idx_pair(NUMBERS.astype("f4"), CODES.astype("u1")), LABELS, classes=DIGITS),
    FileCase(
        "MNIST's names",
        "train-images-idx3-ubyte.gz",
        idx_pair(IMAGES.astype("u1"), CODES.astype("u1")),
        LABELS,
        classes=DIGITS,
        first=(0, 0),
    ),
]

REFUSED = [
    npz_line(
        "objects",
        "array 'y' holds Python objects of shape (12,), not the target of a classification: objects are not read",
        x=NUMBERS,
        y=KINDS.astype(object),
    ),
    npz_line("complex numbers", "array 'x' holds complex128", x=NUMBERS + 0j, y=CODES),
    npz_line("dates in NPZ", "array 'x' holds datetime64[D]", x=NUMBERS.astype("datetime64[D]"), y=CODES),
    npz_line(
        "one-hot labels",
        "3 columns of labels, but a classification has one; for one-hot labels, save",
        x=NUMBERS,
        y=np.eye(3)[CODES],
    ),
    npz_line("a single number", "array 'y' holds int64 of shape ()", x=NUMBERS, y=np.int64(3)),
    npz_line("fewer labels", "12 rows of inputs but 11 of targets", x=NUMBERS, y=CODES[1:]),
    npz_line("a label NA", "column 'y', row 2 is missing", x=NUMBERS, y=np.where(CODES == 1, "NA", KINDS)),
    npz_line(
        "a label -1",
        "column 'y', row 3 is missing, and 3 more",
        WITH | {"missing_values": ["-1"]},
        x=NUMBERS,
        y=np.where(CODES == 2, -1, CODES),
    ),
    *(
        npz_line(
            f"{key} of NPZ",
            f"data.{key} says how a CSV or TSV file is written, but d.npz is of another format: remove data.{key}",
            WITH | {key: value},
            x=NUMBERS,
            y=CODES,
        )
        for key, value in {"header": True, "separator": ";", "decimal": ","}.items()
    ),
    FileCase(
        "encoding of IDX",
        "d.idx",
        idx_pair(NUMBERS.astype("f4"), CODES.astype("u1")),
        LABELS | {"encoding": "latin-1"},
        line="data.encoding says how a CSV or TSV file is written, but d.idx is of another format: remove data.encoding",
    ),
    npz_line("a gap in NPZ", "column 'x0', row 3 is missing", x=np.where(NUMBERS == 1.0, np.nan, NUMBERS), y=CODES),
    npz_line(
        "inputs unnamed",
        "name the array of inputs in data.inputs; besides 'y' the file has 'x', 'z'",
        {"target": "y"},
        x=NUMBERS,
        z=NUMBERS,
        y=CODES,
    ),
    npz_line(
        "target unnamed",
        "name the array of the target in data.target; the file has 'x', 'y'",
        {"target": None},
        x=NUMBERS,
        y=CODES,
    ),
    npz_line(
        "one array as both", "'y' is in both data.target and data.inputs", {"inputs": "y", "target": "y"}, x=NUMBERS, y=CODES
    ),
    npz_line(
        "training inputs as test inputs",
        "array 'x' is named for both the training and the test part",
        WITH | {"test_inputs": "x", "test_target": "v"},
        x=NUMBERS,
        y=CODES,
        v=CODES,
    ),
    npz_line(
        "a test target alone",
        "data.test_inputs and data.test_target go together",
        WITH | {"test_target": "v"},
        x=NUMBERS,
        y=CODES,
        v=CODES,
    ),
    npz_line("no such array", "no array 'z': known: x, y", {"inputs": "x", "target": "z"}, x=NUMBERS, y=CODES),
    FileCase(
        "10^12 rows",
        "d.npz",
        oversized,
        WITH,
        line="declares (1000000000000,) values of float64, 8,000,000,000,000 bytes, but holds 16",
    ),
    FileCase("an array alone", "d.npz", alone, WITH, line="holds a single NumPy array"),
    FileCase("no arrays", "d.npz", lambda path: zipfile.ZipFile(path, "w").close(), WITH, line="no array 'x': known: none"),
    FileCase(
        "IDX of 10^12 rows",
        "d.idx",
        lambda path: (
            path.write_bytes(b"\0\0\x0e\3" + b"\x10" * 12),
            path.with_name("labels.idx").write_bytes(idx(CODES.astype("u1"))),
        ),
        LABELS,
        line="of memory, but this machine has",
    ),
    FileCase(
        "IDX packed without .gz",
        "d.idx",
        lambda path: (
            path.write_bytes(gzip.compress(idx(IMAGES))),
            path.with_name("labels.idx").write_bytes(idx(CODES.astype("u1"))),
        ),
        LABELS,
        line="holds gzip: add .gz to its name",
    ),
]

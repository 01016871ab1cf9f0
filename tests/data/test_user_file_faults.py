"""Faults of users' files: one message for each."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data.user_file_contents import INPUTS, KINDS, csv_text, idx_bytes, refuse, write

from sweepgd.core.errors import SweepgdError, UsageError


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "cannot read d.csv: the file is empty"),
        ("a,b,kind\n", "d.csv: no rows"),
        ("a,b,kind\n1,2,x\n3\n", "cannot read d.csv: CSV parse error: Expected 3 columns, got 1"),
        ("a,b,kind\n1,2,x\n3,,y\n", "column 'b', row 2 is missing: fill in a value, or set data.missing"),
        ("a,b,kind\n1,2,x\n3,nan,y\n", "column 'b', row 2 is missing: fill in a value, or set data.missing"),
        ("a,b,kind\n1,2,x\n3,4,y\n-inf,4,y\n", "column 'a', row 3 is -inf"),
        ("a,b,kind\n1,2,x\n3,four,y\n", "column 'b', row 2 is 'four', not a number"),
        ("a,b,kind\n1,2020-01-01,x\n3,2020-01-01,y\n", "column 'b', row 1 is '2020-01-01', not a number"),
        ("a,b,kind\n1,2,x\n3,4,\n", "column 'kind', row 2 is missing"),
        ("a,b,kind\n1,2,1\n3,4,\n", "column 'kind', row 2 is missing"),
        ("a,b,kind\n1,2,1\n3,4,1.5\n", "column 'kind', row 2 is 1.5: classes are whole numbers or text"),
        ("a,b,kind\n1,2,1\n3,4,inf\n", "column 'kind', row 2 is inf: correct the value"),
        ("a,b,kind\n1,2,2020-01-01\n", "column 'kind', row 1 is '2020-01-01', not a number"),
        ("a,b,kind\n1,2,x\n3,4,x\n", "every row is of class 'x'"),
        ("a,b,b,kind\n1,2,2,x\n", "two columns are called 'b'"),
        (b"a,b,kind\n1,\xff\xfe,x\n", 'd.csv: line 2 is not UTF-8 text: set data.encoding, such as "latin-1"'),
        (b"a,b,\xff\n1,2,x\n", "d.csv: line 1 is not UTF-8 text: set data.encoding"),
    ],
)
def test_invalid_csv_files_are_refused(content, line):
    write("d.csv", content)
    refuse(line, "d.csv")


def test_wrong_column_names_are_refused():
    write("d.csv", csv_text())
    refuse("no column 'knd': did you mean 'kind'", "d.csv", UsageError, target="knd")
    refuse("no column 'zz': known: a, b, kind, price", "d.csv", UsageError, inputs=["a", "zz"])
    refuse("'kind' is in both data.target and data.inputs", "d.csv", UsageError, inputs=["a", "kind"])
    refuse("data.target names 2 columns", "d.csv", UsageError, target=["kind", "price"])
    refuse("column 'kind', row 1 is 'cat', not a number", "d.csv", inputs=["a"], task="regression")
    refuse("column 'price', row 2 is 2.25: classes are", "d.csv", target="price")


def test_test_files_with_other_columns_are_refused():
    write("d.csv", csv_text())
    write("t.csv", "a,b,kind\n1,2,dog\n")
    refuse("t.csv: column 'kind' has class 'dog'", "d.csv", test_path="t.csv")
    write("t.csv", "a,c,kind\n1,2,cat\n")
    refuse("t.csv: no column 'b'", "d.csv", UsageError, test_path="t.csv")
    write("t.csv", "a,b,kind\n1,2,cat\n1,inf,cat\n")
    refuse("t.csv: column 'b', row 2 is inf", "d.csv", test_path="t.csv")
    refuse("has another format than", "d.csv", UsageError, test_path="t.npz")
    np.savez("d.npz", x=INPUTS, kind=KINDS)
    np.savez("t.npz", x=INPUTS[:, :1], kind=KINDS)
    refuse("t.npz: 1 inputs and 1 targets, but d.npz has 2 and 1", "d.npz", inputs="x", test_path="t.npz")


def test_missing_files_and_unknown_formats_are_refused(tmp_path):
    refuse("no such file: d.csv", "d.csv")
    (tmp_path / "e.csv").mkdir()
    refuse("not a file: e.csv", "e.csv")
    refuse("d.xlsx: unknown format", "d.xlsx", UsageError)
    refuse("d.npz.gz: unknown format", "d.npz.gz", UsageError)


def test_an_unreadable_file_is_refused(monkeypatch):
    write("labels.idx", b"")
    write("d.idx", b"")

    def denied(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", denied)
    refuse("cannot read d.idx: permission denied", "d.idx", target="labels.idx", inputs=None)


@pytest.mark.parametrize("keep", [0, 5, 100, -4])
def test_truncated_files_are_refused(keep):
    packed = gzip.compress(csv_text().encode())
    write("d.csv.gz", packed[:keep])
    refuse("cannot read d.csv.gz: ", "d.csv.gz")
    pq.write_table(pa.table({"a": INPUTS[:, 0], "b": INPUTS[:, 1], "kind": KINDS}), "d.parquet")
    with open("d.parquet", "rb") as file:
        content = file.read()
    write("d.parquet", content[:keep])
    refuse("cannot read d.parquet: ", "d.parquet")
    np.savez_compressed("d.npz", x=INPUTS, kind=KINDS)
    with open("d.npz", "rb") as file:
        content = file.read()
    write("d.npz", content[:keep])
    refuse("cannot read d.npz: ", "d.npz", inputs="x")


def test_damaged_files_are_refused():
    pq.write_table(pa.table({"a": np.arange(1000), "b": np.arange(1000), "kind": ["x", "y"] * 500}), "d.parquet")
    for path in ("d.parquet", "d.npz"):
        if path == "d.npz":
            np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(100, 2)), kind=["x", "y"] * 50)
        with open(path, "r+b") as file:
            file.seek(200)
            file.write(b"\xff" * 300)
        refuse(f"cannot read {path}: ", path, inputs=["a", "b"] if path == "d.parquet" else "x")


def test_invalid_npz_files_are_refused():
    with open("single.npz", "wb") as file:
        np.save(file, INPUTS)
    refuse("single.npz holds a single NumPy array, not a ZIP archive: save inputs and target", "single.npz", inputs="x")
    np.savez("d.npz", x=INPUTS, z=INPUTS, kind=KINDS, o=np.array([{}] * 20), c=INPUTS + 0j)
    refuse("name the array of inputs in data.inputs", "d.npz", UsageError, inputs=None)
    refuse("no array 'y': known", "d.npz", UsageError, target="y", inputs="x")
    refuse("no array 'q': known", "d.npz", UsageError, inputs="q")
    refuse("give the name of one NPZ array", "d.npz", UsageError, inputs=["x", "z"])
    refuse("array 'o' holds Python objects of shape .20,., not inputs: objects are not read", "d.npz", inputs="o")
    refuse("array 'c' holds complex128", "d.npz", inputs="c")
    refuse("array 'kind' holds <U3 of shape .20,., not the target of a regression", "d.npz", inputs="x", task="regression")
    refuse("2 columns of labels", "d.npz", target="z", inputs="x")
    np.savez("d.npz", x=INPUTS, kind=KINDS[:19])
    refuse("20 rows of inputs but 19 of targets", "d.npz", inputs="x")


def test_invalid_idx_files_are_refused():
    images, labels = idx_bytes(np.zeros((20, 2, 2), "u1")), idx_bytes((np.arange(20) % 2).astype("u1"))

    def refused(line, images=images, labels=labels, kind=SweepgdError, suffix="", **keys):
        write("i.idx" + suffix, images)
        write("l.idx", labels)
        refuse(line, "i.idx" + suffix, kind, **{"target": "l.idx", "inputs": None, **keys})

    refused("i.idx: the header declares 96 bytes, but the file has 95", images[:-1])
    refused("i.idx: the header declares 96 bytes, but the file has more", images + b"\0")
    refused("i.idx: the file ends after 10 bytes, inside its header", images[:10])
    refused("l.idx: the header declares 28 bytes, but the file has 12", labels=labels[:12])
    refused("i.idx holds a ZIP archive: unpack it", b"PK\3\4" + images)
    refused("i.idx: starts with 00 00 07 03, not with", b"\0\0\7\3" + images[4:])
    refused("i.idx: starts with nothing", b"")
    refused("cannot read i.idx.gz: Compressed file ended", gzip.compress(images)[:-12], suffix=".gz")
    refused("cannot read i.idx.gz: Not a gzipped file", images, suffix=".gz")
    refused("20 rows of inputs but 19 of targets", labels=idx_bytes((np.arange(19) % 2).astype("u1")))
    refused("l.idx: the file has 3 dimensions, but labels have 1", labels=images)
    refused("an IDX file has none", kind=UsageError, inputs=["a"])
    refused("i.idx: no rows", idx_bytes(np.zeros((0, 2), "u1")), idx_bytes(np.zeros(0, "u1")))
    refused("no such file: m.idx", target="m.idx")

"""Users' files: the same table from every format, and one message for each fault of a file."""

import gzip
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import DataSpec, prepare
from sweepgd.data.user_files import load_file

INPUTS = np.column_stack((np.arange(20) % 7, np.arange(20) / 4.0))
KINDS = np.array(["cat", "ant", "bee"])[np.arange(20) % 3]
PRICES = INPUTS @ [2.0, 1.0]


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


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


def load(path, target="kind", task="classification", **keys):
    return load_file(DataSpec(path=path, target=target, task=task, **keys))[0]


def refuse(line, path, kind=SweepgdError, **keys):
    with pytest.raises(kind, match=line) as caught:
        prepare(DataSpec(path=path, **{"target": "kind", "task": "classification", "inputs": ["a", "b"], **keys}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["d.csv", "d.csv.gz", "d.parquet"])
def test_columns_by_name(path):
    columns = {"a": INPUTS[:, 0].astype(int), "b": INPUTS[:, 1], "kind": KINDS, "price": PRICES}
    if path.endswith("parquet"):
        pq.write_table(pa.table(columns), path)
    else:
        write(path, gzip.compress(csv_text().encode()) if path.endswith("gz") else csv_text())
    table = load(path, inputs=["b", "a"])
    np.testing.assert_array_equal(table.inputs, INPUTS[:, ::-1])
    np.testing.assert_array_equal(table.targets[:, 0], np.array([2, 0, 1])[np.arange(20) % 3])
    assert table.features == ("b", "a")
    assert table.classes == ("ant", "bee", "cat")

    table = load(path, ["price", "a"], "regression", inputs="b")
    np.testing.assert_array_equal(table.targets, np.column_stack((PRICES, INPUTS[:, 0])))
    assert load(path, "price", "regression", inputs=["a"]).classes == ()


def test_inputs_are_all_columns_except_the_target_by_default():
    write("d.csv", "a,y,b\n1,2,3\n4,5,6\n")
    table = load("d.csv", "y", "regression")
    assert table.features == ("a", "b")
    np.testing.assert_array_equal(table.inputs, [[1, 3], [4, 6]])


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["3", "10", "-1"], ("-1", "3", "10")),
        (["2.0", "1.0", "2.0"], ("1", "2")),
        (["true", "false", "true"], ("False", "True")),
        ([" b", "b ", "a"], ("a", "b")),
    ],
)
def test_labels_are_numbered_in_sorted_order(labels, classes):
    write("d.csv", "a,y\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))
    table = load("d.csv", "y")
    assert table.classes == classes
    names = [label.strip() for label in labels]
    levels = sorted(set(names), key=lambda text: (0, float(text)) if text[-1].isdigit() else (1, text))
    assert table.targets[:, 0].tolist() == [levels.index(name) for name in names]


def test_parquet_types():
    kinds = pa.array(KINDS.tolist()).dictionary_encode()
    decimals = pa.array(range(20)).cast(pa.decimal128(21, 2))
    flags = pa.array([True, False] * 10)
    halves = INPUTS[:, 1].astype(np.float16)
    pq.write_table(pa.table({"d": decimals, "f": flags, "h": halves, "kind": kinds}), "d.parquet")
    table = load("d.parquet")
    np.testing.assert_array_equal(table.inputs, np.column_stack((np.arange(20), [1, 0] * 10, INPUTS[:, 1])))
    assert table.classes == ("ant", "bee", "cat")


def test_npz():
    np.savez("d.npz", x=INPUTS.reshape(20, 2, 1), kind=KINDS, price=np.column_stack((PRICES, PRICES)))
    table = load("d.npz", inputs="x")
    np.testing.assert_array_equal(table.inputs, INPUTS)
    assert table.classes == ("ant", "bee", "cat")
    assert table.features == ("x0", "x1")
    assert load("d.npz", "price", "regression", inputs="x").targets.shape == (20, 2)
    np.savez("two.npz", x=INPUTS, y=np.arange(20) % 2)
    assert load("two.npz", "y").classes == ("0", "1")


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("suffix", ["-images-idx3-ubyte", ".idx", "-images-idx3-ubyte.gz"])
def test_idx(dtype, suffix):
    images = (np.arange(120).reshape(20, 3, 2) - (0 if dtype == "u1" else 60)).astype(dtype)
    labels = (np.arange(20) % 4 + 3).astype("u1")
    pack = gzip.compress if suffix.endswith("gz") else bytes
    write("t" + suffix, pack(idx_bytes(images)))
    write("labels-idx1-ubyte", idx_bytes(labels))
    table = load("t" + suffix, "labels-idx1-ubyte")
    np.testing.assert_array_equal(table.inputs, images.reshape(20, 6))
    assert table.inputs.dtype == np.dtype(dtype)
    assert table.targets[:5, 0].tolist() == [0, 1, 2, 3, 0]
    assert table.classes == ("3", "4", "5", "6")


def test_a_separate_test_file():
    write("d.csv", csv_text())
    write("t.csv", "kind,b,a\nbee,1,2\ncat,3,4\n")
    table = load("d.csv", inputs=["a", "b"], test_path="t.csv")
    np.testing.assert_array_equal(table.test.inputs, [[2, 1], [4, 3]])
    np.testing.assert_array_equal(table.test.targets, [[1], [2]])
    keys = {"path": "d.csv", "target": "kind", "inputs": ["a", "b"], "task": "classification"}
    data = prepare(DataSpec(**keys, test_path="t.csv", standardize=False))
    assert data.rows == 17
    np.testing.assert_array_equal(data.test.inputs, [[2, 1], [4, 3]])
    assert data.fingerprint != prepare(DataSpec(**keys, test=0)).fingerprint


def test_mnist_style_test_files():
    for name, rows in (("train", 20), ("t10k", 6)):
        write(f"{name}-images-idx3-ubyte", idx_bytes(np.arange(rows * 4, dtype="u1").reshape(rows, 2, 2)))
        write(f"{name}-labels-idx1-ubyte", idx_bytes((np.arange(rows) % 2).astype("u1")))
    keys = {"path": "train-images-idx3-ubyte", "target": "train-labels-idx1-ubyte", "task": "classification"}
    with pytest.raises(UsageError, match=r"needs data\.test_target"):
        prepare(DataSpec(**keys, test_path="t10k-images-idx3-ubyte"))
    with pytest.raises(UsageError, match=r"data\.test_target is data\.target, train-labels-idx1-ubyte: give the file of"):
        prepare(DataSpec(**keys, test_path="t10k-images-idx3-ubyte", test_target="train-labels-idx1-ubyte"))
    spec = DataSpec(**keys, test_path="t10k-images-idx3-ubyte", test_target="t10k-labels-idx1-ubyte")
    assert prepare(spec).test.inputs.shape == (6, 4)


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
        ("a,b,kind\n1,2,1\n3,4,inf\n", "column 'kind', row 2 is inf: fix it"),
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
    refuse("of another format", "d.csv", UsageError, test_path="t.npz")
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

    refused("i.idx: its header declares 96 bytes, and there are 95", images[:-1])
    refused("i.idx: its header declares 96 bytes, and there are more", images + b"\0")
    refused("i.idx: it ends after 10 bytes, within its header", images[:10])
    refused("l.idx: its header declares 28 bytes, and there are 12", labels=labels[:12])
    refused("i.idx holds a ZIP archive: unpack it", b"PK\3\4" + images)
    refused("i.idx: starts with 00 00 07 03, not with", b"\0\0\7\3" + images[4:])
    refused("i.idx: starts with nothing", b"")
    refused("cannot read i.idx.gz: Compressed file ended", gzip.compress(images)[:-12], suffix=".gz")
    refused("cannot read i.idx.gz: Not a gzipped file", images, suffix=".gz")
    refused("20 rows of inputs but 19 of targets", labels=idx_bytes((np.arange(19) % 2).astype("u1")))
    refused("l.idx: 3 dimensions, but labels have 1", labels=images)
    refused("an IDX file has none", kind=UsageError, inputs=["a"])
    refused("i.idx: no rows", idx_bytes(np.zeros((0, 2), "u1")), idx_bytes(np.zeros(0, "u1")))
    refused("no such file: m.idx", target="m.idx")

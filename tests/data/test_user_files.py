"""Users' files: the same table from every format."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data.user_file_contents import INPUTS, KINDS, PRICES, csv_text, idx_bytes, write

from sweepgd.core.errors import UsageError
from sweepgd.data import DataSpec, prepare
from sweepgd.data.user_files import load_file


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(path, target="kind", task="classification", **keys):
    return load_file(DataSpec(path=path, target=target, task=task, **keys))[0]


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
    with pytest.raises(
        UsageError, match=r"data\.test_target and data\.target are both train-labels-idx1-ubyte: give the file of"
    ):
        prepare(DataSpec(**keys, test_path="t10k-images-idx3-ubyte", test_target="train-labels-idx1-ubyte"))
    spec = DataSpec(**keys, test_path="t10k-images-idx3-ubyte", test_target="t10k-labels-idx1-ubyte")
    assert prepare(spec).test.inputs.shape == (6, 4)

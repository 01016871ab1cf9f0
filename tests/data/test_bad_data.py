"""Bad data files give one line on stderr, before any trial runs, and nothing is written."""

import gzip

import numpy as np
import pytest
from linear_sweep import sweep_file
from refusals import FILE_SWEEP, assert_refused, csv, files


@pytest.mark.parametrize(
    ("text", "sets", "code", "fragments"),
    [
        (csv(x3="nan"), "", 1, ["data.csv: column 'x', row 3 is missing: fill in a value, or set data.missing = \"drop\""]),
        (csv(x5="inf"), "", 1, ["data.csv: column 'x', row 5 is inf"]),
        (csv(x5=""), "", 1, ["data.csv: column 'x', row 5 is missing"]),
        (csv(x4="three"), "", 1, ["data.csv: column 'x', row 4 is 'three', not a number"]),
        (csv(y2=""), "", 1, ["data.csv: column 'y', row 2 is missing"]),
        (
            csv(**{f"y{row}": "a" for row in range(1, 13)}),
            "",
            1,
            ["every row is of class 'a': give data of two classes or more"],
        ),
        (csv(), "data.target='z'", 2, ["data.csv: no column 'z': known: x, y"]),
        (csv(), "data.inputs=['xx']", 2, ["data.csv: no column 'xx'"]),
        (csv(), "data.inputs=['x','x']", 2, ["data.inputs names 'x' twice: remove one"]),
        (csv(), "data.inputs=['y']", 2, ["'y' is in both data.target and data.inputs: remove it from one"]),
        (csv(), "data.exclude=['y']", 2, ["'y' is in both data.target and data.exclude"]),
        (csv(), "data.test_path='data.csv'", 2, ["data.test_path is the training file itself"]),
        (csv(2), "", 1, ["leaves no training rows"]),
        ("x,y\n", "", 1, ["data.csv: no rows"]),
        ("", "", 1, ["cannot read data.csv: "]),
        ("x,y\n1,a\n2,b,c\n", "", 1, ["cannot read data.csv: ", "got 3: 2,b,c; put text that contains ',' in quotes"]),
        ("x,y\n1,a\n2\n", "", 1, ["cannot read data.csv: ", "truncated, damaged or in another format"]),
        ("x,x,y\n1,2,a\n", "", 1, ["two columns are called 'x': rename one"]),
        (csv(), "data.path='other.csv'", 1, ["no such file: other.csv"]),
        (csv(), "data.path='data.xls'", 2, ["data.xls: unknown format: give .csv, .tsv, .parquet, .npz"]),
        (csv(), "data.tsk='x'", 2, ["unknown key data.tsk: did you mean 'task'?"]),
        (csv(99), "model.name='linear'", 2, ["model 'linear' is for regression"]),
    ],
)
def test_invalid_data(run, tmp_path, text, sets, code, fragments):
    path = sweep_file(tmp_path, FILE_SWEEP)
    (tmp_path / "data.csv").write_text(text)
    before = files()
    given = ["--set", sets] if sets else []
    assert_refused(run("search", path, *given), code, *fragments)
    assert files() == before


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet

    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.table({"x": [1.0, 2.0], "y": ["a", "b"]}), sink)
    return sink.getvalue().to_pybytes()


def npz() -> bytes:
    from io import BytesIO

    file = BytesIO()
    np.savez_compressed(file, x=np.ones((20, 2)), y=np.arange(20) % 2)
    return file.getvalue()


def idx() -> bytes:
    return gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 20]) + bytes(range(20)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv.gz", gzip.compress(csv().encode())),
        ("data.parquet", parquet()),
        ("data.npz", npz()),
        ("data-idx1-ubyte.gz", idx()),
    ],
    ids=["csv", "parquet", "npz", "idx"],  # the bytes contain the time, so they cannot be ids
)
def test_a_truncated_file(run, tmp_path, name, content):
    path = sweep_file(tmp_path, FILE_SWEEP)
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    (tmp_path / "labels.idx").write_bytes(gzip.decompress(idx()))
    before = files()
    target = "labels.idx" if "idx" in name else "y"
    refused = run("search", path, "--set", f"data.path='{name}'", "--set", f"data.target='{target}'")
    assert_refused(refused, 1, f"cannot read {name}: ")
    assert files() == before

"""Boolean inputs become 0 and 1 in every format, and are described as true or false."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweepgd.data import DataSpec, prepare

FLAGS = np.arange(12) % 3 == 0
LABELS = np.arange(12) % 2


def csv(path):
    path.write_text("on,y\n" + "".join(f"{flag},{label}\n" for flag, label in zip(FLAGS, LABELS, strict=True)))


def parquet(path):
    pq.write_table(pa.table({"on": FLAGS, "y": LABELS}), path)


def npz(path):
    np.savez(path, on=FLAGS[:, None], y=LABELS)


@pytest.mark.parametrize(("make", "name"), [(csv, "on"), (parquet, "on"), (npz, "x0")])
def test_booleans_are_0_and_1(tmp_path, make, name):
    path = tmp_path / f"d.{make.__name__}"
    make(path)
    shares = {"validation": 0.0, "test": 0.0, "standardize": False}
    data = prepare(DataSpec(path=str(path), target="y", task="classification", **shares))
    np.testing.assert_array_equal(data.train.inputs[:, 0], FLAGS)
    assert data.columns == {name: "true or false"}

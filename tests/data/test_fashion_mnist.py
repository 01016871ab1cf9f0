"""Fashion-MNIST from the files of its package, and the message that says how to get them."""

import gzip

import numpy as np
import pytest
from data.file_examples.arrays import idx

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, prepare

LABELS = (np.arange(40) % 10).astype("u1")
IMAGES = np.arange(40 * 4).reshape(40, 2, 2).astype("u1")


def test_the_four_files_become_training_and_test_sets(tmp_path):
    for name, rows in (("train", 40), ("t10k", 10)):
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES[:rows])))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(idx(LABELS[:rows]))
    data = prepare(DataSpec(name="fashion_mnist", folder=str(tmp_path), standardize=False, validation=0))
    np.testing.assert_array_equal(data.train.inputs, IMAGES.reshape(40, 4))
    np.testing.assert_array_equal(data.train.targets[:, 0], LABELS)
    np.testing.assert_array_equal(data.test.inputs, IMAGES[:10].reshape(10, 4))
    assert (data.classes[0], data.classes[9], len(data.classes)) == ("T-shirt/top", "ankle boot", 10)


def test_missing_files_are_reported_with_how_to_get_them(tmp_path):
    with pytest.raises(
        SweepgdError, match=r"no file .*train-images-idx3-ubyte or .*: install Debian's package \(apt install dataset-"
    ):
        prepare(DataSpec(name="fashion_mnist", folder=str(tmp_path)))


def test_files_of_different_lengths_are_refused(tmp_path):
    for name in ("train", "t10k"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(idx(IMAGES))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(idx(LABELS[:9]))
    with pytest.raises(SweepgdError, match=r"images of shape \(40, 2, 2\) and labels of \(9,\): use the original files"):
        prepare(DataSpec(name="fashion_mnist", folder=str(tmp_path)))
